import { setImmediate } from 'node:timers/promises'

/** Longest time that one turn of the event loop may take of a long list. */
const SLICE_MS = 8

/** Cuts long work into turns, so that alerts and other requests are served in between. */
export class TimeSlice {
  #untilMs = performance.now() + SLICE_MS

  /** Whether it is time to {@link pause}. */
  get isOver(): boolean {
    return performance.now() >= this.#untilMs
  }

  async pause(): Promise<void> {
    await setImmediate()
    this.#untilMs = performance.now() + SLICE_MS
  }
}
