import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { quantileOf } from './quantile.ts'

test.each([
  [0.5, [1, 2], 1.5],
  [0, [3, 1, 2], 1],
  [1, [3, 1, 2], 3],
  [0.25, [0, 4], 1],
  [0.5, [], NaN],
  [NaN, [1], NaN],
  [-1, [1], -Infinity],
  [2, [1], Infinity],
  // NaN counts as the least.
  [0, [1, NaN, 2], NaN],
  [0.5, [1, NaN, 2], 1],
])('quantile %d of %j is %d', (quantile, values, want) => {
  expect(quantileOf(quantile, Float64Array.from(values))).toBe(want)
})

test('short and long lists are sorted alike; what lies behind the count is left alone', () => {
  const number = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(NaN, Infinity, -Infinity))
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 1, maxLength: 80 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (list, q) => {
        const rank = (value: number): number => (Number.isNaN(value) ? -Infinity : value)
        const sorted = [...list].sort(
          (a, b) => rank(a) - rank(b) || Number(Number.isNaN(b)) - Number(Number.isNaN(a)) || 0,
        )
        const values = Float64Array.from([...list, 99])
        quantileOf(q, values, list.length)
        expect([...values]).toEqual([...sorted, 99])
      },
    ),
  )
})
