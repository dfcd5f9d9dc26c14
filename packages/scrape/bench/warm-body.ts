/** Times the warm path of a scrape: `node packages/scrape/bench/warm-body.ts`. One target, 2,000 series, ns per sample. */
import { AppendBatch, AppendStatus, Labels } from '@promontory/model'
import type { Appender } from '@promontory/model'
import { decodeYaml } from '@promontory/base/yaml'
import { completeScrapeConfig, DEFAULT_GLOBAL, Ingester, scrapeConfig } from '@promontory/scrape'

const SERIES = 2000
const ROUNDS = 400

let refs = 0
const appender: Appender = {
  seriesRef: () => refs++,
  append: (batch) => ({
    appended: batch.count,
    statuses: new Uint8Array(batch.count).fill(AppendStatus.appended),
    histogramStatuses: [],
  }),
}
const { value } = decodeYaml('job_name: bench', { file: 'bench' }, scrapeConfig)
const job = completeScrapeConfig(value, DEFAULT_GLOBAL, () => {})
const ingester = new Ingester(appender, Labels.from({ job: 'bench', instance: 'a:1' }), job, [1, 2])
const batch = new AppendBatch()

function body(round: number): { bytes: Uint8Array; length: number } {
  let text = ''
  for (let i = 0; i < SERIES; i++) {
    if (i % 10 === 0)
      text += `# HELP bench_metric_${i}_total A counter of the benchmark.\n# TYPE bench_metric_${i}_total counter\n`
    text += `bench_metric_${i - (i % 10)}_total{method="GET",route="/api/v1/things/${i}",status_code="200"} ${i * 1000 + round * (i % 7)}\n`
  }
  const encoded = new TextEncoder().encode(text)
  const bytes = new Uint8Array(encoded.length + 64)
  bytes.set(encoded)
  return { bytes, length: encoded.length }
}

const bodies = Array.from({ length: 8 }, (_, i) => body(i))
function scrape(round: number): void {
  batch.clear()
  ingester.read({ ...bodies[round % bodies.length]!, format: 'text' }, round * 1000, batch)
  ingester.markVanished(batch, round * 1000)
  ingester.settle(appender.append(batch), batch.count)
  ingester.finish(true)
}
let coldNs = 0
for (let i = 0; i < 20; i++) {
  const fresh = new Ingester(appender, Labels.from({ job: 'bench', instance: `a:${i}` }), job, [1, 2])
  batch.clear()
  const start = performance.now()
  fresh.read({ ...bodies[0]!, format: 'text' }, 0, batch)
  coldNs = ((performance.now() - start) * 1e6) / SERIES
}
scrape(0)
for (let i = 1; i < 100; i++) scrape(i)
const runs: number[] = []
for (let run = 0; run < 5; run++) {
  const start = performance.now()
  for (let i = 0; i < ROUNDS; i++) scrape(i)
  runs.push(((performance.now() - start) * 1e6) / (ROUNDS * SERIES))
}
runs.sort((a, b) => a - b)
console.log(
  `first body of a target ${coldNs.toFixed(0)} ns/sample; warm ${runs[2]!.toFixed(1)} ns/sample (${runs[0]!.toFixed(1)}–${runs[4]!.toFixed(1)})`,
)
