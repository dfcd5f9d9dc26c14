import { expect, test } from 'vitest'
import { parseYaml } from './yaml-node.ts'
import { decodeYaml } from './yaml-schema.ts'
import { mapOf } from './yaml-collections.ts'
import { str } from './yaml-scalars.ts'

test.each([
  ['a: "one\ntwo"\nb: x', { a: 'one two', b: 'x' }],
  ["a: 'it''s\n\n  two'\nb: \"p\nq \\\" r\"", { a: "it's\ntwo", b: 'p q " r' }],
])('quoted texts may go on at the left edge: %j', (text, want) => {
  expect(decodeYaml(text, { file: 'f' }, mapOf(str)).value).toEqual(want)
})

test('a quote that is never closed stays a fault at its place', () => {
  expect(() => parseYaml('a: "one\ntwo\n', 'f.yml')).toThrow(
    'f.yml:3:1: yaml: found unexpected end of stream',
  )
})
