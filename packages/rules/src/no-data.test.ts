import { AnchoredRegex } from '@promontory/model'
import { parseExpr } from '@promontory/promql/parser'
import { expect, test } from 'vitest'
import { dataExpression, noDataPolicyOf } from './no-data.ts'

test.each([
  ['up == 0', 'up'],
  ['0 < (rate(x[5m]) > 1)', 'rate(x[5m])'],
  ['sum by (job) (x) > 5 and on (job) y < 3', 'sum by (job) (x)'],
  ['a > 1 unless b', 'a'],
  ['a > 1 or b > 2', 'a or b'],
  ['a > bool 1', 'a > bool 1'],
  ['a / b > 0.5', 'a / b'],
  ['absent(up)', undefined],
  ['absent(up) or a > 1', undefined],
  ['vector(1) > 0', 'vector(1)'],
])('%s has data when %s has an answer', (expr, data) => {
  expect(dataExpression(parseExpr(expr))).toBe(data)
})

test('the first entry that matches alert and group counts', () => {
  const rules = [
    { alert: new AnchoredRegex('A.*'), group: new AnchoredRegex('g'), policy: 'keep' },
    { alert: new AnchoredRegex('.*'), group: undefined, policy: 'alert' },
  ] as const
  expect(noDataPolicyOf(rules, 'g', 'Abc')).toBe('keep')
  expect(noDataPolicyOf(rules, 'h', 'Abc')).toBe('alert')
  expect(noDataPolicyOf([], 'h', 'Abc')).toBe('resolve')
})
