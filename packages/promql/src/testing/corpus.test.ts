import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { runPromqlTest } from './index.ts'

const SHARED =
  process.env['PROMONTORY_SHARED'] ?? fileURLToPath(new URL('../../../../../shared/', import.meta.url))
const CORPUS = `${SHARED.replace(/\/$/, '')}/corpus/promqltest/`
const OWN = fileURLToPath(new URL('../../testdata/', import.meta.url))

function scripts(folder: string): [name: string, path: string][] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test'))
    .map((name) => [name, `${folder}/${name}`])
}

async function expectAllPass(path: string): Promise<void> {
  const { passed, failures } = await runPromqlTest(readFileSync(path, 'utf8'), { file: path })
  expect(failures).toEqual([])
  expect(passed).toBeGreaterThan(0)
}

describe('our own scripts', () => {
  test.each(scripts(OWN))('%s', async (_name, path) => await expectAllPass(path))
})

const absent = !existsSync(CORPUS)
describe.skipIf(absent)(
  `scripts of Prometheus${absent ? ' (skipped: the shared corpus is absent)' : ''}`,
  () => {
    test.each(absent ? [['none', '']] : scripts(CORPUS))(
      '%s',
      async (_name, path) => await expectAllPass(path!),
    )
  },
)
