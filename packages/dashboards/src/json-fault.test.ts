import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findJsonFault } from './json-fault.ts'

test.each([
  ['{"a": [1,]}', 1, 10, 'value'],
  ['{\n "a": 1,\n}', 3, 1, 'key'],
  ['{"a" 1}', 1, 6, ':'],
  ['[1 2]', 1, 4, ', or ]'],
  ['{"a": tru}', 1, 7, 'value'],
  ['{"a": "x', 1, 7, 'value'],
  ['', 1, 1, 'value'],
  ['{} x', 1, 4, 'the end'],
  ['[01]', 1, 3, ', or ]'],
  ['{"a":1]', 1, 7, ', or }'],
])('%j is broken at %i:%i', (text, line, column, expected) =>
  expect(findJsonFault(text)).toEqual({ line, column, expected }),
)

test('agrees with the engine about what is JSON', () => {
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }
  const cut = fc.tuple(
    fc.json({ maxDepth: 3 }),
    fc.nat(),
    fc.constantFrom('', ',', ']', '}', '"', '1', ' ', ':'),
  )
  fc.assert(
    fc.property(cut, ([text, at, extra]) => {
      const spot = at % (text.length + 1)
      const changed = text.slice(0, spot) + extra + text.slice(spot + (at % 2))
      expect(findJsonFault(changed) === undefined).toBe(isJson(changed))
    }),
    { numRuns: 300 },
  )
})
