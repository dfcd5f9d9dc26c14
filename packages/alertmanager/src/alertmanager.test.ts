import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@promontory/base'
import { Labels } from '@promontory/model'
import { expect, onTestFinished, test } from 'vitest'
import { UnsupportedConfigError, type AlertmanagerOptions } from './alertmanager.ts'
import type { Alert } from './alerts/alert.ts'
import { JsonLinesLog } from './record-log.ts'
import { START_MS, world } from './testing/world.ts'

const ROUTE = `
route: {receiver: hook, group_by: [cluster], group_wait: 1s, group_interval: 5s, repeat_interval: 30s}
receivers: [{name: hook, webhook_configs: [{url: 'URL/hook'}]}]
`

test('group wait, group interval, repeat, resolved', async () => {
  const w = await world(ROUTE)
  w.fire('alertname=a,cluster=x')
  expect(await w.told(500, 0)).toEqual([])
  w.fire('alertname=b,cluster=x', 'alertname=c,cluster=y')
  expect(await w.told(500, 1)).toEqual(['hook firing (first notification): +a +b'])
  expect(await w.told(500, 1)).toEqual(['hook firing (first notification): +c'])
  w.fire('alertname=d,cluster=x')
  expect(await w.told(4500, 1)).toEqual(['hook firing (new alerts added): +a +b +d'])
  w.resolve('alertname=d,cluster=x')
  expect(await w.told(5000, 1)).toEqual(['hook firing (some alerts resolved): +a +b -d'])
  expect(await w.told(26_000, 1)).toEqual(['hook firing (repeat interval elapsed): +c'])
  expect(await w.told(9500, 1)).toEqual(['hook firing (repeat interval elapsed): +a +b'])
  w.resolve('alertname=a,cluster=x', 'alertname=b,cluster=x')
  expect(await w.told(5000, 1)).toEqual(['hook resolved (all alerts resolved): -a -b'])
  expect(w.alertmanager.groups().map(({ key }) => key)).toEqual(['{}:{cluster="y"}'])
  expect(w.metric('alertmanager_notifications_total')).toEqual({ webhook: 7 })
  expect(w.metric('alertmanager_dispatcher_aggregation_groups')).toEqual({ '': 1 })
})

test('what resolves before the group wait is over is told to nobody', async () => {
  const w = await world(ROUTE)
  w.fire('alertname=a')
  await w.clock.advance(100)
  w.resolve('alertname=a')
  expect(await w.told(10_000, 0)).toEqual([])
  expect(w.kinds()).toEqual(['nothing new', 'resolved', 'grouped', 'received'])
})

test('the webhook body, letter for letter', async () => {
  const w = await world(`
route: {receiver: team.x, group_by: [alertname]}
receivers: [{name: team.x, webhook_configs: [{url: 'URL/', max_alerts: 1}]}]
`)
  w.fire('alertname=A,instance=<1>', 'alertname=A,instance=<2>')
  await w.clock.advance(30_000)
  await w.receiver.waitFor(1)
  const [request] = w.receiver.requests
  expect(request!.headers).toMatchObject({
    'content-type': 'application/json',
    'user-agent': 'Alertmanager/0.34.0',
  })
  expect(request!.body).toBe(
    `{"receiver":"team\\\\.x","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"A","instance":"\\u003c1\\u003e"},"annotations":{"summary":"about alertname=A,instance=\\u003c1\\u003e"},"startsAt":"2024-01-01T12:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p:9090/g","fingerprint":"${w.alertmanager.activeAlerts().find(({ labels }) => labels.get('instance') === '<1>')!.fingerprint}"}],"notification_reason":"first notification","groupLabels":{"alertname":"A"},"commonLabels":{"alertname":"A","instance":"\\u003c1\\u003e"},"commonAnnotations":{"summary":"about alertname=A,instance=\\u003c1\\u003e"},"routeLabels":{},"externalURL":"http://am:9093","version":"4","groupKey":"{}:{alertname=\\"A\\"}","truncatedAlerts":1}\n`,
  )
})

