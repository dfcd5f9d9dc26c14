import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FloatHistogramFields } from './histogram.ts'
import { CUSTOM_BUCKETS_SCHEMA, FloatHistogram } from './histogram.ts'
import { addHistograms, compactHistogram, divideHistogram, hasOverflow, IncompatibleSchemaError, reduceResolution, scaleHistogram, subtractHistograms, widenZeroBucket } from './histogram-arithmetic.ts' // prettier-ignore
import { histogramsEqual } from './histogram-compare.ts'

const make = (fields: Partial<FloatHistogramFields>): FloatHistogram => new FloatHistogram(fields)
const exponential = (
  offset: number,
  buckets: number[],
  more: Partial<FloatHistogramFields> = {},
): FloatHistogram =>
  make({
    positiveSpans: [{ offset, length: buckets.length }],
    positiveBuckets: buckets,
    count: buckets.reduce((a, b) => a + b, 0),
    ...more,
  })
const custom = (bounds: number[], buckets: number[]): FloatHistogram =>
  exponential(0, buckets, { schema: CUSTOM_BUCKETS_SCHEMA, customBounds: bounds })

test('buckets of one side only are taken over, with the gap between them', () => {
  const { histogram } = addHistograms(exponential(0, [1, 2]), exponential(4, [3], { sum: 5 }))
  expect(histogram).toMatchObject({
    count: 6,
    sum: 5,
    positiveSpans: [{ offset: 0, length: 2 }, { offset: 2, length: 1 }],
    positiveBuckets: [1, 2, 3],
  }) // prettier-ignore
})

test('the coarser schema wins', () => {
  const { histogram } = addHistograms(exponential(1, [1, 2, 3, 4], { schema: 1 }), exponential(1, [10, 20]))
  expect(histogram).toMatchObject({
    schema: 0,
    positiveSpans: [{ offset: 1, length: 2 }],
    positiveBuckets: [13, 27],
  })
})

test('the wider zero bucket swallows the buckets that it covers', () => {
  const narrow = exponential(-1, [4, 8, 16], { zeroThreshold: 0.001, zeroCount: 1, count: 29 })
  const wide = make({ zeroThreshold: 0.5, zeroCount: 2, count: 2 })
  expect(addHistograms(narrow, wide).histogram).toMatchObject({
    zeroThreshold: 0.5,
    zeroCount: 7,
    positiveBuckets: [8, 16],
  })
  // 0.3 lies inside the populated bucket (0.25, 0.5], so the zero bucket grows to its end.
  expect(widenZeroBucket(narrow, 0.3)).toMatchObject({
    zeroThreshold: 0.5,
    zeroCount: 5,
    positiveBuckets: [8, 16],
  })
})

test('custom bounds that differ are cut down to the common ones', () => {
  const combined = addHistograms(custom([1, 2, 4], [1, 1, 1, 1]), custom([1, 4], [10, 10, 10]))
  expect(combined.boundsReconciled).toBe(true)
  expect(combined.histogram).toMatchObject({ customBounds: [1, 4], positiveBuckets: [11, 12, 11] })
  expect(addHistograms(custom([1], [1, 1]), custom([1], [1, 1])).boundsReconciled).toBe(false)
})

test('exponential and custom buckets do not mix', () => {
  expect(() => addHistograms(custom([1], [1]), exponential(0, [1]))).toThrow(IncompatibleSchemaError)
})

test.each([
  ['gauge', 'reset', 'gauge', false],
  ['unknown', 'gauge', 'gauge', false],
  ['not_reset', 'not_reset', 'not_reset', false],
  ['unknown', 'reset', 'unknown', false],
  ['reset', 'not_reset', 'unknown', true],
] as const)('hints %s and %s give %s', (a, b, want, collision) => {
  const sum = addHistograms(make({ counterResetHint: a }), make({ counterResetHint: b }))
  expect([sum.histogram.counterResetHint, sum.counterResetCollision]).toEqual([want, collision])
})

test('scaling by a negative factor makes a gauge, dividing by zero removes the buckets', () => {
  expect(scaleHistogram(exponential(0, [2], { sum: 3 }), -2)).toMatchObject({
    count: -4,
    sum: -6,
    positiveBuckets: [-4],
    counterResetHint: 'gauge',
  })
  expect(divideHistogram(exponential(0, [2]), 0)).toMatchObject({
    count: Infinity,
    positiveBuckets: [],
    positiveSpans: [],
  })
  expect(hasOverflow(divideHistogram(exponential(0, [2]), 0))).toBe(true)
})

test('compaction drops empty buckets and joins spans', () => {
  const histogram = make({
    positiveSpans: [{ offset: -1, length: 3 }, { offset: 0, length: 2 }, { offset: 3, length: 0 }],
    positiveBuckets: [0, 1, 0, 2, 3],
  }) // prettier-ignore
  expect(compactHistogram(histogram)).toMatchObject({
    positiveSpans: [{ offset: 0, length: 1 }, { offset: 1, length: 2 }],
    positiveBuckets: [1, 2, 3],
  }) // prettier-ignore
})

const histograms = fc
  .tuple(
    fc.integer({ min: -4, max: 8 }),
    fc.integer({ min: -20, max: 20 }),
    fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 12 }),
    fc.integer({ min: -5, max: 5 }),
    fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 5 }),
    fc.constantFrom(0, 0.001, 1),
  )
  .map(([schema, offset, positive, negativeOffset, negative, zeroThreshold]) =>
    make({
      schema,
      zeroThreshold,
      zeroCount: 3,
      count: [...positive, ...negative].reduce((a, b) => a + b, 3),
      sum: offset,
      positiveSpans: positive.length > 0 ? [{ offset, length: positive.length }] : [],
      positiveBuckets: positive,
      negativeSpans: negative.length > 0 ? [{ offset: negativeOffset, length: negative.length }] : [],
      negativeBuckets: negative,
    }),
  )

test('adding commutes, keeps the number of observations, and is undone by subtracting', () => {
  const observations = (h: FloatHistogram): number =>
    [...h.positiveBuckets, ...h.negativeBuckets, h.zeroCount].reduce((a, b) => a + b, 0)
  fc.assert(
    fc.property(histograms, histograms, (a, b) => {
      // A side with its buckets inside the other's zero bucket counts them there, not twice.
      fc.pre(a.zeroThreshold === b.zeroThreshold && a.zeroThreshold === 0)
      const sum = addHistograms(a, b).histogram
      expect(histogramsEqual(compactHistogram(sum), compactHistogram(addHistograms(b, a).histogram))).toBe(
        true,
      )
      expect(observations(sum)).toBe(observations(a) + observations(b))
      const back = compactHistogram(subtractHistograms(sum, b).histogram)
      expect(histogramsEqual(back, compactHistogram(reduceResolution(a, sum.schema)))).toBe(true)
    }),
    { numRuns: 300 },
  )
})
