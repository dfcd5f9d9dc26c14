import type { ProtoReader } from '@promontory/wire/protobuf'

/** `io.prometheus.client.MetricFamily` and what it holds, as far as samples need it. Unknown fields are skipped. */
export interface FamilyMessage {
  name: string
  help: string
  unit: string
  type: number
  metrics: MetricMessage[]
}

export interface MetricMessage {
  labels: [name: string, value: string][]
  /** Of gauge, counter or untyped. */
  value: number
  /** 0 for none. */
  timestampMs: number
  exemplar?: ExemplarMessage
  /** When the counter, summary or histogram began. */
  createdMs?: number
  summary?: SummaryMessage
  histogram?: HistogramMessage
}

export interface SummaryMessage {
  count: number
  sum: number
  quantiles: { quantile: number; value: number }[]
}

export interface HistogramMessage {
  count: number
  countFloat: number
  sum: number
  buckets: BucketMessage[]
  schema: number
  zeroThreshold: number
  zeroCount: number
  zeroCountFloat: number
  negativeSpans: { offset: number; length: number }[]
  negativeDeltas: number[]
  negativeCounts: number[]
  positiveSpans: { offset: number; length: number }[]
  positiveDeltas: number[]
  positiveCounts: number[]
  exemplars: ExemplarMessage[]
}

export interface BucketMessage {
  count: number
  countFloat: number
  upperBound: number
  exemplar?: ExemplarMessage
}

export interface ExemplarMessage {
  labels: [name: string, value: string][]
  value: number
  timestampMs: number | undefined
}

export const MetricKind = {
  counter: 0,
  gauge: 1,
  summary: 2,
  untyped: 3,
  histogram: 4,
  gaugeHistogram: 5,
} as const

/** @throws WireError for bytes that are no such message */
export function readFamily(reader: ProtoReader): FamilyMessage {
  const family: FamilyMessage = { name: '', help: '', unit: '', type: 0, metrics: [] }
  while (reader.next()) {
    const { field, wireType: wire } = reader
    if (field === 1 && wire === 2) family.name = reader.text()
    else if (field === 2 && wire === 2) family.help = reader.text()
    else if (field === 3 && wire === 0) family.type = reader.varint()
    else if (field === 4 && wire === 2) family.metrics.push(reader.message(readMetric))
    else if (field === 5 && wire === 2) family.unit = reader.text()
    else reader.skip()
  }
  return family
}

function readMetric(reader: ProtoReader): MetricMessage {
  const metric: MetricMessage = { labels: [], value: 0, timestampMs: 0 }
  while (reader.next()) {
    const { field, wireType: wire } = reader
    if (field === 6 && wire === 0) metric.timestampMs = reader.int64()
    else if (wire !== 2) reader.skip()
    else if (field === 1) metric.labels.push(reader.message(readLabel))
    else if (field === 2 || field === 3 || field === 5) reader.nested(() => readSimple(reader, metric))
    else if (field === 4) metric.summary = reader.message((inner) => readSummary(inner, metric))
    else if (field === 7) metric.histogram = reader.message((inner) => readHistogram(inner, metric))
    else reader.skip()
  }
  return metric
}

function readLabel(reader: ProtoReader): [string, string] {
  const label: [string, string] = ['', '']
  while (reader.next()) {
    const { field, wireType: wire } = reader
    if ((field === 1 || field === 2) && wire === 2) label[field - 1] = reader.text()
    else reader.skip()
  }
  return label
}

/** Gauge, counter and untyped: the value is field 1 of each; only a counter has an exemplar, in field 2, and a created time. */
function readSimple(reader: ProtoReader, metric: MetricMessage): void {
  while (reader.next()) {
    const { field, wireType: wire } = reader
    if (field === 1 && wire === 1) metric.value = reader.double()
    else if (field === 2 && wire === 2) metric.exemplar = reader.message(readExemplar)
    else if (field === 3 && wire === 2) metric.createdMs = reader.message(readTimestamp)
    else reader.skip()
  }
}

function readExemplar(reader: ProtoReader): ExemplarMessage {
  const exemplar: ExemplarMessage = { labels: [], value: 0, timestampMs: undefined }
  while (reader.next()) {
    const { field, wireType: wire } = reader
    if (field === 1 && wire === 2) exemplar.labels.push(reader.message(readLabel))
    else if (field === 2 && wire === 1) exemplar.value = reader.double()
    else if (field === 3 && wire === 2) exemplar.timestampMs = reader.message(readTimestamp)
    else reader.skip()
  }
  return exemplar
}

