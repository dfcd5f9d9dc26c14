import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, startPromontory, until, Workspace } from './support/program.ts'

const prometheus = peer('prometheus')

/** Exemplars with and without own times, on a counter and on buckets. */
const BODY = `# TYPE requests counter
requests_total{code="200"} 17 # {trace_id="abc",span="ü"} 1 1700000000.25
requests_total{code="500"} 3 # {trace_id="def"} 0.5 1700000001
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.1"} 8 # {} 0.054
latency_seconds_bucket{le="1"} 10 # {trace_id="ghi"} 6.7e-1 1700000000.001
latency_seconds_bucket{le="+Inf"} 11 # {trace_id="jkl"} 9.8 1700000002
latency_seconds_count 11
latency_seconds_sum 20.5
# EOF
`

interface Answer {
  readonly status: string
  readonly errorType?: string
  readonly error?: string
  readonly data?: { exemplars: { timestamp: number }[] }[]
}

describe.skipIf(prometheus === undefined)(
  'exemplars, by Prometheus and by us (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    const application = createServer((_request, response) =>
      response
        .writeHead(200, { 'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' })
        .end(BODY),
    )
    let ours: Program
    let theirs: Program

    beforeAll(async () => {
      await new Promise<void>((done) => application.listen(0, '127.0.0.1', done))
      const { port: target } = application.address() as AddressInfo
      const config = `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs: [{ job_name: app, static_configs: [{ targets: ['127.0.0.1:${target}'] }] }]\n`
      const file = join(workspace.directory, 'theirs.yml')
      writeFileSync(file, config)
      const port = await freePort()
      const args = [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(workspace.directory, 'theirs')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
        '--enable-feature=exemplar-storage',
      ]
      theirs = workspace.keep(
        await new Program(prometheus!, args, `http://127.0.0.1:${port}`).ready('/-/ready'),
      )
      ours = workspace.keep(await startPromontory({ dataDirectory: workspace.data, config }))
      for (const server of [ours, theirs])
        await until(
          'a scrape',
          () => server.query('latency_seconds_count'),
          (result) => result.length === 1,
        )
    })
    afterAll(async () => {
      await workspace.clean()
      application.close()
      application.closeAllConnections()
    })

    const ask = (server: Program, query: string, times: string): Promise<Answer> =>
      server.json(`/api/v1/query_exemplars?query=${encodeURIComponent(query)}${times}`)

    test.each([
      ['requests_total', '&start=1699999999&end=1700000100', 2],
      ['rate(requests_total{code="500"}[5m])', '&start=1699999999&end=1700000100', 1],
      ['latency_seconds_bucket{le!="0.1"}', '&start=1699999999&end=1700000100', 2],
      ['requests_total + on (job) latency_seconds_bucket{le="1.0"}', '&start=1699999999&end=1700000100', 3],
      ['requests_total', '&start=1700000000.5&end=1700000001', 1],
      ['requests_total', '&start=2023-11-14T22:13:20.25Z&end=2023-11-14T22:13:20.25Z', 1],
      ['nothing_at_all', '&start=1699999999&end=1700000100', 0],
    ])('%s %s', async (query, times, series) => {
      const [mine, reference] = await Promise.all([ask(ours, query, times), ask(theirs, query, times)])
      expect(mine).toEqual(reference)
      expect(mine.data!.length).toBe(series)
    })

    test.each([
      ['sum(', ''],
      ['', ''],
      ['up', '&start=5&end=4'],
      ['up', '&start=x'],
    ])('a bad request is refused alike: %j %s', async (query, times) => {
      const [mine, reference] = await Promise.all([ask(ours, query, times), ask(theirs, query, times)])
      expect(mine).toMatchObject(reference)
    })

    test('an exemplar without a time of its own has that of the scrape', async () => {
      const { data } = await ask(ours, 'latency_seconds_bucket{le="0.1"}', '')
      for (const { timestamp } of data![0]!.exemplars)
        expect(Math.abs(timestamp - Date.now() / 1000)).toBeLessThan(60)
    })
  },
)
