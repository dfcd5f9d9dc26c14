import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, AppendStatus, isStaleAt, Labels, Matcher, SampleColumns } from '@promontory/model'
import { afterEach, expect, test } from 'vitest'
import { Tsdb, TsdbReader } from './index.ts'

const directories: string[] = []
const open: Tsdb[] = []

afterEach(() => {
  for (const db of open.splice(0)) db.close()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-tsdb-'))
  directories.push(directory)
  return directory
}

async function openDb(directory: string): Promise<Tsdb> {
  const db = await Tsdb.open({ directory, registry: new Registry(), headPages: 4096 })
  open.push(db)
  return db
}

/** As after a kill -9: the directory is free again, nothing is flushed. */
function abandon(db: Tsdb): void {
  db.close()
  open.splice(open.indexOf(db), 1)
}

async function everything(
  db: Tsdb,
  startMs = -1e15,
  endMs = 1e15,
): Promise<Record<string, [number, number][]>> {
  const querier = new TsdbReader(db.readerState(), 0).querier({ startMs, endMs })
  const [set] = await querier.select([{ matchers: [new Matcher('!=', '__name__', '')], startMs, endMs }])
  const columns = new SampleColumns()
  const found: Record<string, [number, number][]> = {}
  for (let i = 0; i < set!.length; i++) {
    set!.read(i, columns)
    found[set!.labels(i).toString()] = Array.from({ length: columns.length }, (_, k) => [
      columns.timesMs[k]!,
      columns.values[k]!,
    ])
  }
  querier.close()
  return found
}

const metric = (name: string, more: Record<string, string> = {}): Labels =>
  Labels.from({ __name__: name, ...more })

test('samples of several chunks and ranges come back, across a restart too', async () => {
  const directory = newDirectory()
  const db = await openDb(directory)
  const ref = db.seriesRef(metric('up', { job: 'a' }))
  const other = db.seriesRef(metric('up', { job: 'b' }))
  const batch = new AppendBatch()
  const wanted: [number, number][] = []
  for (let i = 0; i < 1000; i++) {
    batch.clear()
    batch.push(ref, i * 15_000, i)
    batch.push(other, i * 15_000, Math.sin(i))
    wanted.push([i * 15_000, i])
    expect(db.append(batch).appended).toBe(2)
  }
  expect((await everything(db))['{__name__="up", job="a"}']).toEqual(wanted)
  expect(Object.keys(await everything(db, 20_000, 20_000))).toEqual([
    '{__name__="up", job="a"}',
    '{__name__="up", job="b"}',
  ])
  const before = await everything(db)
  abandon(db)
  const again = await openDb(directory)
  expect(await everything(again)).toEqual(before)
  expect(again.replay.samples).toBe(2000)
})

test('each sample of a batch gets its verdict', async () => {
  const db = await openDb(newDirectory())
  const ref = db.seriesRef(metric('x'))
  const batch = new AppendBatch()
  batch.push(ref, 2e7, 1)
  db.append(batch)
  batch.clear()
  batch.push(ref, 2e7, 1)
  batch.push(ref, 2e7, 2)
  batch.push(ref, 2e7 - 1, 3)
  batch.push(ref, 1, 3)
  batch.push(ref, NaN, 3)
  batch.push(ref + 2 ** 24, 3e7, 3)
  batch.push(ref, 3e7, 4)
  const { appended, statuses } = db.append(batch)
  expect([...statuses]).toEqual([
    AppendStatus.duplicateSame,
    AppendStatus.duplicateTimestamp,
    AppendStatus.outOfOrder,
    AppendStatus.tooOld,
    AppendStatus.outOfBounds,
    AppendStatus.unknownSeries,
    AppendStatus.appended,
  ])
  expect(appended).toBe(1)
  expect(await everything(db)).toEqual({
    '{__name__="x"}': [
      [2e7, 1],
      [3e7, 4],
    ],
  })
})

test('stale markers survive the log', async () => {
  const directory = newDirectory()
  const db = await openDb(directory)
  const batch = new AppendBatch()
  batch.push(db.seriesRef(metric('x')), 1000, 1)
  batch.pushStale(db.seriesRef(metric('x')), 2000)
  db.append(batch)
  abandon(db)
  const again = await openDb(directory)
  const querier = new TsdbReader(again.readerState(), 0).querier({ startMs: 0, endMs: 5000 })
  const [set] = await querier.select([
    { matchers: [new Matcher('=', '__name__', 'x')], startMs: 0, endMs: 5000 },
  ])
  const columns = new SampleColumns()
  set!.read(0, columns)
  expect(columns.length).toBe(2)
  expect(isStaleAt(columns.bits, 0)).toBe(false)
  expect(isStaleAt(columns.bits, 1)).toBe(true)
  querier.close()
})

test.each([
  [
    'a torn record',
    (file: string) => writeFileSync(file, readFileSync(file).subarray(0, statSync(file).size - 5)),
  ],
  ['garbage behind the end', (file: string) => appendFileSync(file, Buffer.from([9, 0, 200, 1, 2, 3, 4, 5]))],
])('%s at the end of the log is cut off and accounted for', async (_name, damage) => {
  const directory = newDirectory()
  const db = await openDb(directory)
  const ref = db.seriesRef(metric('x'))
  const batch = new AppendBatch()
  for (let i = 0; i < 10; i++) {
    batch.clear()
    batch.push(ref, 1000 * i, i)
    db.append(batch)
  }
  abandon(db)
  const segment = join(directory, 'wal', readdirSync(join(directory, 'wal')).at(-1)!)
  damage(segment)
  const again = await openDb(directory)
  expect(again.replay.repair?.bytesCut).toBeGreaterThan(0)
  const samples = (await everything(again))['{__name__="x"}']!
  expect(samples.length).toBeGreaterThanOrEqual(9)
  expect(samples).toEqual(Array.from(samples, (_, i) => [1000 * i, i]))
  batch.clear()
  batch.push(again.seriesRef(metric('x')), 60_000, 42)
  again.append(batch)
  abandon(again)
  const third = await openDb(directory)
  expect(third.replay.repair).toBeUndefined()
  expect((await everything(third))['{__name__="x"}']!.at(-1)).toEqual([60_000, 42])
})

test('the second opener of a directory is refused', async () => {
  const directory = newDirectory()
  const db = await openDb(directory)
  await expect(openDb(directory)).rejects.toThrow(/is locked/)
  abandon(db)
  await openDb(directory)
})

test('matchers of every kind select', async () => {
  const db = await openDb(newDirectory())
  const batch = new AppendBatch()
  for (const job of ['api', 'web', 'db', ''])
    for (const code of ['200', '500']) batch.push(db.seriesRef(metric('requests', { job, code })), 1000, 1)
  db.append(batch)
  const querier = new TsdbReader(db.readerState(), 0).querier({ startMs: 0, endMs: 5000 })
  const count = async (...matchers: ['=' | '!=' | '=~' | '!~', string, string][]): Promise<number> => {
    const [set] = await querier.select([
      {
        matchers: matchers.map(([operator, name, value]) => new Matcher(operator, name, value)),
        startMs: 0,
        endMs: 5000,
      },
    ])
    return set!.length
  }
  expect(await count(['=', '__name__', 'requests'])).toBe(8)
  expect(await count(['=', '__name__', 'nothing'])).toBe(0)
  expect(await count(['=', 'job', 'api'], ['=', 'code', '200'])).toBe(1)
  expect(await count(['=~', 'job', 'api|web'])).toBe(4)
  expect(await count(['=~', 'job', '(a|w).*b?'], ['!=', 'code', '500'])).toBe(2)
  expect(await count(['=', '__name__', 'requests'], ['=', 'job', ''])).toBe(2)
  expect(await count(['=', '__name__', 'requests'], ['!~', 'job', 'd.+'])).toBe(6)
  expect(await count(['=~', 'absent', '.+'])).toBe(0)
  expect(await querier.labelNames({ matchers: [], startMs: 0, endMs: 5000 })).toEqual([
    '__name__',
    'code',
    'job',
  ])
  expect(await querier.labelValues('job', { matchers: [], startMs: 0, endMs: 5000 })).toEqual([
    'api',
    'db',
    'web',
  ])
  querier.close()
})
