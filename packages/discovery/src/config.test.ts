import { decodeYaml, printYaml, struct } from '@promontory/base/yaml'
import type { ConfigNotice } from '@promontory/base/yaml'
import { describe, expect, test } from 'vitest'
import { serviceDiscoveryFields } from './config.ts'
import type { ServiceDiscoveryConfigs } from './config.ts'

const schema = struct('config.plain', serviceDiscoveryFields)
function read(yaml: string): { value: ServiceDiscoveryConfigs; notices: readonly ConfigNotice[] } {
  return decodeYaml(yaml, { file: '/etc/p/p.yml' }, schema)
}

test('defaults, and files from the folder of the configuration', () => {
  const { value } = read(
    'file_sd_configs: [{files: [a/*.json]}]\ndns_sd_configs: [{names: [x], type: a, port: 1}]\nhttp_sd_configs: [{url: "http://a"}]',
  )
  expect(value.file_sd_configs).toEqual([{ files: ['/etc/p/a/*.json'], refresh_interval: 300_000 }])
  expect(value.dns_sd_configs).toEqual([{ names: ['x'], type: 'A', port: 1, refresh_interval: 30_000 }])
  expect(value.http_sd_configs[0]).toMatchObject({
    url: 'http://a',
    refresh_interval: 60_000,
    follow_redirects: true,
  })
})

test('Kubernetes, Docker and Consul are run: their defaults, and no notice', () => {
  const { value, notices } = read(
    'kubernetes_sd_configs: [{role: pod}]\ndocker_sd_configs: [{host: "unix:///var/run/docker.sock"}]\nconsul_sd_configs: [{}]',
  )
  expect(notices).toEqual([])
  expect(value.kubernetes_sd_configs[0]).toMatchObject({ role: 'pod', selectors: [] })
  expect(value.docker_sd_configs[0]).toMatchObject({ port: 80, match_first_network: true })
  expect(value.consul_sd_configs[0]).toMatchObject({ server: 'localhost:8500', allow_stale: true })
})

describe('refused', () => {
  test.each([
    ['static_configs: [null]', 'empty or null section in static_configs'],
    ['static_configs: [{targets: [a], label: {}}]', 'field label not found in type struct'],
    ['file_sd_configs: [{files: []}]', 'must contain at least one path name'],
    ['file_sd_configs: [{files: [a*/b.json]}]', 'is not valid for file discovery'],
    ['http_sd_configs: [{url: "ftp://a"}]', "URL scheme must be 'http' or 'https'"],
    ['http_sd_configs: [{url: "http://"}]', 'host is missing in URL'],
    ['dns_sd_configs: [{names: [a], type: A}]', 'a port is required in DNS-SD configs'],
    ['dns_sd_configs: [{names: [a], type: TXT}]', 'invalid DNS-SD records type TXT'],
    ['hetzner_sd_configs: [{role: x}]', 'unknown role "x"'],
    [
      'ec2_sd_configs: [{bearer_token: a, bearer_token_file: b}]',
      'at most one of bearer_token & bearer_token_file',
    ],
    [
      'consul_sd_configs: [{servers: a}]',
      'field servers not found in type consul.plain, did you mean server?',
    ],
    [
      'kubernetes_sd_configs: [{role: pod, namespaces: {foo: []}}]',
      'field foo not found in type kubernetes.plain',
    ],
    ['docker_sd_configs: [{}]', 'host missing'],
    ['docker_sd_configs: [{host: "npipe:////./pipe/x"}]', 'unable to parse docker host'],
    ['consul_sd_configs: [{server: " "}]', 'consul SD configuration requires a server address'],
    ['consul_sd_configs: [{token: a, authorization: {credentials: b}}]', 'at most one of consul SD token'],
    ['kubernetes_sd_configs: [{role: nope}]', 'unknown Kubernetes SD role "nope"'],
  ])('%s', (yaml, want) => expect(() => read(yaml)).toThrow(want))
})

test('a mechanism that is not run is valid, named with its place, and printed without its secrets', () => {
  const { value, notices } = read('marathon_sd_configs:\n  - servers: ["123"]\n    auth_token: abc')
  expect(notices.map(({ kind, line, text }) => [kind, line, text.slice(0, 46)])).toEqual([
    ['unsupported', 2, 'marathon service discovery is not supported, u'],
  ])
  const printed = printYaml(schema.encode(value)!)
  expect(printed).toContain('auth_token: <secret>')
  expect(printed).toContain('- "123"')
  expect(schema.encode(read(printed).value)).toEqual(schema.encode(value))
})
