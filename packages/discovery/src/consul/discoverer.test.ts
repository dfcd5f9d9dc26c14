import { Registry, silentLogger, systemClock } from '@promontory/base'
import { decodeYaml, struct } from '@promontory/base/yaml'
import { afterEach, expect, test, vi } from 'vitest'
import { serviceDiscoveryFields } from '../config.ts'
import { DiscoveryMetrics } from '../metrics.ts'
import type { TargetGroup } from '../target-group.ts'
import { ConsulAgent } from '../testing/index.ts'
import type { ServiceEntry } from '../testing/index.ts'
import { ConsulDiscoverer } from './discoverer.ts'

const WAIT = { timeout: 5000, interval: 10 }
const cleanups: (() => void)[] = []
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()))

const schema = struct('config.plain', serviceDiscoveryFields)

async function agent(): Promise<{ consul: ConsulAgent; server: string }> {
  const consul = new ConsulAgent()
  cleanups.push(() => consul.close())
  consul.set('web', [
    entry('web', 8080, ['prod', 'v1']),
    entry('web', 8081, ['prod'], { Address: 'fd00::9' }),
  ])
  consul.set('db', [entry('db', 5432, ['dev'])])
  return { consul, server: `127.0.0.1:${await consul.listen()}` }
}

function entry(
  name: string,
  port: number,
  tags: string[],
  more: object = {},
  checks: object[] = [],
): ServiceEntry {
  return {
    Node: { Node: 'n1', Address: '10.0.0.1', Datacenter: 'dc1', TaggedAddresses: { 'wan-v4': '198.51.100.1' }, Meta: { 'rack-id': 'r1' } },
    Service: { ID: `${name}-1`, Service: name, Tags: tags, Address: '', Port: port, Meta: { version: '2' }, Namespace: 'ns', Partition: 'p', ...more },
    Checks: [{ CheckID: 'serfHealth', Status: 'passing' }, ...checks] as ServiceEntry['Checks'],
  } // prettier-ignore
}

function discover(yaml: string): { groups: Map<string, TargetGroup>; metrics: DiscoveryMetrics } {
  const config = decodeYaml(`consul_sd_configs: [${yaml}]`, { file: '/p.yml' }, schema).value
  const metrics = new DiscoveryMetrics(new Registry())
  const environment = { clock: systemClock, logger: silentLogger, metrics, userAgent: 'test' }
  const discoverer = new ConsulDiscoverer(config.consul_sd_configs[0]!, environment)
  cleanups.push(() => discoverer.stop())
  const groups = new Map<string, TargetGroup>()
  discoverer.start((found) => found.forEach((group) => groups.set(group.source, group)))
  return { groups, metrics }
}

const addresses = (group: TargetGroup | undefined): (string | undefined)[] | undefined =>
  group?.targets.map((target) => target['__address__'])

test('all services of the catalogue, their labels, and what changes', async () => {
  const { consul, server } = await agent()
  const { groups } = discover(`{server: "${server}", refresh_interval: 10ms}`)
  await vi.waitFor(() => expect([...groups.keys()].sort()).toEqual(['db', 'web']), WAIT)
  expect(groups.get('web')!.labels).toEqual({ __meta_consul_service: 'web', __meta_consul_dc: 'dc1' })
  expect(groups.get('web')!.targets[0]).toEqual({
    __address__: '10.0.0.1:8080',
    __meta_consul_address: '10.0.0.1',
    __meta_consul_node: 'n1',
    __meta_consul_namespace: 'ns',
    __meta_consul_partition: 'p',
    __meta_consul_tags: ',prod,v1,',
    __meta_consul_service_address: '',
    __meta_consul_service_port: '8080',
    __meta_consul_service_id: 'web-1',
    __meta_consul_health: 'passing',
    __meta_consul_metadata_rack_id: 'r1',
    __meta_consul_service_metadata_version: '2',
    __meta_consul_tagged_address_wan_v4: '198.51.100.1',
  })
  expect(addresses(groups.get('web'))).toEqual(['10.0.0.1:8080', '[fd00::9]:8081'])
  consul.set('web', [entry('web', 9090, ['prod'])])
  consul.set('new', [entry('new', 1, [])])
  await vi.waitFor(() => expect(addresses(groups.get('web'))).toEqual(['10.0.0.1:9090']), WAIT)
  await vi.waitFor(() => expect(addresses(groups.get('new'))).toEqual(['10.0.0.1:1']), WAIT)
  consul.set('db', [])
  await vi.waitFor(() => expect(addresses(groups.get('db'))).toEqual([]), WAIT)
})

test('services, tags, node metadata, filters and the rest go with the query', async () => {
  const { consul, server } = await agent()
  consul.token = 'abc'
  const { groups } = discover(
    `{server: "${server}", token: abc, datacenter: dc2, namespace: n, partition: q, services: [web], tags: [prod, v1], node_meta: {rack: r1}, filter: 'a == b', health_filter: 'c == d', allow_stale: false, tag_separator: ';'}`,
  )
  await vi.waitFor(() => expect(addresses(groups.get('web'))).toEqual(['10.0.0.1:8080']), WAIT)
  expect(groups.get('web')!.labels['__meta_consul_dc']).toBe('dc2')
  expect(groups.get('web')!.targets[0]!['__meta_consul_tags']).toBe(';prod;v1;')
  const common = 'dc=dc2&ns=n&partition=q&wait=120s&node-meta=rack%3Ar1'
  expect(consul.requests[0]).toBe(`/v1/catalog/services?${common}&filter=a+%3D%3D+b`)
  expect(consul.requests[1]).toBe(`/v1/health/service/web?${common}&tag=prod&tag=v1&filter=c+%3D%3D+d`)
})

test('a query waits for its index; one that went back starts anew', async () => {
  const { consul, server } = await agent()
  const { groups } = discover(`{server: "${server}", services: [web], refresh_interval: 10ms}`)
  await vi.waitFor(() => expect(groups.has('web')).toBe(true), WAIT)
  await vi.waitFor(() => expect(consul.requests.at(-1)).toContain('index=12'), WAIT)
  const asked = consul.requests.length
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(consul.requests).toHaveLength(asked)
  consul.resetIndex()
  await vi.waitFor(() => expect(consul.requests.at(-1)).toContain('index=3'), WAIT)
  consul.set('web', [entry('web', 7, [])])
  await vi.waitFor(() => expect(addresses(groups.get('web'))).toEqual(['10.0.0.1:7']), WAIT)
})

test('health is the worst of the checks; maintenance before all', async () => {
  const { consul, server } = await agent()
  const health = async (checks: object[]): Promise<string | undefined> => {
    consul.set('web', [entry('web', 1, [], {}, checks)])
    const { groups } = discover(`{server: "${server}", services: [web]}`)
    await vi.waitFor(() => expect(groups.has('web')).toBe(true), WAIT)
    return groups.get('web')!.targets[0]!['__meta_consul_health']
  }
  expect(await health([{ CheckID: 'a', Status: 'warning' }])).toBe('warning')
  expect(await health([{ CheckID: 'a', Status: 'warning' }, { CheckID: 'b', Status: 'critical' }])).toBe('critical') // prettier-ignore
  expect(await health([{ CheckID: '_service_maintenance:web-1', Status: 'critical' }])).toBe('maintenance')
})

test('a wrong token is counted', async () => {
  const { consul, server } = await agent()
  consul.token = 'abc'
  const { metrics } = discover(`{server: "${server}", services: [web], datacenter: dc1}`)
  await vi.waitFor(() => expect(metrics.consulFailures.get()).toBe(1), WAIT)
})
