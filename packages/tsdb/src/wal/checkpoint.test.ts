import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { Labels, Matcher, SampleColumns } from '@promontory/model'
import { afterEach, expect, test } from 'vitest'
import { Compactor } from '../compact/task.ts'
import { Tsdb, TsdbReader } from '../index.ts'
import { RecordType } from './format.ts'
import { encodeMetadata, encodeSeries } from './records.ts'
import { listSegments, WalWriter } from './writer.ts'

const workspace: string[] = []
afterEach(() => {
  for (const directory of workspace.splice(0)) rmSync(directory, { recursive: true })
})

/** A samples record with one sample. */
function sampleRecord(ref: number, timeMs: number, value: number): Uint8Array {
  const record = Buffer.alloc(27)
  record[0] = RecordType.samples
  record.writeBigUInt64BE(BigInt(ref), 1)
  record.writeBigInt64BE(BigInt(timeMs), 9)
  record.writeDoubleBE(value, 19)
  return record
}

async function times(db: Tsdb): Promise<number[]> {
  const range = { startMs: 0, endMs: 1e15 }
  const querier = new TsdbReader(db.readerState(), 0).querier(range)
  const [set] = await querier.select([{ matchers: [new Matcher('=', '__name__', 'x')], ...range }])
  const columns = new SampleColumns()
  set!.read(0, columns)
  const found = [...columns.timesMs.subarray(0, columns.length)]
  querier.close()
  return found
}

test('a series that the log knows by two refs keeps the samples of both over checkpoint and restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-checkpoint-'))
  workspace.push(directory)
  const walDirectory = join(directory, 'wal')
  mkdirSync(walDirectory)
  const labels = Labels.from({ __name__: 'x' })
  const log = new WalWriter({ directory: walDirectory, compression: 'none' })
  log.log(encodeSeries([{ ref: 5, labels }]), sampleRecord(5, 1000, 1))
  log.log(encodeSeries([{ ref: 9, labels }]), sampleRecord(9, 2000, 2))
  log.close()
  const open = (): Promise<Tsdb> => Tsdb.open({ directory, registry: new Registry(), headPages: 2048 })

  const db = await open()
  expect(await times(db)).toEqual([1000, 2000])
  const lastSegment = listSegments(walDirectory)[0]!
  const task = { kind: 'checkpoint', walDirectory, lastSegment, minTimeMs: 0, compression: 'snappy' } as const
  new Compactor(db.head.memory.memory, 1).run({ ...task, aliases: [...db.head.aliases] })
  db.close()
  const again = await open()
  expect(await times(again)).toEqual([1000, 2000])
  again.close()
})

test('metadata comes back from the log, and a checkpoint keeps the newest of each series that lives', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-metadata-'))
  workspace.push(directory)
  const walDirectory = join(directory, 'wal')
  mkdirSync(walDirectory)
  const target = { job: 'j', instance: 'i' }
  const log = new WalWriter({ directory: walDirectory, compression: 'none' })
  const metadata = (type: string, help: string): { type: string; help: string; unit: string } => ({
    type,
    help,
    unit: '',
  })
  log.log(
    encodeSeries([
      { ref: 5, labels: Labels.from({ __name__: 'x', ...target }) },
      { ref: 6, labels: Labels.from({ __name__: 'h_bucket', le: '1', ...target }) },
    ]),
    sampleRecord(5, 1000, 1),
    encodeMetadata([{ ref: 5, metadata: metadata('gauge', 'old') }, { ref: 77, metadata: metadata('gauge', 'gone') }]),
    encodeMetadata([{ ref: 6, metadata: metadata('histogram', 'H.') }, { ref: 5, metadata: metadata('gauge', 'new') }]),
  ) // prettier-ignore
  log.close()
  const open = (): Promise<Tsdb> => Tsdb.open({ directory, registry: new Registry(), headPages: 2048 })
  const wanted = { x: metadata('gauge', 'new'), h: metadata('histogram', 'H.') }

  const db = await open()
  expect(Object.fromEntries(db.replay.metadata.families())).toEqual(wanted)
  expect(db.replay.metadata.ofTarget(Labels.from({ job: 'j', instance: 'other' })).size).toBe(0)
  const lastSegment = listSegments(walDirectory)[0]!
  const task = { kind: 'checkpoint', walDirectory, lastSegment, minTimeMs: 0, compression: 'snappy' } as const
  new Compactor(db.head.memory.memory, 1).run({ ...task, aliases: [] })
  db.close()
  expect(existsSync(join(walDirectory, '00000000'))).toBe(false)
  const again = await open()
  expect(Object.fromEntries(again.replay.metadata.families())).toEqual(wanted)
  expect(Object.fromEntries(again.replay.metadata.ofTarget(Labels.from(target)))).toEqual(wanted)
  again.close()
})
