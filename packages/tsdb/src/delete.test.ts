import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, Labels, Matcher, SampleColumns } from '@promontory/model'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { addRange, isDeleted } from './block/deleted-ranges.ts'
import { readMeta } from './block/meta.ts'
import { readTombstones } from './block/tombstones.ts'
import { Tsdb, TsdbReader } from './index.ts'

const HOUR = 3600_000
const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

async function open(directory?: string): Promise<Tsdb> {
  const where = directory ?? mkdtempSync(join(tmpdir(), 'promontory-delete-'))
  if (directory === undefined) cleanups.push(() => rmSync(where, { recursive: true }))
  const retention = { timeMs: 0, bytes: 0 }
  const db = await Tsdb.open({ directory: where, registry: new Registry(), headPages: 4096, retention })
  cleanups.push(() => db.close())
  return db
}

function fill(db: Tsdb, from: number, to: number): void {
  const batch = new AppendBatch()
  for (let time = from; time < to; time += 60_000) {
    batch.clear()
    for (const name of ['a', 'b'])
      batch.push(db.seriesRef(Labels.from({ __name__: name })), time, time / 1000)
    db.append(batch)
  }
}

async function timesOf(reader: TsdbReader, name: string): Promise<number[]> {
  const range = { startMs: -1e15, endMs: 1e15 }
  const querier = reader.querier(range)
  const [set] = await querier.select([{ matchers: [new Matcher('=', '__name__', name)], ...range }])
  const columns = new SampleColumns()
  if (set!.length > 0) set!.read(0, columns)
  const times = [...columns.timesMs.subarray(0, columns.length)]
  querier.close()
  return times
}

const only = (name: string): Matcher[] => [new Matcher('=', '__name__', name)]

describe('deleting', () => {
  test('samples of head and blocks go, for open readers too, over restarts and compactions', async () => {
    const db = await open()
    fill(db, 0, 9 * HOUR)
    await db.maintenance.run()
    expect(db.maintenance.blocks.length).toBeGreaterThan(0)
    const reader = new TsdbReader(db.readerState(), 0)
    db.onBlocks((blocks) => reader.setBlocks(blocks))
    const before = await timesOf(reader, 'a')
    const kept = before.filter((time) => time < 1.5 * HOUR || time > 8.5 * HOUR)
    await db.deleteSeries(only('a'), 1.5 * HOUR, 8.5 * HOUR)
    expect(await timesOf(reader, 'a')).toEqual(kept)
    expect(await timesOf(reader, 'b')).toEqual(before)
    // What comes now is not meant.
    fill(db, 9 * HOUR, 9.2 * HOUR)
    expect((await timesOf(reader, 'a')).length).toBe(kept.length + 12)
    db.close()
    const again = await open(db.directory)
    const second = new TsdbReader(again.readerState(), 0)
    again.onBlocks((blocks) => second.setBlocks(blocks))
    expect((await timesOf(second, 'a')).length).toBe(kept.length + 12)
    const stones = again.maintenance.blocks.map(
      ({ directory }) => readTombstones(join(directory, 'tombstones')).size,
    )
    expect(stones.some((count) => count > 0)).toBe(true)
    expect(
      again.maintenance.blocks.some(({ directory }) => readMeta(directory).stats.numTombstones === 1),
    ).toBe(true)
    await again.cleanTombstones()
    for (const { directory } of again.maintenance.blocks)
      expect(readTombstones(join(directory, 'tombstones')).size).toBe(0)
    expect((await timesOf(second, 'a')).length).toBe(kept.length + 12)
    expect((await timesOf(second, 'b')).length).toBe(before.length + 12)
  })

  test('everything of a series, then it begins anew', async () => {
    const db = await open()
    fill(db, 0, HOUR)
    await db.deleteSeries(only('a'), -1e15, 1e15)
    const reader = new TsdbReader(db.readerState(), 0)
    expect(await timesOf(reader, 'a')).toEqual([])
    fill(db, HOUR, HOUR + 6 * 60_000)
    expect((await timesOf(reader, 'a')).length).toBe(6)
    db.close()
    const again = await open(db.directory)
    expect((await timesOf(new TsdbReader(again.readerState(), 0), 'a')).length).toBe(6)
  })
})

test('ranges that meet become one, and cover the same times', () => {
  const range = fc
    .tuple(fc.nat(40), fc.nat(6))
    .map(([from, length]) => ({ minTimeMs: from, maxTimeMs: from + length }))
  fc.assert(
    fc.property(fc.array(range), (ranges) => {
      const joined = ranges.reduce<ReturnType<typeof addRange>>(addRange, [])
      for (let time = 0; time < 50; time++) expect(isDeleted(joined, time)).toBe(isDeleted(ranges, time))
      joined.forEach((each, i) => {
        if (i > 0) expect(each.minTimeMs).toBeGreaterThan(joined[i - 1]!.maxTimeMs + 1)
      })
    }),
  )
})
