import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type Program, startPromontory, until, Workspace } from './support/program.ts'

const workspace = new Workspace()
afterAll(() => workspace.clean())

interface Memory {
  readonly kinds: string[]
  readonly owners: string[]
  readonly windows: string[]
  readonly incidents: string[]
  readonly silences: string[]
}

const post = async (server: Program, path: string, body: unknown): Promise<void> => {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  expect([path, response.status, text]).toEqual([path, response.status < 300 ? response.status : 200, text])
}

async function memoryOf(server: Program): Promise<Memory> {
  const api = '/api/v1/notifications'
  const history = await server.data<{ events: { kind: string }[] }>(`${api}/history?limit=1000`)
  const acknowledged = await server.data<{ acknowledgements: { owner: string }[] }>(`${api}/acknowledgements`)
  const maintenance = await server.data<{ windows: { name: string }[] }>(`${api}/maintenance`)
  const incidents = await server.data<{ incidents: { title: string }[] }>('/api/v1/incidents')
  const silences = await server.json<{ comment: string }[]>('/api/v2/silences')
  return {
    kinds: [...new Set(history.events.map(({ kind }) => kind))].sort(),
    owners: acknowledged.acknowledgements.map(({ owner }) => owner),
    windows: maintenance.windows.map(({ name }) => name),
    incidents: incidents.incidents.map(({ title }) => title).sort(),
    silences: silences.map(({ comment }) => comment).sort(),
  }
}

test('killed: history, acknowledgements, maintenance windows, incidents and silences are still there', async () => {
  const config = join(workspace.directory, 'idle.yml')
  const alertmanager = join(workspace.directory, 'alertmanager.yml')
  mkdirSync(workspace.data, { recursive: true })
  writeFileSync(config, 'scrape_configs: []\n')
  writeFileSync(
    alertmanager,
    `route: {receiver: refuses, group_by: [alertname], group_wait: 100ms, group_interval: 1s}
receivers: [{name: refuses, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]\n`,
  )
  const start = async (): Promise<Program> =>
    workspace.keep(
      await startPromontory({
        dataDirectory: workspace.data,
        flags: [`--config.file=${config}`, `--alertmanager.config.file=${alertmanager}`],
      }),
    )
  const before = await start()
  const endsAt = new Date(Date.now() + 600_000).toISOString()
  await post(before, '/api/v2/alerts', [{ labels: { alertname: 'A', severity: 'critical' }, endsAt }])
  await post(before, '/api/v2/silences', {
    matchers: [{ name: 'alertname', value: 'B', isRegex: false }],
    startsAt: new Date().toISOString(), endsAt, createdBy: 'me', comment: 'quiet',
  }) // prettier-ignore
  await post(before, '/api/v2/alerts', [{ labels: { alertname: 'B' }, endsAt }])
  await post(before, '/api/v1/notifications/acknowledgements', {
    groupKey: '{}:{alertname="A"}',
    owner: 'ann',
  })
  await post(before, '/api/v1/notifications/maintenance', {
    name: 'backup', matchers: ['job="db"'], startsAt: '2090-01-01T00:00:00Z', duration: '1h',
  }) // prettier-ignore
  await post(before, '/api/v1/incidents', { title: 'By hand', severity: 'high' })
  const wanted = await until(
    'silenced, failed and reported',
    () => memoryOf(before),
    ({ kinds, incidents }) => kinds.includes('silenced') && kinds.includes('failed') && incidents.length === 2,
  ) // prettier-ignore
  await before.stop('SIGKILL')
  const after = await memoryOf(await start())
  expect(after).toEqual(wanted)
  expect([after.owners, after.windows, after.silences]).toEqual([['ann'], ['backup'], ['quiet']])
}, 120_000)
