import { FakeClock, Registry, silentLogger } from '@promontory/base'
import { AnchoredRegex, Labels } from '@promontory/model'
import { expect, onTestFinished, test } from 'vitest'
import { Alertmanager } from '../alertmanager.ts'
import { parseMatcher } from '../matchers/alert-matcher.ts'
import { findAlerts, overviewOfGroups, type GroupsQuery } from './overview.ts'

const START_MS = Date.UTC(2024, 0, 1)
const CONFIG = `
route: {receiver: all, group_by: [job], group_wait: 1s}
receivers: [{name: all}]
inhibit_rules: [{source_matchers: [severity=page], target_matchers: [severity=info], equal: [job]}]
`

/** Three jobs: `db` with a page and two infos that it inhibits, `web` with five of which three are silenced, `old` resolved. */
async function world() {
  const clock = new FakeClock(START_MS)
  const am = new Alertmanager({ clock, logger: silentLogger, registry: new Registry(), externalUrl: 'http://am' })
  onTestFinished(() => am.stop())
  await am.applyConfig(am.prepareConfig(CONFIG, 'am.yml'))
  const alert = (job: string, instance: string, severity: string, endsInMs = 3_600_000) => ({
    labels: Labels.from([['alertname', 'Down'], ['instance', instance], ['job', job], ['severity', severity]]),
    annotations: Labels.from([]), startsAtMs: START_MS, endsAtMs: START_MS + endsInMs, generatorUrl: '',
  })
  am.send([
    alert('db', 'a', 'page'), alert('db', 'b', 'info'), alert('db', 'c', 'info'),
    ...['1', '2', '3', 'x', 'y'].map((instance) => alert('web', instance, 'warn')),
    alert('old', 'z', 'warn', 1),
  ])
  await am.silences.set({
    matchers: [{ name: 'instance', value: '[0-9]', isRegex: true, isEqual: true }],
    startsAtMs: START_MS, endsAtMs: START_MS + 3_600_000, createdBy: 'ann', comment: '', annotations: {},
  })
  await clock.advance(10)
  const ask = (query: Partial<GroupsQuery> = {}) =>
    overviewOfGroups(am, { matchers: [], standing: 'all', groupsMax: 10, alertsMax: 10, ...query })
  return { am, ask }
} // prettier-ignore

const shape = ({ groups }: Awaited<ReturnType<typeof overviewOfGroups>>): string[] =>
  groups.map(
    ({ labels, alertCount, alerts }) =>
      `${labels['job']} ${alertCount}: ${alerts.map((alert) => alert.labels['instance']).join('')}`,
  )

test('the first groups and alerts, and the counts of all', async () => {
  const { ask } = await world()
  const all = await ask()
  expect(shape(all)).toEqual(['db 3: abc', 'web 5: 123xy'])
  const counts = { standings: { told: 3, silenced: 3, inhibited: 2, muted: 0 } }
  expect(all).toMatchObject({ groupCount: 2, alertCount: 8, ...counts })
  const first = await ask({ groupsMax: 1, alertsMax: 2 })
  expect(shape(first)).toEqual(['db 3: ab'])
  expect(first).toMatchObject({ groupCount: 2, alertCount: 8, ...counts })
})

test('by standing and matchers; inhibiting alerts are named', async () => {
  const { ask } = await world()
  expect(shape(await ask({ standing: 'told' }))).toEqual(['db 1: a', 'web 2: xy'])
  const held = await ask({ standing: 'held' })
  expect(shape(held)).toEqual(['db 2: bc', 'web 3: 123'])
  expect(Object.values(held.inhibiting).map(({ instance }) => instance)).toEqual(['a'])
  expect(held.groups[0]!.alerts[0]!.status).toMatchObject({ state: 'suppressed', silencedBy: [] })
  expect(shape(await ask({ matchers: [parseMatcher('instance=~"[abx]"')] }))).toEqual([
    'db 2: ab',
    'web 1: x',
  ])
  expect(shape(await ask({ receiver: new AnchoredRegex('al.') }))).toHaveLength(2)
  expect(shape(await ask({ receiver: new AnchoredRegex('al') }))).toEqual([])
  expect(await ask({ matchers: [parseMatcher('job=nobody')] })).toMatchObject({ groups: [], groupCount: 0 })
})

test('alerts are found by matchers and by a part of their labels', async () => {
  const { am } = await world()
  const find = async (search: string, matchers: string[] = [], alertsMax = 10) => {
    const query = { search, alertsMax, matchers: matchers.map((text) => parseMatcher(text)) }
    const { alerts, count, total } = await findAlerts(am, query)
    return `${alerts.map(({ labels }) => labels['instance']).join('')} ${count}/${total}`
  }
  expect(await find('')).toBe('abc123xy 8/8')
  expect(await find('JOB="DB')).toBe('abc 3/8')
  expect(await find('DB')).toBe('abc 3/8')
  expect(await find('SEVER')).toBe('abc123xy 8/8')
  expect(await find('', ['severity=info'])).toBe('bc 2/8')
  expect(await find('', [], 1)).toBe('a 8/8')
  expect(await find('nothing')).toBe(' 0/8')
})
