import { describe, expect, test } from 'vitest'
import { intervalOf, parseRange, parseTime, TimeError } from '../time/time-range.ts'
import { prometheusForm } from './formats.ts'
import { interpolate, type VariableValue } from './interpolate.ts'
import { builtInScope, intervalScope, prometheusDefault, settle, variableScope } from './values.ts'
import { optionsOf, parseVariableQuery } from './variable-query.ts'
import { loadOrder, variablesOf } from './variable.ts'

const two: VariableValue = { values: ["a'b", 'c.d'], texts: ['A', 'C'], isMulti: true }
const scope = (name: string): VariableValue | undefined =>
  name === 'v'
    ? two
    : name === 'one'
      ? { values: ['x y'], texts: ['X'], isMulti: false }
      : name === 'all'
        ? { values: ['.*'], texts: ['All'], isMulti: true, allValue: '.*' }
        : undefined

test.each([
  ['$one [[one]] ${one} $none', 'x y x y x y $none'],
  ['$v', "{a'b,c.d}"],
  ['${v:csv}', "a'b,c.d"],
  ['${v:raw}', "a'b,c.d"],
  ['${v:pipe}', "a'b|c.d"],
  ['${v:regex}', "(a'b|c\\.d)"],
  ['${v:json}', '["a\'b","c.d"]'],
  ['${v:doublequote}', '"a\'b","c.d"'],
  ['${v:singlequote}', "'a\\'b','c.d'"],
  ['${v:sqlstring}', "'a''b','c.d'"],
  ['${v:queryparam}', "var-v=a'b&var-v=c.d"],
  ['${v:text}', 'A + C'],
  ['${v:join:;}', "a'b;c.d"],
  ['${v:distributed}', "a'b,v=c.d"],
  ['${one:percentencode}', 'x%20y'],
  ['${one:lucene}', 'x\\ y'],
  ['[[v:csv]]', "a'b,c.d"],
  ['${all:regex}', '.*'],
])('%s', (text, wanted) => expect(interpolate(text, scope)).toBe(wanted))

test('inside PromQL several values are alternatives, escaped twice; one value keeps quotes and backslashes', () => {
  expect(interpolate('m{a=~"$v"}', scope, prometheusDefault)).toBe('m{a=~"(a\\\\\'b|c\\\\.d)"}')
  expect(prometheusForm(['C:\\x'], false)).toBe('C:\\\\x')
})

test('intervals and ranges', () => {
  const range = { fromMs: 0, toMs: 3_600_000 }
  const known = builtInScope({ range })
  const text = (query: string): string =>
    interpolate(query, (name) => known(name) ?? intervalScope(60_000, 15_000)(name))
  expect(text('[$__interval] [$__rate_interval] [$__range] $__range_s $__from $__interval_ms')).toBe(
    '[1m] [75s] [3600s] 3600 0 60000',
  )
  expect(intervalOf({ fromMs: 0, toMs: 86_400_000 }, 600, 15_000)).toBe(120_000)
})

test('variables that need others are loaded after them; a ring ends', () => {
  const variables = variablesOf({
    templating: {
      list: [
        { name: 'pod', type: 'query', query: 'label_values(up{job="$job"}, pod)' },
        { name: 'job', type: 'query', query: { query: 'label_values(up, job)' } },
        { name: 'x', type: 'query', query: '$y' },
        { name: 'y', type: 'query', query: '$x' },
      ],
    },
  })
  expect(loadOrder(variables).map(({ name }) => name)).toEqual(['job', 'pod', 'x', 'y'])
})

