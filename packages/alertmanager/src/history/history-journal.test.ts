import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeClock, Registry, silentLogger } from '@promontory/base'
import { expect, onTestFinished, test } from 'vitest'
import { HistoryJournal, type HistoryJournalOptions } from './history-journal.ts'
import { History, type HistoryEvent } from './history.ts'

const HOUR_MS = 3_600_000

function world(options: Partial<HistoryJournalOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'history-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const clock = new FakeClock(1e12)
  return {
    clock,
    directory,
    files: () => readdirSync(directory).sort(),
    open: (capacity: number) => {
      const registry = new Registry()
      const journal = new HistoryJournal({
        directory,
        clock,
        logger: silentLogger,
        registry,
        retentionMs: 0,
        bytesMax: 0,
        segmentBytes: 2000,
        ...options,
      })
      return { registry, journal, history: new History(capacity, journal) }
    },
  }
}

const event = (i: number): Omit<HistoryEvent, 'alertCount'> => ({
  timeMs: 1e12 + i * HOUR_MS,
  kind: i % 2 === 0 ? 'notified' : 'silenced',
  alerts: [`f${i % 10}`],
  groupKey: `{}:{a="${i % 5}"}`,
  receiver: i % 3 === 0 ? 'pager' : 'mail',
  detail: `number ${i}`,
})
const numbers = (events: readonly HistoryEvent[]): number[] =>
  events.map(({ detail }) => Number(detail.slice(7)))

test('events outlive the process; a search goes on where the memory ends', async () => {
  const w = world()
  const first = w.open(10).history
  for (let i = 0; i < 100; i++) {
    first.add(event(i))
    if (i % 10 === 9) await first.search({ fingerprint: 'f0', limit: 100 })
  }
  await first.close()
  expect(w.files().filter((name) => name.endsWith('.zst')).length).toBeGreaterThan(3)
  const { history } = w.open(10)
  expect(numbers(history.events())).toEqual([99, 98, 97, 96, 95, 94, 93, 92, 91, 90])
  const f7 = [97, 87, 77, 67, 57, 47, 37, 27, 17, 7]
  expect(numbers(await history.search({ fingerprint: 'f7', limit: 100 }))).toEqual(f7)
  expect(numbers(await history.search({ fingerprint: 'f7', limit: 3 }))).toEqual(f7.slice(0, 3))
  history.add({ ...event(107), alerts: ['f7'] })
  // What closed segments have is remembered; what came since is found all the same.
  expect(numbers(await history.search({ fingerprint: 'f7', limit: 100 }))).toEqual([107, ...f7])
  expect(numbers(await history.search({ limit: 100 }))).toHaveLength(100)
  expect(
    numbers(
      await history.search({ receiver: 'pager', kinds: ['silenced'], startMs: event(20).timeMs, endMs: event(40).timeMs, limit: 50 }),
    ),
  ).toEqual([39, 33, 27, 21])
  await history.close()
}) // prettier-ignore

test('a torn line is left out, and what follows it is read', async () => {
  const w = world()
  const first = w.open(10).history
  first.add(event(1))
  await first.close()
  appendFileSync(join(w.directory, w.files()[0]!), '{"timeMs":1,"ki')
  const second = w.open(10).history
  expect(numbers(second.events())).toEqual([1])
  second.add(event(2))
  await second.close()
  expect(numbers(w.open(10).history.events())).toEqual([2, 1])
})

test.each([
  ['age', { retentionMs: 50 * HOUR_MS }],
  ['size', { bytesMax: 1200 }],
])('the oldest events go by %s', async (_, bounds) => {
  const w = world(bounds)
  const { history } = w.open(5)
  for (let i = 0; i < 100; i++) {
    history.add(event(i))
    await w.clock.advance(HOUR_MS)
    await history.search({ fingerprint: `f${i}`, limit: 100 })
  }
  await history.maintain()
  const left = numbers(await history.search({ limit: 1000 }))
  expect(left[0]).toBe(99)
  expect(left.length).toBeGreaterThan(1)
  expect(left.length).toBeLessThan(70)
  await history.close()
})

test('a disk that takes nothing costs no decision in memory, is counted, and is tried again', async () => {
  const w = world({ segmentBytes: 1e6 })
  const { history, journal, registry } = w.open(100)
  rmSync(w.directory, { recursive: true })
  history.add(event(1))
  await w.clock.advance(0)
  expect(numbers(await history.search())).toEqual([1])
  // More waits than the journal holds.
  const big = 'x'.repeat(1024 * 1024)
  for (let i = 0; i < 20; i++) history.add({ ...event(i), detail: big })
  const lost = registry.collect().find(({ name }) => name === 'promontory_alert_history_lost_total')!
  expect(lost.samples[0]!.value).toBeGreaterThan(3)
  await journal.close()
})
