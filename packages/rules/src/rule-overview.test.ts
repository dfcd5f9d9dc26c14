import { FakeClock, Registry, silentLogger } from '@promontory/base'
import { Labels } from '@promontory/model'
import { expect, onTestFinished, test } from 'vitest'
import { RuleManager } from './rule-manager.ts'
import { overviewOfRules, type RulesOverviewQuery } from './rule-overview.ts'
import { MemoryAppender } from './testing/memory-appender.ts'

/** `Calm` never fires, `Slow` is pending for four hosts, `Down` fires for three. */
const RULES = `
groups:
- name: g
  rules:
  - {record: r, expr: calm}
  - {alert: Calm, expr: calm}
  - {alert: Slow, expr: slow, for: 1h}
- name: h
  rules:
  - {alert: Down, expr: down}
`
const HOSTS: Readonly<Record<string, readonly string[]>> = {
  slow: ['a', 'b', 'c', 'd'],
  down: ['x', 'y', 'z'],
}

async function overview(query: Partial<RulesOverviewQuery>) {
  const clock = new FakeClock(1_000_000_000_000)
  const manager = new RuleManager({
    clock,
    logger: silentLogger,
    registry: new Registry(),
    appender: new MemoryAppender(),
    externalUrl: 'http://here:9090',
    notifier: { send: () => undefined },
    query: async (expr) => ({
      samples: (HOSTS[expr] ?? []).map((instance) => ({ labels: Labels.from({ instance }), value: 1 })),
      warnings: [],
      infos: [],
    }),
  })
  onTestFinished(() => manager.stop())
  const settings = { intervalMs: 60_000, queryOffsetMs: 0, externalLabels: Labels.EMPTY }
  await manager.applyFiles([{ file: 'r.yml', text: RULES }], settings)
  manager.start()
  await clock.advance(120_000)
  const found = await overviewOfRules(manager, { search: '', rulesMax: 10, alertsMax: 10, ...query })
  const shown = found.rules.map(
    ({ name, group, state, alertCount, alerts }) =>
      `${group}/${name} ${state} ${alertCount}: ${(alerts ?? []).map(({ labels }) => labels['instance']).join('')}`,
  )
  return { ...found, shown }
}

test('the gravest first; counts of all, whatever is shown', async () => {
  const all = await overview({})
  expect(all.shown).toEqual(['h/Down firing 3: xyz', 'g/Slow pending 4: abcd', 'g/Calm inactive 0: '])
  const counts = { states: { firing: 1, pending: 1, inactive: 1 }, alerts: { firing: 3, pending: 4 } }
  expect(all).toMatchObject({ ruleCount: 3, ...counts })
  const first = await overview({ rulesMax: 1, alertsMax: 2 })
  expect(first.shown).toEqual(['h/Down firing 3: xy'])
  expect(first).toMatchObject({ ruleCount: 3, ...counts })
  expect((await overview({ state: 'pending' })).shown).toEqual(['g/Slow pending 4: abcd'])
})

test('a search finds names, groups, files and labels of alerts, which come first', async () => {
  expect((await overview({ search: 'CALM' })).shown).toEqual(['g/Calm inactive 0: '])
  expect((await overview({ search: 'instance="d"', alertsMax: 2 })).shown).toEqual(['g/Slow pending 4: da'])
  expect((await overview({ search: 'r.yml' })).ruleCount).toBe(3)
  expect(await overview({ search: 'nobody' })).toMatchObject({
    shown: [],
    ruleCount: 0,
    alerts: { firing: 3 },
  })
})
