import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Counter, Pushgateway, Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { peer, run } from './support/peers.ts'
import { freePort, Program, startPromontory, until, Workspace } from './support/program.ts'

const pushgateway = peer('prometheus-pushgateway')
const python = '/usr/bin/python3'
const hasPython = existsSync(python) && run(python, ['-c', 'import prometheus_client']).code === 0

/** What a gateway shows, without what it says of itself and without times. */
async function shown(url: string): Promise<string[]> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => !/^(# \w+ )?(pushgateway_|go_|process_|promhttp_)/.test(line))
    .map((line) => line.replace(/^(push_\w+{.*}) [1-9].*/, '$1 some time'))
}

const PUSHES: readonly (readonly [method: string, path: string, body: string])[] = [
  ['POST', 'job/j1/zone/z', '# TYPE a counter\n# HELP a some\na{x="1"} 3\nb 4\n'],
  [
    'POST',
    'job/j1/zone/z',
    '# TYPE h histogram\nh_bucket{le="0.5"} 1\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3.5\nh_count 2\n',
  ],
  ['PUT', 'job/j1', 'a 1 123\n'],
  ['PUT', 'job/j1', 'a 1'],
  ['PUT', 'job/j1', '# TYPE a gauge\na 1\n'],
  ['PUT', 'job/j2', 'c{x="1"} 1\nc{x="1"} 2\n'],
  ['PUT', 'job/j2', 'c{job="other"} 1e30\n'],
  [
    'POST',
    'job/j3',
    '# HELP s with\\nlines\n# TYPE s summary\ns{quantile="0.5"} NaN\ns{quantile="1"} 5\ns_sum +Inf\ns_count 2\n',
  ],
  ['PUT', 'job@base64/L2E/p@base64/=', 'd 1\n'],
  ['PUT', 'job/x/y', ''],
  ['PUT', 'job@base64/L%21E', ''],
  ['PUT', 'job/k/0bad/x', ''],
  ['PUT', 'job/gone', 'e 1\n'],
  ['DELETE', 'job/gone', ''],
  ['DELETE', 'job/never', ''],
  ['POST', 'job/k9/a/b/a/c', 'f{q="a\\"b"} 1\n'],
  ['PUT', 'job/empty', ''],
]

describe('pushing', () => {
  const workspace = new Workspace()
  let ours: Program
  let url: string
  let port: number
  beforeAll(async () => {
    mkdirSync(workspace.directory, { recursive: true })
    port = await freePort()
    url = `http://127.0.0.1:${port}`
    ours = workspace.keep(await start())
  })
  afterAll(() => workspace.clean())

  const start = (): Promise<Program> =>
    startPromontory({
      dataDirectory: workspace.data,
      config: 'global: { scrape_interval: 1s, scrape_timeout: 1s }\n',
      flags: [`--listen.pushgateway=127.0.0.1:${port}`, '--web.enable-admin-api'],
    })

  test.skipIf(pushgateway === undefined)(
    'answers and metrics are those of the Pushgateway (skipped when it is not installed)',
    async () => {
      const theirPort = await freePort()
      const theirs = workspace.keep(
        await new Program(
          pushgateway!,
          [
            `--web.listen-address=127.0.0.1:${theirPort}`,
            `--persistence.file=${join(workspace.directory, 'pg')}`,
          ],
          `http://127.0.0.1:${theirPort}`,
        ).ready('/-/ready'),
      )
      for (const [method, path, body] of PUSHES) {
        const ask = async (base: string): Promise<string> => {
          const init = method === 'DELETE' ? { method } : { method, body }
          const response = await fetch(`${base}/metrics/${path}`, init)
          // Which of two types it names is up to the order of a hash map there.
          const text = (await response.text()).replace(/ \{.*\}/g, '')
          return `${path}: ${response.status} ${text.replace(/is not a (?:GAUGE|COUNTER)/, 'is of another type')}`
        }
        const [mine, reference] = [await ask(url), await ask(theirs.url)]
        expect(mine).toBe(reference)
      }
      expect(await shown(url)).toEqual(await shown(theirs.url))
    },
  )

  test('prom-client pushes; the storage has it, also after a restart', async () => {
    const registry = new Registry()
    new Counter({ name: 'jobs_done_total', help: 'Done.', registers: [registry] }).inc(7)
    await new Pushgateway(url, {}, registry).pushAdd({
      jobName: 'node-batch',
      groupings: { instance: 'a/b' },
    })
    const value = (): Promise<string | undefined> =>
      ours.query('jobs_done_total{job="node-batch"}').then((result) => result[0]?.value?.[1])
    await until('the sample', value, (text) => text === '7')
    await ours.stop()
    ours = workspace.keep(await start())
    expect((await shown(url)).join('\n')).toContain('jobs_done_total{instance="a/b",job="node-batch"} 7')
    await until('the sample after the restart', value, (text) => text === '7')
  })

  test.skipIf(!hasPython)(
    'push_to_gateway of Python (skipped when its client is not installed)',
    async () => {
      const script = `
from prometheus_client import CollectorRegistry, Gauge, push_to_gateway, pushadd_to_gateway, delete_from_gateway
registry = CollectorRegistry()
Gauge('job_last_success_unixtime', 'Last', registry=registry).set(42)
push_to_gateway('127.0.0.1:${port}', job='batchA', registry=registry)
pushadd_to_gateway('127.0.0.1:${port}', job='batchB', grouping_key={'path': '/var'}, registry=registry)
delete_from_gateway('127.0.0.1:${port}', job='batchA')
`
      expect(run(python, ['-c', script])).toMatchObject({ code: 0, stderr: '' })
      const lines = (await shown(url)).filter((line) => line.startsWith('job_last'))
      expect(lines).toEqual(['job_last_success_unixtime{instance="",job="batchB",path="/var"} 42'])
    },
  )
})