test('routing: depth first, continue, inherited settings; payload of the user', async () => {
  const w = await world(`
route:
  receiver: all
  group_wait: 1s
  routes:
  - {matchers: ['team="x"'], receiver: x, continue: true}
  - {matchers: ['team=~"x|y"', 'severity!="info"'], receiver: xy, routes: [{matchers: [deep=yes], receiver: deep}]}
receivers:
- {name: all, webhook_configs: [{url: 'URL/{{ .Status }}'}]}
- {name: x, webhook_configs: [{url: 'URL/x', payload: {text: 'for {{ .GroupLabels }}', list: ['{{ .Alerts | len }}'], j: '{"a": [1, true]}'}}]}
- {name: xy, webhook_configs: [{url: 'URL/xy'}]}
- {name: deep, webhook_configs: [{url: 'URL/deep'}]}
`)
  const routesOf = (text: string): string[] =>
    w.alertmanager.routesOf(w.labelsOf(text)).map(({ receiver }) => receiver)
  expect(routesOf('team=x')).toEqual(['x', 'xy'])
  expect(routesOf('team=x,severity=info')).toEqual(['x'])
  expect(routesOf('team=y,deep=yes')).toEqual(['deep'])
  expect(routesOf('team=z')).toEqual(['all'])
  w.fire('alertname=A,team=x,severity=info', 'alertname=B')
  await w.clock.advance(1000)
  await w.receiver.waitFor(2)
  expect(w.receiver.requests.map(({ path }) => path).sort()).toEqual(['/firing', '/x'])
  const own = w.receiver.requests.find(({ path }) => path === '/x')!
  expect(JSON.parse(own.body)).toEqual({ text: 'for ', list: [1], j: { a: [1, true] } })
})

test('inhibition: equal labels, no self-inhibition, end of the source', async () => {
  const w = await world(`${ROUTE}
inhibit_rules:
- {name: sev, source_matchers: [severity=critical], target_matchers: [severity=~"warning|critical"], equal: [cluster]}
`)
  w.fire('alertname=crit,severity=critical,cluster=1', 'alertname=warn,severity=warning,cluster=1')
  w.fire('alertname=other,severity=warning,cluster=2')
  expect(await w.told(1000, 2)).toEqual([
    'hook firing (first notification): +crit',
    'hook firing (first notification): +other',
  ])
  const [event] = w.alertmanager.history.events().filter(({ kind }) => kind === 'inhibited')
  expect(event!.detail).toMatch(/^inhibited by \w+\{.*\} \(rule sev\)$/)
  const warn = w.alertmanager.activeAlerts().find(({ labels }) => labels.get('alertname') === 'warn')!
  expect(w.alertmanager.statusOf(warn)).toMatchObject({
    state: 'suppressed',
    inhibitedBy: [expect.any(String)],
  })
  w.resolve('alertname=crit,severity=critical,cluster=1')
  expect(await w.told(5000, 1)).toEqual(['hook firing (new alerts added): +warn -crit'])
  expect(w.metric('alertmanager_notifications_suppressed_total')).toMatchObject({ inhibition: 1 })
})

test('silences hold alerts back until they end; active and mute times', async () => {
  const w = await world(`
route:
  receiver: hook
  group_by: [alertname]
  group_wait: 1s
  group_interval: 5s
  routes:
  - {matchers: [m=mute], receiver: hook, mute_time_intervals: [noon]}
  - {matchers: [m=active], receiver: hook, active_time_intervals: [night]}
receivers: [{name: hook, webhook_configs: [{url: 'URL/'}]}]
time_intervals:
- {name: noon, time_intervals: [{times: [{start_time: '12:00', end_time: '12:01'}], weekdays: ['monday:friday']}]}
- {name: night, time_intervals: [{times: [{start_time: '14:02', end_time: '15:00'}], location: Europe/Paris}, {years: ['2030']}]}
`)
  await w.alertmanager.silences.set({
    matchers: [{ name: 'm', value: 'sil.*', isRegex: true, isEqual: true }],
    startsAtMs: START_MS, endsAtMs: START_MS + 20_000, createdBy: 'me', comment: 'c', annotations: {},
  }) // prettier-ignore
  w.fire('alertname=s,m=silence', 'alertname=m,m=mute', 'alertname=t,m=active')
  expect(await w.told(10_000, 0)).toEqual([])
  expect(new Set(w.kinds())).toEqual(new Set(['received', 'grouped', 'silenced', 'muted', 'inactive']))
  expect(w.alertmanager.groups().map(({ mutedBy }) => mutedBy)).toEqual([['noon'], [], ['night']])
  expect(await w.told(15_000, 1)).toEqual(['hook firing (first notification): +s'])
  expect(await w.told(40_000, 1)).toEqual(['hook firing (first notification): +m'])
  await w.clock.advance(3_600_000)
  expect(w.metric('alertmanager_notifications_suppressed_total')).toMatchObject({
    active_time_interval: expect.any(Number),
  })
})

