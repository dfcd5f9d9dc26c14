import { expect, test } from 'vitest'
import { FloatHistogram } from './histogram.ts'
import { HistogramSum, KahanSum } from './histogram-sum.ts'

test('small numbers survive beside large ones', () => {
  const sum = new KahanSum()
  for (const value of [1, 1e100, 1, -1e100]) sum.add(value)
  expect(sum.total).toBe(2)
  sum.add(Infinity)
  expect(sum.total).toBe(Infinity)
})

test('so they do in each bucket', () => {
  const one = (value: number): FloatHistogram =>
    new FloatHistogram({
      count: value, sum: value, zeroCount: value,
      positiveSpans: [{ offset: 0, length: 1 }], positiveBuckets: [value],
    }) // prettier-ignore
  const sum = new HistogramSum(one(1))
  for (const value of [1e100, 1, -1e100]) sum.add(one(value))
  expect(sum.total).toMatchObject({ count: 2, sum: 2, zeroCount: 2, positiveBuckets: [2] })
})

test('equally many buckets in other places are not taken for the same', () => {
  const one = (schema: number, offset: number): FloatHistogram =>
    new FloatHistogram({
      schema, count: 3, sum: 1,
      negativeSpans: [{ offset, length: 2 }], negativeBuckets: [1, 2],
    }) // prettier-ignore
  const sum = new HistogramSum(one(1, 0))
  sum.add(one(3, 4))
  // Of schema 3, buckets 4 and 5 lie in buckets 1 and 2 of schema 1.
  expect(sum.total).toMatchObject({
    schema: 1,
    negativeSpans: [{ offset: 0, length: 3 }],
    negativeBuckets: [1, 3, 2],
  })
})

test('a zero bucket that takes in others loses nothing by rounding', () => {
  const one = (zeroThreshold: number): FloatHistogram =>
    new FloatHistogram({
      schema: 0, count: 3, sum: 1, zeroThreshold, zeroCount: 1,
      positiveSpans: [{ offset: 0, length: 1 }], positiveBuckets: [2],
    }) // prettier-ignore
  const sum = new HistogramSum(one(0.001))
  sum.add(one(1))
  expect(sum.total).toMatchObject({ zeroThreshold: 1, zeroCount: 4 })
})
