import { setImmediate } from 'node:timers/promises'

/** Longest time that flushes may take of one turn of the event loop. */
const SLICE_MS = 8

/**
 * Lets groups whose time comes at once flush one after another, with room for other work in between: 4,000 groups in one
 * turn would hold everything up for seconds. It orders beginnings only; a flush that waits for its receiver holds nobody.
 */
export class FlushQueue {
  readonly #waiting: (() => void)[] = []
  #heldBy = 0
  #untilMs = 0
  #isDraining = false

  /** Settles when a flush may begin: at once, unless others took the time of this turn. */
  enter(): Promise<void> | undefined {
    if (this.#heldBy === 0 && this.#waiting.length === 0 && !this.#isLate()) return undefined
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#drainSoon()
    })
  }

  /** Nothing is let in until {@link release}. */
  hold(): void {
    this.#heldBy++
  }

  release(): void {
    this.#heldBy = Math.max(0, this.#heldBy - 1)
    this.#drainSoon()
  }

  /** Undoes every {@link hold}: at the end. */
  open(): void {
    this.#heldBy = 0
    this.#drainSoon()
  }

  /** Begins a slice when none runs. */
  #isLate(): boolean {
    if (this.#untilMs === 0) {
      this.#untilMs = performance.now() + SLICE_MS
      this.#drainSoon()
    }
    return performance.now() >= this.#untilMs
  }

  #drainSoon(): void {
    if (this.#isDraining || this.#heldBy > 0) return
    this.#isDraining = true
    void this.#drain()
  }

  /** As many per turn as fit into a slice. */
  async #drain(): Promise<void> {
    do {
      await setImmediate()
      this.#untilMs = 0
      if (this.#heldBy > 0) break
      while (this.#waiting.length > 0 && !this.#isLate()) {
        this.#waiting.shift()!()
        // Ticks come after promises: what the flush does up to its first wait for something outside is done by then.
        await new Promise<void>((resolve) => process.nextTick(resolve))
      }
    } while (this.#waiting.length > 0)
    this.#isDraining = false
  }
}
