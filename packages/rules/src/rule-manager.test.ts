import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeClock, Registry, silentLogger } from '@promontory/base'
import { AnchoredRegex, Labels, type InstantVector, type NotifierAlert } from '@promontory/model'
import { expect, onTestFinished, test } from 'vitest'
import { AlertStateFiles } from './alert-state-files.ts'
import type { AlertStateStore } from './alert-state.ts'
import { RuleManager } from './rule-manager.ts'
import { RulesFilterError, viewAlerts, viewRules } from './rule-views.ts'
import { MemoryAppender } from './testing/memory-appender.ts'

type Element = readonly [labels: Record<string, string>, value: number]

/** A manager on a fake clock whose queries answer from `data`, a function of the time. */
function world(
  options: { startMs?: number; state?: AlertStateStore; resendDelayMs?: number; clock?: FakeClock } = {},
) {
  const clock = options.clock ?? new FakeClock(options.startMs ?? 1_000_000_000_000)
  const appender = new MemoryAppender()
  const registry = new Registry()
  const sent: NotifierAlert[] = []
  const asked: { expr: string; timeMs: number }[] = []
  const self = {
    clock,
    appender,
    registry,
    sent,
    asked,
    data: (_expr: string, _timeMs: number): readonly Element[] | Promise<readonly Element[]> => [],
    manager: undefined as unknown as RuleManager,
    /** Names and states that were sent since the last call. */
    takeSent: (): string[] =>
      sent
        .splice(0)
        .map(
          ({ labels, startsAtMs, endsAtMs }) =>
            `${labels} ${startsAtMs}${endsAtMs <= clock.nowMs() ? ` resolved ${endsAtMs}` : ''}`,
        ),
  }
  self.manager = new RuleManager({
    clock,
    logger: silentLogger,
    registry,
    appender,
    externalUrl: 'http://here:9090',
    notifier: { send: (alerts) => sent.push(...alerts) },
    query: async (expr, timeMs): Promise<InstantVector> => {
      asked.push({ expr, timeMs })
      const elements = await self.data(expr, timeMs)
      return {
        samples: elements.map(([labels, value]) => ({ labels: Labels.from(labels), value })),
        warnings: [],
        infos: [],
      }
    },
    ...(options.state === undefined ? {} : { state: options.state }),
    ...(options.resendDelayMs === undefined ? {} : { resendDelayMs: options.resendDelayMs }),
  })
  onTestFinished(() => self.manager.stop())
  return self
}

const SETTINGS = { intervalMs: 60_000, queryOffsetMs: 0, externalLabels: Labels.EMPTY }
const file = (rules: string, group = ''): { file: string; text: string } => ({
  file: 'r.yml',
  text: `groups:\n- name: g\n${group}  rules:\n${rules}`,
})

const down = (more = ''): string => `  - alert: Down\n    expr: up == 0\n    for: 2m\n${more}`

test('pending, firing after `for`, resent, resolved; ALERTS series and their end', async () => {
  const w = world()
  let isDown = true
  w.data = () => (isDown ? [[{ __name__: 'up', job: 'a' }, 0]] : [])
  await w.manager.applyFiles(
    [file(down('    annotations: {text: "{{ $labels.job }} is {{ $value }}"}\n'))],
    SETTINGS,
  )
  w.manager.start()
  await w.clock.advance(60_000)
  const t0 = w.asked[0]!.timeMs
  expect(t0).toBeLessThanOrEqual(w.clock.nowMs())
  expect(w.appender.take()).toEqual([
    `{__name__="ALERTS", alertname="Down", alertstate="pending", job="a"} 1 @${t0}`,
    `{__name__="ALERTS_FOR_STATE", alertname="Down", job="a"} ${Math.floor(t0 / 1000)} @${t0}`,
  ])
  expect(viewAlerts(w.manager).alerts).toMatchObject([
    {
      state: 'pending',
      value: '0e+00',
      labels: { alertname: 'Down', job: 'a' },
      annotations: { text: 'a is 0' },
    },
  ])
  await w.clock.advance(60_000)
  expect(w.takeSent()).toEqual([])
  await w.clock.advance(60_000)
  const firedAt = t0 + 120_000
  expect(w.sent[0]).toMatchObject({
    startsAtMs: firedAt,
    endsAtMs: firedAt + 240_000,
    generatorUrl: 'http://here:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1',
  })
  expect(w.takeSent()).toHaveLength(1)
  w.appender.take()
  isDown = false
  await w.clock.advance(60_000)
  expect(w.takeSent()).toEqual([`{alertname="Down", job="a"} ${firedAt} resolved ${firedAt + 60_000}`])
  expect(w.appender.take()).toEqual([
    `{__name__="ALERTS", alertname="Down", alertstate="firing", job="a"} stale @${firedAt + 60_000}`,
    `{__name__="ALERTS_FOR_STATE", alertname="Down", job="a"} stale @${firedAt + 60_000}`,
  ])
  // The resolved alert is repeated while it is kept (15 minutes), then forgotten.
  await w.clock.advance(14 * 60_000)
  expect(w.takeSent().length).toBeGreaterThan(5)
  await w.clock.advance(5 * 60_000)
  w.takeSent()
  await w.clock.advance(10 * 60_000)
  expect(w.takeSent()).toEqual([])
})

