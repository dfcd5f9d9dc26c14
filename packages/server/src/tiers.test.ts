import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, FloatHistogram, Labels } from '@promontory/model'
import { Engine, type QueryResult } from '@promontory/promql'
import { Tsdb, type TsdbOptions, TsdbReader } from '@promontory/tsdb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const DAYS = 9
const RETENTION = { '5m': 60 * DAY, '1h': 365 * DAY, '1d': 3 * 365 * DAY }

const cleanups: (() => void)[] = []
afterAll(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

async function open(options: Partial<TsdbOptions>): Promise<Tsdb> {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-tiers-'))
  cleanups.push(() => rmSync(directory, { recursive: true }))
  const tiers = options.tiers === undefined ? {} : { tiers: { ...options.tiers, directory: join(directory, 'tiers') } } // prettier-ignore
  const db = await Tsdb.open({ directory, registry: new Registry(), headPages: 4096, ...options, ...tiers })
  cleanups.push(() => db.close())
  return db
}

/** A gauge, a counter that is reset twice a week, one that is reset every 7 hours, a native histogram; 13 s past each minute. */
async function fill(db: Tsdb): Promise<void> {
  const batch = new AppendBatch()
  const ref = (name: string, job: string): number => db.seriesRef(Labels.from({ __name__: name, job }))
  for (let minute = 0; minute < (DAYS * DAY) / MINUTE; minute++) {
    const timeMs = minute * MINUTE + 13_000
    batch.clear()
    batch.push(ref('gauge', 'a'), timeMs, 50 + 40 * Math.sin(minute / 300) + (minute % 7))
    batch.push(ref('steady_total', 'a'), timeMs, (minute % 5003) * 3)
    batch.push(ref('restless_total', 'a'), timeMs, (minute % 420) * 2 + (minute % 3))
    if (minute < 3000) batch.push(ref('gauge', 'short'), timeMs, minute)
    batch.histograms.push({
      ref: ref('native', 'a'),
      timeMs,
      histogram: histogramAt(minute),
      isInteger: true,
    })
    db.append(batch)
    if (minute % 360 === 0) await db.maintenance.run()
  }
  await db.maintenance.run()
}

function histogramAt(minute: number): FloatHistogram {
  return new FloatHistogram({
    schema: 1,
    zeroThreshold: 2 ** -128,
    zeroCount: 0,
    count: 3 * minute,
    sum: 5 * minute,
    positiveSpans: [{ offset: 0, length: 2 }],
    positiveBuckets: [minute, 2 * minute],
  })
}

let samples: Tsdb
let tiered: Tsdb
const engine = new Engine()

beforeAll(async () => {
  samples = await open({ retention: { timeMs: 0, bytes: 0 } })
  tiered = await open({
    retention: { timeMs: 2 * DAY, bytes: 0 },
    tiers: { directory: '', retention: RETENTION },
  })
  await fill(samples)
  await fill(tiered)
}, 120_000)

function ask(db: Tsdb, query: string, startMs: number, endMs: number, stepMs: number): Promise<QueryResult> {
  return engine.range(new TsdbReader(db.readerState(), 0), query, { startMs, endMs, stepMs })
}

/** Points of both answers, as pairs. */
async function both(
  query: string,
  startMs: number,
  endMs: number,
  stepMs: number,
): Promise<[number, number][]> {
  const [expected, actual] = await Promise.all(
    [samples, tiered].map((db) => ask(db, query, startMs, endMs, stepMs)),
  )
  const points = (result: QueryResult): Map<string, number> => {
    const found = new Map<string, number>()
    if (result.value.type !== 'matrix') throw new Error('expected a matrix')
    for (const { labels, timesMs, values, count } of result.value.series)
      for (let i = 0; i < count; i++) found.set(`${labels.key()} ${timesMs[i]}`, values[i]!)
    return found
  }
  const [theirs, ours] = [points(expected!), points(actual!)]
  expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort())
  expect(actual!.infos).toEqual([
    expect.stringMatching(/^PromQL info: computed from aggregates: \S+ before 1970-01-0/),
  ])
  expect(theirs.size).toBeGreaterThan(5)
  return [...theirs].map(([key, value]) => [value, ours.get(key)!])
}

describe('aggregates in place of samples', () => {
  test('samples are gone, their days are there in each tier', () => {
    const resolutions = tiered.maintenance.tiers!.blocks.map(
      ({ meta }) => meta.thanos?.downsample?.resolution,
    )
    expect(new Set(resolutions)).toEqual(new Set([5 * MINUTE, HOUR, DAY]))
    expect(tiered.maintenance.blocks[0]!.meta.minTime).toBeGreaterThan(6 * DAY)
  })

  const ALIGNED: [query: string, relative: number][] = [
    ['avg_over_time(gauge[1h])', 1e-12],
    ['sum_over_time(gauge[1h])', 1e-12],
    ['count_over_time(gauge[1h])', 0],
    ['min_over_time(gauge[2h])', 0],
    ['max_over_time(gauge[2h])', 0],
    ['max_over_time(gauge[1h]) - min_over_time(gauge[1h])', 1e-12],
    ['sum(avg_over_time(gauge[1d]))', 1e-12],
    ['increase(steady_total[1h])', 0.02],
    ['rate(steady_total[1d])', 0.001],
    ['increase(restless_total[1d])', 0.01],
    ['histogram_count(increase(native[4h]))', 0.01],
  ]
  test.each(ALIGNED)('%s, windows that begin and end with those of the tier', async (query, relative) => {
    for (const [expected, actual] of await both(query, DAY, (DAYS - 1) * DAY, HOUR))
      expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.abs(expected))
  })

  test('windows that lie anywhere are off by what is cut at their ends', async () => {
    const pairs = await both('increase(steady_total[6h])', DAY + 7 * MINUTE + 1234, 4 * DAY, 17 * MINUTE)
    for (const [expected, actual] of pairs) expect(Math.abs(actual - expected)).toBeLessThan(0.04 * expected)
  })

  test('no false reset at the border to the samples', async () => {
    const { startMs, endMs } = { startMs: 5 * DAY, endMs: (DAYS - 1) * DAY }
    for (const query of ['increase(restless_total[30m])', 'increase(steady_total[30m])'])
      for (const [expected, actual] of await both(query, startMs, endMs, 5 * MINUTE))
        expect(Math.abs(actual - expected)).toBeLessThan(35)
  })

  test('ranges and look-backs shorter than the windows that are left', async () => {
    tiered.maintenance.tiers!.retain({ ...RETENTION, '5m': 0 })
    await tiered.maintenance.run()
    for (const [expected, actual] of await both('gauge{job="a"}', DAY, 5 * DAY, 7 * MINUTE))
      expect(Math.abs(actual - expected)).toBeLessThan(12)
    for (const [expected, actual] of await both('rate(steady_total[5m])', 2 * DAY, 3 * DAY, 5 * MINUTE))
      expect(actual).toBeCloseTo(expected, 3)
    for (const [expected, actual] of await both('count_over_time(gauge[10m])', 4 * DAY, 5 * DAY, 10 * MINUTE))
      expect(actual).toBeCloseTo(expected, 6)
  })
})
