import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, FloatHistogram, Labels, Matcher, SampleColumns } from '@promontory/model'
import { afterEach, expect, test } from 'vitest'
import { Tsdb, TsdbReader } from '../index.ts'

const HOUR = 3600_000
const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-mover-'))
  cleanups.push(() => rmSync(directory, { recursive: true }))
  return directory
}

/** @param headBytes  0: every full chunk goes to a file */
async function open(directory: string, headBytes: number): Promise<Tsdb> {
  const retention = { timeMs: 0, bytes: 0 }
  const db = await Tsdb.open({
    directory,
    registry: new Registry(),
    headPages: 4096,
    retention,
    headBytes,
    lock: false,
  })
  cleanups.push(() => db.close())
  return db
}

const SERIES = 40

async function fill(db: Tsdb, fromMs: number, toMs: number, moves: boolean): Promise<void> {
  const batch = new AppendBatch()
  for (let time = fromMs; time < toMs; time += 15_000) {
    batch.clear()
    for (let i = 0; i < SERIES; i++)
      batch.push(
        db.seriesRef(Labels.from({ __name__: 'm', i: String(i) })),
        time,
        Math.sin(time / 1e6 + i) * 100,
      )
    const ref = db.seriesRef(Labels.from({ __name__: 'h' }))
    const n = time / 15_000
    batch.histograms.push({ ref, timeMs: time, histogram: new FloatHistogram({ schema: 1, zeroThreshold: 2 ** -128, zeroCount: n, count: 3 * n, sum: n, positiveSpans: [{ offset: 0, length: 1 }], positiveBuckets: [2 * n] }), isInteger: true }) // prettier-ignore
    db.append(batch)
    if (moves && time % 600_000 === 0) await db.head.mover!.run()
  }
  if (moves) await db.head.mover!.run()
}

async function everything(reader: TsdbReader, startMs = 0, endMs = 100 * HOUR): Promise<string[]> {
  const querier = reader.querier({ startMs, endMs })
  const [set] = await querier.select([{ matchers: [new Matcher('!=', '__name__', '')], startMs, endMs }])
  const columns = new SampleColumns()
  const found: string[] = []
  for (let i = 0; i < set!.length; i++) {
    set!.read(i, columns)
    for (let k = 0; k < columns.length; k++)
      found.push(
        `${set!.labels(i).toString()} ${columns.timesMs[k]} ${columns.histograms?.[k]?.count ?? columns.values[k]}`,
      )
  }
  querier.close()
  return found
}

test('what was moved to files is read, deleted, written to blocks and replayed like the rest', async () => {
  const [inMemory, inFiles] = [newDirectory(), newDirectory()]
  const plain = await open(inMemory, 2 ** 31)
  const moved = await open(inFiles, 0)
  await fill(plain, 0, 2 * HOUR, false)
  await fill(moved, 0, 2 * HOUR, true)
  expect(readdirSync(join(inFiles, 'chunks_head'))).toEqual(['000001'])
  const readers = [plain, moved].map((db) => new TsdbReader(db.readerState(), 0))
  const same = async (): Promise<number> => {
    const [expected, actual] = await Promise.all(readers.map((reader) => everything(reader)))
    expect(actual).toEqual(expected)
    return actual!.length
  }
  const all = await same()
  expect(all).toBe((SERIES + 1) * 480)
  expect(moved.head.bytesInUse).toBeLessThan(plain.head.bytesInUse - 80_000)

  for (const db of [plain, moved]) await db.deleteSeries([new Matcher('=', 'i', '7')], HOUR / 2, HOUR)
  expect(await same()).toBe(all - 121)

  // A reader that has begun goes on with what it saw, over a truncation.
  const early = readers[1]!.querier({ startMs: 0, endMs: HOUR })
  const [set] = await early.select([{ matchers: [new Matcher('=', 'i', '3')], startMs: 0, endMs: HOUR }])
  await fill(plain, 2 * HOUR, 4 * HOUR, false)
  await fill(moved, 2 * HOUR, 4 * HOUR, true)
  for (const [i, db] of [plain, moved].entries()) {
    db.onBlocks((blocks) => readers[i]!.setBlocks(blocks))
    await db.maintenance.run()
  }
  const columns = new SampleColumns()
  set!.read(0, columns)
  expect(columns.length).toBe(241)
  early.close()
  expect(moved.maintenance.blocks.length).toBeGreaterThan(0)
  expect(await same()).toBe(2 * all - 121)

  // As after a kill -9: the log has it all, and the replay moves chunks, too.
  await moved.head.mover!.run()
  const again = await open(inFiles, 0)
  again.head.mover!.runAtOnce()
  expect(await everything(new TsdbReader(again.readerState(), 1))).toEqual(await everything(readers[0]!))
})

test('the files are those of Prometheus: header, then chunks with their checksums', async () => {
  const directory = newDirectory()
  const db = await open(directory, 0)
  await fill(db, 0, HOUR, true)
  const bytes = readFileSync(join(directory, 'chunks_head/000001'))
  expect(bytes.readUInt32BE(0)).toBe(0x0130bc91)
  expect(bytes[4]).toBe(1)
  // First chunk: reference, times, encoding.
  expect([bytes.readBigInt64BE(16), bytes.readBigInt64BE(24), bytes[32]]).toEqual([0n, 119n * 15_000n, 1])
})
