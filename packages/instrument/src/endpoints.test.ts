import { createServer } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { instrument, type InstrumentOptions } from './instrument.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function start(options: Partial<InstrumentOptions> = {}) {
  const kit = instrument({ service: 'test', version: '1.3.0', ...options })
  const server = createServer(
    kit.listener(
      (_, response) => void response.writeHead(404).end(),
      () => undefined,
    ),
  )
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closers.push(() => (server.closeAllConnections(), server.close(), kit.close()))
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const record = (body: unknown): Promise<Response> =>
    fetch(`${url}/api/v1/monitoring/record`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  return {
    kit,
    url,
    record,
    json: async (path: string) => (await fetch(url + path)).json() as Promise<Record<string, never>>,
  }
}

test('/health has the form of the documents, and 503 when a service is down', async () => {
  const { kit, url } = await start()
  kit.health.check('database', () => 1)
  const well = await fetch(`${url}/health`)
  expect(well.status).toBe(200)
  expect(await well.json()).toMatchObject({
    status: 'healthy',
    version: '1.3.0',
    services: { database: 'connected' },
    uptime: expect.any(Number),
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
  })
  kit.health.check('redis', () => Promise.reject(new Error('refused')))
  kit.health.check('storage', () => new Promise(() => {}), { timeoutMs: 20 })
  const ill = await fetch(`${url}/api/v1/monitoring/health`)
  expect(ill.status).toBe(503)
  expect(await ill.json()).toMatchObject({
    status: 'unhealthy',
    services: { database: 'connected', redis: 'disconnected', storage: 'disconnected' },
    errors: { redis: 'refused', storage: 'no answer within 20 ms' },
  })
})

test('startup, readiness and liveness', async () => {
  const { kit, url } = await start()
  const status = async (path: string): Promise<number> => (await fetch(url + path)).status
  expect([await status('/startup'), await status('/ready'), await status('/live')]).toEqual([503, 503, 200])
  kit.health.started()
  expect([await status('/startup'), await status('/ready'), await status('/live')]).toEqual([200, 200, 200])
  kit.health.drain()
  expect([await status('/ready'), await status('/live')]).toEqual([503, 200])
})

test("record takes the documents' curl", async () => {
  const { url, record } = await start()
  const response = await record({
    metric_type: 'counter',
    name: 'custom_events_total',
    value: 1,
    labels: { event_type: 'signup' },
  })
  expect(response.status).toBe(200)
  const text = await (await fetch(`${url}/api/v1/monitoring/metrics`)).text()
  expect(text).toContain('custom_events_total{event_type="signup"} 1')
})

test.each([
  ['not json', 'body', '{'],
  ['a list', 'body', []],
  ['an unknown type', 'metric_type', { metric_type: 'summary', name: 'a', value: 1 }],
  ['a bad name', 'name', { metric_type: 'gauge', name: 'a b', value: 1 }],
  ["the application's own metric", 'name', { metric_type: 'gauge', name: 'active_requests', value: 1 }],
  ['a value that is no number', 'value', { metric_type: 'gauge', name: 'a', value: '1' }],
  ['a falling counter', 'value', { metric_type: 'counter', name: 'a_total', value: -1 }],
  ['a reserved label', 'labels.le', { metric_type: 'gauge', name: 'a', value: 1, labels: { le: '1' } }],
  ['a long value', 'labels.x', { metric_type: 'gauge', name: 'a', value: 1, labels: { x: 'y'.repeat(200) } }],
])('record refuses %s, naming %s', async (_, field, body) => {
  const { record } = await start()
  const response = await record(body)
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ status: 'error', field })
})

test('a metric keeps its type and labels; bodies are bounded', async () => {
  const { record } = await start()
  await record({ metric_type: 'gauge', name: 'a', value: 1, labels: { x: '1' } })
  expect(
    await (await record({ metric_type: 'counter', name: 'a', value: 1, labels: { x: '1' } })).json(),
  ).toMatchObject({ field: 'metric_type' })
  expect(
    await (await record({ metric_type: 'gauge', name: 'a', value: 1, labels: { y: '1' } })).json(),
  ).toMatchObject({ field: 'labels' })
  expect((await record('x'.repeat(70_000))).status).toBe(413)
})

test('tokens and private metrics', async () => {
  const { url } = await start({
    metricsToken: 'secret',
    privateMetrics: { path: '/private', token: 'other' },
  })
  const get = async (path: string, token?: string): Promise<Response> =>
    fetch(url + path, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
  expect((await get('/metrics')).status).toBe(401)
  expect((await get('/metrics', 'wrong')).status).toBe(401)
  const open = await (await get('/metrics', 'secret')).text()
  expect(open).toContain('http_requests_total')
  expect(open).not.toContain('process_cpu')
  expect((await get('/private', 'secret')).status).toBe(401)
  expect(await (await get('/private', 'other')).text()).toContain('process_cpu')
  expect((await get('/health')).status).toBe(200)
})

test('summary adds up', async () => {
  const { kit, json } = await start()
  kit.cache.read(true)
  kit.cache.read(true)
  kit.cache.read(false)
  kit.llm.record({
    provider: 'openai',
    model: 'gpt-4o',
    seconds: 1,
    usage: { input: 1_000_000, output: 100_000 },
  })
  expect(await json('/api/v1/monitoring/summary')).toMatchObject({
    cache: { hits: 2, misses: 1, hit_rate: 2 / 3 },
    costs: { dollars: 3.5, by_model: { 'gpt-4o': 3.5 } },
    tokens: { total: 1_100_000, by_type: { input: 1_000_000, output: 100_000 } },
  })
})

test("New Relic's calls: one Custom/ prefix, events are counted", async () => {
  const { kit, url } = await start()
  kit.recordMetric('Custom/AI/Requests', 1)
  kit.recordMetric('AI/Requests', 2)
  kit.recordCustomEvent('AIRequest', { model: 'gpt-4', tokens: 12 })
  const text = await (await fetch(`${url}/metrics`)).text()
  expect(text).toMatch(/^custom_ai_requests_sum 3$/m)
  expect(text).toMatch(/^custom_ai_requests_count 2$/m)
  expect(text).toContain('custom_events_total{event_type="AIRequest"} 1')
  expect(kit.custom.recentEvents.at(-1)).toMatchObject({ type: 'AIRequest', attributes: { model: 'gpt-4' } })
})

test('labels are bounded, and what is folded is counted', async () => {
  const { kit, url } = await start({ seriesMax: 3 })
  for (let i = 0; i < 10; i++) kit.domain.feature(`feature${i}`)
  const text = await (await fetch(`${url}/metrics`)).text()
  expect(text.match(/^feature_usage_total\{/gm)).toHaveLength(4)
  expect(text).toContain('feature_usage_total{feature="other"} 7')
  expect(text).toMatch(/instrument_series_folded_total\{metric="feature_usage_total"\} [67]/)
})

test('the status is called as the rules call it', async () => {
  const { url } = await start({ statusLabel: 'status' })
  await fetch(`${url}/nowhere`)
  expect(await (await fetch(`${url}/metrics`)).text()).toContain(
    'http_requests_total{method="GET",route="unmatched",status="404"} 1',
  )
})
