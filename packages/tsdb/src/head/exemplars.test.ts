import { Labels } from '@promontory/model'
import { expect, test } from 'vitest'
import { ExemplarRing } from './exemplars.ts'

const labels = Labels.from({ __name__: 'x' })
const exemplar = (timeMs: number): { labels: Labels; value: number; timeMs: number } => ({
  labels: Labels.EMPTY,
  value: timeMs,
  timeMs,
})
const times = (ring: ExemplarRing): number[] =>
  ring.select(-Infinity, Infinity, () => true).map(({ exemplar: { timeMs } }) => timeMs)

test('a full ring forgets the oldest', () => {
  const ring = new ExemplarRing(3)
  for (const timeMs of [1, 2, 3, 4, 5]) ring.add(timeMs, labels, exemplar(timeMs))
  expect(times(ring)).toEqual([3, 4, 5])
})

test('of one series only newer ones come in', () => {
  const ring = new ExemplarRing(3)
  expect([5, 5, 4, 6].map((timeMs) => ring.add(1, labels, exemplar(timeMs)))).toEqual([
    true,
    false,
    false,
    true,
  ])
  expect([ring.appended, ring.outOfOrder]).toEqual([2, 1])
})

test.each([
  [2, [4, 5]],
  [0, []],
  [10, [3, 4, 5]],
])('capacity %i keeps the newest', (capacity, kept) => {
  const ring = new ExemplarRing(3)
  for (const timeMs of [1, 2, 3, 4, 5]) ring.add(timeMs, labels, exemplar(timeMs))
  ring.setCapacity(capacity)
  expect(times(ring)).toEqual(kept)
  if (capacity > 0) {
    ring.add(9, labels, exemplar(9))
    expect(times(ring).at(-1)).toBe(9)
    expect(times(ring).length).toBeLessThanOrEqual(capacity)
  }
})
