import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FLAGS_PAGE, flagsPage } from './flags-doc.ts'

test('docs/flags.md is what node tools/flags-doc.ts writes', () => {
  expect(readFileSync(FLAGS_PAGE, 'utf8')).toBe(flagsPage())
})

test('every flag of the program is on the page once', () => {
  const flags = [...flagsPage().matchAll(/^\| `--([^`]+)` /gm)].map((match) => match[1]!)
  expect(flags).toContain('storage.tsdb.path')
  expect(new Set(flags).size).toBe(flags.length)
})
