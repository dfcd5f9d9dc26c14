import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { ConfigErrors } from '@promontory/base/yaml'
import { expect, test } from 'vitest'
import { parseRuleFile } from './rule-file.ts'

const shared = process.env.PROMONTORY_SHARED ?? join(import.meta.dirname, '../../../../shared')
const corpus = join(shared, 'corpus/rules')

test('all fields', () => {
  const { groups } = parseRuleFile(
    `groups:
- name: g
  interval: 30s
  query_offset: 10s
  limit: 5
  labels: {team: a, x: group}
  rules:
  - record: job:up:sum
    expr: sum by(job)   (up)
  - alert: Down
    expr: up == 0
    for: 5m
    keep_firing_for: 1h
    labels: {x: rule, severity: '{{ $value }}'}
    annotations: {summary: 'down'}
`,
    'a.yml',
  )
  const [group] = groups
  expect(group).toMatchObject({
    name: 'g',
    file: 'a.yml',
    intervalMs: 30_000,
    queryOffsetMs: 10_000,
    limit: 5,
  })
  expect(group!.rules[0]).toMatchObject({ kind: 'recording', name: 'job:up:sum', query: 'sum by (job) (up)' })
  expect(group!.rules[1]).toMatchObject({
    kind: 'alerting',
    forMs: 300_000,
    keepFiringForMs: 3_600_000,
    line: 10,
  })
  expect(group!.rules[1]!.labels.toString()).toBe('{severity="{{ $value }}", team="a", x="rule"}')
})

test('an empty file has no groups', () => {
  expect(parseRuleFile('', 'a.yml').groups).toEqual([])
})

const rule = (body: string): string => `groups: [{name: g, rules: [{${body}}]}]`

test.each([
  ['groups: [{name: ""}]', 'Groupname must not be empty'],
  ['groups: [{name: a}, {name: a}]', 'groupname: "a" is repeated in the same file'],
  [rule('expr: up'), 'group "g", rule 1, "": one of \'record\' or \'alert\' must be set'],
  [rule('record: a, alert: b, expr: up'), 'group "g", rule 1, "b": only one of \'record\' and \'alert\' must be set'],
  [rule('record: a'), 'group "g", rule 1, "a": field \'expr\' must be set in rule'],
  [rule('record: a, expr: "up{"'), 'group "g", rule 1, "a": could not parse expression: 1:4: parse error: unexpected end of input inside braces'],
  [rule('record: a, expr: up, for: 5m'), "invalid field 'for' in recording rule"],
  [rule('record: a, expr: up, keep_firing_for: 5m'), "invalid field 'keep_firing_for' in recording rule"],
  [rule('record: a, expr: up, annotations: {a: b}'), "invalid field 'annotations' in recording rule"],
  [rule('record: "a{b}", expr: up'), 'braces present in the recording rule name; should it be in expr?: a{b}'],
  [rule('alert: a, expr: up, labels: {__name__: b}'), 'invalid label name: __name__'],
  [rule('alert: a, expr: up, annotations: {"": b}'), 'invalid annotation name: '],
  [rule('alert: a, expr: up, annotations: {s: "{{ $nope }}"}'), 'annotation "s": template: __alert_a:1: undefined variable "$nope"'],
  [rule('alert: a, expr: up, labels: {s: "{{ nope }}"}'), 'label "s": template: __alert_a:1: function "nope" not defined'],
  [rule('alert: a, expr: up, for: 5'), 'not a valid duration string: "5"'],
  [rule('alert: a, expr: up, foo: 5'), 'field foo not found in type rulefmt.Rule'],
  ['groups: 3', 'cannot unmarshal'],
  ['groups:\n- name: g\n  rules:\n  - alert: a\n    expr: up +\n', 'a.yml:5:11: groups[0].rules[0].expr: '],
])('%s', (text, want) => {
  expect(() => parseRuleFile(text, 'a.yml')).toThrow(ConfigErrors)
  expect(() => parseRuleFile(text, 'a.yml')).toThrow(want)
}) // prettier-ignore

test('any text is read or refused, never a crash', () => {
  const piece = fc.constantFrom(
    'groups:',
    '\n',
    '- ',
    '  ',
    'name: g',
    'rules:',
    'alert: a',
    'expr: up',
    '{',
    '}',
    '[',
    ']',
    ': ',
    '"',
    'for: 5m',
    '{{',
    '}}',
    '&a',
    '*a',
    '<<: ',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        parseRuleFile(pieces.join(''), 'f.yml')
      } catch (error) {
        if (!(error instanceof ConfigErrors)) throw error
      }
    }),
    { numRuns: 200 },
  )
})

const files = existsSync(corpus)
  ? readdirSync(corpus, { recursive: true, encoding: 'utf8' }).filter((name) => /\.ya?ml$/.test(name))
  : []

test.skipIf(files.length === 0)(
  `public rule files load (${files.length || 'skipped: no shared corpus'} files)`,
  () => {
    for (const name of files) {
      const { groups } = parseRuleFile(readFileSync(join(corpus, name), 'utf8'), name)
      expect(groups.flatMap((group) => group.rules).length, name).toBeGreaterThan(0)
    }
  },
)
