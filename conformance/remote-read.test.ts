import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, startPromontory, until, Workspace } from './support/program.ts'
import { remoteWrite } from './support/remote-writer.ts'

const prometheus = peer('prometheus')

describe.skipIf(prometheus === undefined)(
  'remote read between us and a real Prometheus (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())

    const endS = Math.floor(Date.now() / 60_000) * 60
    const times = Array.from({ length: 300 }, (_, i) => (endS - 3000 + 10 * i) * 1000)
    const native = (count: number) => ({
      schema: 0,
      count,
      sum: count,
      positiveSpans: [[0, 2]] as const,
      positiveBuckets: [count / 2, count / 2],
    })

    async function startTheirs(name: string, config: string, port: number): Promise<Program> {
      const file = join(workspace.directory, `${name}.yml`)
      writeFileSync(file, config)
      const args = [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(workspace.directory, name)}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-remote-write-receiver',
        '--enable-feature=native-histograms',
        '--log.level=error',
      ]
      return workspace.keep(
        await new Program(prometheus!, args, `http://127.0.0.1:${port}`).ready('/-/ready'),
      )
    }

    async function fill(url: string): Promise<void> {
      const { status, text } = await remoteWrite(url, [
        {
          labels: { __name__: 'm', job: 'a' },
          samples: times.map((time, i) => [time, i === 150 ? undefined : i]),
        },
        { labels: { __name__: 'm', job: 'b' }, samples: times.map((time, i) => [time, i / 3]) },
        {
          labels: { __name__: 'h' },
          histograms: times.slice(0, 50).map((timeMs, i) => ({ timeMs, ...native(2 * i + 2) })),
        },
      ])
      expect(`${status} ${text}`).toMatch(/^20[04] /)
    }

    const QUERIES = [
      'm',
      'rate(m{job="a"}[2m])',
      'sum(m)',
      'h',
      'histogram_quantile(0.9, h)',
      'm{job=~"a|c",job!="b"}',
    ]
    async function answers(server: Program): Promise<unknown[]> {
      const all: unknown[] = []
      for (const query of QUERIES) {
        const range = `start=${endS - 3000}&end=${endS}&step=30`
        const { result } = await server.data<{ result: { metric: object }[] }>(`/api/v1/query_range?query=${encodeURIComponent(query)}&${range}`) // prettier-ignore
        all.push(result.sort((a, b) => (JSON.stringify(a.metric) < JSON.stringify(b.metric) ? -1 : 1)))
      }
      return all
    }

    test('each answers queries from what the other has', async () => {
      mkdirSync(workspace.directory, { recursive: true })
      const [ourPort, theirPort, readerPort, forwarderPort] = [
        await freePort(),
        await freePort(),
        await freePort(),
        await freePort(),
      ]
      const ours = workspace.keep(
        await startPromontory({
          dataDirectory: workspace.data,
          port: ourPort,
          config: 'scrape_configs: []\n',
          flags: ['--web.enable-remote-write-receiver'],
        }),
      )
      const theirs = await startTheirs('full', 'scrape_configs: []\n', theirPort)
      await Promise.all([fill(ours.url), fill(theirs.url)])
      const reference = await until(
        'the samples',
        () => answers(theirs),
        (all) => (all[0] as unknown[]).length === 2,
      )
      expect(await answers(ours)).toEqual(reference)
      // A Prometheus that has nothing asks us, by streamed chunks.
      const reader = await startTheirs(
        'reader',
        `remote_read: [{ url: 'http://127.0.0.1:${ourPort}/api/v1/read', read_recent: true }]\n`,
        readerPort,
      )
      expect(await answers(reader)).toEqual(reference)
      // One of ours that has nothing asks Prometheus, and one asks ours.
      const forwarder = workspace.keep(
        await startPromontory({
          dataDirectory: join(workspace.directory, 'forwarder'),
          port: forwarderPort,
          config: `remote_read: [{ url: 'http://127.0.0.1:${theirPort}/api/v1/read' }]\n`,
        }),
      )
      expect(await answers(forwarder)).toEqual(reference)
      // A source that is gone costs a warning.
      await theirs.stop()
      const answer = await forwarder.json<{ status: string; warnings: string[] }>(
        `/api/v1/query?query=m&time=${endS}`,
      )
      expect(answer.status).toBe('success')
      expect(answer.warnings[0]).toContain('remote_read: 0:')
    })
  },
)
