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

test.each([
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
