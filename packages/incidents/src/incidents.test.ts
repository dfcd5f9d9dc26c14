import { FakeClock, Registry, silentLogger } from '@promontory/base'
import { StateDatabase } from '@promontory/state'
import { expect, onTestFinished, test } from 'vitest'
import { type Incident, IncidentError, severityOf } from './incident.ts'
import { Incidents } from './incidents.ts'
import { postmortem } from './postmortem.ts'
import { groupReport, parseWebhookMessage } from './webhook-message.ts'

const START_MS = Date.UTC(2024, 0, 1, 12)

async function world() {
  const state = await StateDatabase.open({ kind: 'sqlite', file: ':memory:' })
  onTestFinished(() => state.close())
  const clock = new FakeClock(START_MS)
  const registry = new Registry()
  const marked: string[] = []
  const marks = {
    open: async (opened: readonly Incident[]) => opened.map(({ title }) => marked.push(`open ${title}`)),
    close: async (id: number) => void marked.push(`close ${id}`),
  }
  const incidents = await Incidents.open({ state, clock, logger: silentLogger, registry, marks })
  const report = (key: string, ...alerts: string[]) =>
    incidents.report(
      groupReport({
        source: 'alerts',
        key,
        reporter: 'pager',
        groupLabels: { alertname: 'Down' },
        alerts: alerts.map((text) => {
          const [sign, instance, severity = 'warning'] = [text[0], ...text.slice(1).split('/')]
          return {
            fingerprint: instance!,
            status: sign === '+' ? 'firing' : 'resolved',
            labels: { alertname: 'Down', instance: instance!, severity },
            annotations: { summary: `${instance} is down` },
            startsAtMs: START_MS,
          }
        }),
      }),
    )
  const metric = (name: string) =>
    registry
      .collect()
      .find((family) => family.name === name)!
      .samples.map(({ labels, value }) => `${labels.map(([, text]) => text).join(',')} ${value}`)
  return { incidents, clock, report, marked, state, metric }
}

const kinds = async (incidents: Incidents, id: number): Promise<string[]> =>
  (await incidents.events(id)).map(({ kind, actor, text }) => `${kind} [${actor}] ${text}`)

test('a group opens one incident, is followed, and resolves it', async () => {
  const { incidents, clock, report, marked, metric } = await world()
  expect(await report('g', '-a')).toBeUndefined()
  const opened = (await report('g', '+a'))!
  expect(opened).toMatchObject({
    state: 'open',
    severity: 'warning',
    title: 'Down',
    summary: 'a is down',
    source: 'alerts',
  })
  await clock.advance(60_000)
  // The same again changes nothing; a graver alert lifts the severity.
  await Promise.all([report('g', '+a'), report('g', '+a', '+b/critical'), report('other', '+a')])
  expect((await incidents.list({ state: 'active' })).map(({ id }) => id)).toHaveLength(2)
  expect([
    await incidents.count(),
    await incidents.count('open'),
    await incidents.count('acknowledged'),
    await incidents.count('resolved'),
  ]).toEqual([2, 2, 0, 0])
  expect(await incidents.get(opened.id)).toMatchObject({ severity: 'critical', state: 'open' })
  await incidents.acknowledge(opened.id, 'ann', 'looking')
  await incidents.assign(opened.id, 'commander', 'ann', 'ann')
  await clock.advance(60_000)
  expect((await report('g', '-a', '+b/critical'))!.state).toBe('acknowledged')
  const closed = (await report('g', '-a', '-b/critical'))!
  expect(closed).toMatchObject({ state: 'resolved', resolvedBy: '', roles: { commander: 'ann' } })
  expect(await kinds(incidents, opened.id)).toEqual([
    'opened [pager] opened by 1 alert: Down a',
    'alerts [pager] 1 alert firing: Down b',
    'severity [pager] warning → critical',
    'acknowledged [ann] looking',
    'role [ann] commander: ann',
    'alerts [pager] 1 alert resolved: Down a',
    'alerts [pager] 1 alert resolved: Down b',
    'resolved [] all alerts have resolved',
  ])
  expect(marked).toEqual(['open Down', 'open Down', 'close 1'])
  expect(metric('promontory_incidents_opened_total')).toEqual(['warning,alerts 2'])
  expect(metric('promontory_incident_time_to_acknowledge_seconds').at(-2)).toBe('critical 60')
  expect(metric('promontory_incident_time_to_resolve_seconds').at(-2)).toBe('critical 120')
})

