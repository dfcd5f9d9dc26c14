import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, STALE_HISTOGRAM } from '@promontory/model'
import { type Contracted, type ContractSample, type ContractSeries, CONTRACT_START_MS, queryableContract } from '@promontory/model/queryable-contract' // prettier-ignore
import { afterEach } from 'vitest'
import { Tsdb, TsdbReader } from './index.ts'

const directories: string[] = []
const open: Tsdb[] = []

afterEach(() => {
  for (const db of open.splice(0)) db.close()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-contract-'))
  directories.push(directory)
  return directory
}

async function openAt(directory: string): Promise<Tsdb> {
  const retention = { timeMs: 1e15, bytes: 0 }
  const db = await Tsdb.open({ directory, registry: new Registry(), headPages: 4096, retention })
  open.push(db)
  return db
}

function append(db: Tsdb, series: readonly ContractSeries[], wanted: (timeMs: number) => boolean): void {
  const all = series
    .flatMap(({ labels, samples }) => samples.map((sample) => ({ labels, ...sample })))
    .filter(({ timeMs }) => wanted(timeMs))
    .sort((a, b) => a.timeMs - b.timeMs)
  const batch = new AppendBatch()
  for (const { labels, timeMs, value, histogram } of all) {
    const ref = db.seriesRef(labels)
    const isNative = labels.metricName === 'h'
    if (histogram !== undefined) batch.histograms.push({ ref, timeMs, histogram })
    else if (value !== undefined) batch.push(ref, timeMs, value)
    else if (isNative) batch.histograms.push({ ref, timeMs, histogram: STALE_HISTOGRAM })
    else batch.pushStale(ref, timeMs)
  }
  const { appended, histogramStatuses } = db.append(batch)
  if (appended !== batch.count || histogramStatuses.some((status) => status !== 0))
    throw new Error('samples were refused')
}

function contracted(db: Tsdb): Contracted {
  return {
    queryable: new TsdbReader(db.readerState(), 0),
    append: (labels, sample: ContractSample) => append(db, [{ labels, samples: [sample] }], () => true),
  }
}

/** The blocks of a snapshot, in a directory of their own. */
async function blocksOf(db: Tsdb, to: string): Promise<void> {
  const snapshot = join(db.directory, 'snapshots', await db.maintenance.snapshot(false))
  for (const name of readdirSync(snapshot))
    if (/^[0-9A-Z]{26}$/.test(name)) cpSync(join(snapshot, name), join(to, name), { recursive: true })
}

/** From here on the head has what blocks do not have. */
const HEAD_FROM_MS = CONTRACT_START_MS + 4 * 3600_000

queryableContract('head', async (series) => {
  const db = await openAt(newDirectory())
  append(db, series, () => true)
  return contracted(db)
})

queryableContract('head after a restart', async (series) => {
  const directory = newDirectory()
  const db = await openAt(directory)
  append(db, series, () => true)
  db.close()
  return contracted(await openAt(directory))
})

queryableContract('blocks', async (series) => {
  const source = await openAt(newDirectory())
  append(source, series, () => true)
  const directory = newDirectory()
  await blocksOf(source, directory)
  const { queryable } = contracted(await openAt(directory))
  return { queryable }
})

queryableContract('blocks and head', async (series) => {
  const source = await openAt(newDirectory())
  append(source, series, (timeMs) => timeMs < HEAD_FROM_MS)
  const directory = newDirectory()
  await blocksOf(source, directory)
  const db = await openAt(directory)
  append(db, series, (timeMs) => timeMs >= HEAD_FROM_MS)
  return contracted(db)
})

queryableContract('head with late samples', async (series) => {
  const db = await openAt(newDirectory())
  db.setLateWindow(24 * 3600_000)
  append(db, series, (timeMs) => timeMs >= HEAD_FROM_MS)
  append(db, series, (timeMs) => timeMs < HEAD_FROM_MS)
  return contracted(db)
})
