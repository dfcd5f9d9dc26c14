import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort, Program, ROOT, until, Workspace } from './support/program.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const workspace = new Workspace()
let demo: Program
let backend = ''

/** The demo with an outage from the start, so that the alert ripens while the dashboards fill. */
beforeAll(async () => {
  const port = await freePort()
  const args = [
    `--port=${port}`,
    '--interval=2s',
    '--days=0.4',
    `--data=${workspace.directory}`,
    '--incident=provider-outage',
  ]
  demo = workspace.keep(
    new Program(process.execPath, [join(ROOT, 'tools/demo/main.ts'), ...args], `http://127.0.0.1:${port}`),
  )
  await demo.ready('/-/ready')
  await until(
    'the greeting',
    async () => demo.output,
    (output) => output.includes('happens now'),
  )
  backend = /the backend +(\S+)/.exec(demo.output)![1]!
})
afterAll(async () => {
  // The signal lets the demo end what it has started.
  await demo.stop('SIGTERM')
  await workspace.clean()
})

interface Panel {
  readonly type: string
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

async function emptyPanels(): Promise<string[]> {
  const empty: string[] = []
  for (const { uid } of await demo.json<{ uid: string }[]>('/api/search?type=dash-db')) {
    const { dashboard } = await demo.json<{ dashboard: { panels: Panel[] } }>(`/api/dashboards/uid/${uid}`)
    for (const { type, title, targets = [] } of dashboard.panels) {
      if (type === 'row') continue
      const found = await Promise.all(targets.map(({ expr }) => hasData(expr)))
      if (!found.includes(true)) empty.push(`${uid}: ${title}`)
    }
  }
  return empty
}

async function hasData(expr: string): Promise<boolean> {
  const query = expr
    .replaceAll('$job', '.*')
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__interval', '1m')
  const end = Date.now() / 1000
  const parameters = new URLSearchParams({
    query,
    start: String(end - 6 * 3600),
    end: String(end),
    step: '60',
  })
  return (await demo.data<{ result: unknown[] }>(`/api/v1/query_range?${parameters}`)).result.length > 0
}

test('every ready-made dashboard is there, and no panel is empty', async () => {
  await until(
    'the dashboards',
    () => demo.json<object[]>('/api/search?type=dash-db'),
    (all) => all.length >= 13,
  )
  expect(await until('full panels', emptyPanels, (empty) => empty.length === 0, 45_000)).toEqual([])
})

test('the five documents’ paths answer', async () => {
  const text = await (await fetch(`${backend}/api/v1/monitoring/metrics`)).text()
  for (const family of [
    'http_requests_total',
    'agent_queries_total',
    'api_cost_dollars_total',
    'project_ai_active_users',
    'db_queries_total',
  ])
    expect(text).toContain(`# TYPE ${family} `)
  expect(await (await fetch(`${backend}/api/v1/monitoring/summary`)).json()).toMatchObject({
    version: '1.3.0',
  })
  expect((await fetch(`${backend}/ready`)).status).toBe(200)
})

test('the outage becomes an alert, a notification in the inbox, and a recovery', async () => {
  interface Inbox {
    readonly messages: readonly {
      readonly status: string
      readonly alerts: readonly { readonly labels: Record<string, string> }[]
    }[]
  }
  const told =
    (status: string) =>
    (inbox: Inbox): boolean =>
      inbox.messages.some(
        (message) =>
          message.status === status &&
          message.alerts.some(({ labels }) => labels['alertname'] === 'LLMProviderDown'),
      )
  await until('the notification', () => demo.data<Inbox>('/api/v1/inbox'), told('firing'), 100_000)
  const { alerts } = await demo.data<{ alerts: { labels: Record<string, string>; state: string }[] }>(
    '/api/v1/alerts',
  )
  expect(alerts).toContainEqual(
    expect.objectContaining({
      state: 'firing',
      labels: expect.objectContaining({ provider: 'openai', severity: 'critical' }),
    }),
  )
  // Critical alerts open an incident.
  const incidents = await (await fetch(`${demo.url}/api/v1/incidents?state=active`)).text()
  expect(incidents).toContain('LLMProviderDown')
  await fetch(`${backend}/incidents/provider-outage`, { method: 'DELETE' })
  await until('the recovery', () => demo.data<Inbox>('/api/v1/inbox'), told('resolved'), 110_000)
}, 240_000)

test.skipIf(!existsSync(CHROMIUM))('a dashboard as a picture (skipped without Chromium)', () => {
  const file = join(workspace.directory, 'agentic-backend.png')
  const { status, stderr } = spawnSync(
    join(ROOT, 'bin/promontory'),
    ['dashboards', 'render', 'agentic-backend', `--url=${demo.url}`, `--out=${file}`],
    { encoding: 'utf8' },
  )
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(statSync(file).size).toBeGreaterThan(20_000)
})
