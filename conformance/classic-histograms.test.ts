import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, startPromontory, until, Workspace } from './support/program.ts'

const prometheus = peer('prometheus')

const TEXT = `# HELP h A histogram.
# TYPE h histogram
h_bucket{path="/a",le="0.5"} 2
h_bucket{path="/a",le="1"} 2
h_bucket{path="/a",le="5"} 7
h_bucket{path="/a",le="+Inf"} 8
h_sum{path="/a"} 12.5
h_count{path="/a"} 8
h_bucket{path="/b",le="+Inf"} 3
h_sum{path="/b"} 4
h_count{path="/b"} 3
# TYPE fraction histogram
fraction_bucket{le="1"} 0.5
fraction_bucket{le="+Inf"} 1.5
fraction_sum 3
fraction_count 1.5
# TYPE wrong histogram
wrong_bucket{le="1"} 6
wrong_bucket{le="+Inf"} 5
wrong_sum 1
wrong_count 5
# TYPE unordered histogram
unordered_bucket{le="+Inf"} 9
unordered_bucket{le="10"} 4
unordered_bucket{le="-2.5"} 1
unordered_sum -4
unordered_count 9
# TYPE partial histogram
partial_bucket{le="1"} 2
partial_bucket{le="2"} 3
partial_sum 1
partial_count 7
# TYPE empty histogram
empty_bucket{le="1"} 0
empty_bucket{le="+Inf"} 0
empty_sum 0
empty_count 0
# TYPE s summary
s{quantile="0.5"} 1
s_sum 2
s_count 3
# TYPE g gauge
g 4
undeclared_bucket{le="+Inf"} 5
undeclared_count 5
`
const OPENMETRICS = `# TYPE om histogram
# UNIT om seconds
om_bucket{le="0.25"} 1 # {trace_id="a"} 0.2 1700000000
om_bucket{le="1.0"} 4
om_bucket{le="+Inf"} 6 # {trace_id="b"} 9 1700000001
om_count 6
om_sum 20
# TYPE gh gaugehistogram
gh_bucket{le="1.0"} 2
gh_bucket{le="+Inf"} 2
gh_gcount 2
gh_gsum 1
# EOF
`

describe.skipIf(prometheus === undefined)(
  'classic histograms as native ones with custom buckets, beside Prometheus (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    const server = createServer((request, response) => {
      const isText = request.url === '/text'
      const type = isText ? 'text/plain; version=0.0.4' : 'application/openmetrics-text; version=1.0.0'
      response.writeHead(200, { 'content-type': type }).end(isText ? TEXT : OPENMETRICS)
    })
    afterAll(async () => {
      server.close()
      await workspace.clean()
    })

    test('both scrape the same bytes and hold the same series', async () => {
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
      const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
      const job = (name: string, path: string, more: string): string =>
        `  - { job_name: ${name}, metrics_path: ${path}, static_configs: [{ targets: ['${address}'] }], ${more} }\n`
      const convert = 'convert_classic_histograms_to_nhcb: true'
      const config = `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
${job('text', '/text', convert)}${job('both', '/text', `${convert}, always_scrape_classic_histograms: true`)}${job('openmetrics', '/openmetrics', convert)}${job('plain', '/text', 'convert_classic_histograms_to_nhcb: false')}`
      mkdirSync(workspace.directory, { recursive: true })
      const file = join(workspace.directory, 'theirs.yml')
      writeFileSync(file, config)
      const port = await freePort()
      const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(workspace.directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`, '--enable-feature=native-histograms'] // prettier-ignore
      const theirs = workspace.keep(
        await new Program(prometheus!, args, `http://127.0.0.1:${port}`).ready('/-/ready'),
      )
      const ours = workspace.keep(await startPromontory({ dataDirectory: workspace.data, config }))
      const held = async (program: Program): Promise<string[]> => {
        const result = await program.query('{job=~".+", __name__!~"up|scrape_.*"}')
        return result
          .map(({ metric, value, ...rest }) => {
            const histogram = (rest as { histogram?: [number, unknown] }).histogram
            return JSON.stringify([Object.entries(metric).sort(), value?.[1] ?? histogram?.[1]])
          })
          .sort()
      }
      for (const program of [theirs, ours])
        await until(
          'a scrape of every job',
          () => program.query('up'),
          (found) => found.length === 4,
          15_000,
        )
      const wanted = await held(theirs)
      expect(wanted.length).toBeGreaterThan(60)
      expect(await held(ours)).toEqual(wanted)
      expect(wanted.join()).toContain('buckets')
      const counts = 'scrape_samples_scraped + scrape_samples_post_metric_relabeling * 1000'
      const values = async (program: Program): Promise<unknown> =>
        (await program.query(counts)).map(({ metric, value }) => [metric['job'], value?.[1]]).sort()
      expect(await values(ours)).toEqual(await values(theirs))
    })
  },
)
