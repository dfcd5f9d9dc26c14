import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  allPanels,
  chain,
  dashboardOf,
  interpolate,
  intervalScope,
  openDashboard,
  prometheusDefault,
  single,
  type Scope,
} from '@promontory/panels'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startNodeExporter } from './support/node-exporter.ts'
import { peer } from './support/peers.ts'
import { freePort, type Program, SHARED, startPromontory, until, Workspace } from './support/program.ts'

const exporter = peer('prometheus-node-exporter')
const FILE = join(SHARED, 'corpus/dashboards/rfmoz--prometheus-node-exporter-full.json')

/** What differs, by name: node_exporter's lists of its own collectors, and its collector of text files, which is not here. */
const KNOWN_DIFFERENT = /node_scrape_collector_|node_textfile_/

/** Its default; packages of Debian leave more out. */
const MOUNTS =
  '--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)'

interface Found {
  readonly panel: string
  readonly expr: string
  readonly real: readonly string[]
  readonly own: readonly string[]
}

describe.skipIf(exporter === undefined || !existsSync(FILE))(
  'Node Exporter Full: from node_exporter and from us (skipped when it or ../shared is not there)',
  () => {
    const workspace = new Workspace()
    let server: Program
    let found: Found[]

    beforeAll(async () => {
      const real = workspace.keep(await startNodeExporter(exporter!, [MOUNTS]))
      const port = await freePort()
      const config = `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: real
    static_configs: [{ targets: ['${new URL(real.url).host}'] }]
  - job_name: own
    metrics_path: /metrics/host
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
`
      server = workspace.keep(await startPromontory({ dataDirectory: workspace.data, config, port }))
      await until(
        'twelve scrapes of both',
        () => server.query('count_over_time(node_uname_info[1m]) >= 12'),
        (result) => result.length === 2,
      )
      found = await compared(server)
    }, 120_000)
    afterAll(() => workspace.clean())

    test('every question that has an answer from node_exporter has the same series from us', () => {
      const asked = found.filter(({ real }) => real.length > 0)
      const different = asked.filter(({ real, own }) => real.join('\n') !== own.join('\n'))
      const faults = different.filter(({ expr }) => !KNOWN_DIFFERENT.test(expr))
      console.log(
        `${asked.length} of ${found.length} questions have data from node_exporter, ${asked.length - different.length} the same from us`,
      )
      expect(asked.length).toBeGreaterThan(100)
      expect(
        faults.map(
          ({ panel, expr, real, own }) => `${panel}: ${expr}\n  ${real.join(' ')}\n  ${own.join(' ')}`,
        ),
      ).toEqual([])
    })
  },
)

/** The answers to all questions of the dashboard, at one time for both. */
async function compared(server: Program): Promise<Found[]> {
  const jobs = await server.query('node_uname_info')
  const instanceOf = (isReal: boolean): Readonly<Record<string, string>> =>
    jobs.find(({ metric }) => (metric['job'] === 'real') === isReal)!.metric
  const dashboard = dashboardOf(openDashboard(JSON.parse(readFileSync(FILE, 'utf8'))).model)
  const out: Found[] = []
  for (const { title, targets } of allPanels(dashboard.panels))
    for (const { expr } of targets) {
      if (typeof expr !== 'string') continue
      const [real = [], own = []] = await Promise.all(
        [true, false].map(async (isReal) => {
          const labels = instanceOf(isReal)
          const text = interpolate(
            expr,
            chain(variables(labels), intervalScope(1000, 5000)),
            prometheusDefault,
          )
          return (await server.query(text)).map(({ metric }) => series(metric)).sort()
        }),
      )
      out.push({ panel: title, expr, real, own })
    }
  return out
}

function variables({ job = '', instance = '', nodename = '' }: Readonly<Record<string, string>>): Scope {
  const values: Readonly<Record<string, string>> = { job, node: instance, nodename }
  return (name) => (values[name] === undefined ? undefined : single(values[name]))
}

const OF_TARGET = new Set(['job', 'instance'])

/** A series without what tells its target. */
function series(labels: Readonly<Record<string, string>>): string {
  const own = Object.entries(labels).filter(([name]) => !OF_TARGET.has(name))
  return JSON.stringify(own.sort(([a], [b]) => (a < b ? -1 : 1)))
}
