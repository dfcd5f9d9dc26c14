import { CUSTOM_BUCKETS_SCHEMA, FloatHistogram, type Labels, METRIC_NAME, type Span } from '@promontory/model'
import type { ExpositionType, ParsedExemplar } from './entry.ts'
import { parseGoFloatText } from './go-float.ts'
import type { ExpositionSink } from './parse.ts'

interface Bucket {
  readonly bound: number
  /** Cumulative. */
  readonly count: number
}

/** What is there of a histogram so far. */
interface Collected {
  readonly labels: Labels
  readonly buckets: Bucket[]
  readonly exemplars: ParsedExemplar[]
  count: number | undefined
  sum: number
  timeMs: number | undefined
  createdMs: number | undefined
  /** Its parts contradict each other: nothing comes of it. */
  isBroken: boolean
}

const PART = /^(.*)_(bucket|sum|count)$/s

/**
 * Makes one native histogram with custom buckets of the series of each classic one (`convert_classic_histograms_to_nhcb`).
 * Call `end()` behind the last entry. The series of a histogram stand together, as every client writes them; a histogram that is also
 * native already is left as it is, one whose counts contradict each other is left out.
 */
export class ClassicToNative implements ExpositionSink {
  readonly #sink: ExpositionSink
  readonly #keepClassic: boolean
  #family = ''
  #type: ExpositionType = 'unknown'
  #collected: Collected | undefined
  /** The native histogram whose classic series may follow. */
  #native: string | undefined

  /** @param keepClassic whether the classic series are handed on as well (`always_scrape_classic_histograms`) */
  constructor(sink: ExpositionSink, keepClassic: boolean) {
    this.#sink = sink
    this.#keepClassic = keepClassic
  }

  metadata: ExpositionSink['metadata'] = (family, metadata) => {
    this.#flush()
    if (metadata.type !== undefined) {
      this.#family = family
      this.#type = metadata.type as ExpositionType
    }
    this.#sink.metadata(family, metadata)
  }

  histogram: ExpositionSink['histogram'] = (labels, ...rest) => {
    this.#flush()
    this.#native = labels.key()
    this.#sink.histogram(labels, ...rest)
  }

  sample: ExpositionSink['sample'] = (labels, value, timeMs, exemplars, createdMs) => {
    const isPart = this.#collect(labels, value, timeMs, exemplars, createdMs)
    if (!isPart || this.#keepClassic) this.#sink.sample(labels, value, timeMs, exemplars, createdMs)
  }

  end(): void {
    this.#flush()
  }

  /** @returns whether the series is a part of a classic histogram that is converted */
  #collect(
    labels: Labels,
    value: number,
    timeMs: number | undefined,
    exemplars: readonly ParsedExemplar[],
    createdMs: number | undefined,
  ): boolean {
    const part = this.#type === 'histogram' ? PART.exec(labels.get(METRIC_NAME)) : null
    const bound = part?.[2] === 'bucket' ? boundOf(labels) : 0
    if (part === null || part[1] !== this.#family || bound === undefined) {
      this.#flush()
      return false
    }
    const base = labels.without('le').with(METRIC_NAME, this.#family)
    if (this.#native === base.key()) return false
    if (this.#collected?.labels.key() !== base.key()) this.#flush()
    this.#native = undefined
    const collected = (this.#collected ??= { labels: base, buckets: [], exemplars: [], count: undefined, sum: 0, timeMs, createdMs, isBroken: false }) // prettier-ignore
    collected.timeMs = timeMs
    collected.exemplars.push(...exemplars)
    if (part[2] === 'bucket') collected.isBroken ||= !addBucket(collected.buckets, { bound, count: value })
    else if (part[2] === 'sum') collected.sum = value
    else {
      collected.count = value
      collected.isBroken ||= value < 0
    }
    return true
  }

  #flush(): void {
    const collected = this.#collected
    if (collected === undefined) return
    this.#collected = undefined
    const histogram = collected.isBroken ? undefined : nativeOf(collected)
    if (histogram === undefined) return
    const isInteger = Number.isInteger(histogram.count) && histogram.positiveBuckets.every(Number.isInteger)
    const { labels, timeMs, exemplars, createdMs } = collected
    this.#sink.histogram(labels, histogram, timeMs, exemplars, isInteger, createdMs)
  }
}

/** Undefined for a series without a usable `le`. */
function boundOf(labels: Labels): number | undefined {
  const text = labels.get('le')
  if (text === '') return undefined
  try {
    const bound = parseGoFloatText(text)
    return Number.isNaN(bound) ? undefined : bound
  } catch {
    return undefined
  }
}

/** Buckets may come in any order; the first of those with one bound counts. @returns false when counts are not cumulative */
function addBucket(buckets: Bucket[], bucket: Bucket): boolean {
  if (!(bucket.count >= 0)) return false
  const found = buckets.findIndex(({ bound }) => bound >= bucket.bound)
  const at = found < 0 ? buckets.length : found
  if (buckets[at]?.bound === bucket.bound) return true
  if (at > 0 && bucket.count < buckets[at - 1]!.count) return false
  if (at < buckets.length && bucket.count > buckets[at]!.count) return false
  buckets.splice(at, 0, bucket)
  return true
}

/** Undefined when the count is not that of the last bucket. */
function nativeOf({ buckets, count: given, sum }: Collected): FloatHistogram | undefined {
  const count = given ?? buckets.at(-1)?.count ?? 0
  if (buckets.at(-1)?.bound !== Infinity) {
    if (buckets.length > 0 && buckets.at(-1)!.count > count) return undefined
    buckets.push({ bound: Infinity, count })
  }
  if (buckets.at(-1)!.count !== count) return undefined
  const counts = buckets.map((bucket, i) => bucket.count - (buckets[i - 1]?.count ?? 0))
  return new FloatHistogram({
    schema: CUSTOM_BUCKETS_SCHEMA,
    count,
    sum,
    customBounds: buckets.slice(0, -1).map(({ bound }) => bound),
    positiveSpans: spansOf(counts),
    positiveBuckets: counts.filter((one) => one !== 0),
  })
}

/** Runs of buckets that hold something. */
function spansOf(counts: readonly number[]): Span[] {
  const spans: { offset: number; length: number }[] = []
  let empty = 0
  let isRun = false
  for (const count of counts) {
    if (count === 0) {
      empty++
      isRun = false
      continue
    }
    if (isRun) spans.at(-1)!.length++
    else spans.push({ offset: empty, length: 1 })
    empty = 0
    isRun = true
  }
  return spans
}
