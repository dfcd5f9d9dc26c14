import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { BatchReader } from './batch-reader.ts'

function frame(ask: number, text: string, gzip = false): Buffer {
  const body = gzip ? gzipSync(text) : Buffer.from(text)
  const head = { ask, status: 200, length: body.length, ...(gzip ? { encoding: 'gzip' } : {}) }
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body])
}

test.each([1, 2, 7, 64, 1000])('answers come out however the bytes are cut: %i at a time', async (size) => {
  const bytes = Buffer.concat([
    frame(2, '{"status":"success"}\n'),
    frame(0, ''),
    frame(1, 'é'.repeat(99), true),
  ])
  const seen: [number, string][] = []
  const reader = new BatchReader((ask, { text }) => seen.push([ask, text]))
  for (let at = 0; at < bytes.length; at += size)
    await reader.push(new Uint8Array(bytes.subarray(at, at + size)))
  expect(seen).toEqual([
    [2, '{"status":"success"}\n'],
    [0, ''],
    [1, 'é'.repeat(99)],
  ])
})
