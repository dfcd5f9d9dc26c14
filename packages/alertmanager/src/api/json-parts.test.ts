import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonListParts } from './json-parts.ts'

const parse = (text: string, partChars: number): unknown =>
  [...jsonListParts(text, partChars)].flatMap((part) => JSON.parse(part))
const outcome = (work: () => unknown): unknown => {
  try {
    return work()
  } catch {
    return 'refused'
  }
} // prettier-ignore

test('the parts of a list are the list', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 8 }), fc.integer({ min: 1, max: 40 }), fc.boolean(), (list, partChars, spaced) => {
      const text = JSON.stringify(list, null, spaced ? 1 : 0)
      const parts = [...jsonListParts(text, partChars)].map((part) => JSON.parse(part) as unknown[])
      expect(parts.flat(1)).toEqual(JSON.parse(text))
    }),
    { numRuns: 100 },
  )
}) // prettier-ignore

test('long lists are cut, short ones and other things are not', () => {
  const list = Array.from({ length: 100 }, (_, i) => ({ i, text: 'a "quoted" \\ [part], {x}' }))
  expect([...jsonListParts(JSON.stringify(list), 500)].length).toBeGreaterThan(5)
  expect([...jsonListParts(' {"a":[1,2,3]}', 2)]).toEqual([' {"a":[1,2,3]}'])
})

test.each([
  '[1,2,]', '[1,2,  ]', '[1,2', '[1,2]]', '[1,2] 3', '[1,,2]', '[,1]', '["a,b', '["a\\",2]', '[{"a":1},{]', '[[1,2],[3}]', '', '[', '[1 2,3]',
])('what is no JSON stays no JSON: %s', (text) => {
  for (const partChars of [1, 2, 3, 100]) {
    expect(outcome(() => JSON.parse(text))).toBe('refused')
    expect(outcome(() => parse(text, partChars))).toBe('refused')
  }
}) // prettier-ignore
