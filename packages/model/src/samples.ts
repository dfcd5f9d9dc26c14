import type { FloatHistogram } from './histogram.ts'

/**
 * The samples of one series in columns. Arrays may be longer than `length`, and may be views on memory of the storage
 * that filled them: read them before the next `read` of the same series set, never keep them.
 */
export class SampleColumns {
  /** Unix milliseconds, strictly increasing over `[0, length)`. */
  timesMs: Float64Array = new Float64Array(0)
  /** Float values; meaningless where `histograms[i]` is set. Stale markers are recognised in `bits` only. */
  values: Float64Array = new Float64Array(0)
  #bits: Uint32Array | undefined
  /**
   * Columns that a storage fills one after the other have the same number when all their times are the same, as those of one target mostly are; 0 when
   * nobody has looked.
   */
  timesId = 0
  /** No value is smaller than the one before, says who filled the columns; false when nobody has looked. */
  neverFalls = false
  /** No value is a stale marker, says who filled the columns; false when nobody has looked. */
  staleFree = false
  /** Undefined when the series has no histogram in range. A stale marker is always a float. */
  histograms: (FloatHistogram | undefined)[] | undefined
  /** Start (created) timestamps in Unix milliseconds, 0 for none; undefined when no sample has one. */
  startTimesMs: Float64Array | undefined
  /** How many stored samples each float stands for, as their mean, minimum or maximum; undefined when each is one. */
  weights: Float64Array | undefined
  length = 0

  /** The values' bits: index 2i holds the low word of values[i], 2i+1 the high word. */
  get bits(): Uint32Array {
    const { values } = this
    return (this.#bits ??= new Uint32Array(
      values.buffer as ArrayBuffer,
      values.byteOffset,
      2 * values.length,
    ))
  }

  /** Makes own arrays with room for `count` samples; what was in them is lost. */
  reserve(count: number): void {
    if (this.timesMs.length < count) {
      const capacity = Math.max(128, count, 2 * this.timesMs.length)
      this.setArrays(new Float64Array(capacity), new Float64Array(capacity))
    }
  }

  /** Points the columns at arrays that somebody else owns. */
  setArrays(timesMs: Float64Array, values: Float64Array): void {
    this.timesMs = timesMs
    this.values = values
    this.#bits = undefined
    this.staleFree = false
    this.neverFalls = false
    this.timesId = 0
  }
}
