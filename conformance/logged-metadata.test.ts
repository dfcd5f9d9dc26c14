// HELP, TYPE and UNIT in the log: written as Prometheus writes them, and there again after a restart.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { encodeWriteRequest2, METRIC_TYPE_NUMBERS } from '@promontory/wire'
import { compressSync } from 'snappy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, startPromontory, until, Workspace } from './support/program.ts'

const prometheus = peer('prometheus')
const BODY =
  '# HELP jobs_total Done.\n# TYPE jobs_total counter\njobs_total 1\n# HELP took Time.\n# TYPE took histogram\ntook_bucket{le="+Inf"} 1\ntook_sum 1\ntook_count 1\n'

type Families = Record<string, { type: string; help: string; unit: string }[]>

describe('metadata of scrapes and senders over a restart', () => {
  const workspace = new Workspace()
  let target: { address: string; silent: boolean; close: () => void }
  const feature = '--enable-feature=metadata-wal-records'
  const config = (): string =>
    `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs: [{ job_name: app, static_configs: [{ targets: ['${target.address}'] }] }]\n`

  beforeAll(async () => {
    mkdirSync(workspace.directory, { recursive: true })
    const server = createServer((_request, response) => {
      // After the restart nobody tells anything any more.
      if (target.silent) response.writeHead(500).end()
      else response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(BODY)
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
    target = { address, silent: false, close: () => server.close() }
  })
  afterAll(async () => {
    target.close()
    await workspace.clean()
  })

  const start = async (directory: string): Promise<Program> =>
    workspace.keep(await startPromontory({ dataDirectory: directory, config: config(), flags: [feature, '--web.enable-remote-write-receiver'] })) // prettier-ignore
  const families = (server: Program): Promise<Families> => server.data<Families>('/api/v1/metadata')
  const ofTargets = async (server: Program): Promise<string[]> =>
    (await server.data<{ metric: string; type: string; help: string; target: { job: string } }[]>('/api/v1/targets/metadata')).map(({ metric, type, help, target: { job } }) => `${job} ${metric} ${type} ${help}`).sort() // prettier-ignore
  const WANTED = ['app jobs_total counter Done.', 'app took histogram Time.']

  async function send(url: string): Promise<void> {
    const sent = { labels: ['__name__', 'sent', 'job', 'x'], samples: [{ timeMs: Date.now(), low: 0, high: 0 }], histograms: [], exemplars: [], metadata: { type: METRIC_TYPE_NUMBERS['gauge']!, help: 'Sent.', unit: 's' } } // prettier-ignore
    const message = encodeWriteRequest2([sent])
    const answer = await fetch(`${url}/api/v1/write`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '2.0.0' },
      body: new Uint8Array(compressSync(message)),
    }) // prettier-ignore
    expect(answer.status, await answer.text()).toBe(204)
  }

  test('ours, killed', async () => {
    target.silent = false
    const server = await start(workspace.data)
    await until('metadata of the target', () => ofTargets(server), (found) => found.length === 2) // prettier-ignore
    await until('a scrape', () => server.query('up{job="app"} == 1'), ({ length }) => length > 0) // prettier-ignore
    await send(server.url)
    await server.stop('SIGKILL')
    target.silent = true
    const again = await start(workspace.data)
    expect(await ofTargets(again)).toEqual(WANTED)
    expect(await families(again)).toEqual({
      jobs_total: [{ type: 'counter', help: 'Done.', unit: '' }],
      took: [{ type: 'histogram', help: 'Time.', unit: '' }],
      sent: [{ type: 'gauge', help: 'Sent.', unit: 's' }],
    })
    await again.stop()
  })

  test.skipIf(prometheus === undefined)(
    'from the log of a Prometheus (skipped when it is not installed)',
    async () => {
      target.silent = false
      const directory = join(workspace.directory, 'theirs')
      const file = join(workspace.directory, 'theirs.yml')
      writeFileSync(file, config())
      const port = await freePort()
      const args = [`--config.file=${file}`, `--storage.tsdb.path=${directory}`, `--web.listen-address=127.0.0.1:${port}`, feature, '--log.level=warn'] // prettier-ignore
      const theirs = workspace.keep(await new Program(prometheus!, args, `http://127.0.0.1:${port}`).ready('/-/ready')) // prettier-ignore
      await until('two scrapes', () => theirs.query('count_over_time(jobs_total[1m])'), ([first]) => Number(first?.value?.[1] ?? 0) >= 2) // prettier-ignore
      await theirs.stop()
      target.silent = true
      const server = await start(directory)
      expect(await ofTargets(server)).toEqual(expect.arrayContaining(WANTED))
      await server.stop()
      // And Prometheus reads the log that has our records.
      const again = workspace.keep(await new Program(prometheus!, args, `http://127.0.0.1:${port}`).ready('/-/ready')) // prettier-ignore
      expect((await again.query('count_over_time(jobs_total[5m])')).length).toBe(1)
      await again.stop()
    },
  )
})
