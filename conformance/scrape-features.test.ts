// Features of Prometheus that change what is stored: a real one and ours take the same bytes, and store the same.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ProtoWriter } from '@promontory/wire'
import { peer } from './support/peers.ts'
import { freePort, Program, startPromontory, until, Workspace } from './support/program.ts'

const prometheus = peer('prometheus')
const FEATURES = 'native-histograms,created-timestamp-zero-ingestion,type-and-unit-labels'
/** When everything began: before the first scrape, and not too old for the head. */
const createdS = Math.floor(Date.now() / 1000) - 60

const OPENMETRICS = `# TYPE jobs counter
# HELP jobs Done.
jobs_total{queue="a"} 7
jobs_created{queue="a"} ${createdS}.25
jobs_total{queue="b"} 9 # {trace_id="x"} 1
# TYPE size_bytes gauge
# UNIT size_bytes bytes
size_bytes{__type__="mine",__unit__="mine"} 3
# TYPE took_seconds histogram
# UNIT took_seconds seconds
took_seconds_bucket{le="0.5"} 2
took_seconds_bucket{le="+Inf"} 3
took_seconds_count 3
took_seconds_sum 4.5
took_seconds_created ${createdS}
# TYPE s summary
s{quantile="0.5"} 1
s_count 2
s_sum 3
s_created ${createdS}
# TYPE future counter
future_total 1
future_created ${createdS + 36_000}
# TYPE old counter
old_total 1
old_created ${createdS - 86_400}
# TYPE g gauge
g 1
g_created 5
# TYPE u unknown
u{__type__="mine"} 2
# EOF
`
const TEXT = `untold{__unit__="kept"} 0
# HELP jobs_total Done.
# TYPE jobs_total counter
jobs_total 7
# TYPE h histogram
h_bucket{le="1"} 2
h_bucket{le="+Inf"} 3
h_sum 4.5
h_count 3
other 1
`

/** A counter, a summary and a histogram that is native and classic, each with its beginning. */
function protobuf(): Buffer {
  const family = (name: string, type: number, unit: string, metric: (out: ProtoWriter) => void): Buffer => {
    const out = new ProtoWriter()
    out.string(1, name)
    out.integer(3, type)
    out.nested(4, () => metric(out))
    if (unit !== '') out.string(5, unit)
    const body = out.view()
    const length = new ProtoWriter()
    length.varint(body.length)
    return Buffer.concat([length.view(), body])
  }
  const created = (out: ProtoWriter, field: number): void =>
    out.nested(field, () => {
      out.integer(1, createdS)
      out.integer(2, 500_000_000)
    })
  return Buffer.concat([
    family('proto_total', 0, '', (out) =>
      out.nested(3, () => {
        out.double(1, 5)
        created(out, 3)
      }),
    ),
    family('proto_summary', 2, '', (out) =>
      out.nested(4, () => {
        out.integer(1, 4)
        out.double(2, 9)
        created(out, 4)
      }),
    ),
    family('native_seconds', 4, 'seconds', (out) =>
      out.nested(7, () => {
        out.integer(1, 2)
        out.double(2, 12.5)
        out.nested(3, () => {
          out.integer(1, 2)
          out.double(2, 1)
        })
        out.signed(5, 3)
        out.double(6, 1e-128)
        out.nested(12, () => {
          out.signed(1, 1)
          out.integer(2, 1)
        })
        out.signed(13, 2)
        created(out, 15)
      }),
    ),
  ])
}

const JOBS: Readonly<Record<string, string>> = {
  openmetrics: 'metrics_path: /openmetrics',
  text: 'metrics_path: /text',
  proto: 'metrics_path: /proto',
  proto_classic: 'metrics_path: /proto\n  always_scrape_classic_histograms: true',
  relabelled:
    'metrics_path: /text\n  metric_relabel_configs: [{source_labels: [__type__], target_label: kind}, {regex: __type__, action: labeldrop}]',
}

interface Series {
  readonly metric: Record<string, string>
  readonly values?: [number, string][]
  readonly histograms?: [number, object][]
}

