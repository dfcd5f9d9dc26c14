import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasDocuments, snippets } from './support/documents.ts'
import { freePort, type Program, scratchDirectory, spawnPromontory, until } from './support/program.ts'
import { Program as Running } from './support/program.ts'
import { ROOT } from './support/program.ts'

/** A provider file and a dashboard as the documents print them, or ours of the same kind where they are absent. */
const PROVIDER = `apiVersion: 1
providers:
  - name: 'default'
    orgId: 1
    folder: ''
    type: file
    disableDeletion: false
    updateIntervalSeconds: 1
    allowUiUpdates: true
    options:
      path: /etc/grafana/provisioning/dashboards
`
const DASHBOARD = JSON.stringify({
  dashboard: {
    title: 'Dev-PyNode Application',
    panels: [{ title: 'Request Rate', type: 'graph', targets: [{ expr: 'up' }] }],
  },
})
const printed = snippets()
const provider = printed.find(
  ({ text }) => text.includes('providers:') && text.includes('updateIntervalSeconds'),
)
const dashboard = printed.find(
  ({ language, text }) => language === 'json' && /^\s*\{\s*"dashboard"/.test(text),
)

const directory = scratchDirectory()
const provisioning = join(directory, 'provisioning')
let program: Program
let grafana: string

async function ask(
  path: string,
  options: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
) {
  const response = await fetch(`${grafana}${path}`, {
    method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
    headers: { 'content-type': 'application/json', ...options.headers },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    redirect: 'manual',
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? undefined : JSON.parse(text)) as any,
  } // oxlint-disable-line typescript/no-explicit-any
}

beforeAll(async () => {
  for (const name of ['dashboards', 'datasources']) mkdirSync(join(provisioning, name), { recursive: true })
  writeFileSync(join(provisioning, 'dashboards/dashboard.yml'), provider?.text ?? PROVIDER)
  writeFileSync(join(provisioning, 'dashboards/application.json'), dashboard?.text ?? DASHBOARD)
  writeFileSync(
    join(provisioning, 'datasources/prometheus.yml'),
    'apiVersion: 1\ndatasources:\n  - name: Prometheus\n    type: prometheus\n    access: proxy\n    url: http://prometheus:9090\n    isDefault: true\n    secureJsonData: {basicAuthPassword: hidden}\n  - {name: Loki, type: loki, url: "http://loki:3100"}\n',
  )
  const port = await freePort()
  grafana = `http://127.0.0.1:${port}`
  const flags = [
    `--grafana.provisioning=${provisioning}`,
    `--listen.grafana=127.0.0.1:${port}`,
    '--grafana.own-url=http://prometheus:9090',
  ]
  program = (await spawnPromontory({ dataDirectory: join(directory, 'data'), flags })).program
  await program.ready('/-/ready')
})
afterAll(async () => {
  await program?.stop()
  rmSync(directory, { recursive: true, force: true })
})

describe(`provisioning files ${hasDocuments ? 'of the documents' : 'like those of the documents (which are absent)'}`, () => {
  test('the dashboard is there, by the line that is printed for its export', async () => {
    const { body, status } = await ask('/api/dashboards/db/dev-pynode-application/json')
    expect(status).toBe(200)
    expect(body).toMatchObject({ title: 'Dev-PyNode Application', panels: expect.anything() })
    const search = await ask('/api/search?query=dev-pynode')
    expect(search.body).toMatchObject([{ title: 'Dev-PyNode Application', type: 'dash-db' }])
    const full = await ask(`/api/dashboards/uid/${search.body[0].uid}`)
    expect(full.body.meta).toMatchObject({
      provisioned: true,
      canSave: true,
      canDelete: false,
      provisionedExternalId: 'application.json',
    })
  })

  test('the data source is answered inside the process, and its password is never shown', async () => {
    const { body } = await ask('/api/datasources/name/Prometheus')
    expect(body).toMatchObject({
      uid: 'PBFA97CFB590B2093',
      isDefault: true,
      readOnly: true,
      secureJsonFields: { basicAuthPassword: true },
    })
    expect(JSON.stringify(body)).not.toContain('hidden')
    expect((await ask('/api/datasources/uid/PBFA97CFB590B2093/health')).body).toMatchObject({ status: 'OK' })
    const path = '/api/datasources/proxy/uid/PBFA97CFB590B2093/api/v1/query?query=up'
    await until(
      'samples',
      () => ask(path),
      ({ body: answer }) => answer.data?.result?.length > 0,
    )
    const query = { refId: 'A', expr: 'up', datasource: { uid: 'PBFA97CFB590B2093' }, intervalMs: 1000 }
    const body5m = { from: 'now-5m', to: 'now', queries: [query] }
    // The last step lies on a whole second: the first sample may be younger.
    const frames = await until(
      'frames',
      () => ask('/api/ds/query', { body: body5m }),
      ({ body: answer }) => answer.results.A.frames.length > 0,
    )
    expect(
      frames.body.results.A.frames[0].schema.fields.map((field: { type: string }) => field.type),
    ).toEqual(['time', 'number'])
    expect((await ask('/api/datasources/name/Loki')).body.type).toBe('loki')
    expect(
      (await ask('/api/datasources/proxy/uid/PBFA97CFB590B2093/api/v1/admin/tsdb/snapshot', { body: {} }))
        .status,
    ).toBe(403)
  })

  test('a file that comes later is found', async () => {
    writeFileSync(join(provisioning, 'dashboards/late.json'), '{"uid":"late","title":"Late"}')
    expect((await ask('/api/admin/provisioning/dashboards/reload', { body: {} })).body.message).toBe(
      'Dashboards config reloaded',
    )
    expect((await ask('/api/dashboards/uid/late')).status).toBe(200)
  })
})

describe('dashboards', () => {
  test('saved, changed by two, restored, starred, deleted', async () => {
    const saved = await ask('/api/dashboards/db', {
      body: { dashboard: { title: 'Mine', extra: { kept: [1] } }, message: 'first' },
    })
    expect(saved.body).toMatchObject({ status: 'success', version: 1, slug: 'mine' })
    const { uid } = saved.body
    const second = { uid, title: 'Mine', version: 1 }
    expect((await ask('/api/dashboards/db', { body: { dashboard: second } })).body.version).toBe(2)
    const late = await ask('/api/dashboards/db', { body: { dashboard: second } })
    expect([late.status, late.body.status]).toEqual([412, 'version-mismatch'])
    expect((await ask(`/api/dashboards/uid/${uid}/restore`, { body: { version: 1 } })).body.version).toBe(3)
    expect((await ask(`/api/dashboards/uid/${uid}`)).body.dashboard.extra).toEqual({ kept: [1] })
    const { versions } = (await ask(`/api/dashboards/uid/${uid}/versions`)).body
    expect(versions.map((row: { message: string }) => row.message)).toEqual([
      'Restored from version 1',
      '',
      'first',
    ])
    expect((await ask(`/api/user/stars/dashboard/uid/${uid}`, { body: {} })).body.message).toBe(
      'Dashboard starred!',
    )
    expect((await ask('/api/search?starred=true')).body).toHaveLength(1)
    expect((await ask(`/api/dashboards/uid/${uid}`, { method: 'DELETE' })).body.title).toBe('Mine')
    expect((await ask(`/api/dashboards/uid/${uid}`)).status).toBe(404)
  })

  test('an exported dashboard with the number of another server is imported', async () => {
    const exported = {
      id: 4711,
      title: 'Imported',
      __inputs: [{ name: 'DS', type: 'datasource' }],
      panels: [{ type: 'stat', datasource: '${DS}' }],
    }
    const inputs = [{ name: 'DS', type: 'datasource', value: 'promontory' }]
    const { status, body } = await ask('/api/dashboards/import', { body: { dashboard: exported, inputs } })
    expect([status, body.imported]).toEqual([200, true])
    const { dashboard: stored } = (await ask(`/api/dashboards/uid/${body.uid}`)).body
    expect(stored.panels).toEqual([{ type: 'stat', datasource: 'promontory' }])
    expect(stored.__inputs).toBeUndefined()
  })

  test.each([
    ['20 MB', { title: 'Big', text: 'x'.repeat(20_000_000) }],
    [
      '10,000 panels',
      { title: 'Many', panels: Array.from({ length: 10_000 }, (_, id) => ({ id, type: 'stat' })) },
    ],
  ])('%s are refused with the bound', async (_, model) => {
    const { status, body } = await ask('/api/dashboards/db', { body: { dashboard: model } })
    expect(status).toBe(413)
    expect(body.message).toMatch(/at most \d+/)
  })
})

describe('users', () => {
  const basic = (pair: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
  })
  // What a proxy hands on comes from elsewhere.
  const outside = { 'x-forwarded-for': '192.0.2.9' }
  let secured: Running
  let own: string

  beforeAll(async () => {
    const port = await freePort()
    own = `http://127.0.0.1:${port}`
    const environment = [
      'GF_SECURITY_ADMIN_PASSWORD=admin123',
      'GF_USERS_ALLOW_SIGN_UP=false',
      'GF_INSTALL_PLUGINS=grafana-piechart-panel',
    ]
    const args = [
      join(ROOT, 'bin/promontory'),
      'serve',
      `--storage.tsdb.path=${join(directory, 'secured')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]
    secured = await new Running('env', [...environment, ...args], own).ready('/-/ready')
  })
  afterAll(async () => {
    await secured?.stop()
  })
  const at = async (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${own}${path}`, { redirect: 'manual', ...init })

  test('a password of the environment is needed for dashboards, not for the lines printed for this machine', async () => {
    expect((await at('/api/user')).status).toBe(401)
    expect((await at('/api/user', { headers: basic('admin:admin') })).status).toBe(401)
    expect(await (await at('/api/user', { headers: basic('admin:admin123') })).json()).toMatchObject({
      login: 'admin',
      isGrafanaAdmin: true,
    })
    expect((await at('/api/v1/query?query=up')).status).toBe(200)
    expect((await at('/api/v1/query?query=up', { headers: outside })).status).toBe(401)
    expect((await at('/api/health', { headers: outside })).status).toBe(200)
  })

  test('sessions by cookie; tokens with a role and an end', async () => {
    const login = await at('/login', {
      method: 'POST',
      body: JSON.stringify({ user: 'admin', password: 'admin123' }),
      headers: outside,
    })
    const cookie = login.headers.get('set-cookie')!
    expect(cookie).toMatch(/^grafana_session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/)
    const session = { ...outside, cookie: cookie.split(';')[0]! }
    expect((await at('/api/user', { headers: session })).status).toBe(200)
    const made = await at('/api/serviceaccounts', {
      method: 'POST',
      headers: session,
      body: JSON.stringify({ name: 'ci', role: 'Viewer' }),
    })
    const { id } = (await made.json()) as { id: number }
    const token = await at(`/api/serviceaccounts/${id}/tokens`, {
      method: 'POST',
      headers: session,
      body: JSON.stringify({ name: 't', secondsToLive: 60 }),
    })
    const { key } = (await token.json()) as { key: string }
    const bearer = { ...outside, authorization: `Bearer ${key}` }
    expect((await at('/api/search', { headers: bearer })).status).toBe(200)
    expect((await at('/api/v1/query?query=up', { headers: bearer })).status).toBe(200)
    const forbidden = [
      at('/api/dashboards/db', { method: 'POST', headers: bearer, body: '{"dashboard":{"title":"x"}}' }),
      at('/api/datasources', { method: 'POST', headers: bearer, body: '{}' }),
      at('/api/v1/write', { method: 'POST', headers: bearer }),
      at('/-/reload', { method: 'POST', headers: bearer }),
      at('/api/users', { headers: bearer }),
      at('/api/v1/audit', { headers: bearer }),
    ]
    expect((await Promise.all(forbidden)).map(({ status }) => status)).toEqual(forbidden.map(() => 403))
    const audit = (await (await at('/api/v1/audit', { headers: session })).json()) as {
      data: { action: string; resource: string }[]
    }
    expect(audit.data.map(({ action, resource }) => `${action} ${resource}`)).toContain(
      `create serviceaccount/${id}`,
    )
    await at('/logout', { headers: session })
    expect((await at('/api/user', { headers: session })).status).toBe(401)
  })

  test('guessing is slowed down', async () => {
    const guess = async (password: string): Promise<number> =>
      (
        await at('/login', {
          method: 'POST',
          headers: outside,
          body: JSON.stringify({ user: 'nobody', password }),
        })
      ).status
    const statuses: number[] = []
    for (let n = 0; n < 7; n++) statuses.push(await guess(`g${n}`))
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])
  })
})
