import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Labels } from '@promontory/model'
import { endOfWal, WalFeed, type WalSink } from './feed.ts'
import { encodeSamples, encodeSeries } from './records.ts'
import { WalWriter } from './writer.ts'

const directories: string[] = []
afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true })))

function collecting(): { seen: string[]; sink: WalSink } {
  const seen: string[] = []
  return {
    seen,
    sink: {
      series: (ref, labels) => seen.push(`series ${ref} ${labels.toString()}`),
      sample: (ref, timeMs, low, high) => seen.push(`${ref} ${timeMs} ${high.toString(16)}:${low}`),
      histogram: (ref) => seen.push(`histogram ${ref}`),
      exemplar: (ref) => seen.push(`exemplar ${ref}`),
      checkpoint: (segment) => seen.push(`checkpoint ${segment}`),
    },
  }
}

const sample = (ref: number, timeMs: number): Uint8Array =>
  encodeSamples([{ ref, timeMs, low: 0, high: 0x3ff00000 }])

test.each(['none', 'snappy', 'zstd'] as const)(
  'a log is followed while it is written, compression %s',
  async (compression) => {
    const directory = mkdtempSync(join(tmpdir(), 'promontory-feed-'))
    directories.push(directory)
    const wal = new WalWriter({ directory, compression, segmentBytes: 256 * 1024 })
    const { seen, sink } = collecting()
    const feed = await WalFeed.open(directory, endOfWal(directory), sink)
    expect(feed.read(sink)).toBe(false)
    wal.log(encodeSeries([{ ref: 1, labels: Labels.from({ a: 'b' }) }]), sample(1, 5))
    while (feed.read(sink));
    expect(seen).toEqual(['series 1 {a="b"}', '1 5 3ff00000:0'])
    // Many records, over pages and segments.
    const long = 'x'.repeat(50_000)
    for (let i = 0; i < 40; i++) {
      wal.log(encodeSeries([{ ref: 100 + i, labels: Labels.from({ i: `${i}${long}` }) }]), sample(100 + i, i))
      while (feed.read(sink));
    }
    expect(seen.filter((line) => !line.startsWith('series'))).toHaveLength(41)
    // Another one that starts later knows the series of before, and gets what came behind the position only.
    const { position } = feed
    wal.log(sample(7, 9))
    const later = collecting()
    const second = await WalFeed.open(directory, position, later.sink)
    while (second.read(later.sink));
    expect(later.seen.filter((line) => line.startsWith('series'))).toHaveLength(41)
    expect(later.seen.at(-1)).toBe('7 9 3ff00000:0')
    expect(later.seen).toHaveLength(42)
    feed.close()
    second.close()
    wal.close()
  },
)
