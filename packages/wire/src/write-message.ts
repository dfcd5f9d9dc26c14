import type { SpanMessage } from './histogram-message.ts'
import { ProtoWriter } from './proto-writer.ts'

/** A float sample of a request, its value as bits so that stale markers survive. */
export interface OutgoingSample {
  readonly timeMs: number
  readonly low: number
  readonly high: number
}

/** A native histogram of a request; buckets hold absolute counts. An undefined `sum` is a stale marker. */
export interface OutgoingHistogram {
  readonly timeMs: number
  readonly isInteger: boolean
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly count: number
  readonly sum: number | undefined
  readonly positiveSpans: readonly SpanMessage[]
  readonly positiveBuckets: readonly number[]
  readonly negativeSpans: readonly SpanMessage[]
  readonly negativeBuckets: readonly number[]
  readonly customBounds: readonly number[]
  /** 0 unknown, 1 reset, 2 not reset, 3 gauge. */
  readonly resetHint: number
}

export interface OutgoingExemplar {
  readonly labels: readonly string[]
  readonly value: number
  readonly timeMs: number
}

/** A series of a request, with all that is sent of it. Labels are `[name, value, …]`, sorted by name. */
export interface OutgoingSeries {
  readonly labels: readonly string[]
  readonly samples: readonly OutgoingSample[]
  readonly histograms: readonly OutgoingHistogram[]
  readonly exemplars: readonly OutgoingExemplar[]
  /** Version 2 only. */
  readonly metadata?: { readonly type: number; readonly help: string; readonly unit: string } | undefined
}

export interface OutgoingMetadata {
  readonly family: string
  readonly type: number
  readonly help: string
  readonly unit: string
}

/** The numbers that both versions have for types of metrics. */
export const METRIC_TYPE_NUMBERS: Readonly<Record<string, number>> = {
  unknown: 0,
  counter: 1,
  gauge: 2,
  histogram: 3,
  gaugehistogram: 4,
  summary: 5,
  info: 6,
  stateset: 7,
}

/** A request of remote write 1.0, not compressed. */
export function encodeWriteRequest(
  series: readonly OutgoingSeries[],
  metadata: readonly OutgoingMetadata[] = [],
): Buffer {
  const out = new ProtoWriter(64 * 1024)
  for (const { labels, samples, exemplars, histograms } of series)
    out.nested(1, () => {
      writeLabels(out, labels)
      for (const sample of samples) writeSample(out, sample)
      for (const exemplar of exemplars)
        out.nested(3, () => {
          writeLabels(out, exemplar.labels)
          out.double(2, exemplar.value)
          out.integer(3, exemplar.timeMs)
        })
      for (const histogram of histograms) out.nested(4, () => writeHistogram(out, histogram))
    })
  for (const { family, type, help, unit } of metadata)
    out.nested(3, () => {
      out.integer(1, type)
      out.string(2, family)
      out.string(4, help)
      out.string(5, unit)
    })
  return out.view()
}

/** A request of remote write 2.0 (`io.prometheus.write.v2.Request`), not compressed: texts are named by number. */
export function encodeWriteRequest2(series: readonly OutgoingSeries[]): Buffer {
  const symbols = new Map<string, number>([['', 0]])
  const symbol = (text: string): number => {
    let index = symbols.get(text)
    if (index === undefined) symbols.set(text, (index = symbols.size))
    return index
  }
  const body = new ProtoWriter(64 * 1024)
  const writeRefs = (labels: readonly string[]): void =>
    body.nested(1, () => {
      for (const text of labels) body.varint(symbol(text))
    })
  for (const { labels, samples, exemplars, histograms, metadata } of series)
    body.nested(5, () => {
      writeRefs(labels)
      for (const sample of samples) writeSample(body, sample)
      for (const histogram of histograms) body.nested(3, () => writeHistogram(body, histogram))
      for (const exemplar of exemplars)
        body.nested(4, () => {
          writeRefs(exemplar.labels)
          body.double(2, exemplar.value)
          body.integer(3, exemplar.timeMs)
        })
      if (metadata !== undefined)
        body.nested(5, () => {
          body.integer(1, metadata.type)
          body.integer(3, symbol(metadata.help))
          body.integer(4, symbol(metadata.unit))
        })
    })
  const head = new ProtoWriter(16 * 1024)
  for (const text of symbols.keys()) head.string(4, text)
  return Buffer.concat([head.view(), body.view()])
}

function writeLabels(out: ProtoWriter, labels: readonly string[]): void {
  for (let i = 0; i + 1 < labels.length; i += 2)
    out.nested(1, () => {
      out.string(1, labels[i]!)
      out.string(2, labels[i + 1]!)
    })
}

function writeSample(out: ProtoWriter, { timeMs, low, high }: OutgoingSample): void {
  out.nested(2, () => {
    if (low !== 0 || high !== 0) out.doubleBits(1, low, high)
    out.integer(2, timeMs)
  })
}

const STALE_LOW = 2
const STALE_HIGH = 0x7ff00000

function writeHistogram(out: ProtoWriter, histogram: OutgoingHistogram): void {
  const { isInteger, count, zeroCount } = histogram
  if (isInteger) {
    out.varint(8)
    out.varint(count)
  } else {
    out.varint(17)
    out.rawDouble(count)
  }
  if (histogram.sum === undefined) out.doubleBits(3, STALE_LOW, STALE_HIGH)
  else out.double(3, histogram.sum)
  out.signed(4, histogram.schema)
  out.double(5, histogram.zeroThreshold)
  if (isInteger) {
    out.varint(48)
    out.varint(zeroCount)
  } else {
    out.varint(57)
    out.rawDouble(zeroCount)
  }
  writeSide(out, isInteger, 8, histogram.negativeSpans, histogram.negativeBuckets)
  writeSide(out, isInteger, 11, histogram.positiveSpans, histogram.positiveBuckets)
  out.integer(14, histogram.resetHint)
  out.integer(15, histogram.timeMs)
  if (histogram.customBounds.length > 0)
    out.nested(16, () => {
      for (const bound of histogram.customBounds) out.rawDouble(bound)
    })
}

/** Spans in `field`, deltas of integer counts behind it, float counts behind that. */
function writeSide(
  out: ProtoWriter,
  isInteger: boolean,
  field: number,
  spans: readonly SpanMessage[],
  buckets: readonly number[],
): void {
  for (const { offset, length } of spans)
    out.nested(field, () => {
      out.signed(1, offset)
      out.integer(2, length)
    })
  if (buckets.length === 0) return
  if (isInteger)
    out.nested(field + 1, () => buckets.forEach((count, i) => out.zigzag(count - (buckets[i - 1] ?? 0))))
  else
    out.nested(field + 2, () => {
      for (const count of buckets) out.rawDouble(count)
    })
}
