import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { serviceGroup } from './consul/service-targets.ts'
import { containerTargets } from './docker/containers.ts'
import type { DockerSdConfig } from './docker/config.ts'
import { parseObject } from './json.ts'
import type { JsonObject } from './json.ts'
import { emptyStores, RESOURCES } from './kubernetes/resources.ts'
import type { ResourceName } from './kubernetes/resources.ts'
import { ROLE_KINDS } from './kubernetes/roles.ts'
import { groupsFromJson } from './target-group.ts'
import type { TargetGroup } from './target-group.ts'
import { sampleCluster } from './testing/index.ts'

/** Sources are other people's programs: whatever JSON they send, targets come of it or an error, never anything else. */
const RUNS = 60 * Number(process.env['FUZZ_FACTOR'] ?? 1)

/** The value with one of its parts replaced. */
function bent(value: unknown): fc.Arbitrary<unknown> {
  const paths = pathsOf(value)
  return fc
    .tuple(fc.nat(paths.length - 1), fc.jsonValue({ maxDepth: 3, noUnicodeString: false }))
    .map(([at, other]) => replaced(value, paths[at]!, other))
}

function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))]
}

function replaced(value: unknown, [key, ...rest]: readonly string[], other: unknown): unknown {
  if (key === undefined) return other
  if (Array.isArray(value))
    return value.map((inner, i) => (String(i) === key ? replaced(inner, rest, other) : inner))
  return { ...(value as object), [key]: replaced((value as Record<string, unknown>)[key], rest, other) }
}

function expectTexts(group: Pick<TargetGroup, 'targets' | 'labels'>): void {
  for (const labels of [group.labels, ...group.targets])
    for (const value of Object.values(labels)) expect(typeof value).toBe('string')
}

const ATTACH = { node: true, namespace: true, deployment: true, job: true, cronjob: true }
const KINDS: Readonly<Record<string, ResourceName>> = {
  Node: 'nodes', Namespace: 'namespaces', Pod: 'pods', Service: 'services', Endpoints: 'endpoints', EndpointSlice: 'endpointSlices',
  Ingress: 'ingresses', ReplicaSet: 'replicaSets', Job: 'jobs',
} // prettier-ignore

describe('Kubernetes', () => {
  const cluster = sampleCluster()
  test.each(cluster.map((object, i) => [`${(object as { kind?: string }).kind} ${i}`, i] as const))(
    '%s',
    (_name, at) => {
      fc.assert(
        fc.property(bent(cluster[at]), (changed) => {
          const stores = emptyStores()
          cluster.forEach((object, i) => {
            const kind = KINDS[String((object as { kind?: unknown }).kind)]!
            const json = parseObject(JSON.stringify(i === at ? { ...(changed as object) } : object))
            const read = RESOURCES[kind].read(json)
            ;(stores[kind] as Map<string, unknown>).set(`${read.meta.namespace}/${read.meta.name}`, read)
          })
          for (const role of Object.values(ROLE_KINDS))
            for (const object of stores[role.primary].values()) {
              role.dependencies(object, stores)
              expectTexts(role.group(object, stores, ATTACH))
            }
        }),
        { numRuns: Math.ceil(RUNS / 3) },
      )
    },
  )
})

const CONTAINER = { Id: 'c1', Names: ['/web'], Image: 'web:1', ImageID: 'i', Labels: { a: 'b' }, HostConfig: { NetworkMode: 'container:c1' }, NetworkSettings: { Networks: { n: { NetworkID: 'n1', IPAddress: '10.0.0.1' } } }, Ports: [{ IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' }] } // prettier-ignore
const NETWORK = { Id: 'n1', Name: 'n', Scope: 'local', Internal: true, Ingress: false, Labels: { a: 'b' } }

test('Docker', () => {
  const config = { port: 80, host_networking_host: 'localhost', match_first_network: true } as DockerSdConfig
  fc.assert(
    fc.property(bent([CONTAINER, CONTAINER]), bent([NETWORK]), (containers, networks) =>
      expectTexts({ labels: {}, targets: containerTargets(containers, networks, config) }),
    ),
    { numRuns: RUNS },
  )
})

test('Consul', () => {
  const entry = {
    Node: { Node: 'n1', Address: '10.0.0.1', TaggedAddresses: { wan: 'x' }, Meta: { rack: '1' } },
    Service: { ID: 'a', Tags: ['x'], Address: '', Port: 80, Meta: {}, Namespace: 'ns', Partition: 'p' },
    Checks: [{ CheckID: 'serfHealth', Status: 'passing' }],
  }
  fc.assert(
    fc.property(bent([entry, entry]), (entries) => expectTexts(serviceGroup('web', 'dc1', entries, ','))),
    { numRuns: RUNS },
  )
})

test('http_sd and file_sd', () => {
  const list = [{ targets: ['a:1', 'b:2'], labels: { x: 'y' } }, { targets: [] }]
  fc.assert(
    fc.property(bent(list), (value) => {
      try {
        for (const { targets, labels } of groupsFromJson(JSON.stringify(value) ?? 'null')) {
          for (const text of [...targets, ...Object.values(labels)]) expect(typeof text).toBe('string')
        }
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
        expect((error as Error).message).toMatch(/^(\[\d+\]|expected)/)
      }
    }),
    { numRuns: RUNS },
  )
})

test('what is no object is an error', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        const read: JsonObject = parseObject(text)
        expect(typeof read).toBe('object')
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
      }
    }),
    { numRuns: RUNS },
  )
})
