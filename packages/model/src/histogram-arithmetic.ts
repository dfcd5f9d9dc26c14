import type { CounterResetHint, FloatHistogramFields } from './histogram.ts'
import { CUSTOM_BUCKETS_SCHEMA, FloatHistogram } from './histogram.ts'
import { exponentialBound, negativeBuckets, positiveBuckets } from './histogram-buckets.ts'
import type { BucketColumns } from './histogram-layout.ts'
import { coarsen, commonBounds, mergeColumns, rebucket, sameNumbers, toColumns, toSpans, withoutBuckets } from './histogram-layout.ts' // prettier-ignore

/** Histograms with exponential and with custom buckets cannot be combined. */
export class IncompatibleSchemaError extends Error {
  override readonly name = 'IncompatibleSchemaError'
  constructor() {
    super('cannot apply this operation on histograms with a mix of exponential and custom bucket schemas')
  }
}

export interface CombinedHistogram {
  readonly histogram: FloatHistogram
  /** One side says that its counter was reset, the other that it was not. */
  readonly counterResetCollision: boolean
  /** Custom bounds differed: the result has only those that both sides have. */
  readonly boundsReconciled: boolean
}

export function usesCustomBuckets(histogram: FloatHistogram): boolean {
  return histogram.schema === CUSTOM_BUCKETS_SCHEMA
}

/** A copy with some fields changed. */
export function withFields(
  histogram: FloatHistogram,
  changes: Partial<FloatHistogramFields>,
): FloatHistogram {
  return new FloatHistogram({ ...(histogram as FloatHistogramFields), ...changes })
}

export function withHint(histogram: FloatHistogram, hint: CounterResetHint): FloatHistogram {
  return histogram.counterResetHint === hint ? histogram : withFields(histogram, { counterResetHint: hint })
}

/** @throws IncompatibleSchemaError */
export function addHistograms(a: FloatHistogram, b: FloatHistogram): CombinedHistogram {
  return combine(a, b, 1)
}

/** @throws IncompatibleSchemaError */
export function subtractHistograms(a: FloatHistogram, b: FloatHistogram): CombinedHistogram {
  return combine(a, b, -1)
}

function combine(a: FloatHistogram, b: FloatHistogram, sign: 1 | -1): CombinedHistogram {
  if (usesCustomBuckets(a) !== usesCustomBuckets(b)) throw new IncompatibleSchemaError()
  const { hint, collision } = combineHints(a.counterResetHint, b.counterResetHint)
  const totals = {
    count: a.count + sign * b.count,
    sum: a.sum + sign * b.sum,
    counterResetHint: hint,
  }
  if (usesCustomBuckets(a)) return combineCustom(a, b, sign, totals, collision)
  const [left, right] = reconcileZeroBuckets(a, b)
  const schema = Math.min(left.schema, right.schema)
  const { zeroThreshold } = left
  const side = (which: 'positive' | 'negative'): BucketColumns => {
    const columns = (h: FloatHistogram): BucketColumns =>
      coarsen(toColumns(h[`${which}Spans`], h[`${which}Buckets`]), h.schema, schema)
    // Buckets of b inside the zero bucket are part of its zero count already.
    const outside = dropLeading(columns(right), (index) => exponentialBound(index, schema) <= zeroThreshold)
    return mergeColumns(columns(left), outside, sign)
  }
  const positive = side('positive')
  const negative = side('negative')
  const histogram = new FloatHistogram({
    ...totals,
    schema,
    zeroThreshold,
    zeroCount: left.zeroCount + sign * right.zeroCount,
    positiveSpans: toSpans(positive.indices),
    positiveBuckets: positive.counts,
    negativeSpans: toSpans(negative.indices),
    negativeBuckets: negative.counts,
  })
  return { histogram, counterResetCollision: collision, boundsReconciled: false }
}

function dropLeading(columns: BucketColumns, drop: (index: number) => boolean): BucketColumns {
  let from = 0
  while (from < columns.indices.length && drop(columns.indices[from]!)) from++
  return from === 0 ? columns : { indices: columns.indices.slice(from), counts: columns.counts.slice(from) }
}

function combineCustom(
  a: FloatHistogram,
  b: FloatHistogram,
  sign: 1 | -1,
  totals: Partial<FloatHistogramFields>,
  counterResetCollision: boolean,
): CombinedHistogram {
  const boundsReconciled = !sameNumbers(a.customBounds, b.customBounds)
  const customBounds = boundsReconciled ? commonBounds(a.customBounds, b.customBounds) : a.customBounds
  const columns = (h: FloatHistogram): BucketColumns => {
    const own = toColumns(h.positiveSpans, h.positiveBuckets)
    return boundsReconciled ? rebucket(own, h.customBounds, customBounds) : own
  }
  let merged = mergeColumns(columns(a), columns(b), sign)
  if (boundsReconciled) merged = withoutBuckets(merged, (_, count) => count === 0)
  const histogram = new FloatHistogram({
    ...totals,
    schema: CUSTOM_BUCKETS_SCHEMA,
    customBounds,
    positiveSpans: toSpans(merged.indices),
    positiveBuckets: merged.counts,
  })
  return { histogram, counterResetCollision, boundsReconciled }
}

function combineHints(
  a: CounterResetHint,
  b: CounterResetHint,
): { hint: CounterResetHint; collision: boolean } {
  if (a === b || a === 'gauge') return { hint: a, collision: false }
  if (b === 'gauge') return { hint: 'gauge', collision: false }
  if (a === 'unknown' || b === 'unknown') return { hint: 'unknown', collision: false }
  return { hint: 'unknown', collision: true }
}

