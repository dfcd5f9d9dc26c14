import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, sleep, startPromontory, until, Workspace } from './support/program.ts'

const prometheus = peer('prometheus')

/** Outages one after another; minutes of them are for the soak run. */
const ROUNDS = Number(process.env['REMOTE_ROUNDS'] ?? 1)

type Matrix = { metric: Record<string, string>; values: [number, string][] }[]

async function stored(server: Program, atS: number): Promise<Map<string, Map<number, string>>> {
  const result = (await server.query('{job="itself"}[30m]', atS)) as unknown as Matrix
  return new Map(
    result.map(({ metric, values }) => [JSON.stringify(Object.entries(metric).sort()), new Map(values)]),
  )
}

describe.skipIf(prometheus === undefined)(
  'a real Prometheus writes to us (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())

    test(
      'what it sent is here, over a kill -9 and a restart of ours',
      async () => {
        mkdirSync(workspace.directory, { recursive: true })
        const port = await freePort()
        const flags = ['--web.enable-remote-write-receiver', '--content.rules=none']
        const config = 'scrape_configs: []\n'
        const ours = workspace.keep(
          await startPromontory({ dataDirectory: workspace.data, port, config, flags }),
        )
        const theirPort = await freePort()
        const file = join(workspace.directory, 'sender.yml')
        writeFileSync(
          file,
          `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs: [{ job_name: itself, static_configs: [{ targets: ['127.0.0.1:${theirPort}'] }] }]
remote_write: [{ url: 'http://127.0.0.1:${port}/api/v1/write', queue_config: { batch_send_deadline: 1s, max_backoff: 1s }, metadata_config: { send_interval: 2s } }]
`,
        )
        const args = [
          `--config.file=${file}`,
          `--storage.tsdb.path=${join(workspace.directory, 'theirs')}`,
          `--web.listen-address=127.0.0.1:${theirPort}`,
          '--log.level=error',
        ]
        const theirs = workspace.keep(
          await new Program(prometheus!, args, `http://127.0.0.1:${theirPort}`).ready('/-/ready'),
        )
        await until(
          'the first samples',
          () => ours.query('up{job="itself"}'),
          (result) => result.length === 1,
        )
        let again = ours
        for (let round = 0; round < ROUNDS; round++) {
          await sleep(4000)
          await again.stop('SIGKILL')
          await sleep(3000)
          again = workspace.keep(
            await startPromontory({ dataDirectory: workspace.data, port, config, flags }),
          )
        }
        await sleep(6000)
        // What was scraped some seconds ago has been sent, also what waited while we were away.
        const atS = Date.now() / 1000 - 3
        await sleep(3000)
        const [mine, reference] = [await stored(again, atS), await stored(theirs, atS)]
        expect(mine.size).toBeGreaterThan(300)
        expect([...mine.keys()].sort()).toEqual([...reference.keys()].sort())
        const metadata = await again.data<Record<string, unknown>>('/api/v1/metadata?metric=go_goroutines')
        expect(metadata).toEqual(await theirs.data('/api/v1/metadata?metric=go_goroutines'))
        for (const [series, samples] of reference)
          expect(Object.fromEntries(mine.get(series)!), series).toEqual(Object.fromEntries(samples))
        expect(Math.min(...[...reference.values()].map((samples) => samples.size))).toBeGreaterThan(0)
      },
      90_000 + 30_000 * ROUNDS,
    )
  },
)
