import { TimeSlice } from '../time-slice.ts'

/** Batches up to this length are taken at once when no other is under way. */
const AT_ONCE_MAX = 100

/**
 * Takes batches in the order in which they came: short ones at once, long ones in turns of the event loop. A batch that
 * comes meanwhile waits, so that an alert's end never overtakes its beginning.
 */
export class Intake<T> {
  readonly #take: (item: T) => void
  #last: Promise<void> | undefined

  constructor(take: (item: T) => void) {
    this.#take = take
  }

  /** Settles when all of them were taken; undefined when that has happened already. */
  add(batch: readonly T[]): Promise<void> | undefined {
    if (this.#last === undefined && batch.length <= AT_ONCE_MAX) {
      for (const item of batch) this.#take(item)
      return undefined
    }
    const taken = (this.#last ?? Promise.resolve()).then(() => this.#takeSlowly(batch))
    const last = taken
      .catch(() => undefined)
      .then(() => {
        if (this.#last === last) this.#last = undefined
      })
    this.#last = last
    return taken
  }

  async #takeSlowly(batch: readonly T[]): Promise<void> {
    const slice = new TimeSlice()
    for (const item of batch) {
      this.#take(item)
      if (slice.isOver) await slice.pause()
    }
  }
}
