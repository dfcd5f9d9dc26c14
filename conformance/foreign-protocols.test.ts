import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { HAS_POSTGRES, Postgres } from './support/postgres.ts'
import { peer } from './support/peers.ts'
import { freePort, Program, scratchDirectory, startPromontory, until, Workspace } from './support/program.ts'

const redis = peer('redis-server')

describe('targets that are no exporters', () => {
  const workspace = new Workspace()
  const stops: (() => unknown)[] = []
  afterAll(async () => {
    await Promise.all(stops.map((stop) => stop()))
    await workspace.clean()
  })

  async function lastError(name: string, address: string): Promise<string> {
    const config = `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs: [{ job_name: ${name}, static_configs: [{ targets: ['${address}'] }] }]\n`
    const dataDirectory = join(workspace.directory, name)
    const server = workspace.keep(await startPromontory({ dataDirectory, config }))
    interface Data {
      readonly activeTargets: readonly { readonly lastError: string; readonly health: string }[]
    }
    const { activeTargets } = await until(
      'a failed scrape',
      () => server.data<Data>('/api/v1/targets'),
      (data) => data.activeTargets[0]?.health === 'down',
    )
    return activeTargets[0]!.lastError
  }

  test.skipIf(!HAS_POSTGRES)('a real PostgreSQL (skipped when none is installed)', async () => {
    const directory = scratchDirectory()
    const postgres = await Postgres.create(directory)
    stops.push(() => {
      postgres.stop()
      rmSync(directory, { recursive: true })
    })
    const address = new URL(postgres.url).host
    expect(await lastError('postgres', address)).toContain(
      `${address} speaks the PostgreSQL protocol, not HTTP: run postgres_exporter and scrape it (port 9187)`,
    )
  })

  test.skipIf(redis === undefined)('a real Redis (skipped when none is installed)', async () => {
    const port = await freePort()
    const server = new Program(redis!, ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], '')
    stops.push(() => server.stop())
    await until('redis', async () => server.output, (output) => output.includes('Ready to accept')) // prettier-ignore
    expect(await lastError('redis', `127.0.0.1:${port}`)).toContain(
      `127.0.0.1:${port} speaks the Redis protocol, not HTTP: run redis_exporter and scrape it (port 9121)`,
    )
  })
})
