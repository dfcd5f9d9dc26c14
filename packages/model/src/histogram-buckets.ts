import type { FloatHistogram, Span } from './histogram.ts'
import { CUSTOM_BUCKETS_SCHEMA } from './histogram.ts'

/** One bucket with its bounds. */
export interface HistogramBucket {
  readonly lower: number
  readonly upper: number
  readonly lowerInclusive: boolean
  readonly upperInclusive: boolean
  readonly count: number
}

/** Bounds of schema 8 in [0.5, 1); lower schemas use every 2^(8−schema)-th of them. */
const BOUNDS: Float64Array = exponentialBounds()

/**
 * Products of square roots of two, largest first, starting from 0.5 or √2/2: that gives bit for bit the bounds that
 * Prometheus and its clients use, which are not the nearest doubles to the exact powers.
 */
function exponentialBounds(): Float64Array {
  const roots = [Math.SQRT2]
  for (let i = 1; i < 8; i++) roots.push(Math.sqrt(roots[i - 1]!))
  const bounds = new Float64Array(256)
  for (let i = 0; i < 256; i++) {
    let bound = i >= 128 ? 0.7071067811865475 : 0.5
    for (let bit = 1; bit < 8; bit++) if ((i >> (7 - bit)) & 1) bound *= roots[bit]!
    bounds[i] = bound
  }
  return bounds
}

/** Upper bound of the bucket `index` of an exponential schema (−4…8), on the positive side. */
export function exponentialBound(index: number, schema: number): number {
  let fraction = 1
  let exponent: number
  if (schema < 0) exponent = index * 2 ** -schema
  else {
    fraction = BOUNDS[(index & ((1 << schema) - 1)) << (8 - schema)]!
    exponent = (index >> schema) + 1
  }
  // The last bucket of finite observations ends at the largest number, not at Infinity.
  if (fraction === 1 ? exponent === 1024 : fraction === 0.5 && exponent === 1025) return Number.MAX_VALUE
  return timesPowerOf2(fraction, exponent)
}

/** In two steps, since 2^exponent may be out of range where the product is not. */
function timesPowerOf2(value: number, exponent: number): number {
  const half = Math.trunc(exponent / 2)
  return value * 2 ** half * 2 ** (exponent - half)
}

/** Upper bound of bucket `index`; with custom bounds −1 gives −Infinity and one past the last Infinity. */
export function bucketBound(index: number, histogram: FloatHistogram): number {
  if (histogram.schema !== CUSTOM_BUCKETS_SCHEMA) return exponentialBound(index, histogram.schema)
  if (index < 0) return -Infinity
  return index < histogram.customBounds.length ? histogram.customBounds[index]! : Infinity
}

/** Indices of the buckets that `spans` describe, one per bucket. */
export function bucketIndices(spans: readonly Span[]): number[] {
  const indices: number[] = []
  let index = 0
  for (const { offset, length } of spans) {
    index += offset
    for (let i = 0; i < length; i++) indices.push(index++)
  }
  return indices
}

function bucketAt(
  histogram: FloatHistogram,
  index: number,
  count: number,
  positive: boolean,
): HistogramBucket {
  const outer = bucketBound(index, histogram)
  const inner = bucketBound(index - 1, histogram)
  const lower = positive ? inner : -outer
  const upper = positive ? outer : -inner
  const custom = histogram.schema === CUSTOM_BUCKETS_SCHEMA
  return {
    lower,
    upper,
    lowerInclusive: custom ? index === 0 : lower < 0,
    upperInclusive: custom || upper > 0,
    count,
  }
}

/** Buckets of the positive side, upwards from zero. */
export function positiveBuckets(histogram: FloatHistogram): HistogramBucket[] {
  const { positiveSpans, positiveBuckets: counts } = histogram
  return bucketIndices(positiveSpans).map((index, i) => bucketAt(histogram, index, counts[i] ?? 0, true))
}

/** Buckets of the negative side, downwards from zero. */
export function negativeBuckets(histogram: FloatHistogram): HistogramBucket[] {
  const { negativeSpans, negativeBuckets: counts } = histogram
  return bucketIndices(negativeSpans).map((index, i) => bucketAt(histogram, index, counts[i] ?? 0, false))
}

export function zeroBucket(histogram: FloatHistogram): HistogramBucket {
  const { zeroThreshold, zeroCount } = histogram
  return {
    lower: -zeroThreshold,
    upper: zeroThreshold,
    lowerInclusive: true,
    upperInclusive: true,
    count: zeroCount,
  }
}

/**
 * All buckets in ascending order, empty ones included, save an empty zero bucket. Where the zero bucket reaches into
 * its neighbour, the neighbour is shown cut at the zero threshold.
 */
export function allBuckets(histogram: FloatHistogram): HistogramBucket[] {
  const { zeroThreshold } = histogram
  const cut = (bucket: HistogramBucket): HistogramBucket => {
    if (bucket.upper < 0 && bucket.upper > -zeroThreshold) return { ...bucket, upper: -zeroThreshold }
    if (bucket.lower > 0 && bucket.lower < zeroThreshold) return { ...bucket, lower: zeroThreshold }
    return bucket
  }
  const buckets = negativeBuckets(histogram).reverse().map(cut)
  if (histogram.zeroCount > 0) buckets.push(zeroBucket(histogram))
  for (const bucket of positiveBuckets(histogram)) buckets.push(cut(bucket))
  return buckets
}
