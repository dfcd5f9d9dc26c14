import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, startPromontory, until, Workspace } from './support/program.ts'

const real = existsSync('/usr/share/prometheus/alertmanager/default.tmpl')
  ? peer('prometheus-alertmanager')
  : undefined
const workspace = new Workspace()
afterAll(() => workspace.clean())

interface Incident {
  readonly id: number
  readonly title: string
  readonly state: string
  readonly severity: string
  readonly source: string
}

test.skipIf(real === undefined)(
  `a real Alertmanager opens and resolves an incident${real === undefined ? ' (skipped: it is not installed)' : ''}`,
  async () => {
    const ours = workspace.keep(await startPromontory({ dataDirectory: workspace.data }))
    const file = join(workspace.directory, 'alertmanager.yml')
    writeFileSync(
      file,
      `route: {receiver: incidents, group_by: [alertname], group_wait: 200ms, group_interval: 500ms}
receivers: [{name: incidents, webhook_configs: [{url: '${ours.url}/api/v1/incidents/webhook'}]}]\n`,
    )
    const port = await freePort()
    const alertmanager = workspace.keep(
      new Program(
        real!,
        [
          `--config.file=${file}`,
          `--storage.path=${join(workspace.directory, 'am')}`,
          `--web.listen-address=127.0.0.1:${port}`,
          '--cluster.listen-address=',
        ],
        `http://127.0.0.1:${port}`,
      ),
    )
    await alertmanager.ready('/-/ready')
    const post = (endsAtMs: number): Promise<Response> =>
      fetch(`${alertmanager.url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([
          { labels: { alertname: 'DiskFull', severity: 'critical', instance: 'a' }, annotations: { summary: 'no room' }, endsAt: new Date(endsAtMs).toISOString() },
        ]),
      }) // prettier-ignore
    await post(Date.now() + 600_000)
    const incidents = (): Promise<{ incidents: Incident[] }> => ours.data('/api/v1/incidents')
    await until('the incident', incidents, ({ incidents: all }) => all.length === 1)
    const [opened] = (await incidents()).incidents as [Incident]
    expect(opened).toMatchObject({
      title: 'DiskFull',
      state: 'open',
      severity: 'critical',
      source: 'webhook',
    })
    await fetch(`${ours.url}/api/annotations`, {
      method: 'POST',
      body: JSON.stringify({ text: 'v42 went out', tags: ['deployment'] }),
    })
    await post(Date.now() - 1)
    await until('its end', incidents, ({ incidents: [one] }) => one?.state === 'resolved')
    const postmortem = await (await fetch(`${ours.url}/api/v1/incidents/${opened.id}/postmortem`)).text()
    expect(postmortem).toContain('# Postmortem: DiskFull (incident 1)')
    expect(postmortem).toContain('| deployment |  | v42 went out |')
    const marks = await ours.json<{ text: string; timeEnd: number; time: number }[]>(
      '/api/annotations?tags=incident',
    )
    expect(marks).toMatchObject([{ text: 'Incident 1: DiskFull' }])
    expect(marks[0]!.timeEnd).toBeGreaterThan(marks[0]!.time)
    const refused = await fetch(`${ours.url}/api/v1/incidents/webhook`, {
      method: 'POST',
      body: '{"version":"3"}',
    })
    expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([
      400,
      expect.stringContaining('version: "3"'),
    ])
  },
  30_000,
)
