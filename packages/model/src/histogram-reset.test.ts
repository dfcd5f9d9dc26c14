import { expect, test } from 'vitest'
import type { FloatHistogramFields } from './histogram.ts'
import { CUSTOM_BUCKETS_SCHEMA, FloatHistogram } from './histogram.ts'
import { isCounterReset } from './histogram-reset.ts'

const base: Partial<FloatHistogramFields> = {
  count: 6,
  positiveSpans: [{ offset: 0, length: 3 }],
  positiveBuckets: [1, 2, 3],
}

test.each<[string, Partial<FloatHistogramFields>, Partial<FloatHistogramFields>, boolean]>([
  ['nothing changed', base, base, false],
  ['all grew', base, { ...base, count: 9, positiveBuckets: [2, 3, 4] }, false],
  ['the count fell', base, { ...base, count: 5 }, true],
  ['a bucket fell', base, { ...base, count: 9, positiveBuckets: [4, 1, 4] }, true],
  [
    'a populated bucket vanished',
    base,
    { ...base, positiveSpans: [{ offset: 0, length: 2 }], positiveBuckets: [3, 3] },
    true,
  ],
  [
    'an empty bucket vanished',
    { ...base, positiveBuckets: [3, 3, 0] },
    { ...base, positiveSpans: [{ offset: 0, length: 2 }], positiveBuckets: [3, 3] },
    false,
  ],
  ['the hint says so', base, { ...base, counterResetHint: 'reset' }, true],
  ['the hint denies it', base, { ...base, count: 1, counterResetHint: 'not_reset' }, false],
  ['the resolution rose', base, { ...base, schema: 1 }, true],
  [
    'the resolution fell',
    { ...base, schema: 1 },
    { ...base, positiveSpans: [{ offset: 0, length: 2 }], positiveBuckets: [1, 5] },
    false,
  ],
  ['the zero bucket shrank', { ...base, zeroThreshold: 0.1 }, base, true],
  ['the zero bucket grew over a bucket', base, { ...base, zeroThreshold: 1, zeroCount: 1 }, false],
  ['the zero bucket forgot a bucket', base, { ...base, zeroThreshold: 1, zeroCount: 0 }, true],
])('%s', (_name, before, after, want) => {
  expect(isCounterReset(new FloatHistogram(before), new FloatHistogram(after))).toBe(want)
})

test('custom bounds are compared where both have them', () => {
  const histogram = (customBounds: number[], buckets: number[]): FloatHistogram =>
    new FloatHistogram({
      schema: CUSTOM_BUCKETS_SCHEMA, customBounds, count: 10,
      positiveSpans: [{ offset: 0, length: buckets.length }], positiveBuckets: buckets,
    }) // prettier-ignore
  expect(isCounterReset(histogram([1, 2, 3], [2, 2, 2, 4]), histogram([1, 3], [2, 4, 4]))).toBe(false)
  expect(isCounterReset(histogram([1, 2, 3], [2, 2, 2, 4]), histogram([1, 3], [1, 5, 4]))).toBe(true)
})
