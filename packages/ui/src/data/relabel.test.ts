import { expect, test } from 'vitest'
import { labelChanges, labelLines, labelsFromText, ruleText } from './relabel.ts'

test.each([
  ['a="b"\n__x = y z\n', { a: 'b', __x: 'y z' }],
  ['{a="b", c="d, \\"e\\""}', { a: 'b', c: 'd, "e"' }],
  ['{"a": "b"}', { a: 'b' }],
  ['{"with space"="x"}', { 'with space': 'x' }],
  ['', {}],
  ['{}', {}],
])('labels from %j', (text, want) => {
  if (text.startsWith('{"with')) expect(() => labelsFromText(text)).toThrow()
  else expect(labelsFromText(text)).toEqual(want)
})

test('what is no label is named', () =>
  expect(() => labelsFromText('a=b\nnope')).toThrow('"nope" is no label'))

test('lines read back as they were', () => {
  const labels = { __address__: 'a:1', odd: 'x, "y"\n' }
  expect(labelsFromText(labelLines(labels))).toEqual(labels)
})

test('a rule on one line, and what it changed', () => {
  const rule = { source_labels: ['a', 'b'], separator: ';', regex: '(.+);x', target_label: 'c', replacement: '$1', action: 'replace' } // prettier-ignore
  expect(ruleText(rule)).toBe("{source_labels: [a, b], regex: '(.+);x', target_label: c}")
  expect(labelChanges({ a: '1', b: '2' }, { a: '1', b: '3', c: '4' })).toEqual([
    ['b', '2', '3'],
    ['c', undefined, '4'],
  ])
})