function readTimestamp(reader: ProtoReader): number {
  let seconds = 0
  let nanos = 0
  while (reader.next()) {
    const { field, wireType: wire } = reader
    if (field === 1 && wire === 0) seconds = reader.int64()
    else if (field === 2 && wire === 0) nanos = reader.int64()
    else reader.skip()
  }
  return seconds * 1000 + Math.trunc(nanos / 1e6)
}

function readSummary(reader: ProtoReader, metric: MetricMessage): SummaryMessage {
  const summary: SummaryMessage = { count: 0, sum: 0, quantiles: [] }
  while (reader.next()) {
    const { field, wireType: wire } = reader
    if (field === 1 && wire === 0) summary.count = reader.varint()
    else if (field === 2 && wire === 1) summary.sum = reader.double()
    else if (field === 3 && wire === 2) {
      summary.quantiles.push(reader.message(readQuantile))
    } else if (field === 4 && wire === 2) metric.createdMs = reader.message(readTimestamp)
    else reader.skip()
  }
  return summary
}

function readQuantile(reader: ProtoReader): { quantile: number; value: number } {
  const quantile = { quantile: 0, value: 0 }
  while (reader.next()) {
    const { field, wireType: wire } = reader
    if (field === 1 && wire === 1) quantile.quantile = reader.double()
    else if (field === 2 && wire === 1) quantile.value = reader.double()
    else reader.skip()
  }
  return quantile
}

const DOUBLE_FIELDS: Readonly<Record<number, 'sum' | 'countFloat' | 'zeroThreshold' | 'zeroCountFloat'>> = {
  2: 'sum',
  4: 'countFloat',
  6: 'zeroThreshold',
  8: 'zeroCountFloat',
}
const DELTA_FIELDS: Readonly<Record<number, 'negativeDeltas' | 'positiveDeltas'>> = {
  10: 'negativeDeltas',
  13: 'positiveDeltas',
}
const COUNT_FIELDS: Readonly<Record<number, 'negativeCounts' | 'positiveCounts'>> = {
  11: 'negativeCounts',
  14: 'positiveCounts',
}

function readHistogram(reader: ProtoReader, metric: MetricMessage): HistogramMessage {
  const histogram: HistogramMessage = {
    count: 0, countFloat: 0, sum: 0, buckets: [], schema: 0, zeroThreshold: 0, zeroCount: 0, zeroCountFloat: 0,
    negativeSpans: [], negativeDeltas: [], negativeCounts: [],
    positiveSpans: [], positiveDeltas: [], positiveCounts: [], exemplars: [],
  } // prettier-ignore
  while (reader.next()) {
    const { field, wireType: wire } = reader
    const double = DOUBLE_FIELDS[field]
    const deltas = DELTA_FIELDS[field]
    const counts = COUNT_FIELDS[field]
    if (double !== undefined && wire === 1) histogram[double] = reader.double()
    else if (deltas !== undefined && (wire === 0 || wire === 2))
      reader.numbers(() => reader.zigzag(), histogram[deltas])
    else if (counts !== undefined && (wire === 1 || wire === 2))
      reader.numbers(() => reader.double(), histogram[counts])
    else if (field === 1 && wire === 0) histogram.count = reader.varint()
    else if (field === 5 && wire === 0) histogram.schema = reader.zigzag()
    else if (field === 7 && wire === 0) histogram.zeroCount = reader.varint()
    else if (field === 3 && wire === 2) histogram.buckets.push(reader.message(readBucket))
    else if (field === 9 && wire === 2) histogram.negativeSpans.push(reader.message(readSpan))
    else if (field === 12 && wire === 2) histogram.positiveSpans.push(reader.message(readSpan))
    else if (field === 15 && wire === 2) metric.createdMs = reader.message(readTimestamp)
    else if (field === 16 && wire === 2) histogram.exemplars.push(reader.message(readExemplar))
    else reader.skip()
  }
  return histogram
}

function readBucket(reader: ProtoReader): BucketMessage {
  const bucket: BucketMessage = { count: 0, countFloat: 0, upperBound: 0 }
  while (reader.next()) {
    const { field, wireType: wire } = reader
    if (field === 1 && wire === 0) bucket.count = reader.varint()
    else if (field === 2 && wire === 1) bucket.upperBound = reader.double()
    else if (field === 3 && wire === 2) bucket.exemplar = reader.message(readExemplar)
    else if (field === 4 && wire === 1) bucket.countFloat = reader.double()
    else reader.skip()
  }
  return bucket
}

function readSpan(reader: ProtoReader): { offset: number; length: number } {
  const span = { offset: 0, length: 0 }
  while (reader.next()) {
    const { field, wireType: wire } = reader
    if (field === 1 && wire === 0) span.offset = reader.zigzag()
    else if (field === 2 && wire === 0) span.length = reader.varint()
    else reader.skip()
  }
  return span
}
