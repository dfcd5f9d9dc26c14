import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Block, PageCache } from '@promontory/tsdb/block'
import { afterAll, describe, expect, test } from 'vitest'
import { peer, run } from './support/peers.ts'
import { freePort, Program, startPromontory, until, Workspace } from './support/program.ts'
import { histogramLife as life, seeded } from './support/histogram-life.ts'
import { remoteWrite, type WrittenSeries } from './support/remote-writer.ts'

const prometheus = peer('prometheus')
const promtool = peer('promtool')
const FLAGS = ['--web.enable-remote-write-receiver', '--web.enable-admin-api']

function dataset(startMs: number): WrittenSeries[] {
  const random = seeded(11)
  const series: WrittenSeries[] = (['integer', 'float', 'custom', 'gauge'] as const).flatMap((kind) =>
    [1, 2, 3].map((n) => ({
      labels: { __name__: 'h', kind, n: String(n) },
      histograms: life(random, startMs, 160, kind),
    })),
  )
  // Floats and histograms in turns, integers and floats in turns.
  const mixed = life(random, startMs, 160, 'integer')
  return [
    ...series,
    {
      labels: { __name__: 'h', kind: 'half' },
      histograms: mixed.map((each, i) => ({ ...each, isFloat: i % 40 >= 20 })),
    },
    {
      labels: { __name__: 'h', kind: 'turns' },
      samples: mixed
        .filter((_, i) => i % 40 < 20)
        .map(({ timeMs }, i) => [timeMs, i % 7 === 3 ? undefined : i] as const),
    },
  ]
}

/** Every series of a directory with what promtool prints of it. */
function dump(directory: string): string[] {
  const { stdout, stderr, code } = run(promtool!, ['tsdb', 'dump', '--sandbox-dir-root=/tmp', directory])
  expect(stderr, stderr).not.toMatch(/error/i)
  expect(code).toBe(0)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}

/** Chunks of a snapshot by series: encoding and bytes. */
function chunks(snapshot: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const name of readdirSync(snapshot)) {
    const block = new Block(join(snapshot, name), new PageCache())
    for (const { labels, chunks: entries } of block.everySeries()) {
      const list = entries.map(({ ref }) => {
        const { encoding, data } = block.chunks.read(ref)
        return `${encoding}:${data.toString('hex')}`
      })
      found.set(labels.toString(), [...(found.get(labels.toString()) ?? []), ...list])
    }
    block.dispose()
  }
  return found
}

/** Prometheus encodes the open chunk anew for a snapshot, and forgets what led to it. */
function newestUnknown(chunks: readonly string[]): string[] {
  return chunks.map((chunk, i) =>
    i === chunks.length - 1 ? `${chunk.slice(0, 6)}??${chunk.slice(8)}` : chunk,
  )
}

