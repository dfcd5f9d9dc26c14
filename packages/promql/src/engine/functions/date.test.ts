import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DATE_PARTS } from './date.ts'

test('agrees with JavaScript where that reaches', () => {
  fc.assert(
    fc.property(fc.integer({ min: -8_640_000_000_000, max: 8_640_000_000_000 }), (seconds) => {
      const date = new Date(seconds * 1000)
      const parts = ['year', 'month', 'day_of_month', 'day_of_week', 'hour', 'minute'].map((name) =>
        DATE_PARTS[name]!(seconds),
      )
      expect(parts).toEqual([
        date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCDay(), date.getUTCHours(), date.getUTCMinutes(),
      ]) // prettier-ignore
    }),
  )
})

test.each([
  ['day_of_year', Date.UTC(2024, 11, 31), 366],
  ['day_of_year', Date.UTC(2023, 0, 1), 1],
  ['days_in_month', Date.UTC(2024, 1, 10), 29],
  ['days_in_month', Date.UTC(1900, 1, 10), 28],
  ['days_in_month', Date.UTC(2023, 11, 10), 31],
])('%s of %d is %d', (name, timeMs, want) => {
  expect(DATE_PARTS[name]!(timeMs / 1000)).toBe(want)
})

test('what no int64 holds is the end of time', () => {
  const all = Object.values(DATE_PARTS).map((part) => part(NaN))
  expect(all).toEqual([30, 15, 0, 4, 339, 31, 12, 292_277_026_596])
})