test('a receiver that fails is tried again with pauses; a refusal is final; history says which', async () => {
  const w = await world(ROUTE)
  w.receiver.answer = { status: 503, body: 'busy' }
  w.fire('alertname=a')
  await w.clock.advance(1000)
  await w.receiver.waitFor(1)
  w.receiver.answer = { status: 200, body: '' }
  await w.clock.advance(800)
  await w.receiver.waitFor(2)
  await w.clock.advance(0)
  expect(w.alertmanager.history.events()[0]).toMatchObject({
    kind: 'notified',
    detail: 'first notification after 2 tries',
  })
  w.receiver.answer = { status: 400, body: 'bad' }
  w.fire('alertname=b')
  await w.clock.advance(5000)
  await w.receiver.waitFor(3)
  await w.clock.advance(0)
  expect(w.alertmanager.history.events()[0]).toMatchObject({
    kind: 'failed',
    integration: 'hook/webhook/0',
    detail:
      'notify retry canceled due to unrecoverable error after 1 attempts: unexpected status code 400: bad',
  })
  expect(w.metric('alertmanager_notifications_failed_total')).toMatchObject({
    'webhook,clientError': 1,
    'webhook,other': 0,
  })
  expect(w.metric('alertmanager_notification_requests_total')).toEqual({ webhook: 3 })
  // Nothing was written down, so the next interval tells it.
  w.receiver.answer = { status: 200, body: '' }
  w.receiver.requests.length = 0
  expect(await w.told(5000, 1)).toEqual(['hook firing (new alerts added): +a +b'])
})

test('silences and the notification log survive a restart: nothing is told twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'am-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const logs = (): Partial<AlertmanagerOptions> => ({
    silenceLog: new JsonLinesLog(join(folder, 'silences.jsonl'), silentLogger),
    notificationLog: new JsonLinesLog(join(folder, 'nflog.jsonl'), silentLogger),
  })
  const before = await world(ROUTE, logs())
  before.fire('alertname=a', 'alertname=z')
  expect(await before.told(1000, 1)).toHaveLength(1)
  const id = await before.alertmanager.silences.set({
    matchers: [{ name: 'alertname', value: 'quiet', isRegex: false, isEqual: true }],
    startsAtMs: START_MS, endsAtMs: START_MS + 60_000, createdBy: 'me', comment: 'c', annotations: {},
  }) // prettier-ignore
  await before.alertmanager.stop()
  const after = await world(ROUTE, { ...logs(), clock: before.clock })
  expect(after.alertmanager.silences.get(id)).toMatchObject({ comment: 'c' })
  after.fire('alertname=a', 'alertname=z')
  expect(await after.told(1000, 0)).toEqual([])
  expect(after.kinds()[0]).toBe('repeated too early')
  after.resolve('alertname=a', 'alertname=z')
  expect(await after.told(5000, 1)).toEqual(['hook resolved (all alerts resolved): -a -z'])
})

test('a reload keeps alerts and does not tell twice; a bad one changes nothing', async () => {
  const w = await world(ROUTE)
  w.fire('alertname=a')
  expect(await w.told(1000, 1)).toHaveLength(1)
  expect(() => w.alertmanager.prepareConfig('route: {}', 'am.yml')).toThrow(
    'root route must specify a default receiver',
  )
  expect(w.metric('alertmanager_config_last_reload_successful')).toEqual({ '': 0 })
  await w.alertmanager.applyConfig(
    w.alertmanager.prepareConfig(ROUTE.replaceAll('URL', w.receiver.url), 'am.yml'),
  )
  expect(w.metric('alertmanager_config_last_reload_successful')).toEqual({ '': 1 })
  expect(await w.told(6000, 0)).toEqual([])
  w.fire('alertname=b')
  expect(await w.told(6000, 1)).toEqual(['hook firing (new alerts added): +a +b'])
})

test('what is not delivered is refused by name', async () => {
  const w = await world(ROUTE)
  const yaml =
    'route: {receiver: r}\nreceivers: [{name: r, jira_configs: [{api_url: "http://x", project: p, issue_type: Bug, http_config: {authorization: {credentials: c}}}]}]'
  expect(() => w.alertmanager.prepareConfig(yaml, 'am.yml')).toThrow(UnsupportedConfigError)
  expect(() => w.alertmanager.prepareConfig(yaml, 'am.yml')).toThrow(
    'am.yml:2:37: receivers[0].jira_configs: receiver "r": delivery to jira is not supported',
  )
})

