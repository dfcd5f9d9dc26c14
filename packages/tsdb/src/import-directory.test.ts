import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, isStaleAt, Labels, Matcher, SampleColumns } from '@promontory/model'
import { afterAll, expect, test } from 'vitest'
import { importDirectory, openReadOnly, StorageError, Tsdb, type TsdbReader } from './index.ts'

const HOUR = 3600_000
const workspace = mkdtempSync(join(tmpdir(), 'promontory-import-'))
afterAll(() => rmSync(workspace, { recursive: true }))

async function read(reader: TsdbReader): Promise<string[]> {
  const range = { startMs: -1e15, endMs: 1e15 }
  const querier = reader.querier(range)
  const [set] = await querier.select([{ matchers: [new Matcher('!=', '__name__', '')], ...range }])
  const columns = new SampleColumns()
  const found: string[] = []
  for (let i = 0; i < set!.length; i++) {
    set!.read(i, columns)
    for (let k = 0; k < columns.length; k++)
      found.push(
        `${set!.labels(i)} ${columns.timesMs[k]} ${isStaleAt(columns.bits, k) ? 'stale' : columns.values[k]}`,
      )
  }
  querier.close()
  return found
}

test('blocks, the log and late samples come along, and a second time nothing is copied twice', async () => {
  const [source, target] = [join(workspace, 'source'), join(workspace, 'target')]
  const db = await Tsdb.open({
    directory: source, registry: new Registry(), headPages: 2048, retention: { timeMs: 0, bytes: 0 },
  }) // prettier-ignore
  db.setLateWindow(HOUR)
  const [a, b] = ['a', 'b'].map((n) => db.seriesRef(Labels.from({ __name__: 'm', n })))
  const batch = new AppendBatch()
  for (let time = 0; time < 5 * HOUR; time += 30_000) {
    batch.clear()
    batch.push(a!, time, time / 7)
    if (time < HOUR) batch.push(b!, time, -time)
    db.append(batch)
  }
  batch.clear()
  batch.pushStale(a!, 5 * HOUR)
  db.append(batch)
  batch.clear()
  batch.push(a!, 5 * HOUR - 45_000, 77)
  db.append(batch)
  await db.maintenance.run()
  // The owner goes on running.
  const wanted = await read((await openReadOnly(source)).reader)
  expect(wanted).toHaveLength(600 + 120 + 2)

  const first = await importDirectory(source, target, () => {})
  expect(first).toMatchObject({ blocksKnown: 0, samples: 722, damaged: [] })
  expect([first.blocksCopied > 0, first.blocksWritten > 0]).toEqual([true, true])
  expect(await read((await openReadOnly(target)).reader)).toEqual(wanted)
  expect(readdirSync(target).filter((name) => name.includes('tmp'))).toEqual([])

  const again = await importDirectory(source, target, () => {})
  expect(again).toMatchObject({ blocksCopied: 0, blocksKnown: first.blocksCopied })
  expect(await read((await openReadOnly(target)).reader)).toEqual(wanted)
  db.close()
})

test('what is damaged is named, the rest comes', async () => {
  const source = join(workspace, 'source')
  const block = readdirSync(source).find((name) => /^[0-9A-Z]{26}$/.test(name))!
  writeFileSync(join(source, block, 'meta.json'), '{')
  const { damaged, samples } = await importDirectory(source, join(workspace, 'partly'), () => {})
  expect(damaged.map(({ file }) => file)).toEqual([expect.stringContaining(block)])
  expect(samples).toBeGreaterThan(0)
  await expect(importDirectory(join(workspace, 'nowhere'), join(workspace, 'x'), () => {})).rejects.toThrow(
    StorageError,
  )
})
