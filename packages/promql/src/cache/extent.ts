import type { MatrixSeries, QueryValue } from '../result.ts'

/** Steps of a query that were evaluated, in one piece. */
export interface Extent {
  readonly startMs: number
  /** Time of the last step. */
  readonly endMs: number
  /** Sorted by labels. */
  readonly series: readonly MatrixSeries[]
  /** Infos about the names in the query, which hold for each part that has series. */
  readonly infos: readonly string[]
}

/** What a point costs at most: its time and its value. */
const POINT_BYTES = 16
/** Labels, views and the object itself. */
const SERIES_BYTES = 500
const HISTOGRAM_BYTES = 1000

/** Estimated bytes that an extent keeps alive. */
export function bytesOf({ series }: Extent): number {
  let bytes = SERIES_BYTES
  for (const { count, histograms } of series)
    bytes += SERIES_BYTES + count * (POINT_BYTES + (histograms === undefined ? 0 : HISTOGRAM_BYTES))
  return bytes
}

/** Estimated bytes that an instant vector keeps alive. */
export function bytesOfVector({ samples }: Extract<QueryValue, { type: 'vector' }>): number {
  const histograms = samples.filter(({ histogram }) => histogram !== undefined).length
  return SERIES_BYTES * (1 + samples.length) + HISTOGRAM_BYTES * histograms
}

/** The part from `startMs` to `endMs`, both included; its arrays are views. Series without a point in it are left out. */
export function sliceExtent(extent: Extent, startMs: number, endMs: number): Extent {
  if (startMs <= extent.startMs && endMs >= extent.endMs) return extent
  const cutTimes = new TimesCutter(startMs, endMs)
  const series: MatrixSeries[] = []
  for (const one of extent.series) {
    const { from, to, timesMs } = cutTimes.of(one)
    if (to === from) continue
    series.push({
      labels: one.labels,
      count: to - from,
      timesMs,
      values: one.values.subarray(from, to),
      histograms: one.histograms?.slice(from, to),
    })
  }
  return {
    startMs: Math.max(startMs, extent.startMs),
    endMs: Math.min(endMs, extent.endMs),
    series,
    infos: series.length === 0 ? [] : extent.infos,
  }
}

/** The same with arrays of its own, for keeping: views would keep all of what they are views of. */
export function ownExtent(extent: Extent): Extent {
  let lastTimes: Float64Array | undefined
  let ownTimes = new Float64Array(0)
  const series = extent.series.map((one) => {
    const { timesMs, values, count } = one
    if (timesMs !== lastTimes || ownTimes.length !== count) {
      lastTimes = timesMs
      ownTimes = ownArray(timesMs, count)
    }
    return { ...one, timesMs: ownTimes, values: ownArray(values, count) }
  })
  return { ...extent, series }
}

function ownArray(array: Float64Array, count: number): Float64Array<ArrayBuffer> {
  const isOwn = array.length === count && array.buffer.byteLength === array.byteLength
  return isOwn ? (array as Float64Array<ArrayBuffer>) : array.slice(0, count)
}

/** Cuts arrays of times; several series share one, and then share the cut one. */
class TimesCutter {
  readonly #startMs: number
  readonly #endMs: number
  #lastTimes: Float64Array | undefined
  #lastCount = 0
  #last: { from: number; to: number; timesMs: Float64Array } = {
    from: 0,
    to: 0,
    timesMs: new Float64Array(0),
  }

  constructor(startMs: number, endMs: number) {
    this.#startMs = startMs
    this.#endMs = endMs
  }

  of({ timesMs, count }: MatrixSeries): { from: number; to: number; timesMs: Float64Array } {
    if (timesMs !== this.#lastTimes || count !== this.#lastCount) {
      const from = lowerBound(timesMs, count, this.#startMs)
      const to = lowerBound(timesMs, count, this.#endMs + 1)
      this.#lastTimes = timesMs
      this.#lastCount = count
      this.#last = { from, to, timesMs: timesMs.subarray(from, to) }
    }
    return this.#last
  }
}

/** Index of the first time that is not before `timeMs`. */
function lowerBound(timesMs: Float64Array, count: number, timeMs: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (timesMs[middle]! < timeMs) low = middle + 1
    else high = middle
  }
  return low
}

/** Puts extents that follow each other without a gap into one. */
export function joinExtents(extents: readonly Extent[]): Extent {
  if (extents.length === 1) return extents[0]!
  const parts = new Map<string, MatrixSeries[]>()
  for (const { series } of extents)
    for (const one of series) {
      const known = parts.get(one.labels.key())
      if (known === undefined) parts.set(one.labels.key(), [one])
      else known.push(one)
    }
  const joiner = new TimesJoiner()
  const series = [...parts.values()].map((same) => joinSeries(same, joiner))
  return {
    startMs: extents[0]!.startMs,
    endMs: extents.at(-1)!.endMs,
    series: series.sort((a, b) => a.labels.compare(b.labels)),
    infos: [...new Set(extents.flatMap(({ infos }) => infos))],
  }
}

function joinSeries(parts: readonly MatrixSeries[], joiner: TimesJoiner): MatrixSeries {
  const [first] = parts
  if (parts.length === 1) return first!
  const count = parts.reduce((sum, part) => sum + part.count, 0)
  const values = new Float64Array(count)
  let at = 0
  for (const part of parts) {
    values.set(part.values.subarray(0, part.count), at)
    at += part.count
  }
  return {
    labels: first!.labels,
    count,
    timesMs: joiner.join(parts, count),
    values,
    histograms: parts.some((part) => part.histograms !== undefined) ? joinHistograms(parts) : undefined,
  }
}

function joinHistograms(parts: readonly MatrixSeries[]): MatrixSeries['histograms'] {
  return parts.flatMap(({ count, histograms }) => Array.from({ length: count }, (_, i) => histograms?.[i]))
}

/** Joins arrays of times; parts that share their arrays share the joined one. */
class TimesJoiner {
  #lastParts: readonly MatrixSeries[] = []
  #last = new Float64Array(0)

  join(parts: readonly MatrixSeries[], count: number): Float64Array {
    const same =
      parts.length === this.#lastParts.length &&
      parts.every((part, i) => {
        const before = this.#lastParts[i]!
        return part.timesMs === before.timesMs && part.count === before.count
      })
    if (same) return this.#last
    const times = new Float64Array(count)
    let at = 0
    for (const part of parts) {
      times.set(part.timesMs.subarray(0, part.count), at)
      at += part.count
    }
    this.#lastParts = parts
    this.#last = times
    return times
  }
}
