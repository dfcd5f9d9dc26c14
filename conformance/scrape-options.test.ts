// Options of a scrape, one job each: a real Prometheus and ours scrape the same bytes, and store the same.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ProtoWriter } from '@promontory/wire'
import { peer } from './support/peers.ts'
import { freePort, Program, startPromontory, until, Workspace } from './support/program.ts'

const prometheus = peer('prometheus')

const TEXT = `# HELP jobs_done_total Done.
# TYPE jobs_done_total counter
jobs_done_total{queue="a",region="eu-central"} 7
jobs_done_total{queue="b",region="us"} 9
# TYPE temperature gauge
temperature{room="kitchen"} 21.5 1700000000000
# TYPE h histogram
h_bucket{le="0.5"} 2
h_bucket{le="+Inf"} 3
h_sum 4.5
h_count 3
# TYPE clash gauge
clash{job="theirs",instance="theirs"} 1
`
const UTF8 = `# TYPE "my.dotted" gauge\n{"my.dotted","a.label"="x"} 3\nplain 4\n`

/** Two families in protobuf: a histogram that is native and classic, and a counter. */
function protobuf(): Buffer {
  const family = (name: string, type: number, metric: (out: ProtoWriter) => void): Buffer => {
    const out = new ProtoWriter()
    out.string(1, name)
    out.integer(3, type)
    out.nested(4, () => metric(out))
    const body = out.view()
    const length = new ProtoWriter()
    length.varint(body.length)
    return Buffer.concat([length.view(), body])
  }
  const buckets = 20
  return Buffer.concat([
    family('native', 4, (out) =>
      out.nested(7, () => {
        out.integer(1, buckets)
        out.double(2, 12.5)
        for (const [count, bound] of [
          [4, 1],
          [buckets, Infinity],
        ] as const)
          // prettier-ignore
          out.nested(3, () => {
            out.integer(1, count)
            out.double(2, bound)
          })
        out.signed(5, 3)
        out.double(6, 1e-128)
        out.integer(7, 0)
        out.nested(12, () => {
          out.signed(1, 1)
          out.integer(2, buckets)
        })
        out.signed(13, 1)
        for (let i = 1; i < buckets; i++) {
          out.varint(13 * 8)
          out.varint(0)
        }
      }),
    ),
    family('proto_total', 0, (out) => out.nested(3, () => out.double(1, 5))),
  ])
}

const PROTOBUF_TYPE =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'

/** Options by the job's name. A `~` stands for the path where it is not the text's. */
const JOBS: Readonly<Record<string, string>> = {
  plain: '',
  honored: 'honor_labels: true',
  times: 'honor_timestamps: false',
  tracked: 'track_timestamps_staleness: true',
  samples: 'sample_limit: 5',
  samples_enough: 'sample_limit: 50',
  labels: 'label_limit: 3',
  names: 'label_name_length_limit: 5',
  values: 'label_value_length_limit: 8',
  body: 'body_size_limit: 100B',
  too_many: 'target_limit: 0',
  dropped: 'metric_relabel_configs: [{source_labels: [__name__], regex: "h_.*", action: drop}]',
  relabelled: 'metric_relabel_configs: [{source_labels: [queue], target_label: line, replacement: "q-$1"}]',
  legacy_names:
    'metric_name_validation_scheme: legacy\n  metric_name_escaping_scheme: underscores\n  metrics_path: /utf8',
  dots: 'metric_name_escaping_scheme: dots\n  metrics_path: /utf8',
  utf8: 'metrics_path: /utf8',
  no_type: 'metrics_path: /untyped',
  fallback: 'metrics_path: /untyped\n  fallback_scrape_protocol: PrometheusText0.0.4',
  missing: 'metrics_path: /missing',
  moved: 'metrics_path: /moved',
  not_followed: 'metrics_path: /moved\n  follow_redirects: false',
  broken: 'metrics_path: /broken',
  empty: 'metrics_path: /empty',
  proto: 'metrics_path: /proto\n  scrape_protocols: [PrometheusProto]',
  proto_classic:
    'metrics_path: /proto\n  scrape_protocols: [PrometheusProto]\n  always_scrape_classic_histograms: true',
  bucket_limit:
    'metrics_path: /proto\n  scrape_protocols: [PrometheusProto]\n  native_histogram_bucket_limit: 8',
  bucket_factor:
    'metrics_path: /proto\n  scrape_protocols: [PrometheusProto]\n  native_histogram_min_bucket_factor: 1.5',
  uncompressed: 'enable_compression: false\n  metrics_path: /gzip',
  compressed: 'metrics_path: /gzip',
}

