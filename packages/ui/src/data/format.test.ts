import { expect, test } from 'vitest'
import {
  ago,
  bytes,
  dateTime,
  formatRange,
  parseDateTime,
  parseRange,
  percent,
  seconds,
  seriesName,
  shortNumber,
  wholeNumber,
} from './format.ts'

test.each([
  [0, '0'],
  [7, '7'],
  [0.1234, '0.123'],
  [1234, '1.23 k'],
  [1_234_567, '1.23 M'],
  [999_999, '1 M'],
  [-1500, '-1.5 k'],
  [0.00001, '1.00e-5'],
  [NaN, 'NaN'],
  [Infinity, '+Inf'],
])('shortNumber(%d) = %s', (value, text) => expect(shortNumber(value)).toBe(text))

test.each([
  [512, '512 B'],
  [1536, '1.5 KiB'],
  [8 * 2 ** 30, '8.0 GiB'],
])('bytes(%d) = %s', (value, text) => expect(bytes(value)).toBe(text))

test.each([
  [0.00005, '50 µs'],
  [0.0123, '12.3 ms'],
  [0.5, '500 ms'],
  [95, '1m 35s'],
  [90_061, '1d 1h'],
])('seconds(%d) = %s', (value, text) => expect(seconds(value)).toBe(text))

test('percent', () => {
  expect(percent(0.0512)).toBe('5.1 %')
  expect(percent(0.5)).toBe('50 %')
})

test('ago', () => {
  expect(ago('0001-01-01T00:00:00Z', 0)).toBe('never')
  expect(ago('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:02:05Z'))).toBe('2m 5s ago')
})

test('ranges', () => {
  expect(parseRange('1h30m')).toBe(5400)
  expect(parseRange('soon')).toBeUndefined()
  expect(parseRange('')).toBeUndefined()
  expect(formatRange(5400)).toBe('90m')
  expect(formatRange(7200)).toBe('2h')
})

test('seriesName', () => {
  expect(seriesName({ __name__: 'up', job: 'a' })).toBe('up{job="a"}')
  expect(seriesName({})).toBe('{}')
  expect(seriesName({ 'a.b': 'c' })).toBe('{"a.b"="c"}')
})

test.each(['2026-01-02 03:04:05', '2024-02-29 23:59:59'])('%s comes back', (text) =>
  expect(dateTime(parseDateTime(text)! * 1000)).toBe(text),
)

test.each(['', 'soon', '2026-02-30', '2026-13-01 00:00', '01/02/2026'])('%j is no time', (text) =>
  expect(parseDateTime(text)).toBeUndefined(),
)

test.each([
  [0, '0'],
  [999, '999'],
  [12_345, '12\u202f345'],
  [999_999, '999\u202f999'],
  [1_234_567, '1.23 M'],
])('wholeNumber(%d) = %s', (value, text) => expect(wholeNumber(value)).toBe(text))
