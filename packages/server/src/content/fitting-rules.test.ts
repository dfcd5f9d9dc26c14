import { parseRuleFile, type RuleGroupConfig } from '@promontory/rules'
import { expect, test } from 'vitest'
import { type ContentRules, fittingRules } from './fitting-rules.ts'

const APPLICATION = parseRuleFile(
  `groups:
- name: errors
  rules:
  - { record: 'job:errors:rate5m', expr: 'sum by (job) (rate(errors_total[5m]))' }
  - { alert: Errors, expr: 'job:errors:rate5m > 1' }
- name: later
  rules: [{ record: 'job:errors:max1d', expr: 'max_over_time(job:errors:rate5m[1d])' }]
- name: absent
  rules: [{ alert: Queue, expr: 'queue_depth > 1' }]
`,
  'ready-made/application.yml',
).groups
const HOST = parseRuleFile(
  'groups: [{ name: sla, rules: [{ record: "up:avg", expr: "avg(up)" }, { alert: Down, expr: "up == 0" }] }]',
  'ready-made/host.yml',
).groups

function names(
  choice: ContentRules,
  ruleNames: readonly string[] = [],
  tellsSomebody = false,
  seen = ['errors_total', 'up'],
): string[] {
  const wish = { choice, seen: new Set(seen), own: { ruleNames: new Set(ruleNames), tellsSomebody } }
  const groups: RuleGroupConfig[] = fittingRules([...APPLICATION, ...HOST], wish)
  expect(groups.every(({ rules }) => rules.length > 0)).toBe(true)
  return groups.flatMap(({ rules }) => rules.map(({ name }) => name))
}

const RECORDED = ['job:errors:rate5m', 'job:errors:max1d']
const EVERYTHING = ['job:errors:rate5m', 'Errors', 'job:errors:max1d', 'up:avg', 'Down']

test.each<[string, string[], string[]]>([
  ['no rules, nobody told', names('auto'), EVERYTHING],
  ['rules of its own', names('auto', ['Mine']), RECORDED],
  ['an Alertmanager that tells somebody', names('auto', [], true), RECORDED],
  ['all, rules of its own', names('all', ['Mine'], true), EVERYTHING],
  ['all, an alert of the same name', names('all', ['Errors']), EVERYTHING.filter((name) => name !== 'Errors')],
  ['what records the same counts as there', names('all', ['job:errors:rate5m'], false, []), ['Errors', 'job:errors:max1d']],
  ['none', names('none'), []],
  ['metrics of machines only', names('auto', [], false, ['up']), ['up:avg', 'Down']],
  ['no metrics', names('auto', [], false, []), []],
])('%s', (_, found, wanted) => {
  expect(found).toEqual(wanted)
}) // prettier-ignore
