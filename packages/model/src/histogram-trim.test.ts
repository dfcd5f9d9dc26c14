import { expect, test } from 'vitest'
import { FloatHistogram } from './histogram.ts'
import { trimHistogram } from './histogram-trim.ts'

const histogram = new FloatHistogram({
  count: 12,
  sum: 100,
  zeroThreshold: 0.5,
  zeroCount: 2,
  positiveSpans: [{ offset: 1, length: 2 }],
  positiveBuckets: [4, 6],
})

test('cutting nothing leaves all as it was', () => {
  expect(trimHistogram(histogram, 4, 'below')).toBe(histogram)
  expect(trimHistogram(histogram, -1, 'above')).toBe(histogram)
})

test('at a bound whole buckets go, and the sum is estimated anew', () => {
  const below = trimHistogram(histogram, 2, 'below')
  expect(below).toMatchObject({ count: 6, zeroCount: 2, positiveBuckets: [4] })
  // Two observations at 0.25 (the zero bucket has no negative side) and four at the geometric middle of (1, 2].
  expect(below.sum).toBeCloseTo(2 * 0.25 + 4 * Math.SQRT2, 12)
  expect(trimHistogram(histogram, 2, 'above')).toMatchObject({ count: 6, zeroCount: 0, positiveBuckets: [6] })
})

test('inside a bucket it is split on a logarithmic scale', () => {
  const below = trimHistogram(histogram, 2 * Math.SQRT2, 'below')
  expect(below.positiveBuckets[0]).toBe(4)
  expect(below.positiveBuckets[1]).toBeCloseTo(3, 12)
})
