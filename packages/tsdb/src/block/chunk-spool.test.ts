import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppendBatch, Labels, SampleColumns } from '@promontory/model'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { StorageError } from '../errors.ts'
import { Block, ChunkEncoder, ChunkSpool, PageCache } from './index.ts'

const HOUR = 3600_000
const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-spool-'))
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Chunks of samples whose value is their time. */
function chunksAt(timesMs: readonly number[]): { encoding: number; data: Uint8Array }[] {
  const batch = new AppendBatch()
  for (const timeMs of timesMs) batch.push(1, timeMs, timeMs)
  const columns = new SampleColumns()
  columns.setArrays(batch.timesMs, batch.values)
  columns.length = batch.count
  return new ChunkEncoder().encode(columns)
}

function timesIn(directory: string): Record<string, number[]> {
  const block = new Block(directory, new PageCache())
  const found: Record<string, number[]> = {}
  for (const { labels, chunks } of block.everySeries())
    found[labels.toString()] = chunks.flatMap(({ minTimeMs, maxTimeMs }) => [minTimeMs, maxTimeMs])
  block.dispose()
  return found
}

const [a, b, c] = ['a', 'b', 'c'].map((x) => Labels.from({ __name__: 'm', x })) as [Labels, Labels, Labels]
const every = (fromMs: number, toMs: number, stepMs: number): number[] =>
  Array.from({ length: Math.ceil((toMs - fromMs) / stepMs) }, (_, i) => fromMs + i * stepMs)

test('series in any order, a series twice, chunks that overlap and that reach out of the range become one block', () => {
  const directory = scratch()
  const spool = new ChunkSpool(directory, 0, 2 * HOUR)
  spool.add(b, chunksAt(every(0, HOUR, 30_000)))
  spool.add(a, chunksAt(every(HOUR, 3 * HOUR, 60_000)))
  spool.add(c, chunksAt(every(2 * HOUR, 3 * HOUR, 60_000)))
  spool.add(b, chunksAt(every(HOUR / 2, 2 * HOUR, 30_000)))
  expect(spool.series).toBe(3)
  const written = spool.finish()!
  expect(written.meta.stats).toMatchObject({ numSeries: 2, numSamples: 60 + 240 })
  expect(timesIn(written.directory)).toEqual({
    '{__name__="m", x="a"}': [HOUR, 2 * HOUR - 60_000],
    '{__name__="m", x="b"}': [0, 119 * 30_000, HOUR, 239 * 30_000],
  })
  expect(readdirSync(directory)).toEqual([written.meta.ulid])
})

test('chunks that fit are taken byte for byte', () => {
  const directory = scratch()
  const chunks = chunksAt(every(0, HOUR, 20_000))
  const spool = new ChunkSpool(directory, 0, 2 * HOUR)
  spool.add(a, chunks)
  const block = new Block(spool.finish()!.directory, new PageCache())
  const [series] = block.everySeries()
  expect(series!.chunks.map(({ ref }) => block.chunks.read(ref).data.toString('hex'))).toEqual(
    chunks.map(({ data }) => Buffer.from(data).toString('hex')),
  )
  block.dispose()
})

test('nothing in the range, or nothing at all, is no block', () => {
  const directory = scratch()
  expect(new ChunkSpool(directory, 0, HOUR).finish()).toBeUndefined()
  const spool = new ChunkSpool(directory, 0, HOUR)
  spool.add(a, chunksAt([HOUR, HOUR + 1]))
  spool.add(b, [{ encoding: 1, data: new Uint8Array(2) }])
  expect(spool.finish()).toBeUndefined()
  expect(readdirSync(directory)).toEqual([])
})

test('what does not decode is refused with the name of its series, and leaves nothing behind', () => {
  const directory = scratch()
  const { data } = chunksAt(every(0, HOUR, 60_000))[0]!
  for (const chunk of [
    { encoding: 1, data: data.subarray(0, 20) },
    { encoding: 7, data },
    { encoding: 2, data },
  ]) {
    const spool = new ChunkSpool(directory, 0, 2 * HOUR)
    spool.add(a, [chunk])
    expect(() => spool.finish()).toThrow(/\{__name__="m", x="a"\}/)
    expect(readdirSync(directory)).toEqual([])
  }
})

test('bent chunks give a block that holds together, or an error', () => {
  const directory = scratch()
  const { data } = chunksAt(every(0, HOUR, 60_000))[0]!
  fc.assert(
    fc.property(
      fc.nat(data.length - 1),
      fc.nat(255),
      fc.integer({ min: 1, max: 3 }),
      (at, byte, encoding) => {
        const bent = Uint8Array.from(data)
        bent[at] = byte
        const spool = new ChunkSpool(directory, 0, 2 * HOUR)
        spool.add(a, [{ encoding, data: bent }])
        try {
          const written = spool.finish()
          if (written !== undefined) timesIn(written.directory)
        } catch (error) {
          expect(error).toBeInstanceOf(StorageError)
        }
      },
    ),
    { numRuns: 60 },
  )
})
