import { setTimeout as sleep } from 'node:timers/promises'
import { FAMILIES, instrument } from '@promontory/instrument'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLoad } from '../examples/agentic-backend/src/load.ts'
import { type Service, startService } from '../examples/agentic-backend/src/service.ts'
import { startStatusWorker } from '../examples/status-worker/main.ts'
import { peer, run } from './support/peers.ts'
import { type Program, startPromontory, until, Workspace } from './support/program.ts'

const workspace = new Workspace()
const closers: (() => unknown)[] = []
let service: Service
let server: Program

/** The example backend and the worker with load, watched as the documents print it. */
beforeAll(async () => {
  service = await startService({ speed: 20, log: () => {} })
  const load = startLoad(service.url, 6)
  const worker = await startStatusWorker(0)
  const { port } = worker.address() as { port: number }
  closers.push(
    () => load.stop(),
    () => worker.close(),
    () => service.stop(),
  )
  server = workspace.keep(
    await startPromontory({
      dataDirectory: workspace.data,
      config: `global: { scrape_interval: 1s, evaluation_interval: 1s }
scrape_configs:
  - job_name: 'agentic-backend'
    static_configs:
      - targets: ['${new URL(service.url).host}']
    metrics_path: '/api/v1/monitoring/metrics'
  - job_name: 'status_worker'
    metrics_path: /metrics
    static_configs:
      - targets: ['127.0.0.1:${port}']
`,
    }),
  )
  await until(
    'samples',
    () => server.query('rate(http_requests_total[5m]) > 0'),
    (all) => all.length > 3,
  )
})
afterAll(async () => {
  for (const close of closers) await close()
  await workspace.clean()
})

const promtool = peer('promtool')

/** Every family of the catalogue, each with one series. */
async function everyFamily(statusLabel: 'status_code' | 'status'): Promise<string> {
  const kit = instrument({ service: 'all', http: ['http', 'api', 'project_ai'], statusLabel })
  const tracked = ['active_requests', 'active_connections', 'event_loop_lag_seconds', 'memory_pressure_ratio'] // prettier-ignore
  for (const [name, { type, labels }] of Object.entries(FAMILIES)) {
    if (tracked.includes(name)) continue
    const values = Object.fromEntries(labels.map((label) => [label === '$status' ? statusLabel : label, 'x']))
    if (type === 'counter') kit.metrics.inc(name, values)
    else if (type === 'gauge') kit.metrics.set(name, values, 1)
    else kit.metrics.observe(name, values, 1)
  }
  kit.recordMetric('Custom/AI/Requests', 1)
  kit.recordCustomEvent('AIRequest')
  const text = await kit.registry.metrics()
  await kit.close()
  for (const name of Object.keys(FAMILIES)) expect(text).toContain(`# TYPE ${name} `)
  return text
}

test.skipIf(promtool === undefined)(
  'promtool check metrics on the example (skipped without promtool)',
  async () => {
    const text = await (await fetch(`${service.url}/metrics`)).text()
    expect(run(promtool!, ['check', 'metrics'], text)).toMatchObject({ code: 0, stderr: '' })
  },
)

test.skipIf(promtool === undefined).each(['status_code', 'status'] as const)(
  'promtool check metrics on every family of the kit, with %s (skipped without promtool)',
  async (statusLabel) => {
    expect(run(promtool!, ['check', 'metrics'], await everyFamily(statusLabel))).toMatchObject({
      code: 0,
      stderr: '',
    })
  },
)

describe('the documents’ queries answer with data', () => {
  test.each([
    'rate(http_requests_total[5m])',
    'rate(http_request_duration_seconds_sum[5m]) / rate(http_request_duration_seconds_count[5m])',
    'rate(cache_operations_total{result="hit"}[5m]) / (rate(cache_operations_total[5m]))',
    'rate(api_cost_dollars_total[1h])',
    'rate(api_request_duration_seconds_sum[5m]) / rate(api_request_duration_seconds_count[5m])',
    'histogram_quantile(0.95, rate(api_request_duration_seconds_bucket[5m]))',
    'rate(api_requests_total[1m])',
    'histogram_quantile(0.99, rate(db_query_duration_seconds_bucket[5m]))',
    'sum(rate(db_queries_total[1m])) by (operation)',
    'cache_hits_total / (cache_hits_total + cache_misses_total)',
    'sum(rate(llm_requests_total{status="success"}[5m]))',
    'active_db_connections / 20',
    'histogram_quantile(0.95, rate(http_request_duration_seconds_bucket[5m]))',
    'database_connections_active',
    'redis_memory_used_bytes / redis_memory_max_bytes',
    'project_ai_active_users',
    'queue_depth',
  ])('%s', async (expr) => {
    expect(
      await until(
        expr,
        () => server.query(expr),
        (all) => all.length > 0,
        30_000,
      ),
    ).not.toEqual([])
  })
})

test("the documents' curl lines", async () => {
  const response = await fetch(`${service.url}/api/v1/monitoring/record`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{"metric_type": "counter", "name": "custom_events_total", "value": 1, "labels": {"event_type": "signup"}}',
  })
  expect(response.status).toBe(200)
  expect(await (await fetch(`${service.url}/api/v1/monitoring/summary`)).json()).toHaveProperty(
    'requests.total',
  )
  expect(await (await fetch(`${service.url}/api/v1/monitoring/health`)).json()).toMatchObject({
    status: 'healthy',
    services: { database: 'connected' },
  })
  await until(
    'the recorded event',
    () => server.query('custom_events_total{event_type="signup"}'),
    (all) => all.length === 1,
    15_000,
  )
})

test('an outage of the favourite provider: fallbacks, and the service stays healthy', async () => {
  service.incidents.add('provider-outage')
  await until(
    'fallbacks',
    () => server.query('increase(llm_fallbacks_total{from_provider="openai"}[1m]) > 0'),
    (all) => all.length > 0,
    30_000,
  )
  const health = await (await fetch(`${service.url}/health`)).json()
  expect(health).toMatchObject({ status: 'healthy', services: { llm: 'disconnected' } })
  service.incidents.clear()
  await sleep(0)
})
