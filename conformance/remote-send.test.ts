import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { peer } from './support/peers.ts'
import {
  freePort,
  Program,
  type QueryResult,
  sleep,
  startPromontory,
  until,
  Workspace,
} from './support/program.ts'

const prometheus = peer('prometheus')
const victoria = peer('victoria-metrics')

/** Outages one after another; minutes of them are for the soak run. */
const ROUNDS = Number(process.env['REMOTE_ROUNDS'] ?? 1)
/** What is compared: all that was stored. */
const WINDOW_S = 60 + 20 * ROUNDS

type Stored = Map<string, Record<string, string>>

/** Series of the job with their samples by time, without NaN (VictoriaMetrics keeps none), as the raw data of an instant query with a range has them. */
async function stored(server: Program, atS: number): Promise<Stored> {
  const result = (await server.query(
    `{job="itself"}[${WINDOW_S}s]`,
    atS,
  )) as unknown as Required<QueryResult>[]
  return new Map(
    result
      .map(({ metric, values }) => [metric, values.filter(([, value]) => value !== 'NaN')] as const)
      .filter(([, values]) => values.length > 0)
      .map(([metric, values]) => [
        JSON.stringify(Object.entries(metric).sort()),
        Object.fromEntries(values.map(([time, value]) => [time, String(Number(value))])),
      ]),
  )
}

/** The same of VictoriaMetrics, from its export of raw samples; it writes a stale marker as null. */
async function exported(server: Program, atS: number): Promise<Stored> {
  const range = `start=${(atS - WINDOW_S).toFixed(3)}&end=${atS.toFixed(3)}`
  const response = await fetch(`${server.url}/api/v1/export?match[]={job="itself"}&${range}`)
  const series = new Map<string, Record<string, string>>()
  for (const line of (await response.text()).split('\n').filter((text) => text !== '')) {
    const { metric, values, timestamps } = JSON.parse(line) as {
      metric: Record<string, string>
      values: (number | string | null)[]
      timestamps: number[]
    }
    const key = JSON.stringify(Object.entries(metric).sort())
    const samples = timestamps.flatMap((time, i) =>
      values[i] === null ? [] : [[time / 1000, String(Number(values[i]))]],
    )
    series.set(key, { ...series.get(key), ...(Object.fromEntries(samples) as object) })
  }
  return series
}

describe.skipIf(prometheus === undefined || victoria === undefined)(
  'we write to a real Prometheus and a real VictoriaMetrics (skipped when one is not installed)',
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())

    test(
      'what we stored is there, over an outage of both and a kill -9 of ours',
      async () => {
        mkdirSync(workspace.directory, { recursive: true })
        const [port, promPort, vmPort] = [await freePort(), await freePort(), await freePort()]
        const empty = join(workspace.directory, 'empty.yml')
        writeFileSync(empty, 'storage: { tsdb: { out_of_order_time_window: 10m } }\n')
        const startProm = async (): Promise<Program> =>
          workspace.keep(
            await new Program(
              prometheus!,
              [
                `--config.file=${empty}`,
                `--storage.tsdb.path=${join(workspace.directory, 'prom')}`,
                `--web.listen-address=127.0.0.1:${promPort}`,
                '--web.enable-remote-write-receiver',
                '--log.level=error',
              ],
              `http://127.0.0.1:${promPort}`,
            ).ready('/-/ready'),
          )
        const startVictoria = async (): Promise<Program> =>
          workspace.keep(
            await new Program(
              victoria!,
              [
                `-storageDataPath=${join(workspace.directory, 'vm')}`,
                `-httpListenAddr=127.0.0.1:${vmPort}`,
                '-loggerLevel=ERROR',
                '-search.latencyOffset=0s',
                '-retentionPeriod=100y',
              ],
              `http://127.0.0.1:${vmPort}`,
            ).ready('/health'),
          )
        let [prom, vm] = [await startProm(), await startVictoria()]
        const startOurs = async (): Promise<Program> =>
          workspace.keep(
            await startPromontory({
              dataDirectory: workspace.data,
              port,
              config: `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs: [{ job_name: itself, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }]
remote_write:
  - url: http://127.0.0.1:${promPort}/api/v1/write
    name: prom
    protobuf_message: io.prometheus.write.v2.Request
    queue_config: { batch_send_deadline: 200ms, max_backoff: 500ms }
  - url: http://127.0.0.1:${vmPort}/api/v1/write
    queue_config: { batch_send_deadline: 200ms, max_backoff: 500ms, min_shards: 3 }
`,
            }),
          )
        const ours = await startOurs()
        for (const receiver of [prom, vm])
          await until(
            'the first sample',
            () => receiver.query('up{job="itself"}'),
            (result) => result.length === 1,
          )
        let again = ours
        for (let round = 0; round < ROUNDS; round++) {
          await Promise.all([prom.stop('SIGKILL'), vm.stop('SIGTERM')])
          await sleep(2500)
          await again.stop('SIGKILL')
          again = await startOurs()
          await sleep(2500)
          ;[prom, vm] = [await startProm(), await startVictoria()]
          await sleep(2500)
        }
        await until(
          'the queues to be empty',
          () =>
            again.data<{ queues: { lagSeconds: number; pending: { samples: number } }[] }>(
              '/api/v1/status/remote_write',
            ),
          ({ queues }) => queues.length === 2 && queues.every(({ lagSeconds }) => lagSeconds < 2),
        )
        await sleep(2500)
        const atS = Date.now() / 1000 - 2
        const mine = await stored(again, atS)
        expect(mine.size).toBeGreaterThan(250)
        for (const receiver of [prom, vm]) {
          // VictoriaMetrics shows what is new after a moment.
          const theirs = await until(
            'the same series with as many samples',
            () => (receiver === vm ? exported : stored)(receiver, atS),
            (answer) =>
              [...mine].every(
                ([series, samples]) =>
                  Object.keys(answer.get(series) ?? {}).length >= Object.keys(samples).length,
              ),
            30_000,
          )
          for (const [series, samples] of mine) {
            const received = theirs.get(series) ?? {}
            expect(Object.keys(received), series).toEqual(Object.keys(samples))
            // VictoriaMetrics rounds values, all of a block to one exponent.
            if (receiver === prom) expect(received, series).toEqual(samples)
            for (const [time, value] of Object.entries(samples))
              expect(Math.abs(Number(received[time]) - Number(value)), series).toBeLessThanOrEqual(
                1e-6 * Math.abs(Number(value)),
              )
          }
          expect(theirs.size).toBe(mine.size)
        }
        const metrics = await (await fetch(`${again.url}/metrics`)).text()
        expect(metrics).toMatch(
          /prometheus_remote_storage_samples_total\{remote_name="prom",url="[^"]*"\} [1-9]/,
        )
        expect(metrics).toMatch(
          /prometheus_remote_storage_samples_failed_total\{remote_name="prom",url="[^"]*"\} 0/,
        )
      },
      90_000 + 30_000 * ROUNDS,
    )
  },
)
