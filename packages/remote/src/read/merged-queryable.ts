import {
  FloatHistogram,
  Labels,
  Matcher,
  type Querier,
  type Queryable,
  SampleColumns,
  type SelectRequest,
  type SeriesSet,
  type TimeRange,
} from '@promontory/model'
import { decodeReadResponse, encodeReadRequest, type ReadQuery } from '@promontory/wire'
import { histogramFault, isStaleSum, toHistogram } from '../histogram.ts'

/** One `remote_read` entry as a query needs it. */
export interface ReadSource {
  readonly name: string
  /** Ask also for times that local data covers. */
  readonly readRecent: boolean
  /** Only queries with these equality matchers are asked. */
  readonly requiredMatchers: Readonly<Record<string, string>>
  /** Added to the question and taken off the answer, `[name, value, …]`. */
  readonly externalLabels: readonly string[]
}

/** Asks source number `source`. @param message  not compressed @returns the answer, not compressed */
export type ReadRemote = (source: number, message: Buffer) => Promise<Buffer>

export interface MergedOptions {
  readonly sources: readonly ReadSource[]
  readonly read: ReadRemote
  /** Since when local data is complete; Infinity when there is none. */
  readonly localStartMs: () => number
}

/** Samples of a series that came from elsewhere. */
interface RemoteSeries {
  readonly labels: Labels
  readonly timesMs: number[]
  /** Low and high word of each value. */
  readonly words: number[]
  readonly histograms: (FloatHistogram | undefined)[]
}

/**
 * Local data and that of other servers as one: each source is asked for what lies before the local data (or for all of it).
 * Where both have a sample of the same time, the local one counts. A source that fails costs a warning, not the query.
 */
export class MergedQueryable implements Queryable {
  readonly #local: Queryable
  readonly #options: MergedOptions

  constructor(local: Queryable, options: MergedOptions) {
    this.#local = local
    this.#options = options
  }

  querier(range: TimeRange): Querier {
    const local = this.#local.querier(range)
    return {
      heedsHints: local.heedsHints === true,
      select: (requests) => this.#select(local, requests),
      // The protocol has no way to ask for names.
      labelNames: (request) => local.labelNames(request),
      labelValues: (name, request) => local.labelValues(name, request),
      close: () => local.close(),
    }
  }

  async #select(local: Querier, requests: readonly SelectRequest[]): Promise<readonly SeriesSet[]> {
    const remote = this.#options.sources.map((_, source) => this.#ask(source, requests))
    const sets = await local.select(requests)
    const answers = await Promise.all(remote)
    return sets.map((set, i) => {
      const warnings = answers.flatMap(({ warning }) => (warning === undefined ? [] : [warning]))
      const series = answers.flatMap(({ series: all }) => all[i] ?? [])
      return series.length === 0 && warnings.length === 0 ? set : mergeSets(set, series, warnings)
    })
  }

  async #ask(
    index: number,
    requests: readonly SelectRequest[],
  ): Promise<{ series: (readonly RemoteSeries[])[]; warning?: string }> {
    const source = this.#options.sources[index]!
    const localStartMs = source.readRecent ? Infinity : this.#options.localStartMs()
    const series: RemoteSeries[][] = requests.map(() => [])
    const places: number[] = []
    const queries: ReadQuery[] = []
    requests.forEach((request, place) => {
      const endMs = Math.min(request.endMs, localStartMs - 1)
      if (endMs < request.startMs || !isMeant(source, request.matchers)) return
      places.push(place)
      queries.push({ startMs: request.startMs, endMs, matchers: matchersFor(source, request.matchers) })
    })
    if (queries.length === 0) return { series }
    try {
      readInto(await this.#options.read(index, encodeReadRequest(queries)), source, places, series)
      return { series }
    } catch (error) {
      return { series: [], warning: `remote_read: ${source.name}: ${(error as Error).message}` }
    }
  }
}

function isMeant({ requiredMatchers }: ReadSource, matchers: readonly Matcher[]): boolean {
  return Object.entries(requiredMatchers).every(([name, value]) =>
    matchers.some((one) => one.operator === '=' && one.name === name && one.value === value),
  )
}

function matchersFor(source: ReadSource, matchers: readonly Matcher[]): ReadQuery['matchers'] {
  const added = Labels.fromSorted(source.externalLabels)
  const own = [...added].filter(([name]) => !matchers.some((matcher) => matcher.name === name))
  return [
    ...matchers.map(({ operator, name, value }) => ({ operator, name, value })),
    ...own.map(([name, value]) => ({ operator: '=' as const, name, value })),
  ]
}

