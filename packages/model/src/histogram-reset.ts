import type { FloatHistogram } from './histogram.ts'
import { usesCustomBuckets, zeroCountFor } from './histogram-arithmetic.ts'
import { exponentialBound } from './histogram-buckets.ts'
import type { BucketColumns } from './histogram-layout.ts'
import {
  coarsen,
  commonBounds,
  rebucket,
  sameNumbers,
  toColumns,
  withoutBuckets,
} from './histogram-layout.ts'

/**
 * Whether the counter behind two successive histograms was reset in between: by the hint when it says so, otherwise
 * because some count went down, a populated bucket vanished, the resolution rose or the zero bucket shrank.
 */
export function isCounterReset(previous: FloatHistogram, current: FloatHistogram): boolean {
  if (current.counterResetHint === 'reset') return true
  if (current.counterResetHint === 'not_reset') return false
  if (current.count < previous.count) return true
  if (usesCustomBuckets(current)) return !usesCustomBuckets(previous) || customDecreased(previous, current)
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold) return true
  const widened = zeroCountFor(previous, current.zeroThreshold)
  if (widened.zeroThreshold !== current.zeroThreshold || current.zeroCount < widened.zeroCount) return true
  return decreased(side(previous, current, 'positive'), side(current, current, 'positive')) ||
    decreased(side(previous, current, 'negative'), side(current, current, 'negative')) // prettier-ignore
}

/** The buckets of `histogram` outside the zero bucket and in the schema of `like`. */
function side(
  histogram: FloatHistogram,
  like: FloatHistogram,
  which: 'positive' | 'negative',
): BucketColumns {
  const columns = toColumns(histogram[`${which}Spans`], histogram[`${which}Buckets`])
  const { schema, zeroThreshold } = like
  return withoutBuckets(
    coarsen(columns, histogram.schema, schema),
    (index) => exponentialBound(index, schema) <= zeroThreshold,
  )
}

function decreased(previous: BucketColumns, current: BucketColumns): boolean {
  let at = 0
  return previous.indices.some((index, i) => {
    while (at < current.indices.length && current.indices[at]! < index) at++
    const count = current.indices[at] === index ? current.counts[at]! : 0
    return current.indices[at] === index ? count < previous.counts[i]! : previous.counts[i] !== 0
  })
}

function customDecreased(previous: FloatHistogram, current: FloatHistogram): boolean {
  const columns = (h: FloatHistogram): BucketColumns => toColumns(h.positiveSpans, h.positiveBuckets)
  if (sameNumbers(previous.customBounds, current.customBounds))
    return decreased(columns(previous), columns(current))
  const bounds = commonBounds(previous.customBounds, current.customBounds)
  const onBounds = (h: FloatHistogram): number[] => {
    const { indices, counts } = rebucket(columns(h), h.customBounds, bounds)
    const all = Array.from({ length: bounds.length + 1 }, () => 0)
    indices.forEach((index, i) => (all[index]! += counts[i]!))
    return all
  }
  const before = onBounds(previous)
  return onBounds(current).some((count, i) => count < before[i]!)
}
