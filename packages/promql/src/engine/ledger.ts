import { queryCanceled, queryTimedOut, tooManySamples } from '../errors.ts'

/** Samples decoded between two looks at the clock and the cancel flag: about a millisecond of work. */
const SAMPLES_PER_POLL = 50_000

/** Why a running query shall stop; undefined while it may go on. */
export type StopReason = 'canceled' | 'timeout'

/** Keeps a running query within its limits: samples in memory, time, and the caller's patience. */
export class Ledger {
  readonly #maxSamples: number
  readonly #stopped: () => StopReason | undefined
  #current = 0
  #peak = 0
  #untilPoll = SAMPLES_PER_POLL

  /** @param stopped  asked now and then; its answer other than undefined ends the query */
  constructor(maxSamples: number, stopped: () => StopReason | undefined) {
    this.#maxSamples = maxSamples
    this.#stopped = stopped
  }

  /** Samples held now. */
  get current(): number {
    return this.#current
  }

  /** The most samples held at once. */
  get peak(): number {
    return this.#peak
  }

  /** @throws QueryError when that is too many */
  add(samples: number): void {
    this.#current += samples
    if (this.#current > this.#peak) this.#peak = this.#current
    if (this.#current > this.#maxSamples) throw tooManySamples()
  }

  /** What came after `mark` has been given back, save `kept` samples of the result. */
  settle(mark: number, kept: number): void {
    this.#current = mark
    this.add(kept)
  }

  /**
   * Tells of work done, in samples.
   * @throws QueryError when the query was cancelled or has run out of time
   */
  worked(samples: number): void {
    this.#untilPoll -= samples + 1
    if (this.#untilPoll > 0) return
    this.#untilPoll = SAMPLES_PER_POLL
    this.poll()
  }

  /** Looks at the clock and the cancel flag at once. */
  poll(): void {
    const reason = this.#stopped()
    if (reason === 'canceled') throw queryCanceled()
    if (reason === 'timeout') throw queryTimedOut()
  }
}
