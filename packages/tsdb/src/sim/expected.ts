/** A sample as it must come back: the value's text, `stale` for a marker. */
type Value = string

/** What a storage must hold, kept the simplest way. Remembers what happened, so that the end of it can be taken back. */
export class Expected {
  #series = new Map<string, Map<number, Value>>()
  /** Since the last point to which nothing is taken back: where the log ended after each step, and what undoes the step. */
  readonly #steps: { readonly logEnd: number; readonly undo: () => void }[] = []

  /** @param logEnd  bytes of the newest log segment with this step */
  add(series: string, samples: readonly (readonly [timeMs: number, value: Value])[], logEnd: number): void {
    let points = this.#series.get(series)
    if (points === undefined) this.#series.set(series, (points = new Map()))
    const added = samples.filter(([timeMs]) => !points.has(timeMs))
    for (const [timeMs, value] of added) points.set(timeMs, value)
    this.#steps.push({
      logEnd,
      undo: () => {
        for (const [timeMs] of added) points.delete(timeMs)
      },
    })
  }

  /** A deletion. It is not taken back: settle. */
  delete(series: string, startMs: number, endMs: number): void {
    const points = this.#series.get(series)
    for (const timeMs of points?.keys() ?? [])
      if (timeMs >= startMs && timeMs <= endMs) points!.delete(timeMs)
  }

  /** What has happened so far is on the disk for good. */
  settle(): void {
    this.#steps.length = 0
  }

  /** Takes back what the log lost when its newest segment was cut to `bytes`. @returns steps taken back */
  takeBack(bytes: number): number {
    let count = 0
    while (this.#steps.length > 0 && this.#steps.at(-1)!.logEnd > bytes) {
      this.#steps.pop()!.undo()
      count++
    }
    return count
  }

  /** Series with samples, each with them in order of time. */
  contents(): Map<string, [number, Value][]> {
    const filled = [...this.#series].filter(([, points]) => points.size > 0)
    return new Map(
      filled.map(([series, points]): [string, [number, Value][]] => [
        series,
        [...points].sort(([a], [b]) => a - b),
      ]),
    )
  }
}
