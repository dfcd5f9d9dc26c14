import type { FloatHistogram, Labels, SampleColumns } from '@promontory/model'
import { histogramSamples, isStaleAt, Labels as LabelSet, withHint } from '@promontory/model'
import type { Column } from './column.ts'
import { FLOAT, HISTOGRAM } from './column.ts'
import type { Grid } from './grid.ts'
import { timeAt } from './grid.ts'

/** The samples of one series without stale markers, floats and histograms apart. Loaded again for each series. */
export class RangeSamples {
  labels: Labels = LabelSet.EMPTY
  dropName = false
  timesMs: Float64Array = new Float64Array(0)
  values: Float64Array = new Float64Array(0)
  /** 0 for none; undefined when no sample has one or they are not wanted. */
  startTimesMs: Float64Array | undefined
  /** How many samples each float stands for; undefined when each is one. */
  weights: Float64Array | undefined
  /** No value is smaller than the one before; false when nobody has looked. */
  neverFalls = false
  /** As `SampleColumns.timesId`, for `timesMs`. */
  timesId = 0
  count = 0
  readonly histograms: FloatHistogram[] = []
  readonly histogramTimesMs: number[] = []
  histogramStartTimesMs: number[] | undefined
  #ownTimes = new Float64Array(0)
  #ownValues = new Float64Array(0)
  #ownStarts = new Float64Array(0)
  #scratch = new Float64Array(64)

  get metricName(): string {
    return this.labels.metricName
  }

  /** The arrays may be views of `columns`: they live as long as those. */
  loadColumns(labels: Labels, columns: SampleColumns, withStartTimes: boolean): void {
    this.#reset(labels, false)
    const starts = withStartTimes ? columns.startTimesMs : undefined
    if (columns.histograms === undefined && !hasStale(columns)) {
      this.timesMs = columns.timesMs
      this.values = columns.values
      this.startTimesMs = starts
      this.weights = columns.weights
      this.timesId = columns.timesId
      this.neverFalls = columns.neverFalls
      this.count = columns.length
      return
    }
    this.#reserve(columns.length)
    if (columns.weights !== undefined) this.weights = new Float64Array(columns.length)
    if (starts !== undefined) {
      this.startTimesMs = this.#ownStarts
      this.histogramStartTimesMs = []
    }
    for (let i = 0; i < columns.length; i++) {
      const histogram = columns.histograms?.[i]
      if (histogram !== undefined) {
        this.histograms.push(histogram)
        this.histogramTimesMs.push(columns.timesMs[i]!)
        if (starts !== undefined) this.histogramStartTimesMs!.push(starts[i]!)
      } else if (!isStaleAt(columns.bits, i)) {
        if (starts !== undefined) this.#ownStarts[this.count] = starts[i]!
        if (this.weights !== undefined) this.weights[this.count] = columns.weights![i]!
        this.#pushFloat(columns.timesMs[i]!, columns.values[i]!)
      }
    }
  }

  /** The points of a subquery. They say nothing of resets between them, so such hints go. */
  loadColumn(column: Column, grid: Grid): void {
    this.#reset(column.labels, column.dropName)
    this.#reserve(grid.count)
    for (let step = 0; step < grid.count; step++) {
      if (column.kinds[step] === FLOAT) this.#pushFloat(timeAt(grid, step), column.values[step]!)
      else if (column.kinds[step] === HISTOGRAM) {
        const histogram = column.histograms![step]!
        const hinted = histogram.counterResetHint === 'reset' || histogram.counterResetHint === 'not_reset'
        this.histograms.push(hinted ? withHint(histogram, 'unknown') : histogram)
        this.histogramTimesMs.push(timeAt(grid, step))
      }
    }
  }

  /** Weight of the histograms `[from, to)` in Prometheus's sample count. */
  histogramWeight(from: number, to: number): number {
    let weight = 0
    for (let i = from; i < to; i++) weight += histogramSamples(this.histograms[i]!)
    return weight
  }

  /** Room for `count` numbers, the same at each call. */
  scratch(count: number): Float64Array {
    if (this.#scratch.length < count) this.#scratch = new Float64Array(2 * count)
    return this.#scratch
  }

  #reset(labels: Labels, dropName: boolean): void {
    this.labels = labels
    this.dropName = dropName
    this.count = 0
    this.timesId = 0
    this.neverFalls = false
    this.startTimesMs = undefined
    this.weights = undefined
    this.histogramStartTimesMs = undefined
    this.histograms.length = 0
    this.histogramTimesMs.length = 0
  }

  #reserve(count: number): void {
    if (this.#ownTimes.length < count) {
      this.#ownTimes = new Float64Array(count)
      this.#ownValues = new Float64Array(count)
      this.#ownStarts = new Float64Array(count)
    }
    this.timesMs = this.#ownTimes
    this.values = this.#ownValues
  }

  #pushFloat(timeMs: number, value: number): void {
    this.#ownTimes[this.count] = timeMs
    this.#ownValues[this.count] = value
    this.count++
  }
}

function hasStale(columns: SampleColumns): boolean {
  if (columns.staleFree) return false
  const { bits, length } = columns
  for (let i = 0; i < length; i++) if (isStaleAt(bits, i)) return true
  return false
}