/** Each series of a job, its first sample when that is at its beginning, and its last. */
async function stateOf(server: Program): Promise<Record<string, string[]>> {
  const all = (await server.query('{job!="",__name__!~"up|scrape_.*"}[10m]')) as unknown as Series[]
  const shown = all.map(({ metric, values = [], histograms = [] }) => {
    const samples: [number, unknown][] = [...values, ...histograms]
    const first = samples[0]!
    const isZero = Math.abs(first[0] - createdS) < 1
    const labels = JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)))
    const zeros = samples.filter(([, value]) => JSON.stringify(value) === JSON.stringify(first[1])).length
    return [
      metric['job']!,
      `${labels} ${isZero ? `began ${first[0] - createdS} ${JSON.stringify(first[1])} ${zeros}×` : ''} ${JSON.stringify(samples.at(-1)![1])}`,
    ] as const
  })
  return Object.fromEntries(
    Object.keys(JOBS).map((job) => [
      job,
      shown
        .filter(([of]) => of === job)
        .map(([, line]) => line)
        .sort(),
    ]),
  )
}

describe.skipIf(prometheus === undefined)(
  'features of a scrape (skipped when Prometheus is not installed)',
  () => {
    const workspace = new Workspace()
    let application: Server
    let ours: Record<string, string[]> = {}
    let theirs: Record<string, string[]> = {}

    beforeAll(async () => {
      const bodies: Record<string, [string, string | Buffer]> = {
        '/openmetrics': ['application/openmetrics-text; version=1.0.0', OPENMETRICS],
        '/text': ['text/plain; version=0.0.4', TEXT],
        '/proto': [
          'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
          protobuf(),
        ],
      }
      application = createServer((request, response) => {
        const [type, body] = bodies[request.url!]!
        response.writeHead(200, { 'content-type': type }).end(body)
      })
      await new Promise<void>((done) => application.listen(0, '127.0.0.1', done))
      const { port } = application.address() as AddressInfo
      const jobs = Object.entries(JOBS)
        .map(
          ([name, options]) =>
            `- job_name: ${name}\n  ${options}\n  static_configs: [{ targets: ['127.0.0.1:${port}'] }]\n`,
        )
        .join('')
      const config = (more: string): string =>
        `global: { scrape_interval: 1s, scrape_timeout: 1s${more} }\nscrape_configs:\n${jobs}`
      mkdirSync(workspace.directory, { recursive: true })
      const mine = await startPromontory({
        dataDirectory: workspace.data,
        config: config(', scrape_native_histograms: true'),
        flags: [`--enable-feature=${FEATURES}`],
      })
      workspace.keep(mine)
      const file = join(workspace.directory, 'theirs.yml')
      writeFileSync(file, config(''))
      const theirPort = await freePort()
      const args = [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(workspace.directory, 'theirs')}`,
        `--web.listen-address=127.0.0.1:${theirPort}`,
        `--enable-feature=${FEATURES}`,
        '--log.level=error',
      ]
      const reference = workspace.keep(
        await new Program(prometheus!, args, `http://127.0.0.1:${theirPort}`).ready('/-/ready'),
      )
      for (const server of [mine, reference])
        await until(
          'scrapes of all jobs',
          () => server.query('count(count_over_time(up[10s]) >= 3)'),
          (found) => found[0]?.value?.[1] === String(Object.keys(JOBS).length),
        )
      ;[ours, theirs] = await Promise.all([stateOf(mine), stateOf(reference)])
    })
    afterAll(async () => {
      application?.close()
      await workspace.clean()
    })

    test('there is something to compare', () => {
      if (process.env['SHOW'] !== undefined) console.log(JSON.stringify(theirs, undefined, 1))
      expect(theirs['openmetrics']!.filter((line) => line.includes('began'))).not.toHaveLength(0)
      expect(theirs['proto']!.filter((line) => line.includes('__unit__'))).not.toHaveLength(0)
    })

    test.each(Object.keys(JOBS))('%s', (job) => {
      expect(ours[job]).toEqual(theirs[job])
    })
  },
)