test('what flaps is one incident; what a person resolved is not opened again', async () => {
  const { incidents, clock, report } = await world()
  const { id } = (await report('g', '+a'))!
  await report('g', '-a')
  await clock.advance(60_000)
  expect(await report('g', '+a')).toMatchObject({ id, state: 'open' })
  await incidents.resolve(id, 'ann', 'fixed')
  expect(await report('g', '+a')).toMatchObject({ id: id + 1 })
  await report('g', '-a')
  await clock.advance(3_600_000)
  expect(await report('g', '+a')).toMatchObject({ id: id + 2 })
})

test('by hand: keys, notes, changes, refusals', async () => {
  const { incidents } = await world()
  const { id } = await incidents.create({ title: 'Slow', severity: 'high', key: 'slow' }, 'bob')
  expect(await incidents.create({ title: 'Slow too', severity: 'info', key: 'slow' }, 'eve')).toMatchObject({
    id,
    title: 'Slow',
  })
  await incidents.addNote(id, 'bob', 'v2 went out', 'deployment')
  expect(await incidents.change(id, { severity: 'critical', summary: 'All slow' }, 'bob')).toMatchObject({
    severity: 'critical',
  })
  await incidents.resolve(id, 'bob', '')
  for (const refused of [
    () => incidents.resolve(id, 'bob', ''),
    () => incidents.acknowledge(id, 'bob', ''),
    () => incidents.get(99),
    () => incidents.create({ title: ' ', severity: 'info' }, 'bob'),
    () => incidents.addNote(id, 'bob', 'x'.repeat(10_001)),
  ])
    await expect(refused()).rejects.toBeInstanceOf(IncidentError)
  const events = await incidents.events(id)
  const text = postmortem(await incidents.get(id), events, [{ timeMs: START_MS - 1, text: 'a|b\n<c>' }])
  expect(text).toContain('# Postmortem: Slow (incident 1)')
  expect(text).toContain(
    '| 2024-01-01 11:59:59 | deployment |  | a\\|b &lt;c> |\n| 2024-01-01 12:00:00 | opened | bob |',
  )
  expect(text).toContain('| Resolved | 2024-01-01 12:00:00 by bob, after 0 s |')
})

test('two instances on one database open one incident', async () => {
  const { incidents, clock, state, report } = await world()
  const other = await Incidents.open({ state, clock, logger: silentLogger, registry: new Registry() })
  const message = { source: 'alerts', key: 'g', reporter: 'r', groupLabels: {}, alerts: [{ fingerprint: 'a', status: 'firing', labels: {}, annotations: {}, startsAtMs: 1 }] } as const // prettier-ignore
  const [a, b] = await Promise.all([report('g', '+a'), other.report(groupReport(message))])
  expect(a!.id).toBe(b!.id)
  expect(await incidents.list()).toHaveLength(1)
})

test('webhook messages of an Alertmanager, and what is none', () => {
  const message = {
    version: '4', groupKey: '{}:{alertname="X"}', receiver: 'team', externalURL: 'http://am', groupLabels: { alertname: 'X', cluster: 'eu' },
    alerts: [{ status: 'resolved', labels: { alertname: 'X', severity: 'page' }, startsAt: '2024-01-01T00:00:00Z', endsAt: '2024-01-01T01:00:00Z' }],
  } // prettier-ignore
  expect(parseWebhookMessage(JSON.stringify(message))).toMatchObject({
    source: 'webhook',
    key: 'http://am team {}:{alertname="X"}',
    title: 'X (eu)',
    severity: 'critical',
    alerts: [
      {
        status: 'resolved',
        fingerprint: '[["alertname","X"],["severity","page"]]',
        endsAtMs: Date.UTC(2024, 0, 1, 1),
      },
    ],
  })
  const fault = (change: object): string => {
    try {
      parseWebhookMessage(JSON.stringify({ ...message, ...change }))
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  expect(fault({ version: '3' })).toMatch(/^version: "3"/)
  expect(fault({ groupKey: 1 })).toMatch(/^groupKey/)
  expect(fault({ alerts: [] })).toMatch(/^alerts: expected/)
  expect(fault({ alerts: [{ ...message.alerts[0], status: 'x' }] })).toMatch(/^alerts\[0\]\.status: "x"/)
  expect(fault({ alerts: [{ ...message.alerts[0], labels: { a: 1 } }] })).toMatch(/^alerts\[0\]\.labels\.a/)
  expect(() => parseWebhookMessage('[')).toThrow(IncidentError)
  expect(['SEV1', 'page', undefined, 'odd', 'info'].map(severityOf)).toEqual([
    'critical',
    'critical',
    'warning',
    'warning',
    'info',
  ])
})
