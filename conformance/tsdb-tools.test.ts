import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readMeta } from '@promontory/tsdb/block'
import { asVersion1 } from '@promontory/tsdb/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { peer, run } from './support/peers.ts'
import { freePort, Program, ROOT, startPromontory, Workspace } from './support/program.ts'
import { remoteWrite } from './support/remote-writer.ts'

const promtool = peer('promtool')
const ours = join(ROOT, 'bin/promontory')
const START_S = 1_700_000_000

function openMetrics(): string {
  const lines: string[] = []
  for (let n = 0; n < 30; n++)
    for (let i = 0; i < 600; i++) {
      const value = [i * n, -i / 7, 1e-7 * i, 1e21 + i, 'NaN', '+Inf', 123456.5 * i][
        (n + (n > 20 ? i : 0)) % 7
      ]
      lines.push(
        `m${n % 4}{instance="host-${n}",path="/a \\"${n}\\" \\\\ü"} ${value} ${START_S + i * 60}.${n % 10}`,
      )
    }
  return `${lines.join('\n')}\n# EOF\n`
}

/** Sections of promtool's analysis with their lines sorted: equal counts come in any order there. */
function sections(text: string): string[][] {
  return text.trim().split('\n\n').map((part) => part.split('\n')).map(([title, ...lines]) => [title!, ...lines.sort()]) // prettier-ignore
}

