import { expect, test } from 'vitest'
import { independentBatches } from './dependencies.ts'
import { parseRuleFile } from './rule-file.ts'

const batches = (...rules: string[]): number[][] =>
  independentBatches(
    parseRuleFile(`groups: [{name: g, rules: [${rules.join(', ')}]}]`, 'r.yml').groups[0]!.rules,
  )

test('independent rules share a batch; what reads stays behind, or before, what writes', () => {
  expect(batches('{record: a, expr: x}', '{record: b, expr: y}', '{alert: C, expr: z > 1}')).toEqual([
    [0, 1, 2],
  ])
  expect(
    batches(
      '{record: a, expr: x}',
      '{record: b, expr: sum(a)}',
      '{record: c, expr: y}',
      '{record: d, expr: b + c}',
    ),
  ).toEqual([[0, 2], [1], [3]])
  // The first reads what the second wrote an interval ago.
  expect(batches('{record: a, expr: b}', '{record: b, expr: x}')).toEqual([[0], [1]])
  expect(batches('{record: a, expr: x}', '{alert: B, expr: \'{job="x"}\'}', '{record: c, expr: y}')).toEqual([
    [0],
    [1],
    [2],
  ])
  expect(batches('{alert: A, expr: x}', '{record: b, expr: count(ALERTS)}')).toEqual([[0], [1]])
  expect(
    batches('{record: a, expr: x}', '{alert: B, expr: y, annotations: {t: \'{{ query "a" }}\'}}'),
  ).toEqual([[0], [1]])
})
