import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasDocuments, type Snippet, snippets } from './support/documents.ts'
import { peer } from './support/peers.ts'
import { freePort, Program, ROOT, startPromontory, until, Workspace } from './support/program.ts'
import { remoteWrite, type WrittenSeries } from './support/remote-writer.ts'

const GOLDEN = join(ROOT, 'conformance/golden')
const prometheus = peer('prometheus')
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
    expect(stdout).toMatch(/^\d+ questions: (\d+) the same, 0 different, 0 failed$/m)
    expect(stdout).toMatch(/median time: [\d.]+ ms here/)
    expect(status).toBe(0)
  })

  test.skipIf(prometheus === undefined)(
    'instants and native histograms are those of a real Prometheus with the same samples (skipped without one)',
    async () => {
      const port = await freePort()
      const file = join(workspace.directory, 'peer.yml')
      writeFileSync(file, '')
      const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(workspace.directory, 'peer')}`, `--web.listen-address=127.0.0.1:${port}`, '--web.enable-remote-write-receiver', '--enable-feature=native-histograms'] // prettier-ignore
      const peerServer = workspace.keep(new Program(prometheus!, args, `http://127.0.0.1:${port}`))
      await peerServer.ready('/-/ready')
      const ours = workspace.keep(
        await startPromontory({
          dataDirectory: join(workspace.directory, 'twin'),
          config: '{}',
          flags: ['--web.enable-remote-write-receiver'],
        }),
      )
      const nowMs = Date.now()
      const times = Array.from({ length: 60 }, (_, i) => nowMs - (60 - i) * 15_000)
      const written: WrittenSeries[] = [
        { labels: { __name__: 'h', job: 'a' }, histograms: times.map((timeMs, i) => ({ timeMs, isFloat: false, schema: 0, count: 3 * i + 1, sum: i, positiveSpans: [[0, 1]], positiveBuckets: [3 * i + 1] })) }, // prettier-ignore
        { labels: { __name__: 'f', job: 'a' }, samples: times.map((timeMs, i) => [timeMs, i]) },
      ]
      await remoteWrite(ours.url, written)
      await remoteWrite(peerServer.url, written)
      const ask = (...exprs: string[]): ReturnType<typeof run> =>
        run('compare', `--url=${ours.url}`, `--against=${peerServer.url}`, '--range=10m', ...exprs)
      const same = ask('h', 'sum(rate(h[1m]))', 'f', 'rate(f[1m])', 'scalar(f)', '"text"', 'histogram_quantile(0.9, h)') // prettier-ignore
      expect(same.stdout).toMatch(/^14 questions: 14 the same, 0 different, 0 failed$/m)
      expect(same.status).toBe(0)
      const timeMs = nowMs - 75_000
      await remoteWrite(ours.url, [{ labels: { __name__: 'g', job: 'a' }, samples: [[timeMs, 1]] }])
      const other = ask('g', 'f')
      expect(other.stdout).toMatch(/^DIFFERENT instant g$/m)
      expect(other.stdout).toMatch(/^4 questions: 2 the same, 2 different, 0 failed$/m)
      expect(other.status).toBe(1)
    },
  )

  test('a server that is away is told', () => {
    const { status, stdout } = run('compare', `--url=${server.url}`, '--against=http://127.0.0.1:1', 'up')
    expect(stdout).toContain('FAILED range up')
    expect(status).toBe(1)
  })
})
