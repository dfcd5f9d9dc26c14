import { parseRuleFile } from '@promontory/rules'
import { expect, test } from 'vitest'
import { lintRules } from './rule-lint.ts'

const lint = (rules: string): string[] =>
  lintRules(parseRuleFile(`groups:\n- name: g\n  rules:\n${rules}`, 'r.yml'), 'r.yml')

test('an alert on a ratio, shown as per cent', () => {
  expect(
    lint(`  - alert: RedisMemory
    expr: redis_memory_used_bytes / redis_memory_max_bytes > 0.8
    annotations: {description: 'Redis memory usage is {{ $value }}%'}
`),
  ).toEqual([
    expect.stringMatching(/^r\.yml:4: rule "RedisMemory": \[division-by-zero\] .*> 0\)$/),
    expect.stringMatching(/^r\.yml:4: rule "RedisMemory": \[ratio-as-percent\] .*humanizePercentage/),
  ])
})

test('a recorded ratio may be infinite', () => {
  expect(lint('  - {record: "a:b", expr: "used / max > 0.8"}\n')).toEqual([])
})

test('sound rules give no finding', () => {
  expect(
    lint('  - {alert: Down, expr: "up == 0", annotations: {summary: "{{ $value }} is down"}}\n'),
  ).toEqual([])
})
