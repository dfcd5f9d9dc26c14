import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { peer, run } from './support/peers.ts'
import { freePort, Program, startPromontory, until, Workspace } from './support/program.ts'

const prometheus = peer('prometheus')
const promtool = peer('promtool')

/** Counters and gauges with all sorts of values; a few series come and go. */
function startApplication(): Promise<{ url: string; close: () => void }> {
  let scrapes = 0
  const server = createServer((_request, response) => {
    scrapes++
    const lines = ['# TYPE app_requests_total counter', '# TYPE app_temperature gauge']
    for (let i = 0; i < 50; i++) lines.push(`app_requests_total{code="${200 + i}"} ${scrapes * (i + 1)}`)
    lines.push(
      `app_temperature{place="ü \\"x\\""} ${Math.sin(scrapes)}`,
      `app_special{kind="nan"} NaN`,
      `app_special{kind="inf"} +Inf`,
    )
    if (scrapes % 3 === 0) lines.push(`app_sometimes 1`)
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`${lines.join('\n')}\n`)
  })
  return new Promise((done) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      done({ url: `127.0.0.1:${port}`, close: () => server.close() })
    }),
  )
}

const config = (target: string): string => `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: app
    static_configs: [{ targets: ['${target}'] }]
`

type Matrix = { metric: Record<string, string>; values: [number, string][] }[]

/** Every sample of the job over the last minutes, series by series. */
async function everything(server: Program, atS: number): Promise<Map<string, string>> {
  const result = (await server.query('{job="app"}[10m]', atS)) as unknown as Matrix
  return new Map(
    result.map(({ metric, values }) => [
      JSON.stringify(Object.entries(metric).sort()),
      JSON.stringify(values),
    ]),
  )
}

describe.skipIf(prometheus === undefined || promtool === undefined)(
  'moving between Prometheus and us (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())

    const startPrometheus = async (dataDirectory: string, file: string): Promise<Program> => {
      const port = await freePort()
      const args = [
        `--config.file=${file}`,
        `--storage.tsdb.path=${dataDirectory}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ]
      return workspace.keep(
        await new Program(prometheus!, args, `http://127.0.0.1:${port}`).ready('/-/ready'),
      )
    }

    test('Prometheus reads our directory, and we read the one that it leaves', async () => {
      const application = await startApplication()
      const ours = workspace.keep(
        await startPromontory({ dataDirectory: workspace.data, config: config(application.url) }),
      )
      await until(
        'some scrapes',
        () => ours.query('count_over_time(up[5m])'),
        ([first]) => Number(first?.value?.[1] ?? 0) >= 8,
      )
      const atS = Date.now() / 1000
      const wanted = await everything(ours, atS)
      expect(wanted.size).toBeGreaterThan(55)
      // A copy while we run: no more than what was acknowledged is promised, and no less.
      const copy = join(workspace.directory, 'copy')
      cpSync(workspace.data, copy, { recursive: true })
      rmSync(join(copy, 'lock'), { force: true })
      const idle = join(workspace.directory, 'idle.yml')
      writeFileSync(idle, 'scrape_configs: []\n')
      const theirs = await startPrometheus(copy, idle)
      expect(await everything(theirs, atS)).toEqual(wanted)
      await theirs.stop()
      // Prometheus goes on in the directory that we left, then we go on where it stopped.
      expect(await ours.stop()).toBe(0)
      const file = join(workspace.directory, 'app.yml')
      writeFileSync(file, config(application.url))
      const successor = await startPrometheus(workspace.data, file)
      await until(
        'scrapes by Prometheus',
        () => successor.query('count_over_time(up[5m])'),
        ([first]) => Number(first?.value?.[1] ?? 0) >= 16,
      )
      const laterS = Date.now() / 1000
      const theirSamples = await everything(successor, laterS)
      await successor.stop()
      const again = workspace.keep(
        await startPromontory({ dataDirectory: workspace.data, config: 'scrape_configs: []\n' }),
      )
      expect(await everything(again, laterS)).toEqual(theirSamples)
      await again.stop()
      application.close()
    })

    test('a snapshot of ours restores in Prometheus', async () => {
      const flags = ['--web.enable-admin-api']
      const ours = workspace.keep(
        await startPromontory({ dataDirectory: workspace.data, config: 'scrape_configs: []\n', flags }),
      )
      const atS = Date.now() / 1000
      const wanted = await everything(ours, atS)
      expect(wanted.size).toBeGreaterThan(55)
      const answer = (await (
        await fetch(`${ours.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })
      ).json()) as { data: { name: string } }
      await ours.stop()
      const idle = join(workspace.directory, 'idle.yml')
      writeFileSync(idle, 'scrape_configs: []\n')
      const theirs = await startPrometheus(join(workspace.data, 'snapshots', answer.data.name), idle)
      expect(await everything(theirs, atS)).toEqual(wanted)
      await theirs.stop()
    })

    test('one directory has one owner at a time', async () => {
      const directory = join(workspace.directory, 'owned')
      const idle = join(workspace.directory, 'idle.yml')
      writeFileSync(idle, 'scrape_configs: []\n')
      const theirs = await startPrometheus(directory, idle)
      await expect(startPromontory({ dataDirectory: directory })).rejects.toThrow(/is locked/)
      await theirs.stop()
      const ours = workspace.keep(await startPromontory({ dataDirectory: directory }))
      await expect(startPrometheus(directory, idle)).rejects.toThrow(/lock/)
      await ours.stop()
    })

    test('promtool reads blocks and log that we wrote', async () => {
      const { stdout, code } = run(promtool!, ['tsdb', 'dump', workspace.data])
      expect(code).toBe(0)
      expect(stdout).toContain('app_requests_total')
    })
  },
)
