import type { FloatHistogram, Span } from './histogram.ts'
import { usesCustomBuckets } from './histogram-arithmetic.ts'
import { bucketIndices } from './histogram-buckets.ts'
import { sameNumbers } from './histogram-layout.ts'

/**
 * Whether both hold the same data: schema, counts, sum, zero bucket, bounds and buckets (empty buckets count as
 * buckets). Numbers are compared as bits, save that all NaNs are the same; hints are not compared.
 */
export function histogramsEqual(a: FloatHistogram, b: FloatHistogram): boolean {
  const same = Object.is
  if (a.schema !== b.schema || !same(a.count, b.count) || !same(a.sum, b.sum)) return false
  if (usesCustomBuckets(a) && !sameNumbers(a.customBounds, b.customBounds)) return false
  if (a.zeroThreshold !== b.zeroThreshold || !same(a.zeroCount, b.zeroCount)) return false
  const buckets = (x: readonly number[], y: readonly number[]): boolean =>
    x.length === y.length && x.every((value, i) => same(value, y[i]))
  const spans = (x: readonly Span[], y: readonly Span[]): boolean =>
    sameNumbers(bucketIndices(x), bucketIndices(y))
  return (
    spans(a.negativeSpans, b.negativeSpans) &&
    spans(a.positiveSpans, b.positiveSpans) &&
    buckets(a.negativeBuckets, b.negativeBuckets) &&
    buckets(a.positiveBuckets, b.positiveBuckets)
  )
}

/** Memory that Prometheus counts for a histogram with its timestamp, in samples of 16 bytes (a float is one). */
export function histogramSamples(histogram: FloatHistogram): number {
  const { positiveSpans, negativeSpans, positiveBuckets, negativeBuckets, customBounds } = histogram
  const words =
    positiveSpans.length +
    negativeSpans.length +
    positiveBuckets.length +
    negativeBuckets.length +
    customBounds.length
  return Math.trunc((168 + 8 * words + 8) / 16)
}
