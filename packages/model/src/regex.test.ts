import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { AnchoredRegex } from './regex.ts'

test.each([
  ['a|b', ['a', 'b']],
  ['/api/(users|orders)/v(?:1|2)', ['/api/users/v1', '/api/users/v2', '/api/orders/v1', '/api/orders/v2']],
  ['x\\.(y|z\\+)', ['x.y', 'x.z+']],
  ['(|a)b', ['b', 'ab']],
  ['a(b|c)*', undefined],
  ['ab?', undefined],
  ['a|b(c|d)', undefined],
  ['(?i)a(b|c)', undefined],
  ['a(?P<n>b|c)', undefined],
  ['[ab](c|d)', undefined],
  [`(${'ab'.split('').join('|')})`.repeat(9), undefined],
])('the values of %s', (pattern, values) => {
  expect(new AnchoredRegex(pattern).setMatches).toEqual(values)
})

test('whatever way a pattern takes, it matches as the machine does', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    'ab',
    '.',
    '.*',
    '.+',
    '(a|b)',
    '(?:ab|)',
    'a*',
    'b?',
    '(a|b)+',
    '\\.',
    '|',
    '(a|(b|c))',
    '[ab]',
    '^',
    '$',
  )
  const pattern = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''))
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', '.', '\n'), { maxLength: 5 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(pattern, fc.array(text, { minLength: 5, maxLength: 5 }), (source, texts) => {
      const regex = new AnchoredRegex(source)
      for (const each of texts)
        expect(regex.matches(each), `${source} on ${JSON.stringify(each)}`).toBe(regex.machine.matches(each))
    }),
    { numRuns: 3000 },
  )
})
