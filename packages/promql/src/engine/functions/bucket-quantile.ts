import type { MonotonicityFix } from '../annotations.ts'

/** A cumulative bucket of a classic histogram. */
export interface ClassicBucket {
  readonly upperBound: number
  count: number
}

/** Differences between neighbouring counts that are so small are taken for rounding errors. */
const TOLERANCE = 1e-12

export interface QuantileResult {
  readonly value: number
  /** Counts that fell with rising bounds and were lifted. */
  readonly fix: MonotonicityFix | undefined
}

/**
 * The quantile of a classic histogram, interpolated linearly within its bucket. NaN without a `+Inf` bucket, with
 * fewer than two buckets or without observations. `buckets` is sorted and changed.
 */
export function bucketQuantile(quantile: number, buckets: ClassicBucket[]): QuantileResult {
  const plain = (value: number): QuantileResult => ({ value, fix: undefined })
  if (Number.isNaN(quantile)) return plain(NaN)
  if (quantile < 0) return plain(-Infinity)
  if (quantile > 1) return plain(Infinity)
  const sorted = coalesce(buckets)
  if (sorted.at(-1)!.upperBound !== Infinity) return plain(NaN)
  const fix = makeMonotonic(sorted)
  return { value: interpolateQuantile(quantile, sorted), fix }
}

function interpolateQuantile(quantile: number, buckets: readonly ClassicBucket[]): number {
  const last = buckets.length - 1
  const observations = buckets[last]!.count
  if (last < 1 || observations === 0) return NaN
  const rank = quantile * observations
  let at = 0
  while (at < last && !(buckets[at]!.count >= rank)) at++
  if (at === last) return buckets[last - 1]!.upperBound
  const { upperBound, count } = buckets[at]!
  if (at === 0) return upperBound <= 0 ? upperBound : upperBound * (rank / count)
  const below = buckets[at - 1]!
  return below.upperBound + (upperBound - below.upperBound) * ((rank - below.count) / (count - below.count))
}

/** Sorts by bound and adds up buckets of the same bound. */
function coalesce(buckets: ClassicBucket[]): ClassicBucket[] {
  buckets.sort((a, b) => (a.upperBound < b.upperBound ? -1 : a.upperBound > b.upperBound ? 1 : 0))
  const out: ClassicBucket[] = []
  for (const bucket of buckets) {
    const last = out.at(-1)
    if (last?.upperBound === bucket.upperBound) last.count += bucket.count
    else out.push(bucket)
  }
  return out
}

/** Lifts counts that fall with rising bounds; tiny differences are levelled without a word. */
function makeMonotonic(buckets: readonly ClassicBucket[]): MonotonicityFix | undefined {
  let minBucket = Infinity
  let maxBucket = -Infinity
  let maxDiff = 0
  let previous = buckets[0]!.count
  for (const bucket of buckets.slice(1)) {
    const { count, upperBound } = bucket
    if (count === previous) continue
    if (almostEqual(previous, count)) bucket.count = previous
    else if (count < previous) {
      bucket.count = previous
      minBucket = Math.min(minBucket, upperBound)
      maxBucket = Math.max(maxBucket, upperBound)
      maxDiff = Math.max(maxDiff, previous - count)
    } else previous = count
  }
  return maxBucket === -Infinity ? undefined : { minBucket, maxBucket, maxDiff }
}

const SMALLEST_NORMAL = 2.2250738585072014e-308

function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) && Number.isNaN(b)) return true
  const sum = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || sum < SMALLEST_NORMAL) return difference < TOLERANCE * SMALLEST_NORMAL
  return difference / Math.min(sum, Number.MAX_VALUE) < TOLERANCE
}

/** The share of observations of a classic histogram between two values. */
export function bucketFraction(lower: number, upper: number, buckets: ClassicBucket[]): number {
  const sorted = coalesce(buckets)
  const last = sorted.at(-1)!
  if (last.upperBound !== Infinity || last.count === 0) return NaN
  if (Number.isNaN(lower) || Number.isNaN(upper)) return NaN
  if (lower >= upper) return 0
  const rank = (value: number): number => Math.min(rankOf(value, sorted), last.count)
  return (rank(upper) - rank(lower)) / last.count
}

/** Observations at or below a value; all of them beyond the last bound. */
function rankOf(value: number, buckets: readonly ClassicBucket[]): number {
  let below = 0
  let bound = buckets[0]!.upperBound <= 0 ? -Infinity : 0
  for (const { upperBound, count } of buckets) {
    if (bound >= value) return below
    if (upperBound > value)
      return bound === -Infinity ? count : below + ((count - below) * (value - bound)) / (upperBound - bound)
    below = count
    bound = upperBound
  }
  return Infinity
}