test('alerts end by themselves, and limits and faults are counted', async () => {
  const w = await world(ROUTE, { alertsPerNameMax: 1, metricLabels: { alertNames: true, receiverNames: false } })
  w.fire('alertname=a,i=1', 'alertname=a,i=2')
  expect(w.metric('alertmanager_alerts_limited_total')).toEqual({ a: 1 })
  expect(await w.alertmanager.receive([{ labels: Labels.EMPTY, annotations: Labels.EMPTY, startsAtMs: 1, endsAtMs: 2, generatorUrl: '', updatedAtMs: 1, timeout: false }])).toEqual(['at least one label pair required'])
  expect(await w.told(1000, 1)).toHaveLength(1)
  await w.clock.advance(3_600_000)
  await w.receiver.waitFor(1)
  expect(w.alertmanager.activeAlerts()).toEqual([])
}) // prettier-ignore

test('what another instance was sent is grouped and told; what is older than known is left out', async () => {
  const sent: Alert[] = []
  const a = await world(ROUTE, { onAlert: (alert) => void sent.push(alert) })
  const b = await world(ROUTE)
  a.fire('alertname=x,cluster=c')
  await b.alertmanager.adopt(sent)
  expect(await b.told(1000, 1)).toEqual(['hook firing (first notification): +x'])
  await a.clock.advance(1000)
  // It ends at a moment that has not come yet by the other one's clock.
  await a.alertmanager.receive([{ ...sent[0]!, endsAtMs: a.clock.nowMs(), updatedAtMs: a.clock.nowMs() }])
  const [firing, ended] = sent as [Alert, Alert]
  await b.alertmanager.adopt([{ ...ended, endsAtMs: ended.endsAtMs + 3 }])
  await b.alertmanager.adopt([firing])
  expect(await b.told(5000, 1)).toEqual(['hook resolved (all alerts resolved): -x'])
  expect(a.receiver.takeJson()).toHaveLength(1)
})

test('after a start nobody is told before the delay is over, then all of it at once', async () => {
  const w = await world(ROUTE, { startDelayMs: 20_000 })
  w.fire('alertname=a,cluster=x')
  expect(await w.told(10_000, 0)).toEqual([])
  w.fire('alertname=b,cluster=x')
  expect(await w.told(10_000, 1)).toEqual(['hook firing (first notification): +a +b'])
  w.fire('alertname=c,cluster=y')
  expect(await w.told(1000, 1)).toEqual(['hook firing (first notification): +c'])
})

test('counters of deliveries begin at 0, with the name of the receiver where that is asked for', async () => {
  const plain = await world(ROUTE)
  expect(plain.metric('alertmanager_notifications_total')).toEqual({ webhook: 0 })
  expect(plain.metric('alertmanager_notifications_failed_total')).toMatchObject({ 'webhook,rateLimited': 0 })
  const named = await world(ROUTE, { metricLabels: { alertNames: false, receiverNames: true } })
  named.fire('alertname=a')
  await named.told(1000, 1)
  expect(named.metric('alertmanager_notifications_total')).toEqual({ 'webhook,hook': 1 })
  expect(named.metric('alertmanager_notifications_failed_total')).toMatchObject({ 'webhook,hook,other': 0 })
})

test('silences stand in the log when that is asked for', async () => {
  const lines: string[] = []
  const logger = { ...silentLogger, info: (text: string, fields?: object) => void lines.push(`${text} ${JSON.stringify(fields)}`) }
  const { alertmanager } = await world(ROUTE, { logsSilences: true, logger: logger as typeof silentLogger })
  const silence = {
    matchers: [{ name: 'a', value: 'b.+', isRegex: true, isEqual: true }], startsAtMs: START_MS, endsAtMs: START_MS + 60_000,
    createdBy: 'ann', comment: 'known', annotations: {},
  }
  const id = await alertmanager.silences.set(silence)
  await alertmanager.silences.set({ ...silence, id, endsAtMs: START_MS + 90_000 })
  await alertmanager.silences.expire(id)
  const rest = `"CreatedBy":"ann","Comment":"known","StartsAt":"2024-01-01T12:00:00Z","EndsAt":"`
  expect(lines.filter((line) => line.includes('silence'))).toEqual([
    `create silence {"Id":"${id}",${rest}2024-01-01T12:01:00Z","Matchers":"a=~b.+"}`,
    `update silence {"Id":"${id}",${rest}2024-01-01T12:01:30Z","Matchers":"a=~b.+"}`,
    `expire silence {"Id":"${id}",${rest}2024-01-01T12:00:00Z","Matchers":"a=~b.+"}`,
  ])
}) // prettier-ignore
