/**
 * Runs rule unit tests with the real promtool and with ours and compares verdicts and messages: `for`,
 * `keep_firing_for`, templates, chained recording rules, limits, stale series, gaps, bad expressions. Needs `promtool`
 * in PATH; says so and ends well when it is not there. Takes a few seconds. Groups are given an order: without one the
 * real promtool takes them as its hash map has them. `start_timestamp` is newer than promtool 3.5 and not compared.
 *
 *   node conformance/rules.ts
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isStaleAt, Labels } from '@promontory/model'
import { Engine } from '@promontory/promql'
import { MemoryStorage } from '@promontory/promql/memory'
import { runRuleTests, type RuleTestEnvironment } from '@promontory/rules/testing'

if (spawnSync('promtool', ['--version']).status !== 0) {
  console.log('skipped: promtool is not in PATH')
  process.exit(0)
}

const RULES = `
groups:
- name: records
  rules:
  - {record: job:up:sum, expr: sum by (job) (up), labels: {level: 'job'}}
  - {record: job:up:double, expr: 'job:up:sum * 2'}
  - {record: absent, expr: absent(nothing)}
- name: alerts
  labels: {team: t, severity: group}
  rules:
  - alert: Down
    expr: up == 0
    for: 2m
    labels: {severity: page, value: '{{ $value }}'}
    annotations: {text: '{{ $labels.instance }} of {{ $labels.job }} on {{ $externalURL }} {{ $externalLabels.region }}', broken: '{{ .Nope }}'}
  - {alert: Held, expr: up == 0, keep_firing_for: 2m, annotations: {all: '{{ range query "job:up:sum" | sortByLabel "job" }}{{ .Labels.job }}={{ .Value }} {{ end }}'}}
  - {alert: Chained, expr: job:up:double < 3}
  - {alert: Pending, expr: 'ALERTS{alertstate="pending"}', labels: {alertstate: ''}}
- name: limited
  limit: 1
  rules:
  - {alert: Many, expr: many > 5}
`

const INPUT = `
  input_series:
  - {series: 'up{job="a",instance="1"}', values: '1 1 0x6 1x3 _x2 0 stale'}
  - {series: 'up{job="a",instance="2"}', values: '1x20'}
  - {series: 'up{job="b",instance="3"}', values: '0 0 1 0 0 0 0 1'}
`

/** Wrong on purpose everywhere: the messages then show what was found. */
function test(name: string, evaluationInterval: string, more = ''): string {
  const times = Array.from({ length: 13 }, (_, i) => i)
  const alerts = ['Down', 'Held', 'Chained', 'Pending'].flatMap((alertname) =>
    times.map(
      (minute) =>
        `  - {eval_time: ${minute}m, alertname: ${alertname}, exp_alerts: [{exp_labels: {wrong: '${minute}'}}]}`,
    ),
  )
  const expressions = [
    '{__name__=~"job:.*|absent"}',
    'ALERTS',
    'ALERTS_FOR_STATE',
    'count_over_time(job:up:sum[5m])',
    'up{',
    'vector(1)',
  ].flatMap((expr) =>
    times.map(
      (minute) =>
        `  - {expr: '${expr}', eval_time: ${minute}m30s, exp_samples: [{labels: 'wrong{}', value: ${minute}}]}`,
    ),
  )
  return `rule_files: [rules.yml]\ngroup_eval_order: [records, alerts, limited]\nevaluation_interval: ${evaluationInterval}\ntests:\n- interval: 1m\n  name: ${name}\n${more}${INPUT}  alert_rule_test:\n${alerts.join('\n')}\n  promql_expr_test:\n${expressions.join('\n')}\n`
}

const TESTS: Readonly<Record<string, string>> = {
  minute: test('minute', '1m', '  external_url: http://ex.org\n  external_labels: {region: eu}\n'),
  half: test('half', '30s'),
  coarse: test('coarse', '2m'),
  limit: `rule_files: [rules.yml]\ntests:\n- interval: 1m\n  input_series:\n  - {series: 'many{i="1"}', values: '9'}\n  - {series: 'many{i="2"}', values: '9'}\n  promql_expr_test: [{expr: many, eval_time: 1m}]\n`,
  right: `rule_files: [rules.yml]\ntests:\n- interval: 1m\n  input_series: [{series: 'up{job="a"}', values: '1+1x5'}]\n  promql_expr_test: [{expr: 'job:up:double', eval_time: 3m, exp_samples: [{labels: 'job:up:double{job="a",level="job"}', value: 8}]}]\n`,
}

/** A storage in memory behind the contracts that rules use. */
async function openMemory(subqueryStepMs: number): Promise<RuleTestEnvironment> {
  const storage = new MemoryStorage()
  const engine = new Engine({ subqueryStepMs })
  const series: Labels[] = []
  const refs = new Map<string, number>()
  return {
    appender: {
      seriesRef(labels) {
        let ref = refs.get(labels.key())
        if (ref === undefined) refs.set(labels.key(), (ref = series.push(labels) - 1))
        return ref
      },
      append(batch) {
        for (let i = 0; i < batch.count; i++)
          storage.append(series[batch.refs[i]!]!, [
            { timeMs: batch.timesMs[i]!, value: batch.values[i]!, stale: isStaleAt(batch.bits, i) },
          ])
        for (const { ref, timeMs, histogram } of batch.histograms)
          storage.append(series[ref]!, [{ timeMs, histogram }])
        return { appended: batch.count, statuses: new Uint8Array(batch.count), histogramStatuses: [] }
      },
    },
    query: async (expr, timeMs) => {
      const { value, warnings, infos } = await engine.instant(storage, expr, timeMs)
      if (value.type === 'vector') return { samples: value.samples, warnings, infos }
      if (value.type !== 'scalar') throw new Error('rule result is not a vector or scalar')
      return { samples: [{ labels: Labels.EMPTY, value: value.value }], warnings, infos }
    },
    close: async () => {},
  }
}

/** promtool's messages of one file, one per deviation. */
function realMessages(file: string): string[] {
  const { stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' })
  const body = stderr.replace(/^[^]*?FAILED:\n/, '')
  return stderr.includes('FAILED:')
    ? body.split(/\n(?= {4}(?:name|expr|rule): )/).map((text) => text.trim())
    : []
}

const folder = mkdtempSync(join(tmpdir(), 'rules-conformance-'))
let [passed, failed] = [0, 0]
try {
  writeFileSync(join(folder, 'rules.yml'), RULES)
  for (const [name, text] of Object.entries(TESTS)) {
    const file = join(folder, `${name}.yml`)
    writeFileSync(file, text)
    const real = realMessages(file)
    const ours = (await runRuleTests(file, { open: openMemory })).map(({ message }) => message.trim())
    const count = Math.max(real.length, ours.length, 1)
    for (let i = 0; i < count; i++) {
      if (real[i] === ours[i]) {
        passed++
        continue
      }
      failed++
      if (failed <= 10) console.log(`FAIL ${name} ${i}\n--- real\n${real[i]}\n--- ours\n${ours[i]}`)
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