test('keep_firing_for holds a firing alert, and says since when', async () => {
  const w = world()
  let isDown = true
  w.data = () => (isDown ? [[{ job: 'a' }, 1]] : [])
  await w.manager.applyFiles([file('  - {alert: K, expr: up, keep_firing_for: 2m}\n')], SETTINGS)
  w.manager.start()
  await w.clock.advance(60_000)
  isDown = false
  await w.clock.advance(60_000)
  const [alert] = viewAlerts(w.manager).alerts
  expect(alert).toMatchObject({ state: 'firing' })
  expect(alert!.keepFiringSince).toMatch(/^2001-.*Z$/)
  await w.clock.advance(60_000)
  expect(viewAlerts(w.manager).alerts).toHaveLength(1)
  await w.clock.advance(60_000)
  expect(viewAlerts(w.manager).alerts).toHaveLength(0)
})

test('recording rules: labels, stale markers, query offset, duplicates and limit', async () => {
  const w = world()
  let elements: Element[] = [[{ __name__: 'up', job: 'a', gone: '1' }, 1], [{ __name__: 'up', job: 'b' }, 2]]
  w.data = () => elements
  await w.manager.applyFiles([file('  - {record: r, expr: up, labels: {x: y, gone: ""}}\n', '  query_offset: 10s\n  limit: 2\n')], SETTINGS)
  w.manager.start()
  await w.clock.advance(60_000)
  const at = w.asked[0]!.timeMs
  expect(w.appender.take()).toEqual([
    `{__name__="r", job="a", x="y"} 1 @${at}`,
    `{__name__="r", job="b", x="y"} 2 @${at}`,
  ])
  elements = [[{ __name__: 'up', job: 'a' }, 3]]
  await w.clock.advance(60_000)
  expect(w.appender.take()).toEqual([
    `{__name__="r", job="a", x="y"} 3 @${at + 60_000}`,
    `{__name__="r", job="b", x="y"} stale @${at + 60_000}`,
  ])
  const health = (): string | undefined => viewRules(w.manager).groups[0]!.rules[0]!.lastError
  elements = [[{ __name__: 'up', x: 'a' }, 3], [{ __name__: 'down', x: 'b' }, 3]]
  await w.clock.advance(60_000)
  expect(health()).toBe('vector contains metrics with the same labelset after applying rule labels')
  elements = [[{ j: 'a' }, 3], [{ j: 'b' }, 3], [{ j: 'c' }, 3]]
  await w.clock.advance(60_000)
  expect(health()).toBe('exceeded limit of 2 with 3 series')
  w.data = () => Promise.reject(new Error('query timed out'))
  await w.clock.advance(60_000)
  expect(viewRules(w.manager).groups[0]!.rules[0]).toMatchObject({ health: 'err', lastError: 'query timed out', type: 'recording' })
  const metric = (name: string): number => w.registry.collect().find((family) => family.name === name)!.samples[0]!.value
  expect(metric('prometheus_rule_evaluation_failures_total')).toBe(3)
  expect(metric('prometheus_rule_evaluations_total')).toBe(5)
  expect(metric('prometheus_rule_group_rules')).toBe(1)
}) // prettier-ignore

test('an alert limit clears the alerts and says so; duplicate alerts are refused', async () => {
  const w = world()
  w.data = () => [[{ j: 'a' }, 1], [{ j: 'b' }, 1]]
  await w.manager.applyFiles(
    [file('  - {alert: A, expr: up}\n  - {alert: B, expr: up, labels: {j: same}}\n', '  limit: 1\n')],
    SETTINGS,
  )
  w.manager.start()
  await w.clock.advance(60_000)
  const [a, b] = viewRules(w.manager).groups[0]!.rules
  expect(a!.lastError).toBe('exceeded limit of 1 with 2 alerts')
  expect(a!.alerts).toEqual([])
  expect(b!.lastError).toBe('vector contains metrics with the same labelset after applying alert labels')
}) // prettier-ignore

