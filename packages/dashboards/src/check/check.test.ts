import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { usageOf } from '../usage.ts'
import { checkDashboardText } from './dashboard-check.ts'
import { checkExpression } from './expression.ts'
import { checkStored } from './stored-check.ts'

test.each([
  'rate(x[$__rate_interval])',
  'rate(x{a=~"$v", b="${w:regex}"}[$__interval]) / [[n]]',
  'topk($k, sum by ($label) (up))',
  'x offset $__range',
  'x > $limit and on ($label) y',
  'rate(x[$window])',
  '$metric{a="b"}',
  'sum(rate(${metric}_total[5m])) / $__range_s',
])('%s can be read with its variables', (text) => expect(checkExpression(text).kind).toBe('valid'))

test.each([
  ['sum(rate(x[5m])', 'invalid', 15],
  ['rate(x{a="$v"}[5m]) by (job)', 'invalid', 20],
  ['sum($something weird', 'unknown', undefined],
])('%s: %s', (text, kind, offset) => {
  const checked = checkExpression(text)
  expect(checked.kind).toBe(kind)
  if (checked.kind === 'invalid') expect(checked.offset).toBe(offset)
})

test('what a query asks for', () => {
  const checked = checkExpression(
    'sum by (job, $l) (rate(a{x="1",$y="2"}[5m])) / on (z) {__name__="b",w!=""} + ${m}_c{q="1"}',
  )
  if (checked.kind !== 'valid') throw new Error('cannot be read')
  expect([...checked.use.metrics].map(([name, labels]) => [name, [...labels].sort()])).toEqual([
    ['a', ['job', 'x']],
    ['b', ['w']],
  ])
  expect([...checked.use.labels].sort()).toEqual(['job', 'q', 'w', 'x', 'z'])
})

const dashboardText = JSON.stringify({
  title: 'T',
  panels: [
    { id: 1, type: 'timeseries', title: 'A', targets: [{ expr: 'rate(a{job="x",nope="1"}[5m])' }] },
    {
      id: 1,
      type: 'my-plugin',
      title: 'B',
      targets: [{ expr: 'gone{job="$gone"}' }, { datasource: { type: 'loki' }, expr: '{a="b"} |= "c"' }],
    },
  ],
  templating: {
    list: [
      { name: 'p', type: 'query', query: 'label_values(up{q="$q"}, job)' },
      { name: 'q', type: 'query', query: { query: 'label_values(up{q="$p"}, job)' } },
    ],
  },
})

test('findings name the panel', async () => {
  const checked = checkDashboardText(dashboardText)
  const lines = checked.findings.map(({ severity, place, text }) => `${severity} ${place}: ${text}`)
  expect(lines).toEqual([
    'warning panel "B" (id 1): panel type "my-plugin" is not known: its data is shown as a table',
    'error panel "B" (id 1): id 1 is that of panel "A" (id 1) too',
    'error variable p: variables depend on each other in a circle: p → q → p',
    'error panel "B" (id 1), query A: variable $gone is not declared',
  ])
  const stored = await checkStored(checked, {
    metrics: async () => new Set(['a', 'up']),
    labelsOf: async () => new Set(['job', 'q']),
  })
  expect(stored.map(({ place, text }) => `${place}: ${text}`)).toEqual([
    'panel "A" (id 1), query A: label nope does not exist on metric a',
    'panel "B" (id 1), query A: metric gone does not exist',
  ])
})

test.each([
  ['{"title": "T",\n "panels": [}', '2:13: broken JSON, expected value or ]'],
  ['[]', 'no dashboard, expected a JSON object'],
  ['{"panels":[]}', 'Dashboard title cannot be empty'],
])('%j: %s', (text, fault) => expect(checkDashboardText(text).findings[0]!.text).toBe(fault))

test('the usage map names what nobody asks for, with its cost and the rule that drops it', () => {
  const usage = usageOf({
    dashboards: [{ uid: 'd', title: 'D', model: JSON.parse(dashboardText) as Record<string, unknown> }],
    rules: [{ name: 'R', group: 'g', query: 'sum(b) by (team)' }],
    series: new Map([
      ['a', 5],
      ['b', 7],
      ['waste', 100],
      ['more', 3],
      ['up', 2],
    ]),
    labels: new Map([
      ['job', 2],
      ['team', 3],
      ['commit', 50],
    ]),
    views: new Map(),
  })
  expect(usage.metrics[1]).toEqual({ name: 'b', series: 7, dashboards: [], rules: ['g/R'] })
  expect(usage.unusedMetrics).toEqual([
    { name: 'waste', series: 100 },
    { name: 'more', series: 3 },
  ])
  expect([usage.unusedSeries, usage.totalSeries]).toEqual([103, 117])
  expect(usage.relabelRules).toEqual([{ source_labels: ['__name__'], regex: 'waste|more', action: 'drop' }])
  expect(usage.unusedLabels.map(({ name }) => name)).toEqual(['commit'])
  expect(usage.dashboards).toEqual([{ uid: 'd', title: 'D', views: 0, lastMs: 0 }])
})

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const corpus = join(process.env['PROMONTORY_SHARED'] ?? join(root, '../shared'), 'corpus/dashboards')
test.skipIf(!existsSync(corpus))(
  'public dashboards: nearly no query is called bad (skipped without the corpus)',
  () => {
    let queries = 0
    const bad: string[] = []
    for (const file of readdirSync(corpus).filter(
      (name) => name.endsWith('.json') && name !== 'MANIFEST.json',
    )) {
      const { findings, uses } = checkDashboardText(readFileSync(join(corpus, file), 'utf8'))
      queries += uses.length
      bad.push(
        ...findings
          .filter(({ text }) => text.startsWith('bad PromQL'))
          .map(({ place, text }) => `${file}: ${place}: ${text}`),
      )
    }
    expect(queries).toBeGreaterThan(1000)
    expect(bad.length / queries, bad.slice(0, 20).join('\n')).toBeLessThan(0.01)
  },
)
