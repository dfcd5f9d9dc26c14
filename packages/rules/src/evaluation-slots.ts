/** A bound on rules that are evaluated beside their group's first one, over all groups: `--rules.max-concurrent-evals`. */
export class EvaluationSlots {
  #free: number

  constructor(count: number) {
    this.#free = count
  }

  /** Takes a slot when there is one. @returns whether there was; give it back with {@link release} */
  tryTake(): boolean {
    if (this.#free === 0) return false
    this.#free--
    return true
  }

  release(): void {
    this.#free++
  }
}
