import type { Clock, Timer } from '@promontory/base'

/** As Prometheus. */
const LEAST_TOLERANCE_MS = 2

/**
 * How late a scrape may begin, in ms, and still get its nominal time: even spacing costs a bit per sample, anything else two bytes for three samples. Without a
 * given one a thousandth of the interval, less than what a target itself takes to answer, and 2 ms at least; never more than 1 % of the interval.
 */
export function toleranceOf(intervalMs: number, givenMs: number | undefined): number {
  return Math.min(intervalMs / 100, givenMs ?? Math.max(LEAST_TOLERANCE_MS, intervalMs / 1000))
}

/**
 * Ticks of one target. Nominal times are `first + n × interval`; a tick that comes while the last scrape still runs
 * waits for its end, further ones are skipped.
 */
export class ScrapeSchedule {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #toleranceMs: number
  readonly #run: (timeMs: number) => Promise<void>
  #dueMs = 0
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()
  #stopped = false

  /**
   * @param run  is given the sample time in whole Unix milliseconds; must not reject
   * @param toleranceMs  of {@link toleranceOf}; 0: times are as they come
   */
  constructor(
    clock: Clock,
    intervalMs: number,
    run: (timeMs: number) => Promise<void>,
    toleranceMs: number = toleranceOf(intervalMs, undefined),
  ) {
    this.#toleranceMs = toleranceMs
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#run = run
  }

  start(offsetMs: number): void {
    this.#dueMs = Math.floor(this.#clock.nowMs() + offsetMs)
    this.#arm()
  }

  /** No further ticks; resolves when a running scrape has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#running
  }

  /** When the next tick is due, in Unix milliseconds. */
  get dueMs(): number {
    return this.#dueMs
  }

  #arm(): void {
    if (this.#stopped) return
    const nowMs = this.#clock.nowMs()
    // A clock that was set back must not silence the target until it is where it was.
    const aheadMs = this.#dueMs - nowMs
    if (aheadMs > this.#intervalMs)
      this.#dueMs -= Math.floor((aheadMs - 1) / this.#intervalMs) * this.#intervalMs
    const delayMs = Math.max(0, Math.ceil(this.#dueMs - nowMs))
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#running = this.#tick()
    })
  }

  async #tick(): Promise<void> {
    const nowMs = this.#clock.nowMs()
    // A sleeping machine or a stepped clock: take up the rhythm at the present, keeping the phase.
    if (nowMs - this.#dueMs >= this.#intervalMs)
      this.#dueMs += Math.floor((nowMs - this.#dueMs) / this.#intervalMs) * this.#intervalMs
    const isAligned = Math.abs(Math.floor(nowMs) - this.#dueMs) <= this.#toleranceMs
    await this.#run(isAligned ? this.#dueMs : Math.floor(nowMs))
    this.#dueMs += this.#intervalMs
    this.#arm()
  }
}
