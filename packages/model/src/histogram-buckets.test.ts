import { expect, test } from 'vitest'
import { CUSTOM_BUCKETS_SCHEMA, FloatHistogram } from './histogram.ts'
import { allBuckets, exponentialBound } from './histogram-buckets.ts'

test.each([
  [0, 0, 1],
  [1, 0, 2],
  [-3, 0, 0.125],
  [1, -1, 4],
  // Known to the last digit: 2^(3/2), 2^(-1/4), 2^(1/256).
  [3, 1, 2.82842712474619],
  [-1, 2, 0.8408964152537144],
  [1, 8, 1.0027112750502025],
  // The last bucket of finite numbers, and the one of infinities.
  [1024, 0, Number.MAX_VALUE],
  [1025, 0, Infinity],
  [64, -4, Number.MAX_VALUE],
  [-1074, 0, 5e-324],
])('bucket %d of schema %d ends at %d', (index, schema, bound) => {
  expect(exponentialBound(index, schema)).toBe(bound)
})

test('all buckets in order, cut at the zero bucket', () => {
  const histogram = new FloatHistogram({
    zeroThreshold: 0.75,
    zeroCount: 2,
    positiveSpans: [{ offset: 0, length: 2 }],
    positiveBuckets: [3, 4],
    negativeSpans: [{ offset: 1, length: 1 }],
    negativeBuckets: [5],
  })
  expect(allBuckets(histogram).map(({ lower, upper, count }) => [lower, upper, count])).toEqual([
    [-2, -1, 5],
    [-0.75, 0.75, 2],
    [0.75, 1, 3],
    [1, 2, 4],
  ])
})

test('custom buckets begin and end at infinity', () => {
  const histogram = new FloatHistogram({
    schema: CUSTOM_BUCKETS_SCHEMA,
    customBounds: [1, 5],
    positiveSpans: [{ offset: 0, length: 3 }],
    positiveBuckets: [1, 2, 3],
  })
  expect(allBuckets(histogram)).toMatchObject([
    { lower: -Infinity, upper: 1, lowerInclusive: true, upperInclusive: true },
    { lower: 1, upper: 5, lowerInclusive: false },
    { lower: 5, upper: Infinity },
  ])
})
