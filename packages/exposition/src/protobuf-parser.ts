import { ProtoReader } from '@promontory/wire/protobuf'
import { FloatHistogram, Labels, METRIC_NAME, withTypeAndUnit } from '@promontory/model'
import type { ExpositionType, ParsedExemplar } from './entry.ts'
import { ExpositionError } from './errors.ts'
import { formatOpenMetricsFloat } from './go-float.ts'
import type { ExpositionOptions, ExpositionSink } from './parse.ts'
import { MetricKind, readFamily } from './protobuf-messages.ts'
import type { ExemplarMessage, FamilyMessage, HistogramMessage, MetricMessage } from './protobuf-messages.ts'

export interface ProtobufOptions extends ExpositionOptions {
  /** False: a histogram's native part is ignored (`scrape_native_histograms: false`). */
  readonly nativeHistograms: boolean
  /** Also gives the classic series of a histogram that is native (`always_scrape_classic_histograms`). */
  readonly keepClassic: boolean
}

const TYPES: readonly ExpositionType[] = [
  'counter',
  'gauge',
  'summary',
  'unknown',
  'histogram',
  'gaugehistogram',
]
const NONE: readonly ParsedExemplar[] = []

/**
 * Reads the delimited protobuf format: varint length, `MetricFamily`, and so on. Summaries and classic histograms
 * become their series in upstream's order: `_count`, `_sum`, then quantiles or buckets, `+Inf` added where missing.
 * @throws ExpositionError; what came before has reached the sink
 */
export function parseProtobuf(bytes: Uint8Array, options: ProtobufOptions, sink: ExpositionSink): void {
  const reader = new ProtoReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  while (reader.at < reader.end) {
    const offset = reader.at
    let family: FamilyMessage
    try {
      family = reader.message(readFamily)
    } catch (error) {
      throw new ExpositionError(`${(error as Error).message} in the message at byte ${offset}`, offset, 1)
    }
    if (family.metrics.length > 0) emitFamily(family, options, sink, offset)
  }
}

function emitFamily(
  family: FamilyMessage,
  options: ProtobufOptions,
  sink: ExpositionSink,
  offset: number,
): void {
  const type = TYPES[family.type]
  if (family.name === '') throw new ExpositionError('invalid metric name: ', offset, 1)
  if (type === undefined)
    throw new ExpositionError(`unknown metric type for metric "${family.name}": ${family.type}`, offset, 1)
  sink.metadata(family.name, {
    type,
    help: family.help,
    ...(family.unit === '' ? {} : { unit: family.unit }),
  })
  for (const metric of family.metrics) {
    const series = new SeriesMaker(family, metric, options, sink)
    if (family.type === MetricKind.summary) emitSummary(series, metric)
    else if (family.type >= MetricKind.histogram) emitHistogram(series, family, metric, options, offset)
    else series.sample('', [], metric.value, family.type === MetricKind.counter ? metric.exemplar : undefined)
  }
}

/** Hands the series of one metric to the sink. */
class SeriesMaker {
  readonly #family: FamilyMessage
  readonly #metric: MetricMessage
  readonly #typed: boolean
  readonly #createdMs: number | undefined
  readonly #sink: ExpositionSink
  readonly #timeMs: number | undefined

  constructor(family: FamilyMessage, metric: MetricMessage, options: ProtobufOptions, sink: ExpositionSink) {
    this.#typed = options.typeAndUnitLabels === true
    this.#createdMs = options.createdTimes === true ? metric.createdMs : undefined
    this.#family = family
    this.#metric = metric
    this.#sink = sink
    // proto3 cannot tell 0 from unset; upstream takes 0 as "no timestamp" too.
    this.#timeMs = metric.timestampMs === 0 ? undefined : metric.timestampMs
  }

  sample(
    suffix: string,
    extra: readonly [string, string][],
    value: number,
    exemplar?: ExemplarMessage,
  ): void {
    const exemplars = exemplar === undefined ? NONE : [parsedExemplar(exemplar)]
    this.#sink.sample(this.#labels(suffix, extra), value, this.#timeMs, exemplars, this.#createdMs)
  }

  histogram(histogram: FloatHistogram, exemplars: readonly ParsedExemplar[], isInteger: boolean): void {
    this.#sink.histogram(this.#labels('', []), histogram, this.#timeMs, exemplars, isInteger, this.#createdMs)
  }