describe.skipIf(promtool === undefined)(
  'tsdb tools beside promtool (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())
    const theirs = join(workspace.directory, 'theirs')
    const mine = join(workspace.directory, 'mine')
    const both = (...args: string[]): [string, string] => {
      const [a, b] = [run(ours, ['tsdb', ...args]), run(promtool!, ['tsdb', ...args])]
      expect(a.stderr).toBe('')
      expect(a.code).toBe(b.code)
      return [a.stdout, b.stdout]
    }

    beforeAll(() => {
      mkdirSync(workspace.directory, { recursive: true })
      const file = join(workspace.directory, 'data.om')
      writeFileSync(file, openMetrics())
      for (const [program, directory] of [[ours, mine], [promtool!, theirs]] as const) {
      const { code, stdout, stderr } = run(program, ['tsdb', 'create-blocks-from', 'openmetrics', '--label=made=here', file, directory])
      expect(stderr).toBe('')
      expect(code).toBe(0)
      expect(stdout.split('\n').length).toBe(readdirSync(directory).length + 2)
      // promtool wants one.
      mkdirSync(join(directory, 'wal'))
    } // prettier-ignore
    })

    test('list', () => {
      for (const directory of [theirs, mine]) {
        const [a, b] = both('list', directory)
        expect(a).toBe(b)
        const [c, d] = both('list', '-r', directory)
        expect(c).toBe(d)
      }
    })

    test('blocks of Prometheus before 2.2, with an index of version 1', () => {
      const old = join(workspace.directory, 'old')
      cpSync(mine, old, { recursive: true })
      for (const name of readdirSync(old).filter((each) => each !== 'wal')) {
        const index = join(old, name, 'index')
        writeFileSync(index, asVersion1(readFileSync(index)))
      }
      const [a, b] = both('dump', '--match={instance=~"host-1.*",__name__!="m2"}', old)
      expect(a.length).toBeGreaterThan(1000)
      expect(a).toBe(b)
      expect(run(ours, ['tsdb', 'dump', old]).stdout).toBe(run(ours, ['tsdb', 'dump', mine]).stdout)
      expect(run(ours, ['tsdb', 'verify', old]).code).toBe(0)
    })

    test('neither index nor chunks take more bytes', () => {
      const byStart = (directory: string): string[] =>
        readdirSync(directory)
          .filter((name) => name !== 'wal')
          .map((name) => join(directory, name))
          .sort((a, b) => readMeta(a).minTime - readMeta(b).minTime)
      const [a, b] = [byStart(mine), byStart(theirs)]
      expect(a.length).toBe(b.length)
      for (const [i, place] of b.entries()) {
        for (const part of ['index', 'chunks/000001'])
          expect(statSync(join(a[i]!, part)).size).toBeLessThanOrEqual(statSync(join(place, part)).size)
      }
    })

    test('dump', () => {
      const [a, b] = both('dump', theirs)
      expect(a).toBe(b)
      expect(run(ours, ['tsdb', 'dump', mine]).stdout).toBe(b)
      const some = [
        '--match={instance=~"host-1."}',
        `--min-time=${START_S * 1000 + 60_000}`,
        `--max-time=${START_S * 1000 + 9_000_000}`,
      ]
      const [c, d] = both('dump', ...some, mine)
      expect(c.length).toBeGreaterThan(1000)
      expect(c).toBe(d)
    })

    test('dump-openmetrics, and back again', () => {
      const [a, b] = both('dump-openmetrics', theirs)
      expect(a).toBe(b)
      const file = join(workspace.directory, 'again.om')
      writeFileSync(file, a)
      const again = join(workspace.directory, 'again')
      expect(
        run(ours, ['tsdb', 'create-blocks-from', 'openmetrics', '-q', '--max-block-duration=1d', file, again])
          .code,
      ).toBe(0)
      mkdirSync(join(again, 'wal'))
      expect(run(promtool!, ['tsdb', 'dump', again]).stdout).toBe(
        run(promtool!, ['tsdb', 'dump', theirs]).stdout,
      )
    })

    test('analyze', () => {
      for (const more of [
        ['--limit=1000'],
        ['--limit=1000', '--match=m1{instance!="host-5"}'],
        ['--limit=3'],
      ]) {
        const [a, b] = both('analyze', ...more, theirs)
        if (more[0] === '--limit=3')
          expect(sections(a).map((part) => part.length)).toEqual(sections(b).map((part) => part.length))
        else expect(sections(a)).toEqual(sections(b))
      }
    })

    test('verify finds nothing in what either wrote, and a flipped bit wherever it is', () => {
      for (const directory of [theirs, mine])
        expect(run(ours, ['tsdb', 'verify', directory])).toMatchObject({ code: 0, stderr: '' })
      const block = readdirSync(mine)[0]!
      for (const [file, at] of [['chunks/000001', 300], ['index', 40], ['index', 2000], ['meta.json', 20]] as const) {
      const damaged = join(workspace.directory, `damaged-${file.replace('/', '-')}-${at}`)
      cpSync(mine, damaged, { recursive: true })
      const path = join(damaged, block, file)
      const bytes = readFileSync(path)
      bytes[at]! ^= 1
      writeFileSync(path, bytes)
      const { code, stdout } = run(ours, ['tsdb', 'verify', damaged])
      expect(code, `${file} at ${at}`).toBe(1)
      expect(stdout).toContain(join(damaged, block))
    } // prettier-ignore
    })

    test('import from a running Prometheus, and blocks of recording rules', async () => {
      const file = join(workspace.directory, 'idle.yml')
      writeFileSync(file, 'scrape_configs: []\n')
      const port = await freePort()
      const url = `http://127.0.0.1:${port}`
      const args = [`--config.file=${file}`, `--storage.tsdb.path=${theirs}`, '--storage.tsdb.retention.time=100y', `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'] // prettier-ignore
      const server = workspace.keep(await new Program(peer('prometheus')!, args, url).ready('/-/ready'))
      const imported = join(workspace.directory, 'imported')
      const range = [`--start=${START_S}`, `--end=${START_S + 36_000}`]
      expect(run(ours, ['tsdb', 'import', url, imported, ...range])).toMatchObject({
        code: 0,
        stdout: '18000 samples imported\n',
      })
      const rules = join(workspace.directory, 'rules.yml')
      writeFileSync(
        rules,
        'groups: [{ name: a, interval: 2m, labels: { of: group }, rules: [{ record: "job:m:sum", expr: "sum by (made) (m1)", labels: { more: label } }, { alert: A, expr: "m1 > 0" }] }]\n',
      )
      const [mineOut, theirOut] = [
        join(workspace.directory, 'rules-mine'),
        join(workspace.directory, 'rules-theirs'),
      ]
      const backfill = (program: string, out: string): { code: number | null } =>
        run(program, [
          'tsdb',
          'create-blocks-from',
          'rules',
          `--url=${url}`,
          `--output-dir=${out}`,
          ...range,
          rules,
        ])
      expect(backfill(ours, mineOut).code).toBe(0)
      expect(backfill(promtool!, theirOut).code).toBe(0)
      await server.stop()
      expect(run(ours, ['tsdb', 'dump', imported]).stdout).toBe(run(ours, ['tsdb', 'dump', theirs]).stdout)
      const lines = run(ours, ['tsdb', 'dump', mineOut]).stdout.trim().split('\n')
      // promtool shifts by a hash of the group, so that times differ; series and their number of samples do not.
      const reference = run(ours, ['tsdb', 'dump', theirOut]).stdout.trim().split('\n')
      const names = (all: string[]): Set<string> =>
        new Set(all.map((line) => line.slice(0, line.indexOf('}'))))
      expect(
        Math.abs(lines.length - reference.filter((line) => line.includes('job:m:sum')).length),
      ).toBeLessThan(2)
      expect([...names(reference)]).toEqual(expect.arrayContaining([...names(lines)]))
      expect(lines[0]).toMatch(/^\{__name__="job:m:sum", made="here", more="label", of="group"\} /)
      expect(run(ours, ['tsdb', 'verify', imported]).code).toBe(0)
    })

    test('the log and native histograms', async () => {
      const server = workspace.keep(
        await startPromontory({
          dataDirectory: workspace.data,
          config: 'scrape_configs: []\n',
          flags: ['--web.enable-remote-write-receiver', '--web.enable-admin-api'],
        }),
      )
      const timeMs = Math.floor(Date.now() / 1000) * 1000
      await remoteWrite(server.url, [
      { labels: { __name__: 'f' }, samples: [[timeMs - 5000, 1.5], [timeMs, undefined]] },
      { labels: { __name__: 'h' }, histograms: [{ timeMs, schema: 1, zeroThreshold: 0.5, zeroCount: 2, count: 7, sum: 1e7, positiveSpans: [[1, 2]], positiveBuckets: [1, 0], negativeSpans: [[0, 1]], negativeBuckets: [4] }] },
      { labels: { __name__: 'i' }, histograms: [{ timeMs, isFloat: true, schema: 0, count: 2.5, sum: -3, positiveSpans: [[0, 1]], positiveBuckets: [2.5] }] },
    ]) // prettier-ignore
      const answer = await fetch(`${server.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })
      const { name } = ((await answer.json()) as { data: { name: string } }).data
      await server.stop('SIGKILL')
      const snapshot = join(workspace.data, 'snapshots', name)
      mkdirSync(join(snapshot, 'wal'))
      const [a, b] = both('dump', snapshot)
      expect(a.split('\n').length).toBe(5)
      // promtool 3.5 leaves out histograms that Prometheus itself answers: what it prints must be there.
      for (const line of b.split('\n')) expect(a.split('\n')).toContain(line)
      expect(run(ours, ['tsdb', 'dump', workspace.data]).stdout).toBe(a)
      expect(run(ours, ['tsdb', 'verify', workspace.data]).stdout).toMatch(
        /^0 blocks, .* records of the log: no damage found/,
      )
    })
  },
)
