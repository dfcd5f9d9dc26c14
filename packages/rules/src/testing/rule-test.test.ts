import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { METRIC_NAME, type VectorSample } from '@promontory/model'
import { expect, onTestFinished, test } from 'vitest'
import { MemoryAppender } from './memory-appender.ts'
import { runRuleTests, type RuleTestEnvironment } from './rule-test.ts'
import { parseSeriesNotation } from './series-notation.ts'

test.each([
  ['1 2 _ stale 3', [1, 2, undefined, 'stale', 3]],
  ['1+2x3', [1, 3, 5, 7]],
  ['10-1x2 0x2 _x2', [10, 9, 8, 0, 0, 0, undefined, undefined]],
  ['-1.5e1 NaN -Inf +Inf', [-15, NaN, -Infinity, Infinity]],
  ['', []],
])('series notation %j', (text, want) => {
  expect(parseSeriesNotation(text)).toEqual(want)
})

test('series notation: histograms, and what cannot be read', () => {
  expect(parseSeriesNotation('{{schema:1 count:3 sum:4 buckets:[1 2] offset:-1}}x1')).toHaveLength(2)
  expect(() => parseSeriesNotation('1 two')).toThrow('cannot read "two"')
  expect(() => parseSeriesNotation('1x99999999999')).toThrow('more than')
})

/** Knows two questions: a bare metric name, and `name == 0`. */
async function toyEnvironment(): Promise<RuleTestEnvironment> {
  const appender = new MemoryAppender()
  return {
    appender,
    query: async (expr, timeMs) => {
      const [name, wanted] = expr.split(' == ')
      const latest = new Map<string, VectorSample | undefined>()
      for (const { labels, value, timeMs: at } of appender.samples)
        if (labels.metricName === name && at <= timeMs)
          latest.set(labels.key(), typeof value === 'number' ? { labels, value } : undefined)
      const samples = [...latest.values()].filter((sample) => sample !== undefined)
      return {
        samples: samples.filter(({ value }) => wanted === undefined || value === Number(wanted)),
        warnings: [],
        infos: [],
      }
    },
    close: async () => {},
  }
}

function files(testFile: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'rule-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(
    join(folder, 'rules.yml'),
    `groups:
- name: g
  rules:
  - {alert: Down, expr: up == 0, for: 1m, annotations: {text: '{{ $labels.job }} on {{ $externalURL }}'}}
  - {record: copy, expr: up}
`,
  )
  const file = join(folder, 'test.yml')
  writeFileSync(file, testFile)
  return file
}

const testFile = (text: string, value: number): string => `
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
- interval: 1m
  name: down
  external_url: http://x
  input_series:
  - {series: 'up{job="a"}', values: '1 0x5'}
  alert_rule_test:
  - {eval_time: 1m, alertname: Down}
  - eval_time: 3m
    alertname: Down
    exp_alerts: [{exp_labels: {job: a}, exp_annotations: {text: '${text}'}}]
  promql_expr_test:
  - {expr: copy, eval_time: 2m, exp_samples: [{labels: 'copy{job="a"}', value: ${value}}]}
`

test('a test file that holds gives nothing', async () => {
  expect(await runRuleTests(files(testFile('a on http://x', 0)), { open: toyEnvironment })).toEqual([])
})

// The texts are those of promtool 3.5.
test('deviations are told in the words of promtool', async () => {
  const file = files(testFile('b', 1))
  const failures = await runRuleTests(file, { open: toyEnvironment })
  expect(failures.map(({ message }) => message)).toEqual([
    `    name: down,
    alertname: Down, time: 3m, 
        exp:[
            0:
              Labels:{alertname="Down", job="a"}
              Annotations:{text="b"}
            ], 
        got:[
            0:
              Labels:{alertname="Down", job="a"}
              Annotations:{text="a on http://x"}
            ]`,
    `    expr: "copy", time: 2m,
        exp: {${METRIC_NAME}="copy", job="a"} 1E+00
        got: {${METRIC_NAME}="copy", job="a"} 0E+00`,
  ])
  expect(await runRuleTests(file, { open: toyEnvironment, run: ['other'] })).toEqual([])
})
