import { expect, test } from 'vitest'
import { panelsFromSearch, searchFromPanels } from './panel-url.ts'

const withoutKey = (search: string): object[] =>
  panelsFromSearch(search).map(({ key: _key, ...rest }) => rest)

test("an alert's link opens its expression", () => {
  expect(withoutKey('?g0.expr=up+%3D%3D+0&g0.tab=1')).toEqual([
    { expr: 'up == 0', view: 'table', rangeS: 3600, endS: undefined, stepS: undefined, stacked: false },
  ])
})

test('what the address says comes back into it', () => {
  const search =
    '?g0.expr=up&g0.tab=0&g0.range_input=15m&g0.end_input=2026-01-02+03%3A04%3A05&g0.step_input=5&g0.stacked=1&g1.expr=x&g1.tab=explain&g1.range_input=2h'
  expect(searchFromPanels(panelsFromSearch(search))).toBe(search)
})

test('nothing in the address: one empty panel, and nothing goes into it', () => {
  expect(panelsFromSearch('')).toHaveLength(1)
  expect(searchFromPanels(panelsFromSearch(''))).toBe('')
})
