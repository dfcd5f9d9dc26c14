import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasDocuments, type Snippet, snippets } from './support/documents.ts'
import { type Program, ROOT, startPromontory, until, Workspace } from './support/program.ts'

const GOLDEN = join(ROOT, 'conformance/golden')
const workspace = new Workspace()
afterAll(() => workspace.clean())

/** Where a printed file belongs: its first line says so, or what stands in it. */
function pathOf({ text, language }: Snippet, index: number): string | undefined {
  const named = /^#+ (?:In )?`?([\w./-]+\.(?:ya?ml|conf))\b/.exec(text)?.[1]
  if (named !== undefined) return named
  if (language === 'json' && /"panels"/.test(text)) return `grafana/dashboards/dashboard-${index}.json`
  if (language !== 'yaml' && language !== '') return undefined
  if (/^(scrape_configs|global|alerting|groups|rule_files):/m.test(text)) return 'prometheus.yml'
  if (/^(route|receivers):/m.test(text)) return 'alertmanager.yml'
  if (/^(services|version):/m.test(text)) return 'docker-compose.yml'
  if (/^kind:/m.test(text)) return 'kubernetes.yml'
  if (/^\s+image:/m.test(text)) return 'docker-compose.yml'
  return undefined
}

/** Lays the files of a document out; what is printed for one path in several pieces gets a number. */
function layOut(document: number, folder: string): void {
  snippets()
    .filter((snippet) => snippet.document === document)
    .forEach((snippet, index) => {
      const wanted = pathOf(snippet, index)
      if (wanted === undefined) return
      const free = [wanted, ...[2, 3, 4, 5].map((i) => wanted.replace(/(\.\w+)$/, `-${i}$1`))].find(
        (path) => !existsSync(join(folder, path)),
      )!
      mkdirSync(dirname(join(folder, free)), { recursive: true })
      writeFileSync(join(folder, free), snippet.text)
    })
}

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(join(ROOT, 'bin/promontory'), args, { encoding: 'utf8' })
}

describe.skipIf(!hasDocuments)(
  'promontory migrate, the five documents as files (skipped where they are absent)',
  () => {
    test.each([0, 1, 2, 3, 4])('document %i', (document) => {
      const folder = join(workspace.directory, `document-${document}`)
      mkdirSync(folder)
      layOut(document, folder)
      const { stdout, stderr } = run('migrate', folder)
      expect(stderr).toBe('')
      const golden = join(GOLDEN, `migrate-document-${document}.txt`)
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, stdout)
      expect(stdout).toBe(readFileSync(golden, 'utf8'))
    })
  },
)

test('a folder without a stack is refused', () => {
  const folder = join(workspace.directory, 'empty')
  mkdirSync(folder)
  expect(run('migrate', folder)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('no file of a monitoring stack'),
  })
  expect(run('migrate', join(folder, 'nowhere'))).toMatchObject({ status: 2 })
})

describe('promontory compare', () => {
  let server: Program
  beforeAll(async () => {
    server = workspace.keep(await startPromontory({ dataDirectory: workspace.data }))
    await until(
      'samples',
      () => server.query('up'),
      (all) => all.length > 0,
    )
  })

  test('a server agrees with itself', () => {
    const rules = join(ROOT, 'content/rules/*.yml')
    const { status, stdout } = run(
      'compare',
      `--url=${server.url}`,
      `--against=${server.url}`,
      `--rules=${rules}`,
      `--dashboards=${join(ROOT, 'content/dashboards')}`,
    )
    expect(stdout).toMatch(/^\d+ expressions: (\d+) the same, 0 different, 0 failed$/m)
    expect(stdout).toMatch(/median time: [\d.]+ ms here/)
    expect(status).toBe(0)
  })

  test('a server that is away is told', () => {
    const { status, stdout } = run('compare', `--url=${server.url}`, '--against=http://127.0.0.1:1', 'up')
    expect(stdout).toContain('FAILED up')
    expect(status).toBe(1)
  })
})
