import { bucketIndices, CUSTOM_BUCKETS_SCHEMA, type FloatHistogram, type Span } from '@promontory/model'
import type { BitReader, BitWriter } from './bits.ts'

/** What all histograms of a chunk have in common. */
export interface HistogramLayout {
  readonly schema: number
  readonly zeroThreshold: number
  readonly positiveSpans: readonly Span[]
  readonly negativeSpans: readonly Span[]
  readonly customBounds: readonly number[]
}

const THRESHOLD_IN_FULL = 255
/** Powers of two from 2^−243 to 2^10 as zero threshold are one byte: their exponent plus this. */
const EXPONENT_BIAS = 244
/** Bounds that are multiples of 0.001 up to this are short. */
const SHORT_BOUND_MAX = 33_554_430

export function writeLayout(out: BitWriter, layout: HistogramLayout): void {
  writeZeroThreshold(out, layout.zeroThreshold)
  out.varint(layout.schema)
  writeSpans(out, layout.positiveSpans)
  writeSpans(out, layout.negativeSpans)
  if (layout.schema !== CUSTOM_BUCKETS_SCHEMA) return
  out.uvarint(layout.customBounds.length)
  for (const bound of layout.customBounds) writeBound(out, bound)
}

/** @throws RangeError when the bits end early or name more than they can hold */
export function readLayout(input: BitReader): HistogramLayout {
  const zeroThreshold = readZeroThreshold(input)
  const schema = input.varint()
  if (schema !== CUSTOM_BUCKETS_SCHEMA && !(schema >= -4 && schema <= 52))
    throw new RangeError(`histogram schema ${schema} is unknown`)
  const positiveSpans = readSpans(input)
  const negativeSpans = readSpans(input)
  const customBounds: number[] = []
  if (schema === CUSTOM_BUCKETS_SCHEMA)
    for (let left = atMost(input, input.uvarint()); left > 0; left--) customBounds.push(readBound(input))
  return { schema, zeroThreshold, positiveSpans, negativeSpans, customBounds }
}

export function bucketsOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { length }) => sum + length, 0)
}

/** Everything takes at least one bit: a larger count is damage. */
function atMost(input: BitReader, count: number): number {
  if (count > input.left) throw new RangeError(`${count} entries in ${input.left} bits`)
  return count
}

function writeSpans(out: BitWriter, spans: readonly Span[]): void {
  out.uvarint(spans.length)
  for (const { offset, length } of spans) {
    out.uvarint(length)
    out.varint(offset)
  }
}

function readSpans(input: BitReader): Span[] {
  const spans: Span[] = []
  for (let left = atMost(input, input.uvarint()); left > 0; left--) {
    const length = input.uvarint()
    spans.push({ offset: input.varint(), length })
  }
  atMost(input, bucketsOf(spans))
  return spans
}

function writeZeroThreshold(out: BitWriter, threshold: number): void {
  const exponent = Math.log2(threshold)
  if (threshold === 0) out.bits(0, 8)
  else if (Number.isInteger(exponent) && exponent >= -243 && exponent <= 10 && 2 ** exponent === threshold)
    out.bits(exponent + EXPONENT_BIAS, 8)
  else {
    out.bits(THRESHOLD_IN_FULL, 8)
    out.float64(threshold)
  }
}

function readZeroThreshold(input: BitReader): number {
  const byte = input.bits(8)
  if (byte === 0) return 0
  return byte === THRESHOLD_IN_FULL ? input.float64() : 2 ** (byte - EXPONENT_BIAS)
}

function writeBound(out: BitWriter, bound: number): void {
  const thousands = Math.round(bound * 1000)
  if (bound >= 0 && bound * 1000 <= SHORT_BOUND_MAX && thousands / 1000 === bound)
    return out.uvarint(thousands + 1)
  out.bits(0, 1)
  out.float64(bound)
}

function readBound(input: BitReader): number {
  const short = input.uvarint()
  return short === 0 ? input.float64() : (short - 1) / 1000
}

/** One side of a histogram against the same side of the chunk. */
export interface SideFit {
  /** The histogram has buckets that the chunk has not: the chunk must be written anew. */
  readonly widensChunk: boolean
  /** The chunk has buckets that the histogram has not. */
  readonly lacks: boolean
  /** Indices of both together, ascending. */
  readonly union: readonly number[]
  /** A bucket of the chunk went down or vanished. */
  readonly decreased: boolean
}

/** @param last  counts of the chunk's newest histogram, one per bucket of its spans */
export function fitSide(
  chunkSpans: readonly Span[],
  last: readonly number[],
  spans: readonly Span[],
  counts: readonly number[],
): SideFit {
  const [ours, theirs] = [bucketIndices(chunkSpans), bucketIndices(spans)]
  const union: number[] = []
  let [i, k] = [0, 0]
  let [widensChunk, lacks, decreased] = [false, false, false]
  while (i < ours.length || k < theirs.length) {
    const a = ours[i] ?? Infinity
    const b = theirs[k] ?? Infinity
    union.push(Math.min(a, b))
    const before = a <= b ? last[i++]! : 0
    const now = b <= a ? counts[k++]! : 0
    lacks ||= a < b
    widensChunk ||= b < a
    // A bucket that is not there any more counts as one that went down to 0.
    decreased ||= a <= b && before > now
  }
  return { widensChunk, lacks, union, decreased }
}

/** Counts by the buckets of `to`: 0 where `from` has none. Every bucket of `from` is one of `to`. */
export function spread(counts: readonly number[], from: readonly Span[], to: readonly Span[]): number[] {
  const indices = bucketIndices(from)
  let at = 0
  return bucketIndices(to).map((index) => (indices[at] === index ? counts[at++]! : 0))
}

/** Spans of ascending indices: one per run of neighbours. */
export function spansOf(indices: readonly number[]): Span[] {
  const spans: { offset: number; length: number }[] = []
  let next = 0
  for (const index of indices) {
    const last = spans.at(-1)
    if (last !== undefined && index === next) last.length++
    else spans.push({ offset: index - next, length: 1 })
    next = index + 1
  }
  return spans
}

/** The layout that a chunk gets from its first histogram; that of a stale marker is empty. */
export function layoutOf(histogram: FloatHistogram | undefined): HistogramLayout {
  return histogram ?? { schema: 0, zeroThreshold: 0, positiveSpans: [], negativeSpans: [], customBounds: [] }
}
