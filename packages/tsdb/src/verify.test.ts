import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, FloatHistogram, Labels } from '@promontory/model'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Tsdb } from './index.ts'
import { verifyDirectory } from './verify.ts'

const MINUTE = 60_000
const DAY = 1440 * MINUTE
const directory = mkdtempSync(join(tmpdir(), 'promontory-verify-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** Four days, two of them in tiers, the newest hours in the log, late samples, full chunks in `chunks_head`. */
beforeAll(async () => {
  const db = await Tsdb.open({
    directory,
    registry: new Registry(),
    headPages: 4096,
    headBytes: 0,
    retention: { timeMs: 2 * DAY, bytes: 0 },
    tiers: {
      directory: join(directory, 'promontory', 'tiers'),
      retention: { '5m': 60 * DAY, '1h': 300 * DAY, '1d': 0 },
    },
  })
  db.setLateWindow(60 * MINUTE)
  const batch = new AppendBatch()
  for (let timeMs = 0; timeMs < 4 * DAY; timeMs += 5 * MINUTE) {
    batch.clear()
    for (const i of ['1', '2']) batch.push(db.seriesRef(Labels.from({ __name__: 'm', i })), timeMs, timeMs)
    const histogram = new FloatHistogram({ count: 2, sum: timeMs, zeroCount: 2 })
    batch.histograms.push({ ref: db.seriesRef(Labels.from({ __name__: 'h' })), timeMs, histogram })
    db.append(batch)
    if (timeMs % (60 * MINUTE) === 0) await db.maintenance.run()
  }
  batch.clear()
  batch.push(db.seriesRef(Labels.from({ __name__: 'm', i: '1' })), 4 * DAY - 7 * MINUTE, 1)
  db.append(batch)
  for (let i = 0; i < 130; i++) {
    batch.clear()
    batch.push(db.seriesRef(Labels.from({ __name__: 'quick' })), 4 * DAY + i * 1000, i)
    db.append(batch)
  }
  await db.head.mover!.run()
  db.close()
})

function filesBelow(place: string): string[] {
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

test('nothing is found in what we wrote, and everything is counted', () => {
  const steps: number[] = []
  const found = verifyDirectory(directory, (_what, done) => steps.push(done))
  expect(found.findings).toEqual([])
  expect(found.blocks).toBeGreaterThan(2)
  expect(found.tierBlocks).toBeGreaterThan(2)
  expect(found.headChunks).toBeGreaterThan(0)
  expect(found.logRecords).toBeGreaterThan(10)
  expect(steps.at(-1)).toBe(1)
  expect(steps).toEqual([...steps].sort((a, b) => a - b))
})

test.each([
  ['the index of a tier', 'promontory/tiers/5m', /index$/],
  ['chunks of a tier', 'promontory/tiers/1h', /chunks.000001$/],
  ['chunks of the head', 'chunks_head', /000001$/],
  ['the log of late samples', 'wbl', /\d{8}$/],
  ['the log', 'wal', /\d{8}$/],
])('a flipped bit in %s is found', (_what, place, pattern) => {
  const file = filesBelow(join(directory, place)).find((path) => pattern.test(path) && readFileSync(path).length > 30) // prettier-ignore
  expect(file).toBeDefined()
  const bytes = readFileSync(file!)
  const at = Math.min(60, bytes.length - 5)
  bytes[at]! ^= 4
  writeFileSync(file!, bytes)
  const { findings } = verifyDirectory(directory)
  bytes[at]! ^= 4
  writeFileSync(file!, bytes)
  expect(findings.map((finding) => finding.file)).toContain(file)
  expect(verifyDirectory(directory).findings).toEqual([])
})

test('a snapshot of the head is read as the log is', () => {
  const place = join(directory, 'chunk_snapshot.000001.0000000000')
  mkdirSync(place)
  writeFileSync(join(place, '00000000'), Buffer.from('01000300000000616263', 'hex'))
  const { findings } = verifyDirectory(directory)
  expect(findings).toMatchObject([{ file: join(place, '00000000'), problem: expect.stringMatching(/checksum/) }]) // prettier-ignore
  rmSync(place, { recursive: true })
})
