import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, Labels, Matcher, SampleColumns } from '@promontory/model'
import { afterEach, describe, expect, test } from 'vitest'
import type { BlockOnDisk } from '../block/meta.ts'
import { Tsdb, TsdbReader } from '../index.ts'
import { blockRanges, planCompaction } from './plan.ts'
import { beyondRetention } from './retention.ts'

const HOUR = 3600_000
const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-compact-'))
  cleanups.push(() => rmSync(directory, { recursive: true }))
  return directory
}

async function openDb(directory: string): Promise<Tsdb> {
  const db = await Tsdb.open({
    directory,
    registry: new Registry(),
    headPages: 4096,
    retention: { timeMs: 0, bytes: 0 },
  })
  cleanups.push(() => db.close())
  return db
}

async function everything(db: Tsdb): Promise<Map<string, number[][]>> {
  const range = { startMs: -1e15, endMs: 1e15 }
  const querier = new TsdbReader(db.readerState(), 0).querier(range)
  const [set] = await querier.select([{ matchers: [new Matcher('!=', '__name__', '')], ...range }])
  const columns = new SampleColumns()
  const found = new Map<string, number[][]>()
  for (let i = 0; i < set!.length; i++) {
    set!.read(i, columns)
    found.set(
      set!.labels(i).toString(),
      Array.from({ length: columns.length }, (_, k) => [columns.timesMs[k]!, columns.values[k]!]),
    )
  }
  querier.close()
  return found
}

/** Series 0…4 live all the time, others for one hour each. */
function fill(db: Tsdb, fromMs: number, toMs: number): void {
  const batch = new AppendBatch()
  for (let time = fromMs; time < toMs; time += 30_000) {
    batch.clear()
    for (let i = 0; i < 5; i++)
      batch.push(db.seriesRef(Labels.from({ __name__: 'lasting', i: String(i) })), time, time / 1000 + i)
    batch.push(
      db.seriesRef(Labels.from({ __name__: 'passing', hour: String(Math.floor(time / HOUR)) })),
      time,
      1,
    )
    db.append(batch)
  }
}

describe('compaction', () => {
  test('the head becomes blocks, they merge, and every sample stays, over a restart too', async () => {
    const directory = newDirectory()
    const db = await openDb(directory)
    const expected = new Map<string, number[][]>()
    const append = (from: number, to: number): void => fill(db, from, to)
    for (let hour = 0; hour < 26; hour += 2) {
      append(hour * HOUR, (hour + 2) * HOUR)
      await db.maintenance.run()
    }
    for (let time = 0; time < 26 * HOUR; time += 30_000) {
      for (let i = 0; i < 5; i++) push(expected, { __name__: 'lasting', i: String(i) }, time, time / 1000 + i)
      push(expected, { __name__: 'passing', hour: String(Math.floor(time / HOUR)) }, time, 1)
    }
    const answers = await everything(db)
    expect([...answers.keys()].sort()).toEqual([...expected.keys()].sort())
    for (const [series, samples] of expected) expect(answers.get(series), series).toEqual(samples)
    expect(Math.max(...db.maintenance.blocks.map(({ meta }) => meta.compaction.level))).toBeGreaterThan(1)
    expect(db.head.minTimeMs).toBeGreaterThanOrEqual(22 * HOUR)
    expect(db.head.seriesCount).toBeLessThan(5 + 5)
    expect(readdirSync(join(directory, 'wal')).some((name) => name.startsWith('checkpoint.'))).toBe(true)
    db.close()
    const again = await openDb(directory)
    expect(await everything(again)).toEqual(answers)
  })
})

function push(
  into: Map<string, number[][]>,
  labels: Record<string, string>,
  time: number,
  value: number,
): void {
  const key = Labels.from(labels).toString()
  const list = into.get(key)
  if (list === undefined) into.set(key, [[time, value]])
  else list.push([time, value])
}

function block(minHour: number, maxHour: number, level = 1): BlockOnDisk {
  return {
    directory: `${minHour}-${maxHour}`,
    meta: {
      ulid: `${minHour}`,
      minTime: minHour * HOUR,
      maxTime: maxHour * HOUR,
      stats: {},
      compaction: { level },
      version: 1,
    },
  }
}

describe('plan', () => {
  const ranges = blockRanges(2 * HOUR, 54 * HOUR)
  const plan = (...blocks: BlockOnDisk[]): string[] =>
    planCompaction(blocks, ranges).map(({ directory }) => directory)
  test('ranges triple', () => expect(ranges.map((range) => range / HOUR)).toEqual([2, 6, 18, 54]))
  test('nothing to do', () => expect(plan()).toEqual([]))
  test('the newest block waits', () => expect(plan(block(0, 2), block(2, 4), block(4, 6))).toEqual([]))
  test('a full range', () =>
    expect(plan(block(0, 2), block(2, 4), block(4, 6), block(6, 8))).toEqual(['0-2', '2-4', '4-6']))
  test('a range with a gap, once it is past', () =>
    expect(plan(block(0, 2), block(4, 6), block(6, 8))).toEqual(['0-2', '4-6']))
  test('one block alone stays', () => expect(plan(block(0, 2), block(6, 8), block(12, 14))).toEqual([]))
  test('overlap first', () => expect(plan(block(0, 6), block(1, 3), block(6, 8))).toEqual(['0-6', '1-3']))
})

test('retention by time counts from the newest end', () => {
  const blocks = [block(0, 2), block(2, 4), block(4, 6)]
  const gone = beyondRetention(blocks, { timeMs: 4 * HOUR, bytes: 0 }, 0)
  expect(gone.map(({ directory }) => directory)).toEqual(['0-2'])
})
