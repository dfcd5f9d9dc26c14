import { parserOptionsOfFeatures } from '@promontory/promql'
import { expect, test } from 'vitest'
import { groupQueries } from './group-queries.ts'
import type { RangeTask } from './protocol.ts'

const OPTIONS = parserOptionsOfFeatures(new Set())

function task(expr: string, endMs = 1000): RangeTask {
  return { kind: 'range', expr, startMs: 0, endMs, stepMs: 100, stats: 'none', cached: true, limit: 0 }
}

test('queries with a selector in common, be it through a third, are one group', () => {
  const groups = groupQueries(
    [
      task('sum(rate(a{x="1"}[5m]))'),
      task('b'),
      task('a{x = "1"} / c'),
      undefined,
      task('max(c)'),
      task('a{x="2"}'),
      task('sum('),
      task('a{x="1"}', 2000),
    ],
    OPTIONS,
  )
  expect(groups.map((group) => group?.length)).toEqual([
    3,
    undefined,
    3,
    undefined,
    3,
    undefined,
    undefined,
    undefined,
  ])
  expect(groups[0]).toBe(groups[2])
  expect(groups[0]).toBe(groups[4])
  expect([...groups[0]!].sort()).toEqual(['a{x = "1"} / c', 'max(c)', 'sum(rate(a{x="1"}[5m]))'])
})
