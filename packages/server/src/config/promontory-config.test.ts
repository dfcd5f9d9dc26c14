import { expect, test } from 'vitest'
import { parsePromontoryConfig } from './promontory-config.ts'

test('defaults: incidents for what somebody is paged for', () => {
  const { incidents, rules } = parsePromontoryConfig('', 'promontory.yml')
  expect(incidents.open_for.map(({ matchers }) => matchers.map(({ name }) => name))).toEqual([['severity']])
  expect(rules.no_data).toEqual([])
})

test('everything that can be said', () => {
  const { incidents, rules } = parsePromontoryConfig(
    `
incidents: {open_for: [{receiver: pager}, {matchers: ['team="x"', 'severity!~"info|none"']}]}
rules: {no_data: [{alert: 'Disk.*', group: node, policy: keep}, {alert: .*, policy: alert}]}
`,
    'promontory.yml',
  )
  expect(incidents.open_for.map(({ receiver, matchers }) => [receiver, matchers.length])).toEqual([
    ['pager', 0],
    [undefined, 2],
  ])
  expect(rules.no_data.map(({ alert, policy }) => [alert.matches('DiskFull'), policy])).toEqual([
    [true, 'keep'],
    [true, 'alert'],
  ])
})

test('tiers are off until they are enabled; each can be kept for another time', () => {
  const off = parsePromontoryConfig('', 'promontory.yml').storage
  expect(off.tiers.enabled).toBe(false)
  const { tiers, retention } = parsePromontoryConfig(
    `storage: {tiers: {enabled: true, retention: {1h: 2y}}, retention: [{selector: '{job="debug"}', keep: 2d}]}`,
    'promontory.yml',
  ).storage
  const day = 86_400_000
  expect(tiers).toEqual({ enabled: true, retention: { '5m': 60 * day, '1h': 730 * day, '1d': 1095 * day } })
  expect(retention.map(({ selector, keep }) => [selector.map(String), keep])).toEqual([
    [['job="debug"'], 2 * day],
  ])
})

test.each([
  ['storage: {tiers: {enabled: true, retention: {2m: 1d}}}', /field 2m not found/],
  ['storage: {retention: [{selector: "{job=~(}", keep: 2d}]}', /promontory\.yml:1:34: .*bad selector/],
  ['storage: {retention: [{selector: \'{job=~".*"}\', keep: 2d}]}', /selects all series/],
  ['storage: {retention: [{selector: \'{job="a"}\', keep: 0s}]}', /expected more than 0/],
  [
    'incidents: {open_for: [{}]}',
    'promontory.yml:1:24: incidents.open_for[0]: expected a receiver, matchers, or both',
  ],
  [
    'rules: {no_data: [{alert: x, policy: hold}]}',
    /promontory\.yml:1:38: .*unknown value "hold", expected one of resolve, keep, alert/,
  ],
  ['rules: {no_data: [{alert: "(", policy: keep}]}', /promontory\.yml:1:27/],
  ['incident: {}', /field incident not found/],
  ['incidents: {open_for: [{matchers: ["a=~("]}]}', /promontory\.yml:1:36: .*bad matcher/],
])('%s is refused', (yaml, fault) => {
  expect(() => parsePromontoryConfig(yaml, 'promontory.yml')).toThrow(fault)
})