describe.skipIf(prometheus === undefined || promtool === undefined)(
  'native histograms beside Prometheus (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())
    const startMs = Math.floor(Date.now() / 1000) * 1000 - 3600_000
    const ours = join(workspace.directory, 'ours')
    const theirs = join(workspace.directory, 'theirs')
    const idle = (): string => {
      const file = join(workspace.directory, 'idle.yml')
      mkdirSync(workspace.directory, { recursive: true })
      writeFileSync(file, 'scrape_configs: []\n')
      return file
    }
    const startPrometheus = async (directory: string): Promise<Program> => {
      const port = await freePort()
      const args = [
        `--config.file=${idle()}`,
        `--storage.tsdb.path=${directory}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
        '--enable-feature=native-histograms',
        ...FLAGS,
      ]
      return workspace.keep(
        await new Program(prometheus!, args, `http://127.0.0.1:${port}`).ready('/-/ready'),
      )
    }
    const startOurs = async (directory: string): Promise<Program> =>
      workspace.keep(
        await startPromontory({ dataDirectory: directory, config: 'scrape_configs: []\n', flags: FLAGS }),
      )
    const answers = async (server: Program): Promise<string[]> =>
      ((await server.query('{__name__="h"}[2h]', (startMs + 3600_000) / 1000)) as object[])
        .map((each) => JSON.stringify(each))
        .sort()
    const snapshot = async (server: Program, directory: string): Promise<string> => {
      const answer = (await (
        await fetch(`${server.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })
      ).json()) as { data: { name: string } }
      return join(directory, 'snapshots', answer.data.name)
    }

    test('the same requests give the same samples and, histogram for histogram, the same chunks', async () => {
      const data = dataset(startMs)
      const [a, b] = [await startOurs(ours), await startPrometheus(theirs)]
      for (const server of [a, b])
        // Some at a time, so that chunks grow over many appends.
        for (let from = 0; from < 160; from += 5) {
          const inTurn = <T extends { timeMs: number } | readonly [number, ...unknown[]]>(
            list: readonly T[] = [],
          ): T[] =>
            list.filter((each) => {
              const timeMs = 'timeMs' in each ? each.timeMs : each[0]
              const step = Math.floor((timeMs - startMs) / 15_000)
              return step >= from && step < from + 5
            })
          const some = data.map(({ labels, samples, histograms }) => ({
            labels,
            samples: inTurn(samples),
            histograms: inTurn(histograms),
          }))
          const answer = await remoteWrite(
            server.url,
            some.filter(({ samples, histograms }) => samples.length + histograms.length > 0),
          )
          expect(answer, answer.text).toMatchObject({ status: 204 })
        }
      const wanted = await answers(b)
      expect(wanted.length).toBe(14)
      expect(await answers(a)).toEqual(wanted)
      const [ourChunks, theirChunks] = [chunks(await snapshot(a, ours)), chunks(await snapshot(b, theirs))]
      expect([...ourChunks.keys()].sort()).toEqual([...theirChunks.keys()].sort())
      for (const [series, list] of theirChunks)
        if (list.every((chunk) => !chunk.startsWith('1:')))
          expect(newestUnknown(ourChunks.get(series)!), series).toEqual(newestUnknown(list))
      await a.stop('SIGKILL')
      await b.stop()
    })

    test('each reads the log of the other', async () => {
      const [copyOfOurs, copyOfTheirs] = [`${ours}-copy`, `${theirs}-copy`]
      cpSync(ours, copyOfOurs, { recursive: true })
      cpSync(theirs, copyOfTheirs, { recursive: true })
      for (const copy of [copyOfOurs, copyOfTheirs]) rmSync(join(copy, 'lock'), { force: true })
      const [a, b] = [await startOurs(copyOfTheirs), await startPrometheus(copyOfOurs)]
      expect(await answers(a)).toEqual(await answers(b))
      await Promise.all([a.stop(), b.stop()])
      const wanted = dump(copyOfOurs)
      expect(wanted.length).toBeGreaterThan(1900)
      expect(dump(ours).length).toEqual(wanted.length)
    })

    test('each reads the blocks of the other', async () => {
      const only = (directory: string): string =>
        join(directory, 'snapshots', readdirSync(join(directory, 'snapshots'))[0]!)
      const [a, b] = [await startOurs(only(theirs)), await startPrometheus(only(ours))]
      const found = await answers(a)
      expect(found.length).toBe(14)
      expect(found).toEqual(await answers(b))
      await Promise.all([a.stop(), b.stop()])
    })

    test('scraped from a Prometheus, they are stored, and still there after a kill', async () => {
      const target = await startPrometheus(join(workspace.directory, 'target'))
      const config = `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: native
    scrape_native_histograms: true
    scrape_protocols: [PrometheusProto]
    static_configs: [{ targets: ['${new URL(target.url).host}'] }]
`
      const dataDirectory = join(workspace.directory, 'scraped')
      const server = workspace.keep(await startPromontory({ dataDirectory, config, flags: FLAGS }))
      const counts = async (from: Program): Promise<Map<string, number>> =>
        new Map(
          (
            await from.query(
              'max_over_time(histogram_count(prometheus_http_request_duration_seconds)[1m:1s])',
            )
          ).map(({ metric, value }) => [JSON.stringify(metric), Number(value![1])]),
        )
      const before = await until(
        'scrapes with counts',
        () => counts(server),
        (found) => [...found.values()].some((count) => count > 3),
      )
      await server.stop('SIGKILL')
      const again = workspace.keep(
        await startPromontory({ dataDirectory, config: 'scrape_configs: []\n', flags: FLAGS }),
      )
      const after = await counts(again)
      for (const [series, count] of before) expect(after.get(series), series).toBeGreaterThanOrEqual(count)
      expect((await again.query('count(prometheus_http_request_duration_seconds_bucket)')).length).toBe(0)
      await Promise.all([again.stop(), target.stop()])
    })
  },
)
