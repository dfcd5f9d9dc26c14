import type { Labels } from './labels.ts'
import type { Matcher } from './matcher.ts'
import type { SampleColumns } from './samples.ts'

/** Times are Unix milliseconds, both ends included. */
export interface TimeRange {
  readonly startMs: number
  readonly endMs: number
}

/**
 * What a query will do with the series: a storage may use it to read less. Where it has nothing but aggregates of the samples, it takes those
 * that this use needs.
 */
export interface SelectHints {
  readonly stepMs: number
  /** Range of the selector (`m[5m]`), 0 for an instant selector. */
  readonly rangeMs: number
  /** Function or aggregation directly around the selector, `''` for none. */
  readonly func: string
  /** The order of the series makes no difference: sorting them can be spared. */
  readonly unordered?: boolean
  /** How far each step looks back, in ms: the range, or the look-back of an instant selector. */
  readonly windowMs?: number
  /** Time of the first step, offsets and `@` applied; the others follow `stepMs` apart. */
  readonly firstStepMs?: number
}

export interface SelectRequest extends TimeRange {
  /** All must match. At least one never matches the empty string, checked by the caller. */
  readonly matchers: readonly Matcher[]
  readonly hints?: SelectHints
}

/** Where an instant selector looks. */
export interface PickSteps {
  readonly startMs: number
  readonly stepMs: number
  readonly count: number
  /** Each step looks at so much before it. */
  readonly offsetMs: number
  /** How far back from there, the far end left out. */
  readonly windowMs: number
}

/** At most so many steps are picked at once. */
export const PICK_STEPS_MAX: number = 16_384

/** Series in ascending order of their labels (unless the request's hints take any order), each with its samples in the requested range (or none). */
export interface SeriesSet {
  readonly length: number
  labels(index: number): Labels
  /** Fills `into` with the samples of the series at `index`, in time order, stale markers included. */
  read(index: number, into: SampleColumns): void
  /**
   * Sets `values[i]` and `flags[i]` to what an instant selector takes at step i: the newest sample that is not after the step and within the window, unless
   * it is a stale marker, and 1; where there is none `flags[i]` is 0. A shortcut that storages may have.
   * @returns the number of ones; −1, with anything in the arrays, where {@link read} must tell: of histograms, for one
   */
  pick?(index: number, steps: PickSteps, values: Float64Array, flags: Uint8Array): number
  /** Texts for the answer's `warnings`, e.g. of a remote source that failed. */
  readonly warnings: readonly string[]
  /** Texts for the answer's `infos`, e.g. that it was computed from aggregates. */
  readonly infos?: readonly string[]
}

/** A view of the data as it was when it was opened: later appends stay invisible. */
export interface Querier {
  /** The samples depend on the hints: requests that differ in them only must be made apart. */
  readonly heedsHints?: boolean
  /** Selects for several requests at once; all answers come from one snapshot. */
  select(requests: readonly SelectRequest[]): Promise<readonly SeriesSet[]>
  /** Distinct label names of the matching series, sorted. */
  labelNames(request: SelectRequest): Promise<readonly string[]>
  /** Distinct values of `name` of the matching series, sorted. */
  labelValues(name: string, request: SelectRequest): Promise<readonly string[]>
  /** Gives the snapshot back; the series sets must not be used afterwards. */
  close(): void
}

/** Anything that PromQL can ask. */
export interface Queryable {
  querier(range: TimeRange): Querier
}
