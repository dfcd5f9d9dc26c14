/**
 * Serves recorded bodies to a real Prometheus and to our own scraping, and compares what each stored: series, labels,
 * values bit for bit. `node conformance/exposition.ts [folder]`; needs `prometheus` in PATH.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Registry, silentLogger, systemClock } from '@promontory/base'
import { decodeYaml } from '@promontory/base/yaml'
import { DiscoveryMetrics } from '@promontory/discovery'
import { formatSeries, Labels } from '@promontory/model'
import { MemoryAppender } from '@promontory/model/testing'
import { completeScrapeConfig, DEFAULT_GLOBAL, ScrapeManager, scrapeConfigs } from '@promontory/scrape'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder =
  process.argv[2] ?? join(process.env['PROMONTORY_SHARED'] ?? join(root, '../shared'), 'corpus/exposition')

const CONTENT_TYPES: readonly (readonly [pattern: RegExp, type: string])[] = [
  [/\.bin$/, 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'],
  [/openmetrics|\.om\./, 'application/openmetrics-text; version=1.0.0; charset=utf-8'],
  [/./, 'text/plain; version=0.0.4; charset=utf-8'],
]

if (spawnSync('prometheus', ['--version']).status !== 0) {
  console.log('skipped: prometheus is not in PATH')
  process.exit(0)
}

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(txt|bin)$/.test(name))
  .sort()
const server = createServer((request, response) => {
  const name = decodeURIComponent(request.url!.slice(1))
  response.setHeader('content-type', CONTENT_TYPES.find(([pattern]) => pattern.test(name))![1])
  response.end(readFileSync(join(folder, name)))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const target = `127.0.0.1:${(server.address() as AddressInfo).port}`

const jobsYaml = files
  .map(
    (name, i) =>
      `- {job_name: job${i}, scrape_interval: 1s, scrape_timeout: 1s, honor_timestamps: false, metrics_path: "/${name}", static_configs: [{targets: ["${target}"]}]}`,
  )
  .join('\n')

/** Scrapes once a second with ours until each job has samples. */
async function scrapeOurs(): Promise<Map<string, Map<string, string>>> {
  const appender = new MemoryAppender()
  const registry = new Registry()
  const manager = new ScrapeManager({
    appender, registry, clock: systemClock, logger: silentLogger, userAgent: 'Promontory/conformance',
    discoveryMetrics: new DiscoveryMetrics(registry),
  }) // prettier-ignore
  const { value } = decodeYaml(jobsYaml, { file: 'conformance.yml' }, scrapeConfigs)
  const fail = (fault: string): never => {
    throw new Error(fault)
  }
  manager.applyConfig(
    value.map((job) => completeScrapeConfig(job, DEFAULT_GLOBAL, fail)),
    Labels.EMPTY,
  )
  await waitFor(() => manager.targets().active.every(({ health }) => health !== 'unknown'))
  await manager.stop()
  const byJob = new Map<string, Map<string, string>>()
  appender.series.forEach((labels, ref) => {
    const last = appender.samples[ref]!.at(-1)
    if (last !== undefined && typeof last.value === 'number') put(byJob, labels, last.value)
  })
  return byJob
}

async function scrapeTheirs(): Promise<Map<string, Map<string, string>>> {
  const data = mkdtempSync(join(tmpdir(), 'promontory-conformance-'))
  const config = join(data, 'prometheus.yml')
  writeFileSync(config, `scrape_configs:\n${jobsYaml}\n`)
  const port = await freePort()
  const peer = spawn(
    'prometheus',
    [`--config.file=${config}`, `--storage.tsdb.path=${data}/tsdb`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: 'ignore' },
  )
  const byJob = new Map<string, Map<string, string>>()
  try {
    const ask = async (path: string): Promise<{ data: never }> =>
      (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json() as Promise<{ data: never }>
    await waitFor(async () => {
      const answer = await ask('targets?state=active').catch(() => undefined)
      const targets =
        (answer?.data as { activeTargets?: { health: string }[] } | undefined)?.activeTargets ?? []
      return targets.length === files.length && targets.every(({ health }) => health !== 'unknown')
    })
    for (const i of files.keys()) {
      const { data } = (await ask(`query?query=${encodeURIComponent(`{job="job${i}"}`)}`)) as unknown as {
        data: { result: { metric: Record<string, string>; value?: [number, string] }[] }
      }
      for (const { metric, value } of data.result)
        if (value !== undefined) put(byJob, Labels.from(metric), Number(value[1].replace('Inf', 'Infinity')))
    }
  } finally {
    const ended = new Promise((resolve) => peer.once('exit', resolve))
    peer.kill()
    await ended
    rmSync(data, { recursive: true })
  }
  return byJob
}

/** Durations differ from run to run. */
const VARYING = new Set(['scrape_duration_seconds', 'scrape_series_added'])

function put(byJob: Map<string, Map<string, string>>, labels: Labels, value: number): void {
  if (VARYING.has(labels.metricName)) return
  const job = labels.get('job')
  const series = byJob.get(job) ?? new Map<string, string>()
  byJob.set(job, series.set(formatSeries(labels), String(value)))
}

async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('nothing was scraped within 30 s')
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

const [ours, theirs] = await Promise.all([scrapeOurs(), scrapeTheirs()])
server.closeAllConnections()
server.close()
let failed = 0
for (const [i, name] of files.entries()) {
  const mine = ours.get(`job${i}`) ?? new Map<string, string>()
  const real = theirs.get(`job${i}`) ?? new Map<string, string>()
  const differing = [...new Set([...mine.keys(), ...real.keys()])].filter(
    (series) => mine.get(series) !== real.get(series),
  )
  if (differing.length > 0) failed++
  console.log(`${differing.length === 0 ? 'ok  ' : 'FAIL'} ${name}: ${real.size} series`)
  for (const series of differing.slice(0, 5))
    console.log(`     ${series}: ours ${mine.get(series)}, theirs ${real.get(series)}`)
}
console.log(`${files.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
