import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DockerApi, KubernetesApi, node, pod, sampleCluster } from '@promontory/discovery/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, sleep, startPromontory, until, Workspace } from './support/program.ts'

const prometheus = peer('prometheus')

type LabelMap = Record<string, string>

interface Targets {
  readonly activeTargets: readonly {
    readonly discoveredLabels: LabelMap
    readonly labels: LabelMap
    readonly scrapePool: string
    readonly scrapeUrl: string
  }[]
  readonly droppedTargets: readonly { readonly discoveredLabels: LabelMap; readonly scrapePool?: string }[]
}

/** What a server has found, one line per target, in an order of its own. */
async function found(server: Program): Promise<string[]> {
  const { activeTargets, droppedTargets } = await server.data<Targets>('/api/v1/targets')
  const lines = [
    ...activeTargets.map((target) => ({
      pool: target.scrapePool,
      url: target.scrapeUrl,
      labels: sorted(target.labels),
      discovered: sorted(target.discoveredLabels),
    })),
    ...droppedTargets.map(({ discoveredLabels }) => ({
      pool: discoveredLabels['job'],
      dropped: sorted(discoveredLabels),
    })),
  ]
  return lines.map((line) => JSON.stringify(line)).sort()
}

/** Labels that Prometheus has only since after the version that Debian has, 3.5. */
const NEWER =
  /^__(convert|always_scrape|scrape_native|scrape_classic|meta_kubernetes_node_condition_|meta_docker_container_image)/

/** Labels in order, without those of {@link NEWER}. */
function sorted(labels: LabelMap): LabelMap {
  const known = Object.entries(labels).filter(([name]) => !NEWER.test(name))
  return Object.fromEntries(known.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** One job per role and way to ask, below the names of {@link sampleCluster}. */
function jobs(apiServer: string): string {
  const base = (role: string, more = ''): string => `
  - job_name: ${role}${more === '' ? '' : `-${Buffer.from(more).toString('hex').slice(0, 12)}`}
    scrape_interval: 1h
    relabel_configs:
      - {source_labels: [__meta_kubernetes_namespace], regex: lab, action: drop}
      - {action: labelmap, regex: __meta_kubernetes_(pod_name|service_name|ingress_path)}
    kubernetes_sd_configs: [{role: ${role}, api_server: "${apiServer}"${more}}]`
  return [
    base('node'),
    base('pod'),
    base('service'),
    base('endpoints'),
    base('endpointslice'),
    base('ingress'),
    base('node', ', selectors: [{role: node, label: "pool=one"}]'),
    base('pod', ', attach_metadata: {node: true}'),
    base('pod', ', selectors: [{role: pod, field: "spec.nodeName=node-a", label: "app=web"}]'),
    base('service', ', namespaces: {names: [lab, shop]}'),
    base('endpoints', ', attach_metadata: {node: true}, namespaces: {names: [shop]}'),
    base('endpointslice', ' , attach_metadata: {node: true}'),
  ].join('')
}

describe.skipIf(prometheus === undefined)(
  'what discovery finds is what a real Prometheus finds (skipped when none is installed)',
  () => {
    const workspace = new Workspace()
    const peers: { close: () => void }[] = []
    afterAll(async () => {
      await workspace.clean()
      peers.forEach((api) => api.close())
    })

    async function both(name: string, config: string): Promise<[ours: Program, theirs: Program]> {
      const directory = join(workspace.directory, name)
      mkdirSync(directory)
      const port = await freePort()
      const file = join(directory, 'theirs.yml')
      writeFileSync(file, config)
      const theirs = workspace.keep(
        new Program(
          prometheus!,
          [
            `--config.file=${file}`,
            `--storage.tsdb.path=${join(directory, 'theirs')}`,
            `--web.listen-address=127.0.0.1:${port}`,
          ],
          `http://127.0.0.1:${port}`,
        ),
      )
      const ours = workspace.keep(await startPromontory({ config, dataDirectory: join(directory, 'ours') }))
      await theirs.ready('/-/ready')
      return [ours, theirs]
    }

    test('Kubernetes: all roles, selectors, namespaces, nodes attached; and what changes later', async () => {
      const api = new KubernetesApi()
      peers.push(api)
      for (const object of sampleCluster()) api.put(object)
      const url = `http://127.0.0.1:${await api.listen()}`
      const [ours, theirs] = await both('kubernetes', `scrape_configs:${jobs(url)}\n`)
      const agree = async (): Promise<void> => {
        const pair = (): Promise<string[][]> => Promise.all([found(ours), found(theirs)])
        const same = ([a, b]: string[][]): boolean => a!.length > 0 && JSON.stringify(a) === JSON.stringify(b)
        const [a, b] = await until('the same targets', pair, same, 25_000).catch(pair)
        expect(a).toEqual(b)
      }
      await agree()
      expect((await found(ours)).length).toBeGreaterThan(60)
      api.put(pod('shop', 'web-1', { ip: '10.1.0.99', labels: { changed: 'yes' } }))
      api.put(node('node-c', { pool: 'one' }))
      api.delete('EndpointSlice', 'lab', 'loose')
      api.delete('Pod', 'lab', 'v6')
      api.delete('Service', 'shop', 'balanced')
      // Prometheus looks at a pod again when its endpoints change only; we when the pod does. Each kind has a watch of its own.
      await sleep(500)
      for (const object of sampleCluster().filter(({ kind }) => kind.startsWith('Endpoint'))) api.put(object)
      const hasMoved = (targets: string[]): boolean => targets.join().includes('10.1.0.99')
      await until('the change at theirs', () => found(theirs), hasMoved, 25_000)
      await agree()
    })

    test('Docker: networks, ports, shared and host networks, filters, all networks', async () => {
      const api = new DockerApi()
      const socketApi = new DockerApi()
      peers.push(api, socketApi)
      // Prometheus learned IPv6 alone after the version that is compared with.
      for (const one of [api, socketApi]) one.containers = one.containers.filter(({ Id }) => Id !== 'c4')
      const host = `tcp://127.0.0.1:${await api.listen()}`
      const socket = join(workspace.directory, 'docker.sock')
      await socketApi.listen(socket)
      const [ours, theirs] = await both(
        'docker',
        `scrape_configs:
  - {job_name: tcp, scrape_interval: 1h, docker_sd_configs: [{host: "${host}"}]}
  - {job_name: http, scrape_interval: 1h, docker_sd_configs: [{host: "${host.replace('tcp', 'http')}", port: 9999, match_first_network: false, host_networking_host: "10.0.0.1:9100"}]}
  - {job_name: socket, scrape_interval: 1h, docker_sd_configs: [{host: "unix://${socket}", filters: [{name: label, values: ["role=front"]}]}]}
`,
      )
      const enough = (targets: string[]): boolean => targets.length >= 12
      const wanted = await until('targets of theirs', () => found(theirs), enough, 25_000)
      expect(await until('targets of ours', () => found(ours), enough, 25_000)).toEqual(wanted)
    })
  },
)
