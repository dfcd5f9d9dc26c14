/**
 * Times of range queries over series in memory, so of evaluation alone: no index, no decoding, no JSON but where named.
 * Run: node packages/promql/bench/range.bench.ts [series] [hours] [runs]
 * Data: counters and gauges every 15 s; each query at a step of 60 s. Prints median and spread of the runs.
 */
import { Labels } from '@promontory/model'
import { Engine, writeResult } from '../src/index.ts'
import { MemoryStorage } from '../src/memory.ts'

const [series = 2000, hours = 6, runs = 5] = process.argv.slice(2).map(Number)
const SCRAPE_MS = 15_000
const STEP_MS = 60_000

const QUERIES: readonly (readonly [name: string, query: string])[] = [
  ['selector', 'requests_total'],
  ['sum of gauges', 'sum(temperature)'],
  ['rate', 'rate(requests_total[5m])'],
  ['sum by of rate', 'sum by (route) (rate(requests_total[5m]))'],
  ['max over 1 h', 'max_over_time(temperature[1h])'],
  ['avg over 1 h', 'avg(avg_over_time(temperature[1h]))'],
  ['quantile over 5 m', 'quantile_over_time(0.9, temperature[5m])'],
  ['ratio', 'rate(requests_total[5m]) / rate(requests_total[5m])'],
  ['topk', 'topk(5, rate(requests_total[5m]))'],
  ['classic quantile', 'histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m])))'],
  ['subquery', 'max_over_time(sum(rate(requests_total[5m]))[30m:1m])'],
]

function load(): MemoryStorage {
  const storage = new MemoryStorage()
  const count = (hours! * 3_600_000) / SCRAPE_MS
  let seed = 1
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
  const add = (labels: Record<string, string>, next: (before: number) => number): void => {
    let value = 0
    storage.append(
      Labels.from(labels),
      Array.from({ length: count }, (_, i) => ({ timeMs: i * SCRAPE_MS, value: (value = next(value)) })),
    )
  }
  for (let i = 0; i < series!; i++) {
    const labels = { instance: `host-${i}`, route: `/r${i % 20}` }
    add({ __name__: 'requests_total', ...labels }, (before) =>
      random() < 0.0002 ? 0 : before + Math.floor(random() * 50),
    )
    add({ __name__: 'temperature', ...labels }, () => Math.round(random() * 1000) / 10)
    if (i < series! / 10)
      for (const le of ['0.1', '0.5', '1', '+Inf'])
        add({ __name__: 'latency_bucket', le, ...labels }, (before) => before + Math.floor(random() * 5))
  }
  return storage
}

const storage = load()
const engine = new Engine()
const steps = { startMs: 600_000, endMs: hours! * 3_600_000 - SCRAPE_MS, stepMs: STEP_MS }
console.log(
  `${series} series, ${hours} h every ${SCRAPE_MS / 1000} s, step ${STEP_MS / 1000} s, ${runs} runs`,
)
for (const [name, query] of QUERIES) {
  const times: number[] = []
  let bytes = 0
  let jsonMs = 0
  for (let run = 0; run < runs!; run++) {
    const start = performance.now()
    const { value } = await engine.range(storage, query, steps)
    times.push(performance.now() - start)
    const json = performance.now()
    bytes = writeResult(value).length
    jsonMs = performance.now() - json
  }
  times.sort((a, b) => a - b)
  const [least, most] = [times[0]!, times.at(-1)!]
  const median = times[Math.floor(times.length / 2)]!
  const ms = (n: number): string => n.toFixed(1).padStart(8)
  console.log(
    `${name.padEnd(20)} ${ms(median)} ms (${least.toFixed(0)}…${most.toFixed(0)})  JSON ${ms(jsonMs)} ms, ${bytes} bytes`,
  )
}
