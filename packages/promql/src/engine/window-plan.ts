import { timeAt } from './grid.ts'
import type { WindowSpec } from './range-window.ts'

/**
 * Where the windows of a range lie in a column of times: samples `[from, to)` at each step, and what extrapolation needs of their times.
 * Series of one target have the same times, so that one plan serves many of them.
 */
export class WindowPlan {
  readonly from: Uint32Array
  readonly to: Uint32Array
  /** Samples in the largest window. */
  readonly largest: number
  /** Steps with at least one sample. */
  readonly filled: number
  /** Series that were evaluated by this plan. */
  uses = 0
  readonly #spec: WindowSpec
  readonly #timesMs: Float64Array
  #extrapolation: Extrapolation | undefined

  constructor(timesMs: Float64Array, count: number, spec: WindowSpec) {
    this.#spec = spec
    this.#timesMs = timesMs.slice(0, count)
    const { grid, rangeMs, offsetMs, atMs } = spec
    this.from = new Uint32Array(grid.count)
    this.to = new Uint32Array(grid.count)
    let from = 0
    let to = 0
    let largest = 0
    let filled = 0
    for (let step = 0; step < grid.count; step++) {
      const endMs = (atMs ?? timeAt(grid, step)) - offsetMs
      const startMs = endMs - rangeMs
      while (to < count && timesMs[to]! <= endMs) to++
      while (from < to && timesMs[from]! <= startMs) from++
      this.from[step] = from
      this.to[step] = to
      if (to > from) filled++
      if (to - from > largest) largest = to - from
    }
    this.largest = largest
    this.filled = filled
  }

  /** Whether these times are the plan's. */
  fits(timesMs: Float64Array, count: number): boolean {
    const own = this.#timesMs
    if (own.length !== count || own[0] !== timesMs[0] || own[count - 1] !== timesMs[count - 1]) return false
    for (let i = 0; i < count; i++) if (own[i] !== timesMs[i]) return false
    return true
  }

  /** Steps that have their samples counted, once for each use. */
  count(samplesAtStep: Float64Array): void {
    const { from, to, uses } = this
    for (let step = 0; step < from.length; step++) samplesAtStep[step]! += (to[step]! - from[step]!) * uses
    this.uses = 0
  }

  get extrapolation(): Extrapolation {
    return (this.#extrapolation ??= extrapolate(this, this.#timesMs, this.#spec))
  }
}

/** What Prometheus's extrapolation to the borders of a window takes from the times of its samples; in seconds. */
export interface Extrapolation {
  /** From the first to the last sample. */
  readonly sampled: Float64Array
  /** How far the first sample may be extended to the start of the window. */
  readonly toStart: Float64Array
  readonly toEnd: Float64Array
  /** (sampled + toStart + toEnd) / sampled. */
  readonly factor: Float64Array
  /** toStart / sampled, a little enlarged: a counter whose first value over its increase is not below it is far from zero. */
  readonly nearZero: Float64Array
}

function extrapolate({ from, to }: WindowPlan, timesMs: Float64Array, spec: WindowSpec): Extrapolation {
  const { grid, rangeMs, offsetMs, atMs } = spec
  const make = (): Float64Array => new Float64Array(grid.count)
  const plan = { sampled: make(), toStart: make(), toEnd: make(), factor: make(), nearZero: make() }
  for (let step = 0; step < grid.count; step++) {
    const [first, end] = [from[step]!, to[step]!]
    if (end - first < 2) continue
    const endMs = (atMs ?? timeAt(grid, step)) - offsetMs
    const sampled = (timesMs[end - 1]! - timesMs[first]!) / 1000
    const average = sampled / (end - first - 1)
    const threshold = average * 1.1
    let toStart = (timesMs[first]! - (endMs - rangeMs)) / 1000
    let toEnd = (endMs - timesMs[end - 1]!) / 1000
    if (toStart >= threshold) toStart = average / 2
    if (toEnd >= threshold) toEnd = average / 2
    plan.sampled[step] = sampled
    plan.toStart[step] = toStart
    plan.toEnd[step] = toEnd
    plan.nearZero[step] = (toStart / sampled) * (1 + 1e-9)
    // A counter may have its start cut shorter, but its end is the same.
    plan.factor[step] = (sampled + toStart + toEnd) / sampled
  }
  return plan
}

/** Plans kept at once: as many targets may alternate in the order of the series. */
const PLANS_MAX = 32

/** The plans of one range, found again by their times. */
export class WindowPlans {
  readonly #spec: WindowSpec
  /** Most recently used first. */
  readonly #plans: WindowPlan[] = []
  /** Of the times that were asked for last. */
  #lastId = 0

  constructor(spec: WindowSpec) {
    this.#spec = spec
  }

  /** @param timesId  as `SampleColumns.timesId` */
  of(timesMs: Float64Array, count: number, timesId = 0): WindowPlan {
    if (timesId !== 0 && timesId === this.#lastId) {
      this.#plans[0]!.uses++
      return this.#plans[0]!
    }
    this.#lastId = timesId
    const at = this.#plans.findIndex((plan) => plan.fits(timesMs, count))
    const plan = at < 0 ? new WindowPlan(timesMs, count, this.#spec) : this.#plans[at]!
    if (at > 0) this.#plans.splice(at, 1)
    if (at !== 0) this.#plans.unshift(plan)
    if (this.#plans.length > PLANS_MAX) this.#count(this.#plans.pop()!)
    plan.uses++
    return plan
  }

  /** Adds what all series looked at to the statistics. */
  finish(): void {
    for (const plan of this.#plans.splice(0)) this.#count(plan)
  }

  #count(plan: WindowPlan): void {
    const { samplesAtStep } = this.#spec.grid
    if (samplesAtStep !== undefined) plan.count(samplesAtStep)
  }
}
