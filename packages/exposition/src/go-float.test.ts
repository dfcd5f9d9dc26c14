import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatGoFloat, formatOpenMetricsFloat, parseGoFloat } from './go-float.ts'

function parse(text: string): number {
  const bytes = new TextEncoder().encode(text)
  return parseGoFloat(bytes, 0, bytes.length)
}

test.each([
  ['0', 0], ['-0', -0], ['1', 1], ['+1.5', 1.5], ['.5', 0.5], ['5.', 5], ['1e3', 1000], ['1E-3', 0.001],
  ['9007199254740993', 9007199254740992],
  ['0.1234567890123456789', 0.12345678901234568], ['+Inf', Infinity], ['-inf', -Infinity], ['Infinity', Infinity],
  ['NaN', NaN], ['nan', NaN], ['1e-400', 0], ['4.9e-324', 5e-324], ['1.7976931348623157e308', Number.MAX_VALUE],
])('%s', (text, want) => expect(parse(text)).toBe(want)) // prettier-ignore

test.each(['', '-', '.', 'e5', '1e', '0x10', '0b1', '1_000', 'Inf1', '+nan', ' 1', '1 ', '1e999', '--1', '1.2.3', '0x1p3'])(
  '%j is no float', (text) => expect(() => parse(text)).toThrow()) // prettier-ignore

test('every float comes back from its text', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.nat(20), (value, digits) => {
      expect(parse(formatGoFloat(value))).toBe(value)
      if (Math.abs(value) < 1e15) expect(parse(value.toFixed(digits))).toBe(Number(value.toFixed(digits)))
    }),
    { numRuns: 2000 },
  )
})

test.each([
  [1, '1', '1.0'], [0, '0', '0.0'], [-0, '-0', '-0.0'], [1e6, '1e+06', '1e+06'], [123456, '123456', '123456.0'], [1234567, '1.234567e+06', '1.234567e+06'],
  [0.0001, '0.0001', '0.0001'], [0.00001, '1e-05', '1e-05'], [2.5, '2.5', '2.5'], [1e100, '1e+100', '1e+100'], [Infinity, '+Inf', '+Inf'], [NaN, 'NaN', 'NaN'],
])('%s prints as Go prints it', (value, go, openMetrics) => {
  expect(formatGoFloat(value)).toBe(go)
  expect(formatOpenMetricsFloat(value)).toBe(openMetrics)
}) // prettier-ignore
