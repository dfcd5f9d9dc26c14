import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
/** Below the root, so that imports find the packages. */
const FOLDER = join(ROOT, 'build/docs-code')
const PAGES = ['docs/instrument.md', 'packages/instrument/README.md', 'docs/grafana.md']

/** What the pages leave to the reader's application. */
const APPLICATION = `import { instrument as makeKit } from '@promontory/instrument'
import OpenAI from 'openai'
import Anthropic from '@anthropic-ai/sdk'
void [OpenAI, Anthropic]
declare const db: { query(text: string): Promise<unknown> }
declare const bytes: number, max: number, ok: boolean, allowed: boolean
declare const send: () => Promise<void>, run: () => Promise<string>, a: () => Promise<string>, b: () => Promise<string>
declare const ask: () => Promise<{ input: number; output: number }>
`

function blocksOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code!)
}

test('the code of the documentation compiles', () => {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const files: string[] = []
  for (const page of PAGES)
    blocksOf(page).forEach((code, i) => {
      const file = `${page.replaceAll(/\W/g, '-')}-${i + 1}.ts`
      const kit = /\bkit\b/.test(code) && !/const kit/.test(code) ? "const kit = makeKit({ service: 'x' })\n" : 'void makeKit\n' // prettier-ignore
      writeFileSync(join(FOLDER, file), `${APPLICATION}${kit}${code}`)
      files.push(file)
    })
  expect(files.length).toBeGreaterThanOrEqual(4)
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: { isolatedDeclarations: false, declaration: false },
    include: [],
    files,
  }
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(config))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', FOLDER], { encoding: 'utf8' })
  expect(stdout).toBe('')
}, 60_000)
