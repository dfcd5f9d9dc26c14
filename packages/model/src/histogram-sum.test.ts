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
