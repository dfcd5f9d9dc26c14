import type { FloatHistogram, Labels, Matcher, Querier, Queryable, SampleColumns, SelectRequest, SeriesSet, TimeRange } from '@promontory/model' // prettier-ignore
import { compareUtf8, setStaleAt } from '@promontory/model'

/** One sample of a series in memory. */
export interface MemorySample {
  readonly timeMs: number
  /** Ignored when there is a histogram or the sample is stale. */
  readonly value?: number
  readonly histogram?: FloatHistogram
  readonly stale?: boolean
  readonly startTimeMs?: number
}

class MemorySeries {
  readonly labels: Labels
  timesMs = new Float64Array(16)
  values = new Float64Array(16)
  startTimesMs = new Float64Array(16)
  hasStartTimes = false
  readonly histograms: (FloatHistogram | undefined)[] = []
  hasHistograms = false
  count = 0

  constructor(labels: Labels) {
    this.labels = labels
  }

  append({ timeMs, value, histogram, stale, startTimeMs }: MemorySample): void {
    if (this.count === this.timesMs.length) this.#grow()
    const at = this.count++
    this.timesMs[at] = timeMs
    if (stale) setStaleAt(new Uint32Array(this.values.buffer), at)
    else this.values[at] = value ?? 0
    this.startTimesMs[at] = startTimeMs ?? 0
    if (startTimeMs !== undefined && startTimeMs !== 0) this.hasStartTimes = true
    this.histograms.push(histogram)
    if (histogram !== undefined) this.hasHistograms = true
  }

  #grow(): void {
    const enlarge = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const next = new Float64Array(2 * old.length)
      // As bytes: a stale marker is a NaN whose bits must survive.
      new Uint8Array(next.buffer).set(new Uint8Array(old.buffer))
      return next
    }
    this.timesMs = enlarge(this.timesMs)
    this.values = enlarge(this.values)
    this.startTimesMs = enlarge(this.startTimesMs)
  }

  /** Without its newest sample, and with arrays of its own. */
  withoutNewest(): MemorySeries {
    const copy = new MemorySeries(this.labels)
    copy.timesMs = this.timesMs.slice()
    copy.values = this.values.slice()
    copy.startTimesMs = this.startTimesMs.slice()
    copy.histograms.push(...this.histograms.slice(0, -1))
    copy.hasStartTimes = this.hasStartTimes
    copy.hasHistograms = this.hasHistograms
    copy.count = this.count - 1
    return copy
  }

  /** Index of the first of `count` samples at or after a time. */
  lowerBound(timeMs: number, count: number): number {
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.timesMs[middle]! < timeMs) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Series in memory that PromQL can ask: for tests, browsers, and results of other sources. */
export class MemoryStorage implements Queryable {
  readonly #series = new Map<string, MemorySeries>()

  /**
   * Appends to a series, which is made when it is new. Several samples of one time: the last is kept.
   * @throws RangeError when a sample is older than the newest of the series
   */
  append(labels: Labels, samples: Iterable<MemorySample>): void {
    let series = this.#series.get(labels.key())
    if (series === undefined) this.#series.set(labels.key(), (series = new MemorySeries(labels)))
    for (const sample of samples) {
      const newest = series.count === 0 ? -Infinity : series.timesMs[series.count - 1]!
      if (sample.timeMs < newest)
        throw new RangeError(
          `sample of ${String(labels)} at ${sample.timeMs} ms is older than the newest at ${newest} ms`,
        )
      if (sample.timeMs === newest) {
        // Queriers that are open go on with what was there.
        series = series.withoutNewest()
        this.#series.set(labels.key(), series)
      }
      series.append(sample)
    }
  }

  clear(): void {
    this.#series.clear()
  }

  /** Labels of all series, in no order. */
  *labels(): Iterable<Labels> {
    for (const { labels } of this.#series.values()) yield labels
  }

  querier(_range: TimeRange): Querier {
    const all = [...this.#series.values()].sort((a, b) => a.labels.compare(b.labels))
    return new MemoryQuerier(all.map((series) => ({ series, labels: series.labels, count: series.count })))
  }
}

/** A series as it was when a querier was opened. */
interface SeenSeries {
  readonly series: MemorySeries
  readonly labels: Labels
  readonly count: number
}

class MemoryQuerier implements Querier {
  readonly #all: readonly SeenSeries[]

  constructor(all: readonly SeenSeries[]) {
    this.#all = all
  }

  async select(requests: readonly SelectRequest[]): Promise<readonly SeriesSet[]> {
    return requests.map((request) => new MemorySeriesSet(this.#matching(request.matchers), request))
  }

  async labelNames({ matchers }: SelectRequest): Promise<readonly string[]> {
    const names = this.#matching(matchers).flatMap(({ labels }) => [...labels].map(([name]) => name))
    return [...new Set(names)].sort(compareUtf8)
  }

  async labelValues(name: string, { matchers }: SelectRequest): Promise<readonly string[]> {
    const values = this.#matching(matchers).map(({ labels }) => labels.get(name))
    return [...new Set(values)].filter((value) => value !== '').sort(compareUtf8)
  }

  close(): void {
    // Nothing is held.
  }

  #matching(matchers: readonly Matcher[]): SeenSeries[] {
    return this.#all.filter(({ labels }) => matchers.every((m) => m.matches(labels.get(m.name))))
  }
}

class MemorySeriesSet implements SeriesSet {
  readonly #series: readonly SeenSeries[]
  readonly #range: TimeRange
  readonly warnings: readonly string[] = []

  constructor(series: readonly SeenSeries[], range: TimeRange) {
    this.#series = series
    this.#range = range
  }

  get length(): number {
    return this.#series.length
  }

  labels(index: number): Labels {
    return this.#series[index]!.labels
  }

  read(index: number, into: SampleColumns): void {
    const { series, count } = this.#series[index]!
    const from = series.lowerBound(this.#range.startMs, count)
    const to = series.lowerBound(this.#range.endMs + 1, count)
    into.setArrays(series.timesMs.subarray(from, to), series.values.subarray(from, to))
    into.histograms = series.hasHistograms ? series.histograms.slice(from, to) : undefined
    into.startTimesMs = series.hasStartTimes ? series.startTimesMs.subarray(from, to) : undefined
    into.length = to - from
  }
}
