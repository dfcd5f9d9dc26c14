import { parseRuleFile } from '@promontory/rules'
import { expect, test } from 'vitest'
import { READY_MADE_FILES, ReadyMadeRules } from './ready-made-rules.ts'

const LLM = ['llm_requests_total', 'llm_request_duration_seconds_bucket', 'up']

function loaded(rules: ReadyMadeRules, own = '', tellsSomebody = false): string[] {
  const sources = rules.sources([{ file: 'own.yml', text: own }], tellsSomebody)
  return sources.flatMap(({ file, text }) => {
    expect(file.startsWith(READY_MADE_FILES)).toBe(true)
    return parseRuleFile(text, file).groups.flatMap((group) => group.rules.map(({ name }) => name))
  })
}

test('rules come with their metrics, once, and stay', () => {
  const rules = new ReadyMadeRules('auto')
  expect(loaded(rules)).toEqual([])
  expect(rules.see(new Set(LLM))).toBe(true)
  expect(rules.see(new Set(LLM))).toBe(false)
  expect(rules.see(new Set())).toBe(false)
  expect(loaded(rules)).toEqual([
    'TargetDown',
    'job:sla_up:avg1d',
    'provider:llm_request_errors:ratio_rate1m',
    'provider:llm_request_duration_seconds:p95_5m',
    'LLMProviderDown',
    'LLMProviderSlow',
  ])
})

test('many series: only on request', () => {
  expect(new ReadyMadeRules('auto').mayBeAdded(20_000)).toBe(true)
  expect(new ReadyMadeRules('auto').mayBeAdded(20_001)).toBe(false)
  expect(new ReadyMadeRules('all').mayBeAdded(1_000_000)).toBe(true)
  expect(new ReadyMadeRules('none').mayBeAdded(1)).toBe(false)
})

test('an alert of the same name is the only one', () => {
  const rules = new ReadyMadeRules('all')
  rules.see(new Set(LLM))
  const own = 'groups: [{ name: mine, rules: [{ alert: TargetDown, expr: "up == 0" }] }]'
  expect(loaded(rules, own)).not.toContain('TargetDown')
  expect(loaded(rules, own)).toContain('LLMProviderDown')
})

test('interval, for, labels and annotations are as in the file', () => {
  const rules = new ReadyMadeRules('auto')
  rules.see(new Set(LLM))
  const { text } = rules.sources([], false).find(({ file }) => file.endsWith('llm.yml'))!
  const [group] = parseRuleFile(text, 'llm.yml').groups
  const alert = group!.rules.find(({ name }) => name === 'LLMProviderDown')!
  expect(group!.intervalMs).toBe(5000)
  expect(alert.forMs).toBe(15_000)
  expect(alert.labels.toObject()).toEqual({ severity: 'critical' })
  expect(alert.annotations.toObject()).toMatchObject({ summary: '{{ $labels.provider }} fails' })
})
