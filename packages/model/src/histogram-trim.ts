import type { FloatHistogram } from './histogram.ts'
import { compactHistogram, usesCustomBuckets, withFields } from './histogram-arithmetic.ts'
import type { HistogramBucket } from './histogram-buckets.ts'
import { negativeBuckets, positiveBuckets, zeroBucket } from './histogram-buckets.ts'

/** What is left of a bucket, and the value that stands for its observations. */
interface Rest {
  readonly count: number
  readonly midpoint: number
}

/**
 * Keeps the observations below `value` (`keep` 'below': PromQL's `</`) or above it (`>/`). A bucket that contains the
 * value is split by interpolation, and count and sum are estimated anew from what is left, if anything was cut.
 */
export function trimHistogram(
  histogram: FloatHistogram,
  value: number,
  keep: 'below' | 'above',
): FloatHistogram {
  const custom = usesCustomBuckets(histogram)
  let count = 0
  let sum = 0
  let cut = false
  const take = (rest: Rest, before: number): number => {
    count += rest.count
    sum += rest.midpoint * rest.count
    if (rest.count !== before) cut = true
    return rest.count
  }
  const side = (buckets: readonly HistogramBucket[], positive: boolean): number[] =>
    buckets.map((bucket) =>
      bucket.count === 0 ? 0 : take(restOf(bucket, value, keep, positive, custom), bucket.count),
    )
  const positive = side(positiveBuckets(histogram), true)
  const negative = side(negativeBuckets(histogram), false)
  const populated = (counts: readonly number[]): boolean => counts.some((c) => c !== 0)
  let { zeroCount } = histogram
  if (zeroCount > 0) {
    const sides = {
      negative: populated(histogram.negativeBuckets),
      positive: populated(histogram.positiveBuckets),
    }
    zeroCount = take(restOfZero(zeroBucket(histogram), value, keep, sides), zeroCount)
  }
  if (!cut) return histogram
  return compactHistogram(
    withFields(histogram, { count, sum, zeroCount, positiveBuckets: positive, negativeBuckets: negative }),
  )
}

function restOf(
  bucket: HistogramBucket,
  value: number,
  keep: 'below' | 'above',
  positive: boolean,
  linear: boolean,
): Rest {
  const { lower, upper, count } = bucket
  const whole = keep === 'below' ? upper <= value : lower >= value
  if (whole) return { count, midpoint: midpointOf(lower, upper, positive, linear) }
  const none = keep === 'below' ? lower >= value : upper <= value
  // A value that is no number keeps nothing.
  if (none || Number.isNaN(value)) return { count: 0, midpoint: 0 }
  if (lower === -Infinity || upper === Infinity) return restOfInfinite(bucket, value, keep)
  const below = count * fractionBelow(bucket, value, linear)
  if (keep === 'below') return { count: below, midpoint: midpointOf(lower, value, positive, linear) }
  return { count: count - below, midpoint: midpointOf(value, upper, positive, linear) }
}

/** A bucket without an end: how its observations lie is unknown, so it is kept or dropped as a whole where possible. */
function restOfInfinite(
  { lower, upper, count }: HistogramBucket,
  value: number,
  keep: 'below' | 'above',
): Rest {
  const finite = (x: number): number => (Number.isFinite(x) ? x : 0)
  if (lower === -Infinity) {
    const toZero = upper > 0 && upper !== Infinity
    if (keep === 'below') {
      if (value >= upper) return { count, midpoint: 0 }
      // With a positive end, the bucket is taken to start at zero.
      if (value > 0 && toZero) return { count: (count * value) / upper, midpoint: value / 2 }
      return upper <= 0 ? { count, midpoint: value } : { count: 0, midpoint: finite(upper) }
    }
    if (value <= lower) return { count, midpoint: 0 }
    if (value >= 0 && upper > value && toZero)
      return { count: count * (1 - value / upper), midpoint: (value + upper) / 2 }
    return { count: 0, midpoint: finite(upper) }
  }
  if (keep === 'below' || value < lower) return { count: 0, midpoint: finite(lower) }
  return { count, midpoint: value }
}

function restOfZero(
  bucket: HistogramBucket,
  value: number,
  keep: 'below' | 'above',
  sides: { negative: boolean; positive: boolean },
): Rest {
  const lower = sides.positive && !sides.negative ? 0 : bucket.lower
  const upper = sides.negative && !sides.positive ? 0 : bucket.upper
  const whole = { count: bucket.count, midpoint: (lower + upper) / 2 }
  const none = { count: 0, midpoint: 0 }
  if (value <= lower) return keep === 'below' ? none : whole
  if (value >= upper) return keep === 'below' ? whole : none
  const width = upper - lower
  if (keep === 'below')
    return { count: (bucket.count * (value - lower)) / width, midpoint: (lower + value) / 2 }
  return { count: (bucket.count * (upper - value)) / width, midpoint: (value + upper) / 2 }
}

/**
 * The share of the bucket's width that lies below `value`, which is inside its finite bounds: linear, or on a
 * logarithmic scale as is right for exponential buckets.
 */
export function fractionBelow(bucket: HistogramBucket, value: number, linear: boolean): number {
  const { lower, upper } = bucket
  if (linear) return (value - lower) / (upper - lower)
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  const logValue = Math.log2(Math.abs(value))
  if (value > 0) return (logValue - logLower) / (logUpper - logLower)
  return 1 - (logValue - logUpper) / (logLower - logUpper)
}

function midpointOf(lower: number, upper: number, positive: boolean, linear: boolean): number {
  if (!Number.isFinite(lower)) {
    if (!Number.isFinite(upper)) return 0
    return upper > 0 ? upper / 2 : upper
  }
  if (!Number.isFinite(upper)) return lower
  if (linear) return (lower + upper) / 2
  const geometric = Math.sqrt(Math.abs(lower * upper))
  return positive ? geometric : -geometric
}
