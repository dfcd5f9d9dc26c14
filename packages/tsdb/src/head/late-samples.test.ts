import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, AppendStatus, FloatHistogram, Labels, Matcher, SampleColumns } from '@promontory/model'
import { afterEach, describe, expect, test } from 'vitest'
import { Tsdb, TsdbReader } from '../index.ts'

const HOUR = 3600_000
const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

async function open(directory?: string, windowMs = 10 * HOUR): Promise<Tsdb> {
  const where = directory ?? mkdtempSync(join(tmpdir(), 'promontory-late-'))
  if (directory === undefined) cleanups.push(() => rmSync(where, { recursive: true }))
  const retention = { timeMs: 0, bytes: 0 }
  const db = await Tsdb.open({ directory: where, registry: new Registry(), headPages: 4096, retention })
  db.setLateWindow(windowMs)
  cleanups.push(() => db.close())
  return db
}

async function samplesOf(db: Tsdb, name = 'a'): Promise<[number, number][]> {
  const range = { startMs: -1e15, endMs: 1e15 }
  const reader = new TsdbReader(db.readerState(), 0)
  const querier = reader.querier(range)
  const [set] = await querier.select([{ matchers: [new Matcher('=', '__name__', name)], ...range }])
  const columns = new SampleColumns()
  if (set!.length > 0) set!.read(0, columns)
  const found = Array.from({ length: columns.length }, (_, k): [number, number] => [
    columns.timesMs[k]!,
    columns.histograms?.[k]?.count ?? columns.values[k]!,
  ])
  querier.close()
  return found
}

function append(db: Tsdb, ...times: number[]): number[] {
  const batch = new AppendBatch()
  const ref = db.seriesRef(Labels.from({ __name__: 'a' }))
  for (const time of times) batch.push(ref, time, time / 1000)
  return [...db.append(batch).statuses]
}

const LATE = Array.from({ length: 200 }, (_, i) => 5 * HOUR + ((i * 7919) % 200) * 60_000 + 1)

describe('late samples', () => {
  test('are merged in order, over a restart after a crash too', async () => {
    const db = await open()
    append(db, 9 * HOUR)
    expect(append(db, ...LATE).every((status) => status === AppendStatus.appended)).toBe(true)
    const wanted = [...LATE, 9 * HOUR].sort((a, b) => a - b).map((time) => [time, time / 1000])
    expect(await samplesOf(db)).toEqual(wanted)
    db.close()
    expect(await samplesOf(await open(db.directory))).toEqual(wanted)
  })

  test('the window bounds them; a repeated time is taken once; without a window there are none', async () => {
    const db = await open(undefined, HOUR)
    append(db, 9 * HOUR)
    expect(append(db, 8 * HOUR, 8 * HOUR, 8 * HOUR - 1)).toEqual([
      AppendStatus.appended,
      AppendStatus.duplicateSame,
      AppendStatus.tooOld,
    ])
    db.setLateWindow(0)
    expect(append(db, 8.9 * HOUR)).toEqual([AppendStatus.outOfOrder])
  })

  test('a time is in order behind all of its series only, window or not', async () => {
    const db = await open()
    const ref = db.seriesRef(Labels.from({ __name__: 'a' }))
    expect(db.takesInOrder(ref, 8.5 * HOUR)).toBe(true)
    append(db, 9 * HOUR)
    const times = [8 * HOUR - 1, 8.5 * HOUR, 9 * HOUR, 9 * HOUR + 1]
    expect(times.map((time) => db.takesInOrder(ref, time))).toEqual([false, false, false, true])
    const other = db.seriesRef(Labels.from({ __name__: 'b' }))
    expect(times.map((time) => db.takesInOrder(other, time))).toEqual([false, true, true, true])
    expect(db.takesInOrder(ref + 1000, 10 * HOUR)).toBe(false)
  })

  test('histograms come late as well', async () => {
    const db = await open()
    const batch = new AppendBatch()
    const ref = db.seriesRef(Labels.from({ __name__: 'h' }))
    for (const time of [9, 3, 5, 4])
      batch.histograms.push({
        ref,
        timeMs: time * HOUR,
        histogram: new FloatHistogram({ count: time }),
        isInteger: true,
      })
    expect(db.append(batch).histogramStatuses).toEqual([0, 0, 0, 0])
    expect(await samplesOf(db, 'h')).toEqual([3, 4, 5, 9].map((time) => [time * HOUR, time]))
  })

  test('become blocks of their own, which the next compaction merges; their log goes', async () => {
    const db = await open()
    for (let time = 0; time <= 9 * HOUR; time += 10 * 60_000) append(db, time)
    append(db, ...LATE)
    const before = await samplesOf(db)
    await db.maintenance.run()
    expect(db.head.late.series).toBe(0)
    expect(await samplesOf(db)).toEqual(before)
    expect(readdirSync(join(db.directory, 'wbl')).length).toBe(1)
    append(db, 8.7 * HOUR + 5)
    expect((await samplesOf(db)).length).toBe(before.length + 1)
    db.close()
    const again = await open(db.directory, 0)
    expect((await samplesOf(again)).length).toBe(before.length + 1)
    // Without a window what is left becomes a block at once.
    await again.maintenance.run()
    expect(again.head.late.series).toBe(0)
    expect((await samplesOf(again)).length).toBe(before.length + 1)
    expect(existsSync(join(db.directory, 'chunks_head'))).toBe(false)
  })
})