describe('queries of variables', () => {
  test.each([
    ['label_values(job)', { kind: 'label-values', label: 'job' }],
    ['label_values(up{a="b, c"}, job)', { kind: 'label-values', label: 'job', match: 'up{a="b, c"}' }],
    ['label_values({}, job)', { kind: 'label-values', label: 'job' }],
    ['label_names()', { kind: 'label-names' }],
    ['metrics(up.*)', { kind: 'metrics', pattern: 'up.*' }],
    ['query_result(sum(up))', { kind: 'query', expr: 'sum(up)' }],
    ['up{a="b"}', { kind: 'series', match: 'up{a="b"}' }],
  ])('%s', (text, wanted) => expect(parseVariableQuery(text)).toEqual(wanted))

  test('a pattern takes its groups, each value once, sorted', () => {
    expect(optionsOf(['b:2', 'a:1', 'a:9', 'x'], '/(.*):.*/', 1)).toEqual([
      { text: 'a', value: 'a' },
      { text: 'b', value: 'b' },
    ])
    expect(optionsOf(['n="A" v="1"'], '/n="(?<text>[^"]+)" v="(?<value>[^"]+)"/', 0)).toEqual([
      { text: 'A', value: '1' },
    ])
    expect(optionsOf(['keep', 'drop-me'], '/^(?!drop).+/', 0)).toEqual([{ text: 'keep', value: 'keep' }])
    expect(optionsOf(['a10', 'a9'], '', 3).map(({ text }) => text)).toEqual(['a9', 'a10'])
  })
})

test('what is wished is chosen when it is there, else what was saved, else the first', () => {
  const [variable] = variablesOf({
    templating: { list: [{ name: 'v', type: 'query', current: { value: 'b' } }] },
  })
  const options = [
    { text: 'a', value: 'a' },
    { text: 'b', value: 'b' },
  ]
  expect(settle(variable!, ['a'], options)).toEqual(['a'])
  expect(settle(variable!, ['gone'], options)).toEqual(['b'])
  expect(settle(variable!, undefined, [options[0]!])).toEqual(['a'])
  expect(variableScope([variable!], { v: ['a'] }, {}, { fromMs: 0, toMs: 1 })('v')?.values).toEqual(['a'])
})

test('the text for All may name other variables', () => {
  const variables = variablesOf({
    templating: {
      list: [
        { name: 'cluster', type: 'query' },
        { name: 'pod', type: 'query', includeAll: true, allValue: '$cluster-([0-9]+)' },
        { name: 'ring', type: 'query', includeAll: true, allValue: '$ring' },
      ],
    },
  })
  const choices = { cluster: ['main'], pod: ['$__all'], ring: ['$__all'] }
  const scope = variableScope(variables, choices, {}, { fromMs: 0, toMs: 1 })
  expect(interpolate('x{pod=~"$pod"}', scope, prometheusDefault)).toBe('x{pod=~"main-([0-9]+)"}')
  expect(interpolate('$ring', scope)).toBe('$ring')
})

test.each([
  ['up{job="$job"}', {}, ['a']],
  ['up{job="${job}"}', {}, ['a']],
  ['up{job=~"$job"}', {}, ['$__all']],
  ['up{job!="$job"}', {}, ['$__all']],
  ['up{job="$jobs"}', {}, ['$__all']],
  ['up{job="$job"}', { repeat: 'job' }, ['$__all']],
])('of several values, the first or all: %s %j', (expr, more, chosen) => {
  const [variable] = variablesOf({
    templating: { list: [{ name: 'job', type: 'query', multi: true, includeAll: true, current: {} }] },
    panels: [{ targets: [{ expr }], ...more }],
  })
  const options = ['a', 'b'].map((value) => ({ text: value, value }))
  expect(settle(variable!, undefined, options)).toEqual(chosen)
})

test('times', () => {
  const now = Date.UTC(2026, 6, 15, 13, 45, 30)
  const at = (text: string, isEnd = false): string =>
    new Date(parseTime(text, now, 'utc', isEnd)).toISOString()
  expect(at('now-6h')).toBe('2026-07-15T07:45:30.000Z')
  expect(at('now-1d/d')).toBe('2026-07-14T00:00:00.000Z')
  expect(at('now-1d/d', true)).toBe('2026-07-14T23:59:59.999Z')
  expect(at('now/w')).toBe('2026-07-12T00:00:00.000Z')
  expect(at('now-1M')).toBe('2026-06-15T13:45:30.000Z')
  expect(at('2026-01-02 03:04')).toBe('2026-01-02T03:04:00.000Z')
  expect(parseRange({ from: 'now/d', to: 'now/d' }, now, 'Europe/Berlin').fromMs).toBe(
    Date.UTC(2026, 6, 14, 22),
  )
  expect(() => parseTime('now-x', now, 'utc')).toThrow(TimeError)
  expect(() => parseTime('yesterday', now, 'utc')).toThrow(TimeError)
})
