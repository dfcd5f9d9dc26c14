import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { type Program, sleep, startPromontory, until, Workspace } from './support/program.ts'

const workspace = new Workspace()
afterAll(() => workspace.clean())

/** Rounds of killing; the full count is for the soak run. */
const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 6)

test(
  'kill -9 at any moment: nothing that was visible before is missing afterwards',
  async () => {
    let scrapes = 0
    const application = createServer((_request, response) => {
      scrapes++
      const lines = Array.from({ length: 200 }, (_, i) => `app_value{i="${i}"} ${scrapes * 1000 + i}`)
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`${lines.join('\n')}\n`)
    })
    await new Promise<void>((done) => application.listen(0, '127.0.0.1', done))
    const { port } = application.address() as AddressInfo
    const config = `global: { scrape_interval: 100ms, scrape_timeout: 100ms }\nscrape_configs: [{ job_name: app, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }]\n`
    let known = new Map<string, Map<number, string>>()
    for (let round = 0; round < ROUNDS; round++) {
      const server = workspace.keep(await startPromontory({ dataDirectory: workspace.data, config }))
      const before = await samples(server)
      for (const [series, points] of known)
        for (const [time, value] of points)
          expect(before.get(series)?.get(time), `${series} @${time}, round ${round}`).toBe(value)
      await until(
        'new samples',
        () => server.query('count_over_time(up{job="app"}[10m])'),
        ([first]) => Number(first?.value?.[1] ?? 0) > round * 5,
      )
      await sleep(Math.random() * 700)
      known = await samples(server)
      await server.stop('SIGKILL')
    }
    application.close()
    application.closeAllConnections()
    expect(known.size).toBe(200)
  },
  60_000 + ROUNDS * 10_000,
)

async function samples(server: Program): Promise<Map<string, Map<number, string>>> {
  const result = await server.query('app_value[10m]')
  return new Map(
    result.map(({ metric, values }) => [JSON.stringify(Object.entries(metric).sort()), new Map(values)]),
  )
}
