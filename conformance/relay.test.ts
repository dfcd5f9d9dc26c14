import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { pythonWithClient, startNodeApplication, startPythonApplication } from './support/applications.ts'
import { startNodeExporter } from './support/node-exporter.ts'
import { peer } from './support/peers.ts'
import { freePort, Program, sleep, startPromontory, until, Workspace } from './support/program.ts'

const prometheus = peer('prometheus')
const nodeExporter = peer('prometheus-node-exporter')
const python = pythonWithClient()
const missing = [
  prometheus === undefined && 'prometheus',
  nodeExporter === undefined && 'node_exporter',
  python === undefined && 'prometheus_client',
].filter(Boolean)

/** How long both servers scrape; the whole minutes are for the soak run. */
const SECONDS = Number(process.env['RELAY_SECONDS'] ?? 24)

interface Recording {
  readonly body: Buffer
  readonly type: string
}

/**
 * Fetches each target once a second and serves that body, with explicit timestamps, to whoever asks: so two servers that
 * scrape at different moments must store the same samples.
 */
class Relay {
  readonly #recordings = new Map<string, Recording[]>()
  readonly #fetched = new Map<string, Promise<void>>()
  readonly server = createServer((request, response) => void this.#answer(request, response))

  constructor(targets: Readonly<Record<string, { url: string; accept: string }>>) {
    for (const [name, { url, accept }] of Object.entries(targets)) {
      this.#recordings.set(name, [])
      this.#fetched.set(name, this.#record(name, url, accept))
    }
  }

  async #record(name: string, url: string, accept: string): Promise<void> {
    const until = Date.now() + (SECONDS + 20) * 1000
    while (Date.now() < until) {
      const response = await fetch(`${url}/metrics`, { headers: { accept } }).catch(() => undefined)
      if (response === undefined) return
      const type = response.headers.get('content-type') ?? ''
      const text = await response.text()
      this.#recordings.get(name)!.push({ body: Buffer.from(stamp(text, type, Date.now())), type })
      await sleep(1000)
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const latest = this.#recordings.get(request.url?.slice(1) ?? '')?.at(-1)
    if (latest === undefined) response.writeHead(503).end()
    else response.writeHead(200, { 'content-type': latest.type }).end(latest.body)
  }
}

/** Puts a timestamp behind each sample: milliseconds in text 0.0.4, seconds in OpenMetrics (before the exemplar). */
function stamp(text: string, type: string, nowMs: number): string {
  const time = type.includes('openmetrics') ? (nowMs / 1000).toFixed(3) : String(nowMs)
  return text
    .split('\n')
    .map((line) => {
      if (line === '' || line.startsWith('#')) return line
      const [sample, exemplar] = line.split(' # ') as [string, string | undefined]
      return `${sample} ${time}${exemplar === undefined ? '' : ` # ${exemplar}`}`
    })
    .join('\n')
}

type Matrix = { metric: Record<string, string>; values: [number, string][] }[]

async function stored(server: Program, job: string, atS: number): Promise<Map<string, Map<number, string>>> {
  const result = (await server.query(
    `{job="${job}", __name__!~"up|scrape_.+"}[10m]`,
    atS,
  )) as unknown as Matrix
  return new Map(
    result.map(({ metric, values }) => [JSON.stringify(Object.entries(metric).sort()), new Map(values)]),
  )
}

describe.skipIf(missing.length > 0)(
  `the same bodies through Prometheus and us (needs ${missing.join(', ') || 'nothing more'})`,
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())

    test(
      'every series, label, type and value agrees bit for bit',
      async () => {
        mkdirSync(workspace.directory, { recursive: true })
        const relay = new Relay({
          node_exporter: {
            url: workspace.keep(await startNodeExporter(nodeExporter!)).url,
            accept: 'text/plain;version=0.0.4',
          },
          node: {
            url: workspace.keep(await startNodeApplication(workspace.directory)).url,
            accept: 'text/plain;version=0.0.4',
          },
          python: {
            url: workspace.keep(await startPythonApplication(python!, workspace.directory)).url,
            accept: 'application/openmetrics-text;version=1.0.0',
          },
        })
        const relayPort = await new Promise<number>((done) =>
          relay.server.listen(0, '127.0.0.1', () => done((relay.server.address() as AddressInfo).port)),
        )
        const jobs = ['node_exporter', 'node', 'python']
        const config = `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n${jobs
          .map(
            (job) =>
              `  - { job_name: ${job}, metrics_path: /${job}, static_configs: [{ targets: ['127.0.0.1:${relayPort}'] }] }\n`,
          )
          .join('')}`
        const file = join(workspace.directory, 'relay.yml')
        writeFileSync(file, config)
        const port = await freePort()
        const theirArgs = [
          `--config.file=${file}`,
          `--storage.tsdb.path=${join(workspace.directory, 'theirs')}`,
          `--web.listen-address=127.0.0.1:${port}`,
          '--log.level=warn',
        ]
        const theirs = workspace.keep(
          await new Program(prometheus!, theirArgs, `http://127.0.0.1:${port}`).ready('/-/ready'),
        )
        const ours = workspace.keep(
          await startPromontory({ dataDirectory: workspace.data, config, flags: ['--content.rules=none'] }),
        )
        for (const server of [theirs, ours])
          await until(
            'all jobs up',
            () => server.query('up == 1'),
            (result) => result.length === jobs.length,
          )
        await sleep(SECONDS * 1000)
        relay.server.close()
        relay.server.closeAllConnections()

        const atS = Date.now() / 1000
        for (const job of jobs) {
          const [mine, reference] = [await stored(ours, job, atS), await stored(theirs, job, atS)]
          expect([...mine.keys()].sort(), job).toEqual([...reference.keys()].sort())
          let compared = 0
          for (const [series, samples] of reference) {
            const own = mine.get(series)!
            // A body may be fetched by one of the two only: what both have must be equal.
            for (const [time, value] of samples)
              if (own.has(time)) {
                expect(own.get(time), `${series} @${time}`).toBe(value)
                compared++
              }
          }
          expect(compared, job).toBeGreaterThan(reference.size * SECONDS * 0.6)
        }
        const metadata = (server: Program): Promise<Record<string, unknown>> =>
          server.data('/api/v1/metadata')
        expect(sorted(await metadata(ours))).toEqual(sorted(await metadata(theirs)))
      },
      (SECONDS + 90) * 1000,
    )
  },
)

/** Entries of one metric in a fixed order. */
function sorted(metadata: Record<string, unknown>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(metadata)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, entries]) => [
        name,
        (entries as { type: string; help: string; unit: string }[])
          .map(({ type, help, unit }) => `${type}|${help}|${unit}`)
          .sort(),
      ]),
  )
}