test('a template that fails leaves its error in place; annotations without text stay', async () => {
  const w = world()
  w.data = () => [[{ job: 'a' }, 1]]
  await w.manager.applyFiles(
    [
      file(
        '  - {alert: A, expr: up, annotations: {t: "{{ .Nope }}", empty: "", none: "{{ $labels.nope }}"}, labels: {l: "{{ $labels.job }}!"}}\n',
      ),
    ],
    SETTINGS,
  )
  w.manager.start()
  await w.clock.advance(60_000)
  const [alert] = viewAlerts(w.manager).alerts
  expect(alert!.labels.l).toBe('a!')
  expect(alert!.annotations.t).toContain('<error expanding template: error executing template __alert_A: ')
  expect(alert!.annotations).toMatchObject({ empty: '', none: '' })
})

test('slots that pass during a slow evaluation are missed and counted', async () => {
  const w = world()
  let release = (): void => {}
  w.data = () => new Promise((resolve) => (release = () => resolve([])))
  await w.manager.applyFiles([file('  - {record: r, expr: up}\n')], SETTINGS)
  w.manager.start()
  await w.clock.advance(60_000)
  const first = w.asked[0]!.timeMs
  await w.clock.advance(185_000)
  w.data = () => []
  release()
  await w.clock.advance(0)
  const missed = w.registry
    .collect()
    .find(({ name }) => name === 'prometheus_rule_group_iterations_missed_total')!
  expect(missed.samples[0]).toMatchObject({ labels: [['rule_group', 'r.yml;g']], value: 2 })
  expect(w.asked[1]!.timeMs).toBe(first + 180_000)
})

test('alert state survives a restart exactly', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const before = world({ state: new AlertStateFiles(folder, silentLogger) })
  before.data = (expr) => (expr === 'up == 0' ? [[{ job: 'a' }, 0]] : [[{ job: 'f' }, 1]])
  const rules = file(`${down()}  - {alert: F, expr: vector(1)}\n`)
  await before.manager.applyFiles([rules], SETTINGS)
  before.manager.start()
  await before.clock.advance(120_000)
  await new Promise((resolve) => setTimeout(resolve, 50))
  const [firing, pending] = viewAlerts(before.manager).alerts
  expect([pending!.state, firing!.state]).toEqual(['pending', 'firing'])
  await before.manager.stop()

  const after = world({
    startMs: before.clock.nowMs() + 30_000,
    state: new AlertStateFiles(folder, silentLogger),
  })
  after.data = (expr) => (expr === 'up == 0' ? [[{ job: 'a' }, 0]] : [])
  await after.manager.applyFiles([rules], SETTINGS)
  expect(
    viewAlerts(after.manager)
      .alerts.map(({ activeAt }) => activeAt)
      .sort(),
  ).toEqual([firing!.activeAt, pending!.activeAt].sort())
  after.manager.start()
  await after.clock.advance(60_000)
  // What fired before and is gone now gets its resolved notice; `for` went on counting.
  expect(after.takeSent().map((text) => text.replace(/ \d+.*resolved.*/, ' resolved'))).toEqual([
    expect.stringMatching(/^\{alertname="Down", job="a"\} \d+$/),
    '{alertname="F", job="f"} resolved',
  ])
})

test('a bad file keeps the old groups; unchanged groups run on; changed ones keep their alerts', async () => {
  const w = world()
  w.data = () => [[{ job: 'a' }, 1]]
  await w.manager.applyFiles([file(down())], SETTINGS)
  w.manager.start()
  await w.clock.advance(60_000)
  const group = w.manager.groups()[0]
  expect(() => w.manager.prepare([{ file: 'bad.yml', text: 'groups: 3' }], SETTINGS)).toThrow('bad.yml:1:9')
  await w.manager.applyFiles([file(down())], SETTINGS)
  expect(w.manager.groups()[0]).toBe(group)
  const { activeAt } = viewAlerts(w.manager).alerts[0]!
  await w.manager.applyFiles([file(down('    annotations: {new: text}\n'))], SETTINGS)
  expect(w.manager.groups()[0]).not.toBe(group)
  expect(viewAlerts(w.manager).alerts[0]!.activeAt).toBe(activeAt)
  w.appender.take()
  await w.manager.applyFiles([], SETTINGS)
  await w.clock.advance(120_000)
  expect(w.appender.take()).toHaveLength(2)
  expect(w.registry.collect().find(({ name }) => name === 'prometheus_rule_group_rules')!.samples).toEqual([])
})

