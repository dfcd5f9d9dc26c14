import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, Labels, Matcher, SampleColumns, type SelectRequest } from '@promontory/model'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { ChunkDecoder } from '../chunk-decoder.ts'
import { ChunkEncoder } from '../chunk/chunk-encoder.ts'
import { Compactor, Tsdb, type TsdbOptions, TsdbReader } from '../index.ts'
import { AggregateReader, encodeAggregates } from './aggregate-chunk.ts'
import { Aggregator } from './aggregates.ts'
import { chooseTiers } from './choose.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

function columnsOf(samples: readonly (readonly [timeMs: number, value: number])[]): SampleColumns {
  const columns = new SampleColumns()
  columns.setArrays(
    Float64Array.from(samples, ([time]) => time),
    Float64Array.from(samples, ([, value]) => value),
  )
  columns.length = samples.length
  return columns
}

describe('aggregate chunks', () => {
  test('rows stay the same through chunks, whatever the samples', () => {
    const sample = fc.tuple(
      fc.integer({ min: 1, max: 400_000 }),
      fc.double({ noNaN: true, min: 0, max: 1e9 }),
    )
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 600 }), (gaps) => {
        let timeMs = 0
        const aggregator = new Aggregator(5 * MINUTE)
        aggregator.add(columnsOf(gaps.map(([gap, value]) => [(timeMs += gap), value])))
        const { rows } = aggregator
        const reader = new AggregateReader(new ChunkDecoder())
        for (const { data } of encodeAggregates(rows, new ChunkEncoder())) reader.add(data)
        expect(reader.rows.timesMs).toEqual(rows.timesMs)
        for (const column of ['counts', 'sums', 'mins', 'maxs'] as const)
          expect(reader.rows[column]).toEqual(rows[column])
        rows.counters.forEach((counter, i) =>
          expect(reader.rows.counters[i]! / (counter || 1)).toBeCloseTo(counter === 0 ? 0 : 1, 9),
        )
        expect(reader.rows.last).toBe(rows.last)
      }),
      { seed: 11, numRuns: 60 },
    )
  })

  test('damaged chunks are refused', () => {
    const aggregator = new Aggregator(5 * MINUTE)
    aggregator.add(columnsOf(Array.from({ length: 500 }, (_, i) => [i * MINUTE, i % 70])))
    const [chunk] = encodeAggregates(aggregator.rows, new ChunkEncoder())
    for (let length = 0; length < chunk!.data.length - 1; length += 7)
      expect(() => new AggregateReader(new ChunkDecoder()).add(chunk!.data.slice(0, length))).toThrow(
        RangeError,
      )
  })

  test('a reset between two chunks counts once', () => {
    const reader = new AggregateReader(new ChunkDecoder())
    for (const [from, first] of [
      [0, 100],
      [HOUR, 5],
    ] as const) {
      const aggregator = new Aggregator(5 * MINUTE)
      aggregator.add(columnsOf(Array.from({ length: 60 }, (_, i) => [from + i * MINUTE, first + i])))
      for (const { data } of encodeAggregates(aggregator.rows, new ChunkEncoder())) reader.add(data)
    }
    // 100 … 159, then 5 … 64: 159 + 64.
    expect(reader.rows.counters.at(-1)).toBe(223)
  })
})

describe('which tier', () => {
  const tiers = [
    { resolutionMs: 5 * MINUTE, startMs: 40 * DAY, endMs: 99 * DAY - 1 },
    { resolutionMs: HOUR, startMs: 10 * DAY, endMs: 99 * DAY - 1 },
  ]
  const request = (startMs: number, hints?: Partial<SelectRequest['hints']>): SelectRequest => ({
    matchers: [],
    startMs,
    endMs: 100 * DAY,
    ...(hints === undefined ? {} : { hints: { stepMs: HOUR, rangeMs: 0, func: '', ...hints } }),
  })
  test.each<[string, SelectRequest, number, [number, number][], number]>([
    [
      'samples where there are some, then the finest',
      request(0),
      85 * DAY,
      [
        [HOUR, 40 * DAY],
        [5 * MINUTE, 85 * DAY],
      ],
      85 * DAY,
    ],
    ['no tier for what samples have', request(86 * DAY), 85 * DAY, [], -Infinity],
    ['no further than needed', request(50 * DAY), 84.5 * DAY, [[5 * MINUTE, 84.5 * DAY]], 84.5 * DAY],
    [
      'of counters to the end of the day',
      request(50 * DAY, { rangeMs: MINUTE, func: 'rate' }),
      84.5 * DAY,
      [[5 * MINUTE, 85 * DAY]],
      85 * DAY,
    ],
    [
      'of counters not on the first day',
      request(30 * DAY, { rangeMs: MINUTE, func: 'rate' }),
      10.5 * DAY,
      [],
      -Infinity,
    ],
    [
      'a coarse one before the samples, where it is exact',
      request(0, { rangeMs: 2 * HOUR, func: 'rate', firstStepMs: DAY }),
      85 * DAY,
      [[HOUR, 99 * DAY]],
      99 * DAY,
    ],
    [
      'not where its windows do not fit',
      request(86 * DAY, { rangeMs: 2 * HOUR, func: 'rate', firstStepMs: DAY + 1 }),
      85 * DAY,
      [],
      -Infinity,
    ],
    [
      'not for a window shorter than two',
      request(86 * DAY, { rangeMs: HOUR, func: 'rate', firstStepMs: DAY }),
      85 * DAY,
      [[5 * MINUTE, 99 * DAY]],
      99 * DAY,
    ],
    [
      'not for what it cannot answer',
      request(86 * DAY, { rangeMs: DAY, func: 'quantile_over_time', firstStepMs: DAY }),
      85 * DAY,
      [],
      -Infinity,
    ],
  ])('%s', (_, asked, samplesFromMs, pieces, fromMs) => {
    const choice = chooseTiers(asked, tiers, samplesFromMs)
    expect(choice.pieces.map((piece) => [piece.resolutionMs, piece.toMs])).toEqual(pieces)
    expect(choice.samplesFromMs).toBe(fromMs)
  })
})

