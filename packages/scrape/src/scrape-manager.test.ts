import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Registry, silentLogger, systemClock } from '@promontory/base'
import { decodeYaml } from '@promontory/base/yaml'
import { DiscoveryMetrics } from '@promontory/discovery'
import { Labels } from '@promontory/model'
import { MemoryAppender } from '@promontory/model/testing'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { scrapeConfigs } from './config.ts'
import type { ScrapeConfig } from './config.ts'
import { completeScrapeConfig, DEFAULT_GLOBAL } from './global-config.ts'
import { ScrapeManager } from './scrape-manager.ts'

const cleanups: (() => unknown)[] = []
// Loaded at the first request otherwise, which takes longer than a scrape may on a busy machine.
beforeAll(() => import('undici'))
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => (server.closeAllConnections(), server.close()))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function serveTcp(answer: (socket: Socket, data: Buffer) => void): Promise<string> {
  const server = createTcpServer(
    (socket) => void socket.on('error', () => {}).on('data', (data) => answer(socket, data)),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function jobs(yaml: string): ScrapeConfig[] {
  const { value } = decodeYaml(yaml, { file: 'p.yml' }, scrapeConfigs)
  const global = { ...DEFAULT_GLOBAL, scrape_interval: 100, scrape_timeout: 100 }
  return value.map((job) => completeScrapeConfig(job, global, (fault) => expect.fail(fault)))
}

function setup(): {
  manager: ScrapeManager
  appender: MemoryAppender
  registry: Registry
  apply: (yaml: string) => void
} {
  const appender = new MemoryAppender()
  const registry = new Registry()
  const manager = new ScrapeManager({
    appender, registry, clock: systemClock, logger: silentLogger, userAgent: 'Promontory/test',
    discoveryMetrics: new DiscoveryMetrics(registry),
  }) // prettier-ignore
  cleanups.push(() => manager.stop())
  return { manager, appender, registry, apply: (yaml) => manager.applyConfig(jobs(yaml), Labels.EMPTY) }
}

const text =
  (body: string): RequestListener =>
  (_request, response) =>
    void response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(body)

async function lastErrorOf(address: string, yaml = ''): Promise<string> {
  const { manager, apply } = setup()
  // Longer than the other jobs': a busy machine's timeout is not what is asked for.
  apply(
    `[{job_name: j, scrape_interval: 500ms, scrape_timeout: 500ms, static_configs: [{targets: ["${address}"]}]${yaml}}]`,
  )
  await vi.waitFor(() => expect(manager.targets().active[0]?.health).not.toBe('unknown'), 5000)
  return manager.targets().active[0]!.lastError
}

test('scrapes, reports, shows its targets, answers with metadata', async () => {
  let query = ''
  const address = await serve((request, response) => {
    query = `${request.url} ${request.headers.accept?.slice(0, 60)} ${request.headers['x-prometheus-scrape-timeout-seconds']}`
    text('# HELP a Help.\n# TYPE a gauge\na{b="c"} 1\nb 2\n')(request, response)
  })
  const { manager, appender, registry, apply } = setup()
  apply(
    `[{job_name: j, metrics_path: /m, params: {x: [y z]}, static_configs: [{targets: ["${address}"], labels: {env: p}}]}]`,
  )
  await vi.waitFor(
    () => expect(appender.of(`up{env="p", instance="${address}", job="j"}`).length).toBeGreaterThan(1),
    5000,
  )
  expect(query).toBe('/m?x=y+z application/openmetrics-text;version=1.0.0;escaping=allow-ut 0.1')
  const labels = `env="p", instance="${address}", job="j"`
  expect(appender.latest()).toMatchObject({
    [`a{b="c", ${labels}}`]: 1, [`b{${labels}}`]: 2, [`up{${labels}}`]: 1, [`scrape_samples_scraped{${labels}}`]: 2,
    [`scrape_samples_post_metric_relabeling{${labels}}`]: 2, [`scrape_series_added{${labels}}`]: 0,
  }) // prettier-ignore
  const [target] = manager.targets().active
  expect(target).toMatchObject({
    scrapePool: 'j',
    scrapeUrl: `http://${address}/m?x=y+z`,
    lastError: '',
    health: 'up',
    scrapeIntervalMs: 100,
  })
  expect(target!.discoveredLabels.get('__param_x')).toBe('y z')
  expect([...manager.metadata()]).toMatchObject([
    { metricFamily: 'a', metadata: { type: 'gauge', help: 'Help.', unit: '' } },
  ])
  const own = registry.collect().map((family) => family.name)
  expect(own).toContain('prometheus_target_interval_length_seconds')
  const times = appender.of(`b{${labels}}`).map(({ timeMs }) => timeMs)
  expect(times.every(Number.isInteger)).toBe(true)
  const trial = await manager.tryNow('j', target!.scrapeUrl)
  expect(trial).toMatchObject({
    status: '200 OK',
    error: '',
    seriesCount: 2,
    series: [{ scraped: 'a{b="c"}', stored: `a{b="c", ${labels}}`, value: 1 }, {}],
  })
  expect(await manager.tryNow('j', 'http://elsewhere/')).toBeUndefined()
})

test('"Try now" shows histograms as the job has them stored', async () => {
  const body = '# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 3\nh_sum 4\nh_count 3\n'
  const address = await serve(text(body))
  const { manager, apply } = setup()
  const tried = async (more: string): Promise<unknown> => {
    apply(`[{job_name: j, ${more}static_configs: [{targets: ["${address}"]}]}]`)
    await vi.waitFor(() => expect(manager.targets().active).toHaveLength(1), 5000)
    const trial = await manager.tryNow('j', `http://${address}/metrics`)
    return trial!.series.map(({ scraped, value }) => [scraped, value])
  }
  const classic = [['h_bucket{le="1.0"}', 2], ['h_bucket{le="+Inf"}', 3], ['h_sum', 4], ['h_count', 3]] // prettier-ignore
  expect(await tried('')).toEqual(classic)
  expect(await tried('convert_classic_histograms_to_nhcb: true, ')).toEqual([['h', undefined]])
  expect(
    await tried('convert_classic_histograms_to_nhcb: true, always_scrape_classic_histograms: true, '),
  ).toEqual([...classic, ['h', undefined]])
})

test('a target that fails: up is 0, its series end, the reason is shown', async () => {
  let fail = false
  const address = await serve((request, response) =>
    fail ? void response.writeHead(500).end() : text('a 1\n')(request, response),
  )
  const { manager, appender, apply } = setup()
  apply(`[{job_name: j, static_configs: [{targets: ["${address}"]}]}]`)
  const series = `{instance="${address}", job="j"}`
  await vi.waitFor(() => expect(appender.of(`a${series}`).length).toBeGreaterThan(0), 5000)
  fail = true
  await vi.waitFor(
    () => expect(appender.latest()).toMatchObject({ [`a${series}`]: 'stale', [`up${series}`]: 0 }),
    5000,
  )
  expect(manager.targets().active[0]).toMatchObject({
    health: 'down',
    lastError: 'server returned HTTP status 500 Internal Server Error',
  })
})

test('a target that goes ends stale after two intervals; one that stays keeps its rhythm over a reload', async () => {
  const [stays, goes] = [await serve(text('a 1\n')), await serve(text('a 1\n'))]
  const { appender, apply } = setup()
  apply(`[{job_name: j, static_configs: [{targets: ["${stays}", "${goes}"]}]}]`)
  const of = (address: string, name: string): string => `${name}{instance="${address}", job="j"}`
  await vi.waitFor(
    () =>
      expect(Math.min(appender.of(of(stays, 'a')).length, appender.of(of(goes, 'a')).length)).toBeGreaterThan(
        1,
      ),
    5000,
  )
  apply(`[{job_name: j, sample_limit: 100, static_configs: [{targets: ["${stays}"]}]}]`)
  await vi.waitFor(
    () => expect(appender.latest()).toMatchObject({ [of(goes, 'a')]: 'stale', [of(goes, 'up')]: 'stale' }),
    5000,
  )
  const times = appender.of(of(stays, 'a')).map(({ timeMs }) => timeMs)
  const phases = times.map((time) => (time - times[0]!) % 100).map((phase) => Math.min(phase, 100 - phase))
  expect(phases.filter((phase) => phase <= 40).length / phases.length).toBeGreaterThan(0.7)
  expect(appender.of(of(stays, 'a')).every(({ value }) => value === 1)).toBe(true)
})

test('dropped targets, faulty targets, the target limit', async () => {
  const address = await serve(text('a 1\n'))
  const { manager, apply, registry } = setup()
  apply(`
- job_name: j
  target_limit: 1
  keep_dropped_targets: 1
  static_configs: [{targets: ["${address}", "localhost:1", "drop:1", "drop:2", "a/b"]}]
  relabel_configs: [{source_labels: [__address__], regex: drop.*, action: drop}]`)
  const view = manager.targets()
  expect([view.active.length, view.dropped.length, view.droppedCounts]).toEqual([2, 1, { j: 2 }])
  await vi.waitFor(
    () =>
      expect(manager.targets().active[0]!.lastError).toBe(
        'target_limit exceeded (number of targets: 2, limit: 1)',
      ),
    5000,
  )
  expect(
    registry.collect().find(({ name }) => name === 'prometheus_target_sync_failed_total')!.samples[0]!.value,
  ).toBe(1)
  const found = [...manager.discovered('j')!]
  expect(found.map(({ url, droppedBy, error }) => [url, droppedBy?.index, error])).toEqual([
    [`http://${address}/metrics`, undefined, ''],
    ['http://localhost:1/metrics', undefined, ''],
    ['', 0, ''],
    ['', 0, ''],
    ['', undefined, '"a/b" is not a valid hostname, expected host:port (put a path into metrics_path)'],
  ])
  expect(manager.discovered('unknown')).toBeUndefined()
})

test('what speaks another protocol is named, with the exporter to use', async () => {
  const redis = await serveTcp(
    (socket) => void socket.end("-ERR wrong number of arguments for 'get' command\r\n"),
  )
  expect(await lastErrorOf(redis)).toContain(
    `${redis} speaks the Redis protocol, not HTTP: run redis_exporter`,
  )
  const postgres = await serveTcp((socket, data) => void (data.length === 8 ? socket.end('N') : socket.end()))
  expect(await lastErrorOf(postgres)).toContain(
    `${postgres} speaks the PostgreSQL protocol, not HTTP: run postgres_exporter`,
  )
  const minio = await serve(
    (_request, response) => void response.writeHead(403, { server: 'MinIO' }).end('<Error/>'),
  )
  expect(await lastErrorOf(minio)).toContain('metrics_path: /minio/v2/metrics/cluster')
})

test('garbage, binary and endless bodies fail with a reason', async () => {
  expect(await lastErrorOf(await serve(text('<html>\n')))).toContain('expected a valid start token, got "<"')
  expect(await lastErrorOf(await serve(text('\0\u{1}\u{2}')))).toContain('expected a valid start token')
  const page: RequestListener = (_request, response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
  expect(await lastErrorOf(await serve(page))).toContain(
    'received unsupported Content-Type "text/html" and no fallback_scrape_protocol specified for target; the answer is a web page',
  )
  const endless: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    const write = (): void =>
      void (response.destroyed || (response.write('a'.repeat(65536)), setImmediate(write)))
    write()
  }
  expect(await lastErrorOf(await serve(endless), ', body_size_limit: 1MB')).toBe('body size limit exceeded')
})
