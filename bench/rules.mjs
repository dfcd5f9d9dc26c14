// Rule groups against the clock, on a server that this starts with:
//   node bench/rules.mjs --config=DIR [--groups=1000] [--rules=10] [--interval=15s] [--target=127.0.0.1:9090]
//     writes DIR/prometheus.yml and DIR/rules.yml, for ours and for a real Prometheus
//   node bench/rules.mjs URL [--for=60]
//     how many groups were evaluated meanwhile and how many evaluations were missed, how long they take, what others feel
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    config: { type: 'string', default: '' },
    groups: { type: 'string', default: '1000' },
    rules: { type: 'string', default: '10' },
    interval: { type: 'string', default: '15s' },
    target: { type: 'string', default: '127.0.0.1:9090' },
    for: { type: 'string', default: '60' },
  },
})
if (values.config !== '') writeConfig(values.config)
else await measure((positionals[0] ?? 'http://127.0.0.1:9090').replace(/\/+$/, ''), Number(values.for))

/** Each rule reads a range and aggregates; one of ten fires, one records. */
function ruleOf(group, i) {
  const window = `[${1 + (i % 5)}m]`
  if (i % 10 === 9)
    return `  - record: bench:scraped:avg${i}\n    expr: avg by (job) (avg_over_time(scrape_samples_scraped${window}))\n`
  const bound = i % 10 === 0 ? '> 0' : '> 1e9'
  const functions = ['max_over_time', 'avg_over_time', 'min_over_time', 'sum_over_time']
  const expr = `sum by (job, instance) (${functions[i % 4]}(scrape_samples_scraped${window})) ${bound}`
  return `  - alert: Bench${i}\n    expr: ${expr}\n    for: 1m\n    labels: {group: "${group}", severity: info}\n    annotations: {summary: "{{ $labels.instance }} is at {{ $value }}"}\n`
}

function writeConfig(folder) {
  mkdirSync(folder, { recursive: true })
  const group = (g) =>
    `- name: bench-${g}\n  rules:\n${Array.from({ length: Number(values.rules) }, (_, i) => ruleOf(g, i)).join('')}`
  const groups = Array.from({ length: Number(values.groups) }, (_, g) => group(g)).join('')
  writeFileSync(join(folder, 'rules.yml'), `groups:\n${groups}`)
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `global: {scrape_interval: 5s, evaluation_interval: ${values.interval}}
rule_files: [rules.yml]
scrape_configs:
- job_name: itself
  static_configs: [{targets: ['${values.target}']}]
`,
  )
}

async function measure(base, seconds) {
  const before = await counters(base)
  const started = performance.now()
  const latencies = []
  while (performance.now() - started < seconds * 1000) {
    const asked = performance.now()
    await (await fetch(`${base}/-/healthy`)).arrayBuffer()
    latencies.push(performance.now() - asked)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const after = await counters(base)
  const gained = (name) => after(name) - before(name)
  const took = (await (await fetch(`${base}/api/v1/rules?exclude_alerts=true`)).json()).data.groups.map(
    ({ evaluationTime }) => evaluationTime * 1000,
  )
  took.sort((a, b) => a - b)
  latencies.sort((a, b) => a - b)
  const at = (list, p) => (list[Math.min(list.length - 1, Math.floor(list.length * p))] ?? 0).toFixed(1)
  const cpu = gained('process_cpu_seconds_total')
  console.log(
    `${gained('prometheus_rule_group_iterations_total')} group evaluations in ${seconds} s, ${gained('prometheus_rule_group_iterations_missed_total')} missed (${after('prometheus_rule_group_iterations_missed_total')} since the start), ${gained('prometheus_rule_evaluation_failures_total')} failures; a group takes p50 ${at(took, 0.5)} ms, p99 ${at(took, 0.99)} ms`,
  )
  console.log(
    `${((cpu / seconds) * 100).toFixed(0)} % of a processor; others p50 ${at(latencies, 0.5)} ms, p99 ${at(latencies, 0.99)} ms; ${Math.round(after('process_resident_memory_bytes') / 2 ** 20)} MiB`,
  )
}

/** Sums over all series of a metric. */
async function counters(base) {
  const text = await (await fetch(`${base}/metrics`)).text()
  return (name) => {
    let sum = 0
    for (const match of text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm')))
      sum += Number(match[1])
    return sum
  }
}