async function open(directory: string, runTask?: TsdbOptions['runTask']): Promise<Tsdb> {
  const db = await Tsdb.open({
    directory,
    ...(runTask === undefined ? {} : { runTask }),
    registry: new Registry(),
    headPages: 4096,
    retention: { timeMs: DAY, bytes: 0 },
    tiers: { directory: join(directory, 'tiers'), retention: { '5m': 60 * DAY, '1h': 0, '1d': 0 } },
  })
  cleanups.push(() => db.close())
  return db
}

async function days(db: Tsdb, job: string): Promise<number> {
  const range = { startMs: 0, endMs: 100 * DAY }
  const querier = new TsdbReader(db.readerState(), 0).querier(range)
  const [set] = await querier.select([{ matchers: [new Matcher('=', 'job', job)], ...range }])
  const columns = new SampleColumns()
  if (set!.length > 0) set!.read(0, columns)
  const found = new Set(
    Array.from(columns.timesMs.subarray(0, columns.length), (time) => Math.floor(time / DAY)),
  )
  querier.close()
  return found.size
}

async function fill(db: Tsdb, fromDay: number, toDay: number): Promise<void> {
  const batch = new AppendBatch()
  for (let time = fromDay * DAY; time < toDay * DAY; time += 10 * MINUTE) {
    batch.clear()
    for (const job of ['app', 'debug'])
      batch.push(db.seriesRef(Labels.from({ __name__: 'm', job })), time, time)
    db.append(batch)
    if (time % HOUR === 0) await db.maintenance.run()
  }
}

describe('what is kept', () => {
  test('deletions, retention by selector, and a restart; whole days only in tiers', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'promontory-tiers-'))
    cleanups.push(() => rmSync(directory, { recursive: true }))
    const db = await open(directory)
    await fill(db, 0, 8)
    expect(await days(db, 'app')).toBe(8)
    expect(await days(db, 'debug')).toBe(8)
    // Merged blocks of six days, then days.
    expect(db.maintenance.tiers!.blocks.length).toBe(2)

    db.maintenance.shorterRetention = [{ matchers: [new Matcher('=', 'job', 'debug')], keepMs: 1.5 * DAY }]
    await db.maintenance.run()
    expect(await days(db, 'app')).toBe(8)
    expect(await days(db, 'debug')).toBe(2)

    await db.deleteSeries([new Matcher('=', 'job', 'app')], DAY, 3 * DAY - 1)
    expect(await days(db, 'app')).toBe(6)
    await db.cleanTombstones()
    expect(await days(db, 'app')).toBe(6)
    db.close()

    const again = await open(directory)
    expect(await days(again, 'app')).toBe(6)
    again.maintenance.tiers!.retain({ '5m': DAY, '1h': 0, '1d': 0 })
    await again.maintenance.run()
    expect(await days(again, 'app')).toBeLessThan(6)
    again.maintenance.tiers!.retain({ '5m': 0, '1h': 0, '1d': 0 })
    await again.maintenance.run()
    // Switched off, what is there stays.
    expect(existsSync(again.maintenance.tiers!.blocks[0]!.directory)).toBe(true)
  })

  test('a day that cannot be aggregated costs neither the other days nor the retention', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'promontory-tiers-'))
    cleanups.push(() => rmSync(directory, { recursive: true }))
    let failed = 0
    const db = await open(directory, async (task, memory) => {
      if (task.kind === 'tiers' && task.fromMs === 2 * DAY) {
        failed++
        throw new Error('a damaged block')
      }
      return new Compactor(memory, 60).run(task)
    })
    await fill(db, 0, 6)
    expect(failed).toBeGreaterThan(1)
    expect(db.maintenance.tiers!.blocks.map(({ meta }) => meta.minTime / DAY)).toEqual([0, 1, 3, 4])
    expect(db.maintenance.blocks[0]!.meta.minTime).toBeGreaterThan(3 * DAY)
  })
})
