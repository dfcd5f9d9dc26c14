import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry, silentLogger, systemClock } from '@promontory/base'
import { decodeYaml, struct } from '@promontory/base/yaml'
import { afterEach, expect, test, vi } from 'vitest'
import { serviceDiscoveryFields } from '../config.ts'
import { DiscoveryMetrics } from '../metrics.ts'
import type { TargetGroup } from '../target-group.ts'
import { DockerApi } from '../testing/index.ts'
import { DockerDiscoverer } from './discoverer.ts'

const cleanups: (() => void)[] = []
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()))

const schema = struct('config.plain', serviceDiscoveryFields)

function discover(yaml: string): { groups: TargetGroup[]; metrics: DiscoveryMetrics } {
  const config = decodeYaml(`docker_sd_configs: [${yaml}]`, { file: '/p.yml' }, schema).value
  const metrics = new DiscoveryMetrics(new Registry())
  const environment = { clock: systemClock, logger: silentLogger, metrics, userAgent: 'test' }
  const discoverer = new DockerDiscoverer(config.docker_sd_configs[0]!, environment)
  cleanups.push(() => discoverer.stop())
  const groups: TargetGroup[] = []
  discoverer.start((found) => void groups.push(...found))
  return { groups, metrics }
}

async function targets(yaml: string): Promise<TargetGroup['targets']> {
  const { groups } = discover(yaml)
  await vi.waitFor(() => expect(groups).toHaveLength(1), 5000)
  return groups[0]!.targets
}

function api(): DockerApi {
  const made = new DockerApi()
  cleanups.push(() => made.close())
  return made
}

test('over a socket: the version that the engine speaks, a target per network and port, IPv6, shared networks', async () => {
  const path = mkdtempSync(join(tmpdir(), 'promontory-docker-'))
  cleanups.push(() => rmSync(path, { recursive: true }))
  const engine = api()
  await engine.listen(join(path, 'docker.sock'))
  const found = await targets(`{host: "unix://${path}/docker.sock", match_first_network: false, port: 9999}`)
  expect(found.map((target) => [target['__meta_docker_container_name'], target['__address__']])).toEqual([
    ['/web', '172.20.0.2:80'],
    ['/web', '172.20.0.2:443'],
    ['/web', '172.19.0.2:80'],
    ['/web', '172.19.0.2:443'],
    ['/sidecar', '172.20.0.2:9999'],
    ['/sidecar', '172.19.0.2:9999'],
    ['/host', 'localhost'],
    ['/v6', '[fd00::2]:9999'],
  ])
  expect(found[0]).toMatchObject({
    __meta_docker_container_image: 'web:1',
    __meta_docker_container_label_com_docker_compose_project: 'shop',
    __meta_docker_network_name: 'back',
    __meta_docker_port_public: '8080',
    __meta_docker_port_public_ip: '0.0.0.0',
  })
  expect(engine.requests).toEqual(['/_ping', '/v1.47/containers/json', '/v1.47/networks'])
})

test('over TCP: the first network by name, filters as the engine wants them', async () => {
  const engine = api()
  const port = await engine.listen()
  const found = await targets(
    `{host: "tcp://127.0.0.1:${port}", filters: [{name: label, values: ["role=side"]}]}`,
  )
  expect(found).toEqual([])
  expect(engine.requests[1]).toBe(
    `/v1.47/containers/json?filters=${encodeURIComponent('{"label":["role=side"]}')}`,
  )
})

test('containers whose networks lead round in a circle have none', async () => {
  const engine = api()
  const shape = (id: string, other: string): object => ({ Id: id, Names: [`/${id}`], Labels: {}, HostConfig: { NetworkMode: `container:${other}` }, NetworkSettings: { Networks: {} }, Ports: [] }) // prettier-ignore
  engine.containers = [shape('a', 'b'), shape('b', 'a')] as unknown as typeof engine.containers
  expect(await targets(`{host: "tcp://127.0.0.1:${await engine.listen()}"}`)).toEqual([])
})

test('an engine that is not there is counted, and asked again', async () => {
  const { metrics } = discover('{host: "unix:///nowhere/docker.sock", refresh_interval: 50ms}')
  await vi.waitFor(() => expect(metrics.refreshFailures.get('docker')).toBeGreaterThan(1), 5000)
})
