import type { FloatHistogram } from './histogram.ts'
import type { Labels } from './labels.ts'

/**
 * A series of a storage, as an integer below 2^53. Valid until the storage drops the series; appending to a dropped
 * one is reported as `unknownSeries`, and the caller resolves the labels again.
 */
export type SeriesRef = number

export interface Exemplar {
  readonly labels: Labels
  readonly value: number
  readonly timeMs: number
}

export interface SeriesMetadata {
  readonly type: string
  readonly unit: string
  readonly help: string
}

/** Samples that become visible together and are logged as one record. Reused: `clear()` and fill again. */
export class AppendBatch {
  refs: Float64Array
  timesMs: Float64Array
  /** Write stale markers through `bits`. */
  values: Float64Array
  bits: Uint32Array
  count = 0
  readonly histograms: {
    readonly ref: SeriesRef
    readonly timeMs: number
    readonly histogram: FloatHistogram
    /** Counts came as integers and are kept as such; floats otherwise. */
    readonly isInteger?: boolean
  }[] = []
  readonly exemplars: { readonly ref: SeriesRef; readonly exemplar: Exemplar }[] = []
  readonly metadata: { readonly ref: SeriesRef; readonly metadata: SeriesMetadata }[] = []

  constructor(capacity = 256) {
    this.refs = new Float64Array(capacity)
    this.timesMs = new Float64Array(capacity)
    this.values = new Float64Array(capacity)
    this.bits = new Uint32Array(this.values.buffer)
  }

  push(ref: SeriesRef, timeMs: number, value: number): void {
    if (this.count === this.refs.length) this.grow(2 * this.count)
    this.refs[this.count] = ref
    this.timesMs[this.count] = timeMs
    this.values[this.count] = value
    this.count++
  }

  pushStale(ref: SeriesRef, timeMs: number): void {
    this.push(ref, timeMs, 0)
    this.bits[2 * this.count - 2] = 0x00000002
    this.bits[2 * this.count - 1] = 0x7ff00000
  }

  /** Makes room for `capacity` samples, keeping those that are there. */
  grow(capacity: number): void {
    if (capacity <= this.refs.length) return
    const enlarge = (old: Float64Array): Float64Array => {
      const next = new Float64Array(capacity)
      // Copied as bits: a NaN payload must survive.
      new Uint8Array(next.buffer).set(new Uint8Array(old.buffer, old.byteOffset, old.byteLength))
      return next
    }
    this.refs = enlarge(this.refs)
    this.timesMs = enlarge(this.timesMs)
    this.values = enlarge(this.values)
    this.bits = new Uint32Array(this.values.buffer)
  }

  clear(): void {
    this.count = 0
    this.histograms.length = 0
    this.exemplars.length = 0
    this.metadata.length = 0
  }
}

/** What became of one float sample of a batch. */
export const AppendStatus = {
  appended: 0,
  /** Same timestamp and same value as the newest sample: nothing stored, no fault. */
  duplicateSame: 1,
  /** Same timestamp as the newest sample, other value. */
  duplicateTimestamp: 2,
  outOfOrder: 3,
  /** Older than what the storage still takes. */
  tooOld: 4,
  /** Too far in the future, or not a representable time. */
  outOfBounds: 5,
  unknownSeries: 6,
} as const

export interface AppendOutcome {
  /** Float samples stored. */
  readonly appended: number
  /** Index i: an {@link AppendStatus} for sample i. A view that the next append reuses. */
  readonly statuses: Uint8Array
  /** An {@link AppendStatus} for each histogram, in order of the batch. */
  readonly histogramStatuses: readonly number[]
  /** Exemplars older than the newest of their series, which were left out. Undefined: none. */
  readonly lateExemplars?: number
}

export interface Appender {
  /**
   * Finds or creates a series.
   * @returns its ref, or -1 when the storage takes no more series (counted by the storage)
   */
  seriesRef(labels: Labels): SeriesRef
  /**
   * Stores a batch: on return it is visible to new queriers and its WAL write has returned.
   * @throws StorageError when the log cannot be written (full disk); then nothing of the batch is visible
   */
  append(batch: AppendBatch): AppendOutcome
  /**
   * Whether a sample of this time would be stored behind all others of its series, and not as a late one.
   * A storage without it takes samples in any order.
   */
  takesInOrder?(ref: SeriesRef, timeMs: number): boolean
}