/** Widens zero buckets until both have the same threshold, at no place inside a populated bucket of either. */
function reconcileZeroBuckets(a: FloatHistogram, b: FloatHistogram): [FloatHistogram, FloatHistogram] {
  let left = a
  let right = b
  while (left.zeroThreshold !== right.zeroThreshold) {
    if (left.zeroThreshold > right.zeroThreshold) right = widenZeroBucket(right, left.zeroThreshold)
    else left = widenZeroBucket(left, right.zeroThreshold)
  }
  return [left, right]
}

/**
 * With a larger zero bucket, into which the buckets that it covers have been merged. When `threshold` falls inside a
 * populated bucket, the zero bucket is widened to that bucket's end.
 */
export function widenZeroBucket(histogram: FloatHistogram, threshold: number): FloatHistogram {
  const { zeroCount, zeroThreshold } = zeroCountFor(histogram, threshold)
  const { schema } = histogram
  const covered = (index: number): boolean => exponentialBound(index - 1, schema) < zeroThreshold
  const side = (which: 'positive' | 'negative'): BucketColumns =>
    withoutBuckets(
      toColumns(histogram[`${which}Spans`], histogram[`${which}Buckets`]),
      (index, count) => count === 0 || covered(index),
    )
  const positive = side('positive')
  const negative = side('negative')
  return withFields(histogram, {
    zeroCount,
    zeroThreshold,
    positiveSpans: toSpans(positive.indices),
    positiveBuckets: positive.counts,
    negativeSpans: toSpans(negative.indices),
    negativeBuckets: negative.counts,
  })
}

/** Count and threshold of the zero bucket if it were widened to at least `threshold`. */
export function zeroCountFor(
  histogram: FloatHistogram,
  threshold: number,
): { zeroCount: number; zeroThreshold: number } {
  if (threshold === histogram.zeroThreshold)
    return { zeroCount: histogram.zeroCount, zeroThreshold: threshold }
  const sides = [positiveBuckets(histogram), negativeBuckets(histogram)]
  for (let wanted = threshold; ;) {
    let zeroCount = histogram.zeroCount
    let reached = wanted
    for (const buckets of sides)
      for (const { lower, upper, count } of buckets) {
        const inner = Math.min(Math.abs(lower), Math.abs(upper))
        const outer = Math.max(Math.abs(lower), Math.abs(upper))
        if (inner >= wanted) break
        zeroCount += count
        if (outer > wanted && count !== 0) reached = Math.max(reached, outer)
      }
    if (reached === wanted) return { zeroCount, zeroThreshold: wanted }
    wanted = reached
  }
}

/** All counts and the sum times `factor`. A negative one makes a gauge of it. */
export function scaleHistogram(histogram: FloatHistogram, factor: number): FloatHistogram {
  return withFields(histogram, {
    zeroCount: histogram.zeroCount * factor,
    count: histogram.count * factor,
    sum: histogram.sum * factor,
    positiveBuckets: histogram.positiveBuckets.map((count) => count * factor),
    negativeBuckets: histogram.negativeBuckets.map((count) => count * factor),
    counterResetHint: factor < 0 ? 'gauge' : histogram.counterResetHint,
  })
}

/** All counts and the sum divided; dividing by zero removes all buckets. */
export function divideHistogram(histogram: FloatHistogram, divisor: number): FloatHistogram {
  const totals = {
    zeroCount: histogram.zeroCount / divisor,
    count: histogram.count / divisor,
    sum: histogram.sum / divisor,
  }
  if (divisor === 0)
    return withFields(histogram, {
      ...totals,
      positiveBuckets: [],
      positiveSpans: [],
      negativeBuckets: [],
      negativeSpans: [],
    })
  return withFields(histogram, {
    ...totals,
    positiveBuckets: histogram.positiveBuckets.map((count) => count / divisor),
    negativeBuckets: histogram.negativeBuckets.map((count) => count / divisor),
    counterResetHint: divisor < 0 ? 'gauge' : histogram.counterResetHint,
  })
}

/** Without empty buckets, and with one span per run of populated ones. */
export function compactHistogram(histogram: FloatHistogram): FloatHistogram {
  const positive = compactSide(histogram.positiveSpans, histogram.positiveBuckets)
  const negative = compactSide(histogram.negativeSpans, histogram.negativeBuckets)
  return withFields(histogram, {
    positiveSpans: toSpans(positive.indices),
    positiveBuckets: positive.counts,
    negativeSpans: toSpans(negative.indices),
    negativeBuckets: negative.counts,
  })
}

function compactSide(...side: Parameters<typeof toColumns>): BucketColumns {
  return withoutBuckets(toColumns(...side), (_, count) => count === 0)
}

/** With the buckets of a coarser exponential schema; the hint becomes unknown when anything changes. */
export function reduceResolution(histogram: FloatHistogram, schema: number): FloatHistogram {
  if (schema === histogram.schema) return histogram
  const side = (which: 'positive' | 'negative'): BucketColumns =>
    coarsen(toColumns(histogram[`${which}Spans`], histogram[`${which}Buckets`]), histogram.schema, schema)
  const positive = side('positive')
  const negative = side('negative')
  return withFields(histogram, {
    schema,
    counterResetHint: 'unknown',
    positiveSpans: toSpans(positive.indices),
    positiveBuckets: positive.counts,
    negativeSpans: toSpans(negative.indices),
    negativeBuckets: negative.counts,
  })
}

/** Whether a count or the sum has become infinite. */
export function hasOverflow(histogram: FloatHistogram): boolean {
  const infinite = (value: number): boolean => value === Infinity || value === -Infinity
  const { zeroCount, count, sum, positiveBuckets, negativeBuckets } = histogram
  return (
    [zeroCount, count, sum].some(infinite) || positiveBuckets.some(infinite) || negativeBuckets.some(infinite)
  )
}
