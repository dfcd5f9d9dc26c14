import { dashboardOf, type Panel } from '@promontory/panels'
import { expect, test } from 'vitest'
import { sharedPanel } from './shared-panel.ts'

const shared = { uid: '-- Dashboard --', type: 'datasource' }
const { panels } = dashboardOf({
  panels: [
    {
      id: 1,
      type: 'timeseries',
      datasource: { uid: 'a', type: 'prometheus' },
      targets: [{ refId: 'A', expr: 'up' }],
      transformations: [{ id: 'merge', options: {} }],
    },
    { id: 2, type: 'stat', datasource: shared, targets: [{ refId: 'A', panelId: 1 }] },
    { id: 3, type: 'stat', datasource: '-- Dashboard --', targets: [{ panelId: 1, withTransforms: true }], transformations: [{ id: 'limit' }] }, // prettier-ignore
    { id: 4, type: 'stat', datasource: shared, targets: [{ panelId: 77 }] },
    { id: 5, type: 'stat', datasource: shared, targets: [{ panelId: 5 }] },
  ],
})
const panel = (id: number): Panel => panels.find((one) => one.id === id)!

test('a panel that shows the data of another one asks its questions', () => {
  const { datasource, targets, transformations, type } = sharedPanel(panel(2), panels)
  expect(datasource).toEqual({ uid: 'a', type: 'prometheus' })
  expect(targets).toEqual([{ refId: 'A', expr: 'up' }])
  expect([transformations, type]).toEqual([[], 'stat'])
})

test('with its transformations where that is asked for', () => {
  expect(sharedPanel(panel(3), panels).transformations.map(({ id }) => id)).toEqual(['merge', 'limit'])
})

test.each([1, 4, 5])('panel %d stays as it is', (id) =>
  expect(sharedPanel(panel(id), panels)).toBe(panel(id)),
)
