import type { FloatHistogram, HistogramBucket } from '@promontory/model'
import { allBuckets, fractionBelow, usesCustomBuckets } from '@promontory/model'
import type { Position } from '../../parser/position.ts'
import type { Annotations } from '../annotations.ts'

/**
 * The quantile of a native histogram. Within a bucket the observations are taken to lie evenly, on a logarithmic scale
 * for exponential buckets. Observations of NaN are in the count but in no bucket: they count as the highest.
 */
export function histogramQuantile(
  quantile: number,
  histogram: FloatHistogram,
  annotations: Annotations,
  position: Position,
  metric: string,
): number {
  if (quantile < 0) return -Infinity
  if (quantile > 1) return Infinity
  if (histogram.count === 0 || Number.isNaN(quantile)) return NaN
  const withNaN = Number.isNaN(histogram.sum)
  const upwards = withNaN || quantile < 0.5
  const buckets = allBuckets(histogram)
  if (!upwards) buckets.reverse()
  const rank = (upwards ? quantile : 1 - quantile) * histogram.count
  const found = findRank(buckets, rank)
  const { index } = found
  const bucket = narrowed(buckets[index] ?? EMPTY, histogram)
  if (typeof bucket === 'number') return bucket
  const seen = Math.min(found.seen, histogram.count)
  if (seen < rank) {
    if (!withNaN) return bucket.upper
    annotations.quantileIsNaN(metric, position)
    return NaN
  }
  if (withNaN) {
    const rest = buckets.slice(index + 1).reduce((sum, { count }) => sum + count, seen)
    if (rest < histogram.count) annotations.quantileIsSkewed(metric, position)
  }
  const inBucket = upwards ? rank - (seen - bucket.count) : seen - rank
  return valueAt(bucket, inBucket / bucket.count, usesCustomBuckets(histogram))
}

const EMPTY: HistogramBucket = { lower: 0, upper: 0, lowerInclusive: true, upperInclusive: true, count: 0 }

/** The first populated bucket at which the running count reaches `rank`; the last of all when none does. */
function findRank(buckets: readonly HistogramBucket[], rank: number): { index: number; seen: number } {
  let seen = 0
  for (let index = 0; index < buckets.length; index++) {
    const { count } = buckets[index]!
    seen += count
    if (count !== 0 && seen >= rank) return { index, seen }
  }
  return { index: buckets.length - 1, seen }
}

/** The bucket with what is known of its ends; a number where the bucket has no width to interpolate in. */
function narrowed(bucket: HistogramBucket, histogram: FloatHistogram): HistogramBucket | number {
  if (usesCustomBuckets(histogram)) {
    if (bucket.lower === -Infinity) return bucket.upper <= 0 ? bucket.upper : { ...bucket, lower: 0 }
    return bucket.upper === Infinity ? bucket.lower : bucket
  }
  return bucket.lower < 0 && bucket.upper > 0 ? oneSided(bucket, histogram) : bucket
}

/** The zero bucket ends at zero on the side where the histogram has no buckets, if it has some on the other. */
function oneSided(
  bucket: HistogramBucket,
  { positiveBuckets, negativeBuckets }: FloatHistogram,
): HistogramBucket {
  if (negativeBuckets.length === 0 && positiveBuckets.length > 0) return { ...bucket, lower: 0 }
  if (positiveBuckets.length === 0 && negativeBuckets.length > 0) return { ...bucket, upper: 0 }
  return bucket
}

function valueAt({ lower, upper }: HistogramBucket, fraction: number, custom: boolean): number {
  if (custom || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  if (lower > 0) return 2 ** (logLower + (logUpper - logLower) * fraction)
  return -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)))
}

/** The share of observations of a native histogram between two values; those of NaN are in no share. */
export function histogramFraction(
  lower: number,
  upper: number,
  histogram: FloatHistogram,
  annotations: Annotations,
  position: Position,
  metric: string,
): number {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN
  if (lower >= upper) return 0
  const buckets = allBuckets(histogram)
  let { count } = histogram
  if (Number.isNaN(histogram.sum)) {
    count = buckets.reduce((sum, bucket) => sum + bucket.count, 0)
    if (count < histogram.count) annotations.fractionExcludesNaN(metric, position)
  }
  const rank = (value: number): number => Math.min(rankOf(value, buckets, histogram), count)
  return (rank(upper) - rank(lower)) / histogram.count
}

function rankOf(value: number, buckets: readonly HistogramBucket[], histogram: FloatHistogram): number {
  const custom = usesCustomBuckets(histogram)
  let below = 0
  for (const own of buckets) {
    const isZero = own.lower <= 0 && own.upper >= 0
    const bucket = isZero ? oneSided(own, histogram) : own
    if (bucket.lower >= value) return below
    if (bucket.upper > value) {
      if (bucket.lower === -Infinity) return bucket.count
      return below + bucket.count * fractionBelow(bucket, value, custom || isZero)
    }
    below += bucket.count
  }
  return Infinity
}
