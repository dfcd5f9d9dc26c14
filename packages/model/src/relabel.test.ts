import { decodeYaml, printYaml } from '@promontory/base/yaml'
import { describe, expect, test } from 'vitest'
import { parseByteSize, relabelConfigs, relabelFault } from './config-values.ts'
import { Labels } from './labels.ts'
import { relabel, relabelSteps } from './relabel.ts'
import type { RelabelConfig } from './relabel.ts'

const schema = relabelConfigs('empty or null rule')
const rules = (yaml: string): readonly RelabelConfig[] => decodeYaml(yaml, { file: 'r.yml' }, schema).value
const apply = (labels: Record<string, string>, yaml: string): Record<string, string> | undefined =>
  relabel(Labels.from(labels), rules(yaml))?.toObject()

const abc = { a: 'foo', b: 'bar', c: 'baz' }

describe('actions', () => {
  test.each<[string, Record<string, string> | undefined]>([
    ['[{source_labels: [a], regex: f(.*), target_label: d, replacement: "ch${1}-ch${1}"}]', { ...abc, d: 'choo-choo' }],
    ['[{source_labels: [a, b], regex: f(.*);(.*)r, target_label: a, replacement: "b${1}${2}m"}]', { ...abc, a: 'boobam' }],
    ['[{source_labels: [a, b], regex: "(?P<first>.*);.*", target_label: d, replacement: "$first-${nope}$2x$$"}]', { ...abc, d: 'foo-$' }],
    ['[{source_labels: [a], regex: no, target_label: d}]', abc],
    ['[{source_labels: [a], target_label: d}]', { ...abc, d: 'foo' }],
    ['[{source_labels: [a], regex: .*, target_label: a, replacement: ""}]', { b: 'bar', c: 'baz' }],
    ['[{target_label: d, replacement: x}]', { ...abc, d: 'x' }],
    ['[{source_labels: [a], target_label: "${1}_x", replacement: y}]', { ...abc, foo_x: 'y' }],
    ['[{source_labels: [a], regex: .*o.*, action: drop}]', undefined],
    ['[{source_labels: [a], regex: f, action: drop}]', abc],
    ['[{source_labels: [a], regex: foo, action: KEEP}]', abc],
    ['[{source_labels: [a], regex: f, action: keep}]', undefined],
    ['[{source_labels: [c], target_label: d, action: hashmod, modulus: 1000}]', { ...abc, d: '976' }],
    ['[{source_labels: [a, b], separator: "\\n", target_label: d, action: hashmod, modulus: 1000}]', { ...abc, d: '734' }],
    ['[{regex: "(b.*)", action: labelmap, replacement: "x_${1}"}]', { ...abc, x_b: 'bar' }],
    ['[{regex: "[ab]", action: labeldrop}]', { c: 'baz' }],
    ['[{regex: "[ab]", action: labelkeep}]', { a: 'foo', b: 'bar' }],
    ['[{source_labels: [a], target_label: d, action: uppercase}]', { ...abc, d: 'FOO' }],
    ['[{source_labels: [a], target_label: b, action: keepequal}]', undefined],
    ['[{source_labels: [a], target_label: b, action: dropequal}]', abc],
  ])('%s', (yaml, want) => expect(apply(abc, yaml)).toEqual(want)) // prettier-ignore
  test('upper and lower case letter by letter, as Go', () => {
    const both =
      '[{source_labels: [a], target_label: u, action: uppercase}, {source_labels: [a], target_label: l, action: lowercase}]'
    expect(apply({ a: 'Straße É' }, both)).toEqual({ a: 'Straße É', u: 'STRAßE É', l: 'straße é' })
  })
  test('steps end with the rule that drops', () => {
    const steps = relabelSteps(
      Labels.from(abc),
      rules(
        '[{target_label: d, replacement: x}, {action: drop, source_labels: [d], regex: x}, {target_label: e, replacement: y}]',
      ),
    )
    expect(steps.map(({ keep, output }) => [keep, output.size])).toEqual([[true, 4], [false, 4]]) // prettier-ignore
  })
})

test.each([
  ['[{action: nope}]', 'r.yml:1:11: [0].action: unknown relabel action "nope"'],
  ['[{action: hashmod, target_label: a}]', 'hashmod requires non-zero modulus'],
  ['[{source_labels: [a]}]', "relabel configuration for replace action requires 'target_label' value"],
  [
    '[{action: labeldrop, source_labels: [a]}]',
    "labeldrop action requires only 'regex', and no other fields",
  ],
  ['[{action: keepequal, source_labels: [a], target_label: b, regex: (.*)}]', 'no other fields'],
  [
    '[{action: lowercase, target_label: b, replacement: x}]',
    "'replacement' can not be set for lowercase action",
  ],
  ['[{regex: "(", target_label: a}]', 'missing closing )'],
  ['[null]', 'r.yml:1:2: [0]: empty or null rule'],
])('%s is refused', (yaml, want) => expect(() => rules(yaml)).toThrow(want))

test('legacy names', () => {
  const rule = (target: string) => rules(`[{target_label: "${target}", replacement: x}]`)[0]!
  expect(relabelFault(rule('a.b'), 'utf8')).toBeUndefined()
  expect(relabelFault(rule('a.b'), 'legacy')).toBe(`"a.b" is invalid 'target_label' for replace action`)
  expect(relabelFault(rule('x_${1}'), 'legacy')).toBeUndefined()
})

test('rules print and read back', () => {
  const written = rules('[{source_labels: [a], regex: f(.*), target_label: d, separator: ""}]')
  expect(rules(printYaml(schema.encode(written)!))).toEqual(written)
})

test.each([['0', 0], ['15MB', 15 * 2 ** 20], ['1.5KiB', 1536], ['100B', 100]])('%s bytes', (source, want) =>
  expect(parseByteSize(source)).toBe(want),
) // prettier-ignore
test('a size without unit', () => expect(() => parseByteSize('100')).toThrow('units: unknown unit  in 100'))
