import {
  type CounterResetHint,
  CUSTOM_BUCKETS_SCHEMA,
  FloatHistogram,
  type Span,
  STALE_HIGH,
  STALE_LOW,
} from '@promontory/model'
import { floatOf, wordsOf } from '../chunk/bits.ts'
import type { HistogramOrStale } from '../chunk/histogram-chunk.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { RecordType } from './format.ts'

/** A native histogram, or a stale marker among such, on its way to the log or out of it. */
export interface HistogramRecord {
  readonly ref: number
  readonly timeMs: number
  /** Counts are integers, and chunks and records have them as such. */
  readonly isInteger: boolean
  readonly histogram: HistogramOrStale
}

/** By the number that records have for them. */
const HINTS: readonly CounterResetHint[] = ['unknown', 'reset', 'not_reset', 'gauge']

/**
 * Records of the four kinds: integers and floats, each with exponential and with custom buckets. A replay applies one record after the
 * other, so where a series changes its kind among these (as a stale marker behind custom buckets does), what comes from there on gets
 * records of its own.
 * @param histograms  of one series in the order of their times
 */
export function encodeHistograms(histograms: readonly HistogramRecord[]): Uint8Array[] {
  const records: Uint8Array[] = []
  let byType = new Map<number, HistogramRecord[]>()
  let typeOfRef = new Map<number, number>()
  const finish = (): void => {
    for (const [type, some] of byType) records.push(encode(type, some))
  }
  for (const each of histograms) {
    const type = recordTypeOf(each)
    if ((typeOfRef.get(each.ref) ?? type) !== type) {
      finish()
      byType = new Map()
      typeOfRef = new Map()
    }
    typeOfRef.set(each.ref, type)
    const some = byType.get(type)
    if (some === undefined) byType.set(type, [each])
    else some.push(each)
  }
  finish()
  return records
}

function recordTypeOf({ isInteger, histogram }: HistogramRecord): number {
  if (histogram?.schema === CUSTOM_BUCKETS_SCHEMA)
    return isInteger ? RecordType.customHistograms : RecordType.customFloatHistograms
  return isInteger ? RecordType.histograms : RecordType.floatHistograms
}

function encode(type: number, histograms: readonly HistogramRecord[]): Uint8Array {
  const out = new ByteWriter()
  out.byte(type)
  const first = histograms[0]!
  out.uint64(first.ref)
  out.int64(first.timeMs)
  for (const { ref, timeMs, isInteger, histogram } of histograms) {
    out.varint(ref - first.ref)
    out.varint(timeMs - first.timeMs)
    writeHistogram(out, isInteger, histogram)
  }
  return out.take()
}

const EMPTY: FloatHistogram = new FloatHistogram({})

function writeHistogram(out: ByteWriter, isInteger: boolean, histogram: HistogramOrStale): void {
  const fields = histogram ?? EMPTY
  out.byte(HINTS.indexOf(fields.counterResetHint))
  out.varint(fields.schema)
  out.float64(fields.zeroThreshold)
  for (const count of [fields.zeroCount, fields.count])
    if (isInteger) out.uvarint(count)
    else out.float64(count)
  const [high, low] = histogram === undefined ? [STALE_HIGH, STALE_LOW] : wordsOf(fields.sum)
  out.uint32(high)
  out.uint32(low)
  for (const spans of [fields.positiveSpans, fields.negativeSpans]) {
    out.uvarint(spans.length)
    for (const { offset, length } of spans) {
      out.varint(offset)
      out.uvarint(length)
    }
  }
  for (const counts of [fields.positiveBuckets, fields.negativeBuckets]) {
    out.uvarint(counts.length)
    counts.forEach((count, i) =>
      isInteger ? out.varint(count - (i === 0 ? 0 : counts[i - 1]!)) : out.float64(count),
    )
  }
  if (fields.schema !== CUSTOM_BUCKETS_SCHEMA) return
  out.uvarint(fields.customBounds.length)
  for (const bound of fields.customBounds) out.float64(bound)
}

/** Reads a record of type 7 to 10. @throws RangeError when it ends early */
export function decodeHistogramRecord(record: Uint8Array): HistogramRecord[] {
  const input = new ByteReader(record)
  const type = input.byte()
  const isInteger = type === RecordType.histograms || type === RecordType.customHistograms
  const histograms: HistogramRecord[] = []
  if (input.done) return histograms
  const firstRef = input.uint64()
  const firstTimeMs = input.int64()
  while (!input.done) {
    const ref = firstRef + input.varint()
    const timeMs = firstTimeMs + input.varint()
    histograms.push({ ref, timeMs, isInteger, histogram: readHistogram(input, isInteger) })
  }
  return histograms
}

function readHistogram(input: ByteReader, isInteger: boolean): HistogramOrStale {
  const counterResetHint = HINTS[input.byte()] ?? 'unknown'
  const schema = input.varint()
  const zeroThreshold = input.float64()
  const zeroCount = isInteger ? input.uvarint() : input.float64()
  const count = isInteger ? input.uvarint() : input.float64()
  const [high, low] = [input.uint32(), input.uint32()]
  const [positiveSpans, negativeSpans] = [readSpans(input), readSpans(input)]
  const [positiveBuckets, negativeBuckets] = [readBuckets(input, isInteger), readBuckets(input, isInteger)]
  const customBounds: number[] = []
  if (schema === CUSTOM_BUCKETS_SCHEMA)
    for (let left = input.count(8); left > 0; left--) customBounds.push(input.float64())
  if (high === STALE_HIGH && low === STALE_LOW) return undefined
  return new FloatHistogram({
    schema,
    zeroThreshold,
    zeroCount,
    count,
    sum: floatOf(high, low),
    positiveSpans,
    negativeSpans,
    positiveBuckets,
    negativeBuckets,
    customBounds,
    counterResetHint,
  })
}

function readSpans(input: ByteReader): Span[] {
  const spans: Span[] = []
  for (let left = input.count(2); left > 0; left--)
    spans.push({ offset: input.varint(), length: input.uvarint() })
  return spans
}

function readBuckets(input: ByteReader, isInteger: boolean): number[] {
  const counts: number[] = []
  let count = 0
  for (let left = input.count(isInteger ? 1 : 8); left > 0; left--) {
    count = isInteger ? count + input.varint() : input.float64()
    counts.push(count)
  }
  return counts
}
