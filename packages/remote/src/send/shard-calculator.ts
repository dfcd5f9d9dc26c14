/** How the queue did since the last look. */
export interface ShardObservation {
  /** Samples read from the log, those dropped by relabelling among them. */
  readonly samplesIn: number
  readonly samplesKept: number
  readonly samplesOut: number
  /** Time that sending took, all shards together. */
  readonly sendSeconds: number
  /** How far the newest sent sample is behind the newest one that was stored. */
  readonly delaySeconds: number
}

/** Seconds between two looks. */
export const SHARD_INTERVAL_S = 10
/** Weight of the newest look in the averages. */
const WEIGHT = 0.2
/** Of the backlog so much is to be caught up per second. */
const CATCH_UP = 0.05
/** Changes by less than this are left alone. */
const TOLERANCE = 0.3

/** A rate averaged over looks, the newer ones weighing more. */
class MovingRate {
  #rate: number | undefined
  get value(): number {
    return this.#rate ?? 0
  }
  observe(amount: number): void {
    const now = amount / SHARD_INTERVAL_S
    this.#rate = this.#rate === undefined ? now : this.#rate + WEIGHT * (now - this.#rate)
  }
}

/** How many shards it takes to keep up and catch up; Prometheus's rule. */
export class ShardCalculator {
  readonly #in = new MovingRate()
  readonly #kept = new MovingRate()
  readonly #out = new MovingRate()
  readonly #seconds = new MovingRate()
  readonly #min: number
  readonly #max: number

  constructor(min: number, max: number) {
    this.#min = min
    this.#max = max
  }

  /** @returns shards to run, and what the bare calculation wants */
  calculate(current: number, seen: ShardObservation): { shards: number; desired: number } {
    this.#in.observe(seen.samplesIn)
    this.#kept.observe(seen.samplesKept)
    this.#out.observe(seen.samplesOut)
    this.#seconds.observe(seen.sendSeconds)
    if (this.#out.value <= 0) return { shards: current, desired: current }
    const keptRate = this.#kept.value
    const secondsPerSample = this.#seconds.value / this.#out.value
    const backlog = Math.max(0, seen.delaySeconds) * keptRate
    const desired = secondsPerSample * (keptRate + CATCH_UP * backlog)
    const lower = current * (1 - TOLERANCE)
    const upper = current * (1 + TOLERANCE)
    // With a backlog that grows, fewer shards would be wrong whatever the average says.
    if (desired >= lower && desired <= upper) return { shards: current, desired }
    const wanted = Math.min(this.#max, Math.max(this.#min, Math.ceil(desired)))
    if (wanted < current && seen.delaySeconds > SHARD_INTERVAL_S) return { shards: current, desired }
    return { shards: wanted, desired }
  }
}
