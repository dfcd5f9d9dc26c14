import type { FloatHistogram } from '@promontory/model'
import { compactHistogram } from '@promontory/model'
import type { SequenceValue } from './series-values.ts'

const TOLERANCE = 1e-6
const SMALLEST_NORMAL = 2.2250738585072014e-308

/** Equal within the tolerance of promqltest: 1e-6 of the sum of sizes; zero only equals zero. */
export function almostEqual(a: number, b: number, tolerance: number = TOLERANCE): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
  const sum = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || sum < SMALLEST_NORMAL) return difference < tolerance * SMALLEST_NORMAL
  return difference / Math.min(sum, Number.MAX_VALUE) < tolerance
}

/** Layout must be the same once empty buckets are gone; numbers as {@link almostEqual}. */
export function histogramsAlmostEqual(a: FloatHistogram, b: FloatHistogram, withHint: boolean): boolean {
  const [x, y] = [compactHistogram(a), compactHistogram(b)]
  if (withHint && a.counterResetHint !== b.counterResetHint) return false
  if (x.schema !== y.schema || x.zeroThreshold !== y.zeroThreshold) return false
  const numbers = (h: FloatHistogram): number[] => [
    h.count,
    h.sum,
    h.zeroCount,
    ...h.positiveBuckets,
    ...h.negativeBuckets,
  ]
  const layout = (h: FloatHistogram): string =>
    JSON.stringify([h.positiveSpans, h.negativeSpans, h.customBounds])
  if (layout(x) !== layout(y)) return false
  const right = numbers(y)
  return numbers(x).every((value, i) => almostEqual(value, right[i]!))
}

/** A point of a result against an expected one that is not omitted. Undefined when they agree, else what differs. */
export function difference(
  wanted: SequenceValue,
  value: number,
  histogram: FloatHistogram | undefined,
): string | undefined {
  if (wanted.histogram !== undefined) {
    if (histogram === undefined) return `expected histogram ${show(wanted.histogram)}, got ${value}`
    if (histogramsAlmostEqual(wanted.histogram, histogram, wanted.hintGiven === true)) return undefined
    return `expected histogram ${show(wanted.histogram)}, got ${show(histogram)}`
  }
  const expected = wanted.value ?? NaN
  if (histogram !== undefined) return `expected ${expected}, got histogram ${show(histogram)}`
  return almostEqual(expected, value) ? undefined : `expected ${expected}, got ${value}`
}

/** In the notation of the scripts, as far as it reaches. */
export function show(histogram: FloatHistogram): string {
  const h = compactHistogram(histogram)
  const spans = (list: FloatHistogram['positiveSpans']): string =>
    list.map((s) => `${s.offset}+${s.length}`).join(',')
  const parts = [`schema:${h.schema}`, `count:${h.count}`, `sum:${h.sum}`]
  if (h.zeroCount !== 0 || h.zeroThreshold !== 0)
    parts.push(`z_bucket:${h.zeroCount}`, `z_bucket_w:${h.zeroThreshold}`)
  if (h.positiveBuckets.length > 0)
    parts.push(`spans:${spans(h.positiveSpans)} buckets:[${h.positiveBuckets.join(' ')}]`)
  if (h.negativeBuckets.length > 0)
    parts.push(`n_spans:${spans(h.negativeSpans)} n_buckets:[${h.negativeBuckets.join(' ')}]`)
  if (h.customBounds.length > 0) parts.push(`custom_values:[${h.customBounds.join(' ')}]`)
  if (h.counterResetHint !== 'unknown') parts.push(`counter_reset_hint:${h.counterResetHint}`)
  return `{{${parts.join(' ')}}}`
}
