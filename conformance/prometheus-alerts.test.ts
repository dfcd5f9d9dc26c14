import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, startPromontory, until, Workspace } from './support/program.ts'

/* A real Prometheus evaluates the rules and sends its alerts to our Alertmanager, as it would to its own. */

const prometheus = peer('prometheus')

const RULES = `groups:
- name: g
  interval: 1s
  rules:
  - {alert: Broken, expr: broken == 1, labels: {severity: page}, annotations: {summary: '{{ $labels.instance }} is broken'}}
`

interface Message {
  readonly status: string
  readonly groupLabels: Readonly<Record<string, string>>
  readonly alerts: readonly {
    readonly status: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
    readonly generatorURL: string
  }[]
}

async function serve(
  answer: Parameters<typeof createServer>[1],
): Promise<{ server: Server; address: string }> {
  const server = createServer(answer!).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe.skipIf(prometheus === undefined)(
  `alerts of a real Prometheus${prometheus === undefined ? ' (skipped: it is not installed)' : ''}`,
  () => {
    test('arrive, are told, and are told to have ended', async () => {
      const workspace = new Workspace()
      onTestFinished(() => workspace.clean())
      let isBroken = true
      const target = await serve((_, response) => {
        response.setHeader('content-type', 'text/plain; version=0.0.4')
        response.end(`broken ${isBroken ? 1 : 0}\n`)
      })
      const told: Message[] = []
      const sink = await serve((request, response) => {
        let body = ''
        request.setEncoding('utf8').on('data', (data: string) => (body += data))
        request.on('end', () => {
          told.push(JSON.parse(body) as Message)
          response.end()
        })
      })
      const file = (name: string, text: string): string => {
        const path = join(workspace.directory, name)
        writeFileSync(path, text)
        return path
      }
      const alertmanagerYml = file(
        'alertmanager.yml',
        `route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 2s}
receivers: [{name: hook, webhook_configs: [{url: 'http://${sink.address}/'}]}]
`,
      )
      const port = await freePort()
      const ours = workspace.keep(
        await startPromontory({
          dataDirectory: workspace.data,
          config: 'global: {}\n',
          flags: [
            `--alertmanager.config.file=${alertmanagerYml}`,
            `--listen.alertmanager=127.0.0.1:${port}`,
            '--content.rules=none',
          ],
        }),
      )
      const theirPort = await freePort()
      const theirs = workspace.keep(
        new Program(
          prometheus!,
          [
            `--config.file=${file(
              'prometheus.yml',
              `global: {scrape_interval: 500ms, scrape_timeout: 500ms, external_labels: {region: eu}}
rule_files: ['${file('rules.yml', RULES)}']
alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:${port}']}]}]}
scrape_configs: [{job_name: world, static_configs: [{targets: ['${target.address}']}]}]
`,
            )}`,
            `--storage.tsdb.path=${workspace.directory}/theirs`,
            `--web.listen-address=127.0.0.1:${theirPort}`,
            '--rules.alert.resend-delay=2s',
          ],
          `http://127.0.0.1:${theirPort}`,
        ),
      )
      await theirs.ready('/-/ready')
      await until('the notification', async () => told.length, (count) => count > 0, 20_000) // prettier-ignore
      expect(told[0]).toMatchObject({
        status: 'firing',
        groupLabels: { alertname: 'Broken' },
        alerts: [
          {
            labels: {
              alertname: 'Broken',
              severity: 'page',
              region: 'eu',
              instance: target.address,
              job: 'world',
            },
            annotations: { summary: `${target.address} is broken` },
            generatorURL: expect.stringContaining('/graph?g0.expr=broken+%3D%3D+1'),
          },
        ],
      })
      // It is the same alert when it is sent again: nobody is told twice.
      const listed = (await (await fetch(`${ours.url}/api/v2/alerts`)).json()) as unknown[]
      expect(listed).toHaveLength(1)
      isBroken = false
      await until('the end', async () => told.at(-1)!.status, (status) => status === 'resolved', 20_000) // prettier-ignore
      expect(told.map(({ status }) => status)).toEqual(['firing', 'resolved'])
      const metrics = await (await fetch(`http://127.0.0.1:${theirPort}/metrics`)).text()
      expect(metrics).toMatch(/^prometheus_notifications_errors_total\{[^}]*\} 0$/m)
    }, 60_000)
  },
)