function readInto(
  message: Buffer,
  source: ReadSource,
  places: readonly number[],
  series: RemoteSeries[][],
): void {
  const external = Labels.fromSorted(source.externalLabels)
  let open: RemoteSeries | undefined
  decodeReadResponse(message, {
    series: (query, parts) => {
      const pairs: [string, string][] = []
      for (let i = 0; i + 1 < parts.length; i += 2)
        if (external.get(parts[i]!) !== parts[i + 1]) pairs.push([parts[i]!, parts[i + 1]!])
      open = { labels: Labels.from(pairs), timesMs: [], words: [], histograms: [] }
      series[places[query] ?? 0]!.push(open)
    },
    sample: (timeMs, bytes, at) => {
      open!.timesMs.push(timeMs)
      open!.words.push(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4))
      open!.histograms.push(undefined)
    },
    histogram: (received) => {
      const histogram = isStaleSum(received) ? undefined : toHistogram(received)
      if (histogram !== undefined && histogramFault(histogram) !== undefined) return
      open!.timesMs.push(received.timeMs)
      open!.words.push(2, histogram === undefined ? 0x7ff00000 : 0)
      open!.histograms.push(histogram)
    },
  })
}

interface MergedSeries {
  readonly labels: Labels
  /** Index in the local set. */
  readonly local: number | undefined
  readonly remote: RemoteSeries[]
}

/** A local set with the series of other servers, in order of their labels. */
function mergeSets(
  local: SeriesSet,
  remote: readonly RemoteSeries[],
  warnings: readonly string[],
): SeriesSet {
  const byKey = new Map<string, MergedSeries>()
  for (let i = 0; i < local.length; i++) {
    const labels = local.labels(i)
    byKey.set(labels.key(), { labels, local: i, remote: [] })
  }
  for (const series of remote) {
    const key = series.labels.key()
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, { labels: series.labels, local: undefined, remote: [series] })
    else known.remote.push(series)
  }
  const merged = [...byKey.values()].sort((a, b) => a.labels.compare(b.labels))
  const scratch = new SampleColumns()
  return {
    length: merged.length,
    warnings: [...local.warnings, ...warnings],
    infos: local.infos ?? [],
    labels: (index) => merged[index]!.labels,
    read: (index, into) => {
      const { local: at, remote: sources } = merged[index]!
      if (sources.length === 0) return local.read(at!, into)
      scratch.length = 0
      if (at !== undefined) local.read(at, scratch)
      mergeColumns(scratch, sources, into)
    },
  }
}

interface Point {
  readonly timeMs: number
  readonly low: number
  readonly high: number
  readonly histogram: FloatHistogram | undefined
  readonly weight?: number
}

function mergeColumns(local: SampleColumns, remote: readonly RemoteSeries[], into: SampleColumns): void {
  const points = new Map<number, Point>()
  for (const { timesMs, words, histograms } of remote)
    timesMs.forEach((timeMs, i) =>
      points.set(timeMs, { timeMs, low: words[2 * i]!, high: words[2 * i + 1]!, histogram: histograms[i] }),
    )
  for (let i = 0; i < local.length; i++) {
    const timeMs = local.timesMs[i]!
    const [low, high] = [local.bits[2 * i]!, local.bits[2 * i + 1]!]
    points.set(timeMs, {
      timeMs,
      low,
      high,
      histogram: local.histograms?.[i],
      weight: local.weights?.[i] ?? 1,
    })
  }
  writePoints(
    [...points.values()].sort((a, b) => a.timeMs - b.timeMs),
    into,
  )
}

function writePoints(points: readonly Point[], into: SampleColumns): void {
  into.setArrays(new Float64Array(points.length), new Float64Array(points.length))
  into.histograms = points.some(({ histogram }) => histogram !== undefined)
    ? points.map(({ histogram }) => histogram)
    : undefined
  into.startTimesMs = undefined
  into.weights = points.some(({ weight }) => (weight ?? 1) !== 1)
    ? Float64Array.from(points, ({ weight }) => weight ?? 1)
    : undefined
  points.forEach(({ timeMs, low, high }, i) => {
    into.timesMs[i] = timeMs
    into.bits[2 * i] = low
    into.bits[2 * i + 1] = high
  })
  into.length = points.length
}
