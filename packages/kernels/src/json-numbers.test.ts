import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JsonNumbers } from './index.ts'
import { loadKernelModule } from './node.ts'

const numbers = new JsonNumbers(loadKernelModule())

function written(value: number): string {
  const bytes = Buffer.alloc(40)
  const length = numbers.value(value, bytes, 3)
  return bytes.toString('latin1', 3, 3 + length)
}

/** JavaScript's digits are the shortest too; Go gives exponents two digits at least. */
function expected(value: number): string {
  if (Object.is(value, -0)) return '-0'
  if (Math.abs(value) === Infinity) return value > 0 ? '+Inf' : '-Inf'
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2')
}

test.each([
  0, -0, 1, -1, 0.1, 0.3, 4.35, 100.25, 2 / 3, 1e-6, 9.5e-7, 1e-7, -1.5e-10, 1e20, 1e21, 1e22, 1e23, 8.41e21,
  2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, 2 ** 64, 5e-324, 2.2250738585072014e-308, Number.MAX_VALUE, NaN, Infinity, -Infinity,
])('%d', (value) => {
  expect(written(value)).toBe(expected(value))
}) // prettier-ignore

test('any double', () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      expect(written(value)).toBe(expected(value))
    }),
    { numRuns: 5000 },
  )
})

test('powers of two and their neighbours', () => {
  for (let exponent = -1074; exponent < 1024; exponent++)
    for (const value of [2 ** exponent, 2 ** exponent * (1 + 2 ** -52), 2 ** exponent * (1 - 2 ** -53)])
      expect(written(value)).toBe(expected(value))
})

const count = 5000
const timesMs = Float64Array.from({ length: count }, (_, i) => (i - 10) * 1001)
const values = Float64Array.from({ length: count }, (_, i) => i / 7)

test.each([
  ['elsewhere', numbers, new Uint8Array(count * numbers.pointBytesMax)],
  ...[new JsonNumbers(loadKernelModule(), count * numbers.pointBytesMax)].map(
    (own) => ['in its own room', own, own.room] as const,
  ),
] as const)('points, in pieces, %s', (_, writer, into) => {
  let at = 0
  for (let from = 0; from < count; from += writer.pointsMax) {
    if (from > 0) into[at++] = 44
    at += writer.points(timesMs, values, from, Math.min(count, from + writer.pointsMax), into, at)
  }
  const text = Buffer.from(into.subarray(0, at)).toString()
  const want = Array.from(values, (value, i) => [timesMs[i]! / 1000, expected(value)])
  expect(JSON.parse(`[${text}]`)).toEqual(want)
  expect(text).toContain('[-10.010,"0"],[-9.009,')
  expect(text).toContain('[0,"1.4285714285714286"]')
})
