import { CUSTOM_BUCKETS_SCHEMA, FloatHistogram, type Span } from '@promontory/model'
import type { OtlpBuckets, OtlpPoint } from '@promontory/wire'

/** The finest and the coarsest resolution of native histograms. */
const SCHEMA_MAX = 8
const SCHEMA_MIN = -4
/** Buckets of one side; more are a hostile message. */
const BUCKETS_MAX = 100_000

/**
 * An exponential histogram as a native one: finer ones are coarsened to schema 8.
 * @throws RangeError for a scale that is too coarse, or too many buckets
 */
export function exponentialToNative(point: OtlpPoint): FloatHistogram {
  const { scale, zeroCount, zeroThreshold, count, sum = 0 } = point
  if (scale < SCHEMA_MIN) throw new RangeError(`exponential histogram: cannot convert scale ${scale}, must be >= ${SCHEMA_MIN}`) // prettier-ignore
  const shift = Math.max(0, scale - SCHEMA_MAX)
  const positive = sideOf(point.positive, shift)
  const negative = sideOf(point.negative, shift)
  return new FloatHistogram({
    schema: Math.min(SCHEMA_MAX, scale),
    zeroThreshold: zeroThreshold > 0 ? zeroThreshold : 1e-128,
    zeroCount,
    count,
    sum,
    positiveSpans: positive.spans,
    positiveBuckets: positive.counts,
    negativeSpans: negative.spans,
    negativeBuckets: negative.counts,
  })
}

/** OTLP's bucket i is (base^i, base^(i+1)]: one further in Prometheus's count. */
function sideOf({ offset, counts }: OtlpBuckets, shift: number): { spans: Span[]; counts: number[] } {
  if (counts.length > BUCKETS_MAX) throw new RangeError(`exponential histogram: ${counts.length} buckets`)
  const byIndex = new Map<number, number>()
  const width = 2 ** shift
  counts.forEach((count, i) => {
    if (count === 0) return
    const index = Math.floor((offset + i) / width) + 1
    byIndex.set(index, (byIndex.get(index) ?? 0) + count)
  })
  const spans: { offset: number; length: number }[] = []
  const kept: number[] = []
  let next: number | undefined
  for (const [index, count] of [...byIndex].sort(([a], [b]) => a - b)) {
    const last = spans.at(-1)
    if (last !== undefined && index === next) last.length++
    else spans.push({ offset: next === undefined ? index : index - next, length: 1 })
    kept.push(count)
    next = index + 1
  }
  return { spans, counts: kept }
}

/** A classic histogram as a native one with its own bounds. */
export function explicitToCustom({ bounds, bucketCounts, count, sum = 0 }: OtlpPoint): FloatHistogram {
  const buckets = bucketCounts.length === 0 ? [count] : [...bucketCounts]
  return new FloatHistogram({
    schema: CUSTOM_BUCKETS_SCHEMA,
    count,
    sum,
    customBounds: bounds,
    positiveSpans: [{ offset: 0, length: buckets.length }],
    positiveBuckets: buckets,
  })
}