  #labels(suffix: string, extra: readonly [string, string][]): Labels {
    const { name, type, unit } = this.#family
    const labels = Labels.from([[METRIC_NAME, name + suffix], ...this.#metric.labels, ...extra])
    return this.#typed ? withTypeAndUnit(labels, TYPES[type] ?? '', unit) : labels
  }
}

function parsedExemplar({ labels, value, timestampMs }: ExemplarMessage): ParsedExemplar {
  return { labels: Labels.from(labels), value, timeMs: timestampMs }
}

function emitSummary(series: SeriesMaker, metric: MetricMessage): void {
  const { count = 0, sum = 0, quantiles = [] } = metric.summary ?? {}
  series.sample('_count', [], count)
  series.sample('_sum', [], sum)
  for (const { quantile, value } of quantiles)
    series.sample('', [['quantile', formatOpenMetricsFloat(quantile)]], value)
}

function emitHistogram(
  series: SeriesMaker,
  family: FamilyMessage,
  metric: MetricMessage,
  options: ProtobufOptions,
  offset: number,
): void {
  const message = metric.histogram
  if (message === undefined)
    throw new ExpositionError(`histogram "${family.name}": no histogram in it`, offset, 1)
  const isNative = options.nativeHistograms && hasNativePart(message)
  if (isNative) {
    const fault = spanFault(message)
    if (fault !== undefined) throw new ExpositionError(`histogram "${family.name}": ${fault}`, offset, 1)
    series.histogram(
      nativeHistogram(message, family.type === MetricKind.gaugeHistogram),
      nativeExemplars(message),
      !hasFloatCounts(message),
    )
  }
  if (!isNative || (options.keepClassic && message.buckets.length > 0)) emitClassic(series, message)
}

function hasNativePart(message: HistogramMessage): boolean {
  return (
    message.positiveSpans.length > 0 ||
    message.negativeSpans.length > 0 ||
    message.zeroThreshold > 0 ||
    message.zeroCount > 0
  )
}

function emitClassic(series: SeriesMaker, message: HistogramMessage): void {
  const total = message.countFloat || message.count
  series.sample('_count', [], total)
  series.sample('_sum', [], message.sum)
  for (const { upperBound, countFloat, count, exemplar } of message.buckets) {
    series.sample('_bucket', [['le', formatOpenMetricsFloat(upperBound)]], countFloat || count, exemplar)
    if (upperBound === Infinity) return
  }
  series.sample('_bucket', [['le', '+Inf']], total)
}

/** Exemplars of a native histogram count only with a timestamp: without, repeats cannot be told from news. */
function nativeExemplars(message: HistogramMessage): ParsedExemplar[] {
  const own =
    message.exemplars.length > 0 ? message.exemplars : message.buckets.map((bucket) => bucket.exemplar)
  return own
    .filter((exemplar) => exemplar?.timestampMs !== undefined)
    .map((exemplar) => parsedExemplar(exemplar!))
}

function hasFloatCounts(message: HistogramMessage): boolean {
  return message.countFloat > 0 || message.zeroCountFloat > 0
}

function nativeHistogram(message: HistogramMessage, isGauge: boolean): FloatHistogram {
  const isFloat = hasFloatCounts(message)
  return new FloatHistogram({
    schema: message.schema,
    zeroThreshold: message.zeroThreshold,
    zeroCount: isFloat ? message.zeroCountFloat : message.zeroCount,
    count: isFloat ? message.countFloat : message.count,
    sum: message.sum,
    positiveSpans: message.positiveSpans,
    positiveBuckets: isFloat ? message.positiveCounts : absoluteCounts(message.positiveDeltas),
    negativeSpans: message.negativeSpans,
    negativeBuckets: isFloat ? message.negativeCounts : absoluteCounts(message.negativeDeltas),
    counterResetHint: isGauge ? 'gauge' : 'unknown',
  })
}

function absoluteCounts(deltas: readonly number[]): number[] {
  let count = 0
  return deltas.map((delta) => (count += delta))
}

/** Undefined when each side has as many buckets as its spans say. */
function spanFault(message: HistogramMessage): string | undefined {
  const isFloat = hasFloatCounts(message)
  const sides = [
    ['positive', message.positiveSpans, isFloat ? message.positiveCounts : message.positiveDeltas],
    ['negative', message.negativeSpans, isFloat ? message.negativeCounts : message.negativeDeltas],
  ] as const
  for (const [side, spans, buckets] of sides) {
    const length = spans.reduce((sum, span) => sum + span.length, 0)
    if (length !== buckets.length)
      return `${side} side: spans need ${length} buckets, have ${buckets.length} buckets: histogram spans and buckets mismatch`
  }
  return undefined
}
