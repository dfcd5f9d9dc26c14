import type { FloatHistogram, HistogramBucket } from '@promontory/model'
import { negativeBuckets, positiveBuckets, zeroBucket } from '@promontory/model'
import { formatShortest } from '../../parser/go-number.ts'

/** A native histogram as `{count:3, sum:5, (1,2]:3}`: what `count_values` puts into its label. */
export function formatHistogram(histogram: FloatHistogram): string {
  const parts = [`count:${formatShortest(histogram.count)}`, `sum:${formatShortest(histogram.sum)}`]
  for (const bucket of negativeBuckets(histogram).reverse()) if (bucket.count !== 0) parts.push(show(bucket))
  if (histogram.zeroCount !== 0) parts.push(show(zeroBucket(histogram)))
  for (const bucket of positiveBuckets(histogram)) if (bucket.count !== 0) parts.push(show(bucket))
  return `{${parts.join(', ')}}`
}

function show({ lower, upper, lowerInclusive, upperInclusive, count }: HistogramBucket): string {
  const bounds = `${formatShortest(lower)},${formatShortest(upper)}`
  return `${lowerInclusive ? '[' : '('}${bounds}${upperInclusive ? ']' : ')'}:${formatShortest(count)}`
}