/** What of a server is compared, job by job. */
async function stateOf(server: Program): Promise<Record<string, unknown>> {
  const atS = Math.floor(Date.now() / 1000)
  const reports = await server.query('{__name__=~"up|scrape_(samples|sample|body|timeout|series).*"}', atS)
  const own = await server.query('{__name__!~"up|scrape_.*",job!=""}', atS)
  const exported = await server.query('{__name__!~"up|scrape_.*",exported_job!=""}', atS)
  const { activeTargets } = await server.data<{
    activeTargets: { scrapePool: string; lastError: string; health: string }[]
  }>('/api/v1/targets')
  return Object.fromEntries(
    Object.keys(JOBS).map((job) => {
      const of = (all: typeof own): string[] =>
        all
          .filter(({ metric }) => metric['job'] === job)
          .filter(({ metric }) => metric['__name__'] !== 'scrape_series_added')
          .map(
            ({ metric, value, ...rest }) =>
              `${JSON.stringify(sorted(metric))} ${JSON.stringify(value?.[1] ?? (rest as { histogram?: unknown[] }).histogram?.[1])}`,
          ) // prettier-ignore
          .sort()
      const target = activeTargets.find(({ scrapePool }) => scrapePool === job)
      return [
        job,
        { reports: of(reports), series: of(own), exported: of(exported), health: target?.health, error: bare(target?.lastError ?? '') },
      ] // prettier-ignore
    }),
  )
}

function sorted(metric: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Without what ours adds to help: a hint behind a semicolon, the line. */
function bare(error: string): string {
  return error.replace(/; .*$/, '').replace(/ \(line \d+\)$/, '')
}

describe.skipIf(prometheus === undefined)(
  'options of a scrape (skipped when Prometheus is not installed)',
  () => {
    const workspace = new Workspace()
    let application: Server
    let ours: Record<string, unknown> = {}
    let theirs: Record<string, unknown> = {}

    beforeAll(async () => {
      const { gzipSync } = await import('node:zlib')
      application = createServer((request, response) => {
        const send = (body: string | Buffer, type: string | undefined = 'text/plain; version=0.0.4'): void =>
          void response.writeHead(200, type === '' ? {} : { 'content-type': type }).end(body)
        const takesGzip = String(request.headers['accept-encoding']).includes('gzip')
        switch (request.url) {
          case '/utf8':
            return send(UTF8, 'text/plain; version=1.0.0; escaping=allow-utf-8')
          case '/untyped':
            return send(TEXT, '')
          case '/missing':
            return void response.writeHead(404).end('no')
          case '/moved':
            return void response.writeHead(302, { location: '/metrics' }).end()
          case '/broken':
            return send('good 1\nbad{ 2\n')
          case '/empty':
            return send('')
          case '/proto':
            return send(protobuf(), PROTOBUF_TYPE)
          case '/gzip':
            if (takesGzip) response.setHeader('content-encoding', 'gzip')
            return send(takesGzip ? gzipSync('squeezed 1\n') : 'as_it_is 1\n')
          default:
            return send(TEXT)
        }
      })
      await new Promise<void>((done) => application.listen(0, '127.0.0.1', done))
      const { port } = application.address() as AddressInfo
      const jobs = Object.entries(JOBS)
        .map(
          ([name, options]) =>
            `- job_name: ${name}\n  ${options}\n  static_configs: [{ targets: ['127.0.0.1:${port}'] }]\n`,
        ) // prettier-ignore
        .join('')
      const config = (more: string): string =>
        `global: { scrape_interval: 1s, scrape_timeout: 1s${more} }\nscrape_configs:\n${jobs}`
      mkdirSync(workspace.directory, { recursive: true })
      const mine = await startPromontory({
        dataDirectory: workspace.data,
        config: config(', scrape_native_histograms: true, extra_scrape_metrics: true'),
      })
      workspace.keep(mine)
      const file = join(workspace.directory, 'theirs.yml')
      writeFileSync(file, config(''))
      const theirPort = await freePort()
      const args = [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(workspace.directory, 'theirs')}`,
        `--web.listen-address=127.0.0.1:${theirPort}`,
        '--enable-feature=native-histograms,extra-scrape-metrics',
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
      if (process.env['SHOW'] !== undefined) console.log(JSON.stringify(ours, undefined, 1))
      expect(ours['plain']).toMatchObject({ health: 'up', error: '' })
      expect((ours['plain'] as { series: unknown[] }).series.length).toBeGreaterThan(6)
      expect(ours['body']).toMatchObject({ health: 'down', error: 'body size limit exceeded' })
    })

    test.each(Object.keys(JOBS))('%s', (job) => {
      expect(ours[job]).toEqual(theirs[job])
    })
  },
)
