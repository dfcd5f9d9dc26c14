import { expect, test } from 'vitest'
import { parseDate } from './date-parse.ts'

const NOW = Date.UTC(2024, 4, 17, 12)

test.each([
  ['2024-02-29 13:14:15', undefined, 'utc', '2024-02-29T13:14:15.000Z'],
  ['2024-02-29', undefined, 'utc', '2024-02-29T00:00:00.000Z'],
  ['2024-02-29T13:14:15.250Z', 'DD/MM/YYYY', 'Europe/Berlin', '2024-02-29T13:14:15.250Z'],
  ['29/02/2024 01:30 pm', 'DD/MM/YYYY hh:mm a', 'utc', '2024-02-29T13:30:00.000Z'],
  ['1 Mar 24', 'D MMM YY', 'Europe/Berlin', '2024-02-29T23:00:00.000Z'],
  ['10:30', 'HH:mm', 'utc', '2024-05-17T10:30:00.000Z'],
  ['1700000000', 'X', 'utc', '2023-11-14T22:13:20.000Z'],
  ['2024-01-01 00:00:00+02:00', 'YYYY-MM-DD HH:mm:ssZ', 'utc', '2023-12-31T22:00:00.000Z'],
])('%s by %s in %s', (text, form, zone, wanted) => {
  expect(new Date(parseDate(text, form, zone, NOW)).toISOString()).toBe(wanted)
})

test('what is no date is NaN; digits that fit no form are milliseconds', () => {
  for (const text of ['', 'x y', '2023-02-29 00:00:00', '2023-13-01'])
    expect(parseDate(text, undefined, 'utc', NOW), text).toBeNaN()
  expect(parseDate('1700000000000', undefined, 'utc', NOW)).toBe(1_700_000_000_000)
})
