import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
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

/** Samples of our own scrapes up to a time, by series. */
async function samples(server: Program, atS: number): Promise<Map<string, [number, string][]>> {
  const result = (await server.query('{job="itself"}[5m]', atS)) as unknown as Required<QueryResult>[]
  return new Map(
    result.map(({ metric, values }) => [JSON.stringify(Object.entries(metric).sort()), values] as const),
  )
}

/** VictoriaMetrics rounds values of many digits, those of a block alike, and keeps no NaN. */
function isSame(wanted: readonly [number, string][], found: readonly [number, string][]): boolean {
  if (wanted.length !== found.length) return false
  return wanted.every(([timeS, text], i) => {
    const [value, other] = [Number(text), Number(found[i]![1])]
    const isClose = Object.is(value, other) || Math.abs(value - other) <= 1e-11 * Math.abs(value)
    return timeS === found[i]![0] && isClose
  })
}

describe.each([
  ['victoriametrics', victoria],
  ['prometheus', prometheus],
] as const)('--storage.remote=%s (skipped when it is not installed)', (engine, program) => {
  const workspace = new Workspace()
  afterAll(() => workspace.clean())

  test.skipIf(program === undefined)(
    'every sample goes there, and comes back when local data is gone',
    async () => {
      const port = await freePort()
      const url = `http://127.0.0.1:${port}`
      mkdirSync(workspace.directory, { recursive: true })
      const store = join(workspace.directory, 'engine')
      const idle = join(workspace.directory, 'idle.yml')
      writeFileSync(idle, 'scrape_configs: []\n')
      const args =
      engine === 'victoriametrics'
        ? [`-storageDataPath=${store}`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=1y']
        : [`--config.file=${idle}`, `--storage.tsdb.path=${store}`, `--web.listen-address=127.0.0.1:${port}`, '--web.enable-remote-write-receiver'] // prettier-ignore
      const other = workspace.keep(await new Program(program!, args, url).ready(engine === 'prometheus' ? '/-/ready' : '/health')) // prettier-ignore
      const ownPort = await freePort()
      const config = (
        phase: string,
      ): string => `global: { scrape_interval: 1s, scrape_timeout: 1s, external_labels: { replica: a } }
scrape_configs: [{ job_name: itself, static_configs: [{ targets: ['127.0.0.1:${ownPort}'], labels: { phase: ${phase} } }] }]
`
      const start = async (phase: string): Promise<Program> =>
        workspace.keep(
          await startPromontory({ config: config(phase), dataDirectory: workspace.data, port: ownPort, flags: [`--storage.remote=${engine} ${url}`] }), // prettier-ignore
        )
      const first = await start('before')
      await until('samples', () => first.query('count_over_time(up{job="itself"}[1m]) > 4'), (found) => found.length === 1) // prettier-ignore
      const atS = Math.floor(Date.now() / 1000)
      await until(
        'the queue is empty',
        () => first.data<{ queues: { highestSentSeconds: number }[] }>('/api/v1/status/remote_write'),
        ({ queues }) => queues[0]!.highestSentSeconds > atS + 1,
      )
      const before = await samples(first, atS)
      expect(before.size).toBeGreaterThan(100)
      expect((await first.data<{ storageRetention: string }>('/api/v1/status/runtimeinfo')).storageRetention).toBe('6h') // prettier-ignore
      await first.stop()
      rmSync(workspace.data, { recursive: true })
      // VictoriaMetrics shows what it took after a moment.
      if (engine === 'victoriametrics') await fetch(`${other.url}/internal/force_flush`)
      await sleep(1000)
      const second = await start('after')
      await until('samples of the second', () => second.query('up{job="itself"}'), (found) => found.length === 1) // prettier-ignore
      const after = await samples(second, atS)
      const kept = (values: [number, string][]): [number, string][] =>
        engine === 'victoriametrics' ? values.filter(([, value]) => value !== 'NaN') : values
      const lost = [...before].filter(([key, values]) => !isSame(kept(values), after.get(key) ?? []))
      expect(lost.slice(0, 3).map(([key, values]) => [key, values, after.get(key)])).toEqual([])
      const whole = await second.query('sum(count_over_time(up{job="itself"}[5m]))')
      expect(Number(whole[0]!.value![1])).toBeGreaterThan(5)
      // Of series that are here no more the engine knows.
      const range = `start=${atS - 60}&end=${atS}`
      expect(await second.data(`/api/v1/label/phase/values?${range}`)).toContain('before')
      expect(await second.data(`/api/v1/labels?${range}`)).not.toContain('replica')
      const series = await second.data<unknown[]>(`/api/v1/series?match[]=up{phase="before"}&${range}`)
      expect(series).toEqual([
        { __name__: 'up', instance: `127.0.0.1:${ownPort}`, job: 'itself', phase: 'before' },
      ])
    },
  )
})
