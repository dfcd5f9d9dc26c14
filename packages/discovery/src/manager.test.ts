import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry, silentLogger, systemClock } from '@promontory/base'
import { decodeYaml, struct } from '@promontory/base/yaml'
import { afterEach, expect, test, vi } from 'vitest'
import { serviceDiscoveryFields } from './config.ts'
import type { ServiceDiscoveryConfigs } from './config.ts'
import { dnsDiscoverer } from './dns.ts'
import type { DnsResolver } from './dns.ts'
import { DiscoveryManager } from './manager.ts'
import { DiscoveryMetrics } from './metrics.ts'
import type { TargetGroup } from './target-group.ts'

const cleanups: (() => void)[] = []
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()))

const schema = struct('config.plain', serviceDiscoveryFields)
const read = (yaml: string): ServiceDiscoveryConfigs => decodeYaml(yaml, { file: '/p.yml' }, schema).value
const environment = () => ({
  clock: systemClock,
  logger: silentLogger,
  metrics: new DiscoveryMetrics(new Registry()),
  userAgent: 'test',
})

function manager(): {
  apply: (yaml: Record<string, string>) => void
  found: Map<string, string[]>
  metrics: DiscoveryMetrics
} {
  const found = new Map<string, string[]>()
  const shared = environment()
  const made = new DiscoveryManager({
    ...shared,
    name: 'scrape',
    updateIntervalMs: 10,
    onUpdate: (job, groups) => void found.set(job, groups.flatMap(addresses)),
  })
  cleanups.push(() => made.stop())
  const apply = (yaml: Record<string, string>): void =>
    made.applyConfig(new Map(Object.entries(yaml).map(([job, text]) => [job, read(text)])))
  return { apply, found, metrics: shared.metrics }
}

function addresses(group: TargetGroup): string[] {
  return group.targets.map((target) => [target['__address__'], ...Object.values(group.labels)].join(' '))
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'promontory-sd-'))
  cleanups.push(() => rmSync(path, { recursive: true }))
  return path
}

test('static groups are there at once; a job that goes is forgotten', () => {
  const { apply, found, metrics } = manager()
  apply({ a: 'static_configs: [{targets: [x:1, y:2], labels: {env: p}}]' })
  expect(found.get('a')).toEqual(['x:1 p', 'y:2 p'])
  expect(metrics.discoveredTargets.get('a', 'scrape')).toBe(2)
  apply({ b: '{}' })
  expect(found.get('b')).toEqual([])
  expect(metrics.discoveredTargets.family().samples.map(({ labels }) => labels[0]![1])).toEqual(['b'])
})

test('files: change, breakage, vanishing', async () => {
  const path = folder()
  const { apply, found, metrics } = manager()
  const write = (text: string): void => {
    writeFileSync(join(path, 'new'), text)
    renameSync(join(path, 'new'), join(path, 'a.json'))
  }
  write('[{"targets": ["x:1"], "labels": {"l": "v"}}, {"targets": ["y:1"]}]')
  apply({ a: `file_sd_configs: [{files: ["${path}/*.json"]}]` })
  await vi.waitFor(() => expect(found.get('a')).toEqual([`x:1 v ${path}/a.json`, `y:1 ${path}/a.json`]), 5000)
  write('[{"targets": ["z:1"]}]')
  await vi.waitFor(() => expect(found.get('a')).toEqual([`z:1 ${path}/a.json`]), 5000)
  write('[{"targets": [1]}]')
  await vi.waitFor(() => expect(metrics.fileReadErrors.get()).toBeGreaterThan(0), 5000)
  expect(found.get('a')).toEqual([`z:1 ${path}/a.json`])
  rmSync(join(path, 'a.json'))
  await vi.waitFor(() => expect(found.get('a')).toEqual([]), 5000)
})

test('HTTP: groups that are gone go, failures keep the last', async () => {
  let answer = '[{"targets": ["x:1"]}, {"targets": ["y:1"]}]'
  let status = 200
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => (server.closeAllConnections(), server.close()))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sd`
  const { apply, found, metrics } = manager()
  apply({ a: `http_sd_configs: [{url: "${url}", refresh_interval: 50ms}]` })
  await vi.waitFor(() => expect(found.get('a')).toEqual([`x:1 ${url}`, `y:1 ${url}`]), 5000)
  answer = '[{"targets": ["x:1"]}]'
  await vi.waitFor(() => expect(found.get('a')).toEqual([`x:1 ${url}`]), 5000)
  status = 500
  await vi.waitFor(() => expect(metrics.httpFailures.get()).toBeGreaterThan(0), 5000)
  expect(found.get('a')).toEqual([`x:1 ${url}`])
})

test('DNS records become targets, search domains are tried', async () => {
  const missing = Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND' })
  const resolver = {
    resolveSrv: async () => [{ name: 'h1.example.com', port: 8080, priority: 0, weight: 0 }],
    resolve4: async (name: string) => (name === 'web.corp' ? ['10.0.0.1'] : Promise.reject(missing)),
    resolve6: async () => ['fd00::1'],
    resolveMx: async () => [{ exchange: 'mx.example.com', priority: 1 }],
    resolveNs: async () => ['ns.example.com'],
  } as unknown as DnsResolver
  const targets = async (yaml: string): Promise<TargetGroup> => {
    const config = read(`dns_sd_configs: [${yaml}]`).dns_sd_configs[0]!
    const discoverer = dnsDiscoverer(config, environment(), resolver, async () => ['corp'])
    cleanups.push(() => discoverer.stop())
    return new Promise((resolve) => discoverer.start((groups) => resolve(groups[0]!)))
  }
  expect(await targets('{names: [_x._tcp.example.com]}')).toEqual({
    source: '_x._tcp.example.com', labels: {},
    targets: [{ __address__: 'h1.example.com:8080', __meta_dns_srv_record_target: 'h1.example.com.', __meta_dns_srv_record_port: '8080', __meta_dns_name: '_x._tcp.example.com' }],
  }) // prettier-ignore
  expect((await targets('{names: [web], type: A, port: 9100}')).targets).toEqual([
    { __address__: '10.0.0.1:9100', __meta_dns_name: 'web' },
  ])
  expect((await targets('{names: [gone], type: A, port: 9100}')).targets).toEqual([])
  expect((await targets('{names: [a], type: AAAA, port: 1}')).targets[0]!['__address__']).toBe('[fd00::1]:1')
  expect((await targets('{names: [a], type: MX, port: 25}')).targets[0]).toMatchObject({
    __address__: 'mx.example.com:25',
    __meta_dns_mx_record_target: 'mx.example.com.',
  })
})

test('an unchanged source goes on over a reload', async () => {
  const path = folder()
  writeFileSync(join(path, 'a.yml'), '- targets: [x:1]')
  const { apply, found, metrics } = manager()
  apply({ a: `file_sd_configs: [{files: ["${path}/a.yml"]}]` })
  await vi.waitFor(() => expect(found.get('a')).toHaveLength(1), 5000)
  const scans = metrics.fileScanDuration.touch().count
  apply({ a: `file_sd_configs: [{files: ["${path}/a.yml"]}]\nstatic_configs: [{targets: [y:1]}]` })
  expect(found.get('a')).toEqual(['y:1', `x:1 ${path}/a.yml`])
  expect(metrics.fileScanDuration.touch().count).toBe(scans)
})
