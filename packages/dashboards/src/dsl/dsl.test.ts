import { expect, test } from 'vitest'
import { panelsOf } from '../dashboard-model.ts'
import type { JsonObject } from '../json.ts'
import { SERVICE_DASHBOARD } from './example.ts'
import { customVariable, dashboard, DashboardSpecError, row, stat, timeseries } from './index.ts'

test('the example compiles to panels with ids and places', () => {
  const places = (SERVICE_DASHBOARD['panels'] as JsonObject[]).map(({ id, title, gridPos }) => [
    id,
    title,
    gridPos,
  ])
  expect(places).toEqual([
    [1, 'Requests', { x: 0, y: 0, w: 4, h: 4 }],
    [2, 'Errors', { x: 4, y: 0, w: 4, h: 4 }],
    [3, 'Latency', { x: 0, y: 4, w: 24, h: 1 }],
    [4, 'By route', { x: 0, y: 5, w: 12, h: 8 }],
    [5, 'Distribution', { x: 12, y: 5, w: 12, h: 8 }],
    [6, 'Details', { x: 0, y: 13, w: 24, h: 1 }],
  ])
  expect(panelsOf(SERVICE_DASHBOARD).map(({ type }) => type)).toEqual([
    'stat',
    'stat',
    'timeseries',
    'heatmap',
    'table',
  ])
})

test('thresholds, units and legends are where Grafana looks for them', () => {
  const [, errors, , latency] = SERVICE_DASHBOARD['panels'] as JsonObject[]
  expect(errors).toMatchObject({
    fieldConfig: {
      defaults: {
        unit: 'percentunit',
        thresholds: {
          mode: 'absolute',
          steps: [{ color: 'green', value: null }, { value: 0.01 }, { value: 0.05 }],
        },
      },
    },
  })
  expect(latency).toMatchObject({
    targets: [{ refId: 'A', legendFormat: '{{route}}', range: true, instant: false }],
    options: { legend: { displayMode: 'table', calcs: ['mean', 'max'] } },
  })
})

test('mistakes are told with the panel and the query', () => {
  const faults = (): unknown =>
    dashboard({
      title: 'T',
      uid: 't',
      panels: [
        timeseries({ title: 'A', targets: ['rate(x[5m]) by (job)'] }),
        row('R', [stat({ title: 'B', unit: 'foos', targets: ['up{job="$jobs"}'] })]),
      ],
      variables: [customVariable('job', ['a', 'b'])],
    })
  expect(faults).toThrow(DashboardSpecError)
  expect(faults).toThrow(/panel "A" \(id 1\), query A: bad PromQL at 1:13/)
  expect(faults).toThrow(/panel "B" \(id 3\): unit "foos" is not known/)
  expect(faults).toThrow(/panel "B" \(id 3\), query A: variable \$jobs is not declared/)
})
