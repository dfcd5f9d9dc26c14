import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { Registry } from '@promontory/base'
import { AppendBatch, Labels } from '@promontory/model'
import { expect, test } from 'vitest'
import { Head } from './head.ts'
import type { Reading, Seen } from './reclaim-thread.ts'
import { truncateHead } from './truncate.ts'

const FOR_MS = 1500
const SERIES = 1000

test('threads that read while series come and go never see a symbol of one in another', async () => {
  const head = new Head({ rangeMs: 60_000, registry: new Registry(), pages: 1024 })
  let id = 0
  const next = (group: number): Labels => {
    const text = `g${group}-${id++}`
    return Labels.from({ group: `g${group}`, id: text, copy: `copy-${text}`, [`name_${text.at(-1)}`]: 'v' })
  }
  const threads = [0, 1].map((reader) => {
    const workerData: Reading = { memory: head.memory.memory, reader, forMs: FOR_MS }
    return new Worker(new URL('./reclaim-thread.ts', import.meta.url), { workerData })
  })
  let isOver = false
  const seen = Promise.all(threads.map((thread) => once(thread, 'message'))).finally(() => (isOver = true))

  const living = Array.from({ length: SERIES }, (_, i) => next(i % 20))
  const batch = new AppendBatch()
  for (let round = 0; !isOver; round++) {
    for (let i = 0; i < SERIES / 10; i++) living[(round * 37 + i * 7) % SERIES] = next(i % 20)
    batch.clear()
    for (const labels of living) batch.push(head.seriesRef(labels), round * 10_000, 1)
    expect(head.append(batch).appended).toBe(SERIES)
    if (round % 3 === 2) await truncateHead(head, (round - 2) * 10_000)
    head.epochs.collect()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  for (const [result] of (await seen) as [Seen][]) {
    expect(result.wrong).toEqual([])
    expect(result.series).toBeGreaterThan(1000)
  }
  // All that came has gone as well.
  expect(id).toBeGreaterThan(5 * SERIES)
  expect(head.symbols.count).toBeLessThan(5 * SERIES)
})