test('filters and pages of the rules view', async () => {
  const w = world()
  const group = (name: string): string => `- name: ${name}\n  rules:\n  - {record: r, expr: up}\n  - {alert: A, expr: up, labels: {s: ${name}}}\n`
  await w.manager.applyFiles([{ file: 'f.yml', text: `groups:\n${group('a')}${group('b')}${group('c')}` }], SETTINGS)
  const first = viewRules(w.manager, { groupLimit: 2 })
  expect(first.groups.map(({ name }) => name)).toEqual(['a', 'b'])
  expect(first.groupNextToken).toMatch(/^[0-9a-f]{40}$/)
  const rest = viewRules(w.manager, { groupLimit: 2, groupNextToken: first.groupNextToken! })
  expect(rest).toMatchObject({ groups: [{ name: 'c' }] })
  expect(() => viewRules(w.manager, { groupLimit: 2, groupNextToken: 'x' })).toThrow(RulesFilterError)
  expect(viewRules(w.manager, { type: 'alert', groupNames: ['b'] }).groups).toMatchObject([
    { rules: [{ name: 'A', type: 'alerting', state: 'unknown', health: 'unknown', lastEvaluation: '0001-01-01T00:00:00Z', alerts: [] }] },
  ])
  expect(viewRules(w.manager, { type: 'alert', excludeAlerts: true }).groups[0]!.rules[0]!.alerts).toBeNull()
}) // prettier-ignore

test('no-data policies: keep holds what is unknown, alert speaks up, upstream resolves', async () => {
  const w = world()
  const noData = [
    { alert: new AnchoredRegex('Keep'), group: undefined, policy: 'keep' },
    { alert: new AnchoredRegex('Loud'), group: undefined, policy: 'alert' },
  ] as const
  let series: [Record<string, string>, number][] = [
    [{ job: 'a' }, 0],
    [{ job: 'b' }, 0],
  ]
  w.data = (expr) => (expr.includes('==') ? series.filter(([, value]) => value === 0) : series)
  const rules = ['Keep', 'Loud', 'Plain'].map((name) => `  - {alert: ${name}, expr: up == 0}\n`).join('')
  await w.manager.applyFiles([file(rules)], { ...SETTINGS, noData })
  w.manager.start()
  const active = (): string[] =>
    viewAlerts(w.manager)
      .alerts.map(({ labels }) => `${labels['alertname']} ${labels['job'] ?? `nodata=${labels['nodata']}`}`)
      .sort()
  await w.clock.advance(60_000)
  expect(active()).toHaveLength(6)
  // a is gone, b is well.
  series = [[{ job: 'b' }, 1]]
  await w.clock.advance(60_000)
  expect(active()).toEqual(['Keep a'])
  series = []
  await w.clock.advance(60_000)
  expect(active()).toEqual(['Keep a', 'Loud nodata=true'])
  series = [[{ job: 'a' }, 1]]
  await w.clock.advance(60_000)
  expect(active()).toEqual([])
})

/** The time of day is not the time that timers go by. */
class JumpingClock extends FakeClock {
  aheadMs = 0
  override nowMs(): number {
    return super.nowMs() + this.aheadMs
  }
}

test.each([
  ['forward', 3_600_000],
  ['back', -3_600_000],
])(
  'a clock that is set %s an hour: rules go on, what fires stays so, what ends is told',
  async (_, aheadMs) => {
    const clock = new JumpingClock(1_000_000_000_000)
    const w = world({ clock })
    let isDown = true
    w.data = () => (isDown ? [[{ job: 'a' }, 0]] : [])
    await w.manager.applyFiles([file(down())], SETTINGS)
    w.manager.start()
    await clock.advance(240_000)
    const [alert] = viewAlerts(w.manager).alerts
    expect(alert!.state).toBe('firing')
    w.takeSent()
    w.asked.splice(0)
    clock.aheadMs = aheadMs
    await clock.advance(180_000)
    expect(w.asked.length).toBeGreaterThanOrEqual(2)
    // By the new time, all but what was waited for by the old one.
    expect(w.asked.slice(1).every(({ timeMs }) => Math.abs(timeMs - clock.nowMs()) <= 240_000)).toBe(true)
    expect(viewAlerts(w.manager).alerts).toMatchObject([{ state: 'firing', activeAt: alert!.activeAt }])
    isDown = false
    await clock.advance(120_000)
    const told = w.takeSent()
    expect(told.at(-1)).toMatch(/resolved/)
    expect(viewAlerts(w.manager).alerts).toEqual([])
  },
)
