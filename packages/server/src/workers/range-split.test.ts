import { parserOptionsOfFeatures } from '@promontory/promql'
import { expect, test } from 'vitest'
import type { RangeTask } from './protocol.ts'
import { RangeSplitter } from './range-split.ts'

const task = (more: Partial<RangeTask> = {}): RangeTask => ({
  kind: 'range', expr: 'sum(rate(m[5m]))', startMs: 0, endMs: 14_400_000, stepMs: 240_000, stats: 'none', cached: false, limit: 0, ...more,
}) // prettier-ignore

const splitter = (): RangeSplitter => new RangeSplitter(parserOptionsOfFeatures(new Set()))

test('what took long is cut into parts that follow each other', () => {
  const known = splitter()
  expect(known.split(task(), 2, 100)).toBeUndefined()
  known.note(task(), 61 * 10, 1000, 'bypass')
  const { lead, parts } = known.split(task(), 3, 100)!
  const ends = [lead.split!.ownEndMs, ...parts.map(({ endMs }) => endMs)]
  const starts = [lead.startMs, ...parts.map(({ startMs }) => startMs)]
  expect(lead.split!.parts).toBe(parts.length)
  expect(starts.slice(1).map((startMs) => startMs - 240_000)).toEqual(ends.slice(0, -1))
  expect([starts[0], ends.at(-1)]).toEqual([0, 14_400_000])
  expect(parts.every(({ maxSamples }) => maxSamples === 34)).toBe(true)
})

test.each<[string, RangeTask, number, number, number?]>([
  ['a quick query', task(), 61 * 0.01, 2],
  ['one idle worker', task(), 1000, 1],
  ['steps that depend on each other', task({ expr: 'sum(m @ end())' }), 1000, 2],
  ['wanted statistics', task({ stats: 'all' }), 1000, 2],
  ['few steps', task({ stepMs: 3_600_000 }), 1000, 2],
  ['a range not much longer than its borders', task({ endMs: 600_000, stepMs: 15_000 }), 15, 2],
  ['an answer that takes longer to join than the parts save', task(), 100, 2, 20_000_000],
  ['a query that does not parse', task({ expr: 'sum(' }), 1000, 2],
])('%s: one piece', (_, asked, workMs, workers, bytes = 1000) => {
  const known = splitter()
  known.note(asked, workMs, bytes, 'bypass')
  expect(known.split(asked, workers, 100)).toBeUndefined()
})

test('a long range is cut the first time already', () => {
  expect(splitter().split(task({ endMs: 24 * 3_600_000 }), 2, 100)).toBeDefined()
})

test('what a result cache knows stays in one piece, until it forgets', () => {
  const known = splitter()
  const asked = task({ cached: true })
  known.note(asked, 1000, 1000, 'miss')
  expect(known.split({ ...asked, startMs: 2_400_000, endMs: 16_800_000 }, 2, 100)).toBeUndefined()
  expect(known.split({ ...asked, startMs: 12_000_000, endMs: 36_000_000 }, 2, 100)).toBeDefined()
  known.note(asked, 0.1, 1000, 'hit')
  known.forgetKept()
  expect(known.split(asked, 2, 100)).toBeDefined()
})
