import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import {
  AppendBatch,
  compactHistogram,
  FloatHistogram,
  isStaleAt,
  Labels,
  Matcher,
  SampleColumns,
  STALE_HISTOGRAM,
} from '@promontory/model'
import { afterEach, expect, test } from 'vitest'
import { Tsdb, TsdbReader } from '../index.ts'
import { verifyDirectory } from '../verify.ts'

const HOUR = 3600_000
const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

async function open(directory: string): Promise<Tsdb> {
  const retention = { timeMs: 0, bytes: 0 }
  const db = await Tsdb.open({ directory, registry: new Registry(), headPages: 4096, retention })
  db.setLateWindow(24 * HOUR)
  cleanups.push(() => db.close())
  return db
}

async function everything(db: Tsdb): Promise<string[]> {
  const range = { startMs: -1e15, endMs: 1e15 }
  const querier = new TsdbReader(db.readerState(), 0).querier(range)
  const [set] = await querier.select([{ matchers: [new Matcher('!=', '__name__', '')], ...range }])
  const columns = new SampleColumns()
  const found: string[] = []
  for (let i = 0; i < set!.length; i++) {
    set!.read(i, columns)
    for (let k = 0; k < columns.length; k++) {
      const histogram = columns.histograms?.[k]
      // Which empty buckets are written down depends on the neighbours in the chunk, as do hints.
      const { counterResetHint: _hint, ...content } = compactHistogram(histogram ?? new FloatHistogram({}))
      const value = isStaleAt(columns.bits, k) && histogram === undefined ? 'stale' : columns.values[k]
      found.push(
        `${set!.labels(i).toString()} ${columns.timesMs[k]} ${JSON.stringify(histogram === undefined ? value : content)}`,
      )
    }
  }
  querier.close()
  return found
}

function histogram(n: number): FloatHistogram {
  const counts = [n, 2 * n, n % 5]
  return new FloatHistogram({
    schema: 3,
    zeroThreshold: 2 ** -128,
    zeroCount: n,
    count: n + counts.reduce((a, b) => a + b, 0),
    sum: n * 1.5,
    positiveSpans: [{ offset: 0, length: 2 }, { offset: n % 3, length: 1 }],
    positiveBuckets: counts,
  }) // prettier-ignore
}

test('histograms, late ones and markers stay the same through blocks, merges, checkpoints and a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-histograms-'))
  cleanups.push(() => rmSync(directory, { recursive: true }))
  const db = await open(directory)
  const batch = new AppendBatch()
  const append = (timeMs: number, n: number): void => {
    batch.clear()
    for (const isInteger of [true, false]) {
      const ref = db.seriesRef(Labels.from({ __name__: 'h', kind: isInteger ? 'integer' : 'float' }))
      if (n % 50 === 49) batch.pushStale(ref, timeMs)
      else batch.histograms.push({ ref, timeMs, histogram: histogram(n), isInteger })
    }
    const turns = db.seriesRef(Labels.from({ __name__: 'turns' }))
    if (n % 20 < 10) batch.push(turns, timeMs, n)
    else batch.histograms.push({ ref: turns, timeMs, histogram: histogram(n), isInteger: true })
    expect(db.append(batch).statuses.every((status) => status === 0)).toBe(true)
  }
  for (let round = 0; round < 4; round++) {
    for (let n = 0; n < 180; n++) append(round * 3 * HOUR + n * 60_000, n + 200 * round)
    // Behind what is in blocks, between what is in the head.
    for (let n = 0; n < 40; n++) append(round * 3 * HOUR + ((n * 17) % 173) * 60_000 + 7, n + 1000)
    const before = await everything(db)
    await db.maintenance.run()
    expect(await everything(db)).toEqual(before)
  }
  const wanted = await everything(db)
  expect(wanted.length).toBe(4 * 220 * 3)
  expect(db.maintenance.blocks.length).toBeGreaterThan(2)
  expect(verifyDirectory(directory).findings).toEqual([])
  db.close()
  const again = await open(directory)
  expect(await everything(again)).toEqual(wanted)
})

test('a batch in which series change their kind of histogram comes back whole from the log', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-histogram-kinds-'))
  cleanups.push(() => rmSync(directory, { recursive: true }))
  const db = await open(directory)
  const batch = new AppendBatch()
  const custom = new FloatHistogram({
    schema: -53,
    count: 3,
    sum: 4,
    positiveSpans: [{ offset: 0, length: 1 }],
    positiveBuckets: [3],
    customBounds: [1, 2],
  })
  for (const series of ['a', 'b']) {
    const ref = db.seriesRef(Labels.from({ __name__: 'h', series }))
    const kinds = [custom, histogram(1), custom, STALE_HISTOGRAM, custom, histogram(2), histogram(3), custom]
    for (const [i, each] of kinds.entries())
      batch.histograms.push({ ref, timeMs: 1000 * (i + 1), histogram: each, isInteger: i % 3 !== 2 })
  }
  expect(db.append(batch).histogramStatuses).toEqual(Array(16).fill(0))
  const wanted = await everything(db)
  expect(wanted.length).toBe(16)
  db.close()
  expect(await everything(await open(directory))).toEqual(wanted)
})
