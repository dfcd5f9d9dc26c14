import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram, type HistogramBucket, negativeBuckets, positiveBuckets, zeroBucket } from '@promontory/model' // prettier-ignore

/** Whole numbers from here on have an exponent. */
const EXPONENT_FROM = 21
const EXPONENT_FROM_SHORT = 6

/** A number as Go's `%g` prints it: as short as possible, with an exponent below 10^-4 and from 10^6 (21 digits for `long`). */
export function goNumber(value: number, long = false): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [digits = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent >= -4 && exponent < (long ? EXPONENT_FROM : EXPONENT_FROM_SHORT)) return String(value)
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** A native histogram as Go prints it: `{count:3, sum:4.5, (1,2]:3}`. Empty buckets are left out. */
export function goHistogram(histogram: FloatHistogram): string {
  const isInteger = [histogram.count, histogram.zeroCount, ...histogram.positiveBuckets, ...histogram.negativeBuckets].every(Number.isInteger) // prettier-ignore
  const number = (count: number): string => (isInteger ? String(count) : goNumber(count))
  const bucket = ({ lower, upper, lowerInclusive, upperInclusive, count }: HistogramBucket): string =>
    `, ${lowerInclusive ? '[' : '('}${goNumber(lower)},${goNumber(upper)}${upperInclusive ? ']' : ')'}:${number(count)}`
  const filled = (buckets: HistogramBucket[]): string[] =>
    buckets.filter(({ count }) => count !== 0).map(bucket)
  const zero = histogram.schema !== CUSTOM_BUCKETS_SCHEMA && histogram.zeroCount !== 0 ? bucket(zeroBucket(histogram)) : '' // prettier-ignore
  return `{count:${number(histogram.count)}, sum:${goNumber(histogram.sum)}${filled(negativeBuckets(histogram)).reverse().join('')}${zero}${filled(positiveBuckets(histogram)).join('')}}`
}

/** Milliseconds as Go prints a duration: `2h0m0s`. */
export function goDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s'
  if (milliseconds < 1000) return `${milliseconds}ms`
  const hours = Math.floor(milliseconds / 3_600_000)
  const minutes = Math.floor((milliseconds % 3_600_000) / 60_000)
  const seconds = (milliseconds % 60_000) / 1000
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`
}
