import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@promontory/base'
import { expect, onTestFinished, test } from 'vitest'
import { NotificationLog, type NotificationEntry } from './nflog/notification-log.ts'
import { JsonLinesLog } from './record-log.ts'

function scratchFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'records-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'log.jsonl')
}

test('records come back in their order; what is rewritten replaces what was before, not what comes after', async () => {
  const file = scratchFile()
  const log = new JsonLinesLog<number>(file, silentLogger)
  const all = Array.from({ length: 500 }, (_, i) => i)
  await Promise.all(all.map((i) => log.append(i)))
  expect(new JsonLinesLog<number>(file, silentLogger).load()).toEqual(all)
  await Promise.all([log.append(-1), log.rewrite([1, 2]), log.append(3), log.append(4)])
  expect(new JsonLinesLog<number>(file, silentLogger).load()).toEqual([1, 2, 3, 4])
})

test('a line torn by a crash costs itself, not the next one', async () => {
  const file = scratchFile()
  const log = new JsonLinesLog<{ a: number }>(file, silentLogger)
  await log.append({ a: 1 })
  appendFileSync(file, '{"a":')
  const again = new JsonLinesLog<{ a: number }>(file, silentLogger)
  expect(again.load()).toEqual([{ a: 1 }])
  await again.append({ a: 2 })
  expect(new JsonLinesLog(file, silentLogger).load()).toEqual([{ a: 1 }, { a: 2 }])
})

test('a record that cannot be written is told to who wrote it', async () => {
  const file = scratchFile()
  const log = new JsonLinesLog<number>(join(file, 'in-a-folder', 'x'), silentLogger)
  rmSync(join(file, 'in-a-folder'), { recursive: true })
  await expect(Promise.all([log.append(1), log.append(2)])).rejects.toThrow('ENOENT')
})

test('what a full disk took half of costs nothing that comes after it', async () => {
  const file = scratchFile()
  const log = new JsonLinesLog<number>(file, silentLogger)
  await log.append(1)
  rmSync(file)
  mkdirSync(file)
  await expect(log.append(2)).rejects.toThrow('EISDIR')
  rmSync(file, { recursive: true })
  writeFileSync(file, '1\n{"half')
  await log.append(3)
  expect(new JsonLinesLog<number>(file, silentLogger).load()).toEqual([1, 3])
})

test('entries that could not be written are written with the next one that can', async () => {
  const file = scratchFile()
  const log = new NotificationLog(new JsonLinesLog(file, silentLogger), 0)
  const entry = (groupKey: string): NotificationEntry => ({
    groupKey, integration: 'i', firing: ['f'], resolved: [], timestampMs: 1, expiresAtMs: 1e15,
  }) // prettier-ignore
  mkdirSync(file)
  await expect(log.record(entry('a'))).rejects.toThrow('EISDIR')
  rmSync(file, { recursive: true })
  await log.record(entry('b'))
  const again = new NotificationLog(new JsonLinesLog(file, silentLogger), 0)
  expect([again.query('a', 'i'), again.query('b', 'i')]).toEqual([entry('a'), entry('b')])
})
