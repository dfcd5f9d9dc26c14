import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startPromontory, until, Workspace } from './support/program.ts'

interface WebhookMessage {
  readonly version: string
  readonly status: string
  readonly receiver: string
  readonly groupKey: string
  readonly truncatedAlerts: number
  readonly groupLabels: Record<string, string>
  readonly commonLabels: Record<string, string>
  readonly commonAnnotations: Record<string, string>
  readonly externalURL: string
  readonly alerts: {
    status: string
    labels: Record<string, string>
    startsAt: string
    endsAt: string
    fingerprint: string
    generatorURL: string
  }[]
}

const workspace = new Workspace()
const servers: Server[] = []
afterAll(async () => {
  for (const server of servers) server.close()
  await workspace.clean()
})

function listen(server: Server, port = 0): Promise<number> {
  servers.push(server)
  return new Promise((done) =>
    server.listen(port, '127.0.0.1', () => done((server.address() as AddressInfo).port)),
  )
}

const target = (): Server =>
  createServer((_request, response) =>
    response
      .writeHead(200, { 'content-type': 'text/plain; version=0.0.4', connection: 'close' })
      .end('app_up 1\n'),
  )

test('a killed target: pending, firing, delivered to a webhook, resolved', async () => {
  const messages: WebhookMessage[] = []
  const receiverPort = await listen(
    createServer((request, response) => {
      let body = ''
      request.on('data', (data: Buffer) => (body += data.toString()))
      request.on('end', () => {
        messages.push(JSON.parse(body) as WebhookMessage)
        response.end()
      })
    }),
  )
  const application = target()
  const port = await listen(application)
  mkdirSync(workspace.directory, { recursive: true })
  const rules = join(workspace.directory, 'rules.yml')
  writeFileSync(
    rules,
    `groups:
  - name: liveness
    interval: 1s
    rules:
      - alert: TargetDown
        expr: up{job="app"} == 0
        for: 2s
        labels: { severity: critical }
        annotations: { summary: '{{ $labels.instance }} of {{ $labels.job }} is down' }
`,
  )
  const alertmanager = join(workspace.directory, 'alertmanager.yml')
  writeFileSync(
    alertmanager,
    `route: { receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h }
receivers:
  - name: hook
    webhook_configs: [{ url: 'http://127.0.0.1:${receiverPort}/' }]
`,
  )
  const config = `global: { scrape_interval: 1s, scrape_timeout: 1s, external_labels: { site: lab } }
rule_files: ['${rules}']
scrape_configs:
  - job_name: app
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
`
  const server = workspace.keep(
    await startPromontory({
      dataDirectory: workspace.data,
      config,
      flags: [`--alertmanager.config.file=${alertmanager}`],
    }),
  )
  const state = async (): Promise<string> =>
    (await server.data<{ alerts: { state: string }[] }>('/api/v1/alerts')).alerts[0]?.state ?? 'none'
  await until(
    'the target to be up',
    () => server.query('up{job="app"} == 1'),
    (result) => result.length === 1,
  )
  expect(await state()).toBe('none')

  application.close()
  application.closeAllConnections()
  await until('pending', state, (now) => now === 'pending', 15_000)
  await until('firing', state, (now) => now === 'firing', 15_000)
  await until(
    'the notification',
    async () => messages.length,
    (count) => count > 0,
    15_000,
  )
  const [firing] = messages
  expect(firing).toMatchObject({
    version: '4',
    status: 'firing',
    receiver: 'hook',
    truncatedAlerts: 0,
    groupLabels: { alertname: 'TargetDown' },
    commonLabels: { alertname: 'TargetDown', severity: 'critical', job: 'app', site: 'lab' },
    commonAnnotations: { summary: `127.0.0.1:${port} of app is down` },
  })
  expect(firing!.alerts[0]).toMatchObject({ status: 'firing', endsAt: '0001-01-01T00:00:00Z' })
  expect(firing!.alerts[0]!.fingerprint).toMatch(/^[0-9a-f]{16}$/)
  expect(firing!.alerts[0]!.generatorURL).toContain('/graph?g0.expr=up')

  await listen(target(), port)
  await until(
    'the resolved notice',
    async () => messages.at(-1)!.status,
    (status) => status === 'resolved',
    30_000,
  )
  expect(messages.at(-1)!.alerts[0]).toMatchObject({
    status: 'resolved',
    labels: { alertname: 'TargetDown' },
  })
  expect(Date.parse(messages.at(-1)!.alerts[0]!.endsAt)).toBeGreaterThan(
    Date.parse(firing!.alerts[0]!.startsAt),
  )
  expect(await state()).toBe('none')
  expect(server.output).not.toMatch(/level=ERROR/)
})
