import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@promontory/base'
import { afterEach, expect, test } from 'vitest'
import { ConfigWatch } from './config-watch.ts'

const directory = mkdtempSync(join(tmpdir(), 'config-watch-'))
const path = (name: string): string => join(directory, name)
afterEach(() => rmSync(directory, { recursive: true, force: true }))

test('contents of the file and of all that its patterns mean count; times do not', async () => {
  writeFileSync(path('main.yml'), 'a')
  writeFileSync(path('one.rules'), '1')
  let reloads = 0
  let readable = true
  const watch = new ConfigWatch({
    logger: silentLogger,
    intervalMs: 3_600_000,
    patterns: async () => (readable ? [path('main.yml'), path('*.rules')] : undefined),
    reload: async () => void reloads++,
  })
  await watch.start()
  const steps: [string, () => void, boolean][] = [
    ['nothing', () => {}, false],
    ['a newer time only', () => utimesSync(path('main.yml'), 1, 1), false],
    ['the main file', () => writeFileSync(path('main.yml'), 'b'), true],
    ['nothing again', () => {}, false],
    ['a rule file', () => writeFileSync(path('one.rules'), '2'), true],
    ['a new rule file', () => writeFileSync(path('two.rules'), '2'), true],
    ['a rule file goes', () => rmSync(path('two.rules')), true],
    ['a broken main file', () => ((readable = false), writeFileSync(path('main.yml'), '{')), true],
    ['still broken', () => {}, false],
    ['mended', () => ((readable = true), writeFileSync(path('main.yml'), 'c')), true],
  ]
  for (const [what, change, seen] of steps) {
    change()
    expect([what, await watch.look()]).toEqual([what, seen])
  }
  expect(reloads).toBe(6)
  watch.stop()
})
