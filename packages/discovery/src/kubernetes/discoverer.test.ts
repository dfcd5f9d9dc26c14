import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry, silentLogger, systemClock } from '@promontory/base'
import { decodeYaml, struct } from '@promontory/base/yaml'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { serviceDiscoveryFields } from '../config.ts'
import { DiscoveryMetrics } from '../metrics.ts'
import type { TargetGroup } from '../target-group.ts'
import { KubernetesApi, namespace, node, owned, pod, sampleCluster, service } from '../testing/index.ts'
import type { ClusterSurroundings } from './access.ts'
import { KubernetesDiscoverer } from './discoverer.ts'

const WAIT = { timeout: 10_000, interval: 20 }
const cleanups: (() => void)[] = []
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()))

const schema = struct('config.plain', serviceDiscoveryFields)

async function apiWith(objects = sampleCluster()): Promise<{ api: KubernetesApi; url: string }> {
  const api = new KubernetesApi()
  cleanups.push(() => api.close())
  for (const object of objects) api.put(object)
  return { api, url: `http://127.0.0.1:${await api.listen()}` }
}

/** Runs a configuration; gives what is known now, by source. */
function discover(
  yaml: string,
  surroundings?: ClusterSurroundings,
): { groups: Map<string, TargetGroup>; metrics: DiscoveryMetrics } {
  const config = decodeYaml(`kubernetes_sd_configs: [${yaml}]`, { file: '/p.yml' }, schema).value
  const metrics = new DiscoveryMetrics(new Registry())
  const environment = { clock: systemClock, logger: silentLogger, metrics, userAgent: 'test' }
  const discoverer = new KubernetesDiscoverer(config.kubernetes_sd_configs[0]!, environment, surroundings)
  cleanups.push(() => discoverer.stop())
  const groups = new Map<string, TargetGroup>()
  discoverer.start((found) => {
    for (const group of found)
      if (group.targets.length === 0) groups.delete(group.source)
      else groups.set(group.source, group)
  })
  return { groups, metrics }
}

const addresses = (groups: Map<string, TargetGroup>): string[] =>
  [...groups.values()].flatMap(({ targets }) => targets.map((target) => target['__address__']!)).sort()

test('pods: what is attached of namespace, node, deployment, job and cron job, and follows when it changes', async () => {
  const { api, url } = await apiWith()
  const attach = 'attach_metadata: {node: true, namespace: true, deployment: true, job: true, cronjob: true}'
  const { groups } = discover(`{role: pod, api_server: "${url}", ${attach}}`)
  const labels = (source: string): Readonly<Record<string, string>> => groups.get(source)?.labels ?? {}
  await vi.waitFor(() => expect(groups.size).toBe(3), WAIT)
  expect(labels('pod/shop/web-1')).toMatchObject({
    __meta_kubernetes_pod_controller_kind: 'ReplicaSet',
    __meta_kubernetes_pod_deployment_name: 'web',
    __meta_kubernetes_node_name: 'node-a',
    __meta_kubernetes_node_label_pool: 'one',
    __meta_kubernetes_namespace_label_env: 'prod',
    __meta_kubernetes_namespace_annotation_team_owner: 'a@b',
  })
  expect(labels('pod/shop/job-1')).toMatchObject({
    __meta_kubernetes_pod_job_name: 'backup-1',
    __meta_kubernetes_pod_cronjob_name: 'backup',
  })
  api.put(namespace('shop', { env: 'test' }))
  api.put(node('node-a', { pool: 'three' }))
  api.put(owned('ReplicaSet', 'shop', 'web-abc', 'Deployment', 'renamed'))
  await vi.waitFor(
    () =>
      expect(labels('pod/shop/web-1')).toMatchObject({
        __meta_kubernetes_namespace_label_env: 'test',
        __meta_kubernetes_node_label_pool: 'three',
        __meta_kubernetes_pod_deployment_name: 'renamed',
      }),
    WAIT,
  )
  // A pod on a node that is not known is left out, and back when it is.
  api.delete('Node', '', 'node-b')
  await vi.waitFor(() => expect([...groups.keys()]).not.toContain('pod/lab/v6'), WAIT)
  api.put(node('node-b'))
  await vi.waitFor(() => expect(addresses(groups)).toContain('[fd00::5]:8080'), WAIT)
})

test('nothing is attached that was not asked for', async () => {
  const { api, url } = await apiWith()
  const { groups } = discover(`{role: pod, api_server: "${url}"}`)
  await vi.waitFor(() => expect(groups.size).toBe(3), WAIT)
  const labels = Object.keys(groups.get('pod/shop/job-1')!.labels).join()
  expect(labels).not.toMatch(/cronjob|job_name|namespace_label|kubernetes_node_name/)
  expect(api.requests.every((request) => request.includes('/pods?'))).toBe(true)
})

describe('the watch', () => {
  const pods = (count: number): ReturnType<typeof pod>[] =>
    Array.from({ length: count }, (_, i) => pod('shop', `p${i}`, { ip: `10.1.${i >> 8}.${i & 255}` }))

  test('many objects come page by page; adds, changes and deletions follow', async () => {
    const { api, url } = await apiWith(pods(1200))
    const { groups, metrics } = discover(`{role: pod, api_server: "${url}"}`)
    await vi.waitFor(() => expect(groups.size).toBe(1200), WAIT)
    expect(api.requests.filter((request) => request.includes('limit=500'))).toHaveLength(3)
    await vi.waitFor(() => expect(api.watchCount).toBe(1), WAIT)
    api.put(pod('shop', 'new', { ip: '10.9.0.1' }))
    api.put(pod('shop', 'p1', { ip: '10.9.0.2' }))
    api.delete('Pod', 'shop', 'p2')
    await vi.waitFor(() => expect(addresses(groups)).toContain('10.9.0.1:8080'), WAIT)
    expect(addresses(groups)).toContain('10.9.0.2:8080')
    expect(groups.has('pod/shop/p2')).toBe(false)
    expect(metrics.kubernetesEvents.get('pod', 'delete')).toBe(1)
    expect(metrics.kubernetesFailures.get()).toBe(0)
  })

  test.each(['clean', 'cut'] as const)(
    'an end (%s) goes on from the bookmark, without a new list',
    async (how) => {
      const { api, url } = await apiWith(pods(2))
      const { groups } = discover(`{role: pod, api_server: "${url}"}`)
      await vi.waitFor(() => expect(api.watchCount).toBe(1), WAIT)
      api.advance(1000)
      api.bookmark()
      await new Promise((resolve) => setTimeout(resolve, 50))
      api.compact()
      api.endWatches(how)
      api.put(pod('shop', 'late', { ip: '10.9.0.1' }))
      await vi.waitFor(() => expect(groups.size).toBe(3), WAIT)
      expect(api.requests.filter((request) => request.includes('limit='))).toHaveLength(1)
      expect(api.requests.at(-1)).toContain('resourceVersion=1102')
    },
  )

  test.each([
    ['an ERROR event', 410],
    ['an answer 410 to the next watch', 'clean'],
  ] as const)('%s means a new list; what went meanwhile goes', async (_name, how) => {
    const { api, url } = await apiWith(pods(3))
    const { groups, metrics } = discover(`{role: pod, api_server: "${url}"}`)
    await vi.waitFor(() => expect(api.watchCount).toBe(1), WAIT)
    const watchers = api.watchCount
    expect(watchers).toBe(1)
    api.muted(() => {
      api.delete('Pod', 'shop', 'p0')
      api.put(pod('shop', 'p9', { ip: '10.9.0.9' }))
    })
    api.compact()
    api.endWatches(how)
    await vi.waitFor(() => expect([...groups.keys()].sort()).toEqual(['pod/shop/p1', 'pod/shop/p2', 'pod/shop/p9']), WAIT) // prettier-ignore
    expect(api.requests.filter((request) => request.includes('limit='))).toHaveLength(2)
    expect(metrics.kubernetesFailures.get()).toBe(0)
  })

  test('refusals are counted and tried again; the targets stay', async () => {
    const { api, url } = await apiWith(pods(1))
    api.refusals.push({ status: 503 }, { status: 429, headers: { 'retry-after': '0' } })
    const { groups, metrics } = discover(`{role: pod, api_server: "${url}"}`)
    await vi.waitFor(() => expect(groups.size).toBe(1), WAIT)
    expect(metrics.kubernetesFailures.get()).toBe(2)
    await vi.waitFor(() => expect(api.watchCount).toBe(1), WAIT)
    api.refusals.push({ status: 500 })
    api.endWatches('cut')
    await vi.waitFor(() => expect(metrics.kubernetesFailures.get()).toBe(4), WAIT)
    expect(groups.size).toBe(1)
  })
})

test('selectors and namespaces are the API server’s to apply', async () => {
  const { api, url } = await apiWith()
  const selectors = 'selectors: [{role: pod, label: "app=web", field: "spec.nodeName=node-a"}]'
  const { groups } = discover(
    `{role: pod, api_server: "${url}/", namespaces: {names: [shop, lab]}, ${selectors}}`,
  )
  await vi.waitFor(() => expect([...groups.keys()]).toEqual(['pod/shop/web-1']), WAIT)
  const paths = api.requests.map((request) => request.replace(/\?.*/, ''))
  expect(new Set(paths)).toEqual(new Set(['GET /api/v1/namespaces/shop/pods', 'GET /api/v1/namespaces/lab/pods'])) // prettier-ignore
})

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'promontory-kubernetes-'))
  cleanups.push(() => rmSync(path, { recursive: true }))
  return path
}

const HAS_OPENSSL = ((): boolean => {
  try {
    return execFileSync('openssl', ['version']).length > 0
  } catch {
    return false
  }
})()

describe.skipIf(!HAS_OPENSSL)('over TLS (skipped when there is no openssl)', () => {
  function certificate(path: string): { key: string; cert: string } {
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=kubernetes', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', join(path, 'key.pem'), '-out', join(path, 'ca.crt')] // prettier-ignore
    execFileSync('openssl', args, { stdio: 'ignore' })
    return {
      key: readFileSync(join(path, 'key.pem'), 'utf8'),
      cert: readFileSync(join(path, 'ca.crt'), 'utf8'),
    }
  }

  async function secureApi(path: string): Promise<{ api: KubernetesApi; port: number }> {
    const api = new KubernetesApi(certificate(path))
    cleanups.push(() => api.close())
    for (const object of sampleCluster()) api.put(object)
    return { api, port: await api.listen() }
  }

  test('in the cluster: certificate, own namespace, and a token that is renewed in place', async () => {
    const path = folder()
    const { api, port } = await secureApi(path)
    api.token = 'first'
    writeFileSync(join(path, 'token'), 'first\n')
    writeFileSync(join(path, 'namespace'), 'shop')
    const { groups, metrics } = discover('{role: service, namespaces: {own_namespace: true}}', {
      environment: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(port) },
      serviceAccountFolder: path,
    })
    await vi.waitFor(
      () => expect([...groups.keys()].sort()).toEqual(['svc/shop/balanced', 'svc/shop/web']),
      WAIT,
    )
    await vi.waitFor(() => expect(api.watchCount).toBe(1), WAIT)
    // The old token is refused until the new one is there.
    api.token = 'second'
    api.endWatches('clean')
    await vi.waitFor(() => expect(metrics.kubernetesFailures.get()).toBeGreaterThan(0), WAIT)
    writeFileSync(join(path, 'token'), 'second\n')
    await vi.waitFor(() => expect(api.watchCount).toBe(1), WAIT)
    api.put(service('shop', 'more'))
    await vi.waitFor(() => expect(groups.has('svc/shop/more')).toBe(true), WAIT)
  })

  test('a kubeconfig: current context, paths beside it, token file', async () => {
    const path = folder()
    const { api, port } = await secureApi(path)
    api.token = 'abc'
    mkdirSync(join(path, 'sub'))
    writeFileSync(join(path, 'sub', 'token'), 'abc')
    writeFileSync(
      join(path, 'kubeconfig'),
      `apiVersion: v1
kind: Config
current-context: here
contexts: [{name: other, context: {cluster: x, user: y}}, {name: here, context: {cluster: c, user: u, namespace: n}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:${port}", certificate-authority: ca.crt}}]
users: [{name: u, user: {tokenFile: sub/token}}]
`,
    )
    const { groups } = discover(`{role: node, kubeconfig_file: ${join(path, 'kubeconfig')}}`)
    await vi.waitFor(() => expect(addresses(groups)).toEqual(['10.0.0.1:10250', '10.0.0.1:10250']), WAIT)
  })
})

test('a kubeconfig with exec: the helper is asked again when the API server refuses its token', async () => {
  const path = folder()
  const api = new KubernetesApi()
  cleanups.push(() => api.close())
  for (const object of sampleCluster()) api.put(object)
  const port = await api.listen()
  api.token = 'one'
  writeFileSync(join(path, 'answer'), 'one')
  const helper = join(path, 'helper.sh')
  writeFileSync(
    helper,
    `#!/bin/sh
echo "$1 $SOME $KUBERNETES_EXEC_INFO" >> ${path}/runs
echo "{\\"apiVersion\\":\\"client.authentication.k8s.io/v1\\",\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"$(cat ${path}/answer)\\"}}"
`,
    { mode: 0o755 },
  )
  writeFileSync(
    join(path, 'kubeconfig'),
    `current-context: here
contexts: [{name: here, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "http://127.0.0.1:${port}", extensions: [{name: client.authentication.k8s.io/exec, extension: {region: eu, n: 3}}]}}]
users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./helper.sh, args: [get-token], env: [{name: SOME, value: thing}], interactiveMode: Never, provideClusterInfo: true}}}]
`,
  )
  const { groups } = discover(`{role: node, kubeconfig_file: ${join(path, 'kubeconfig')}}`)
  await vi.waitFor(() => expect(groups.size).toBeGreaterThan(0), WAIT)
  await vi.waitFor(() => expect(api.watchCount).toBe(1), WAIT)
  const runs = (): string[] => readFileSync(join(path, 'runs'), 'utf8').trim().split('\n')
  const [first] = runs()
  expect(runs()).toHaveLength(1)
  expect(first).toMatch(/^get-token thing /)
  expect(JSON.parse(first!.replace('get-token thing ', ''))).toEqual({
    kind: 'ExecCredential',
    apiVersion: 'client.authentication.k8s.io/v1',
    spec: {
      interactive: false,
      cluster: { server: `http://127.0.0.1:${port}`, config: { region: 'eu', n: 3 } },
    },
  })
  writeFileSync(join(path, 'answer'), 'two')
  api.token = 'two'
  api.endWatches('clean')
  await vi.waitFor(() => expect(runs()).toHaveLength(2), WAIT)
  await vi.waitFor(() => expect(api.watchCount).toBe(1), WAIT)
})

test('outside of a cluster the reason is counted and told', async () => {
  const { metrics } = discover('{role: node}', { environment: {}, serviceAccountFolder: '/nowhere' })
  await vi.waitFor(() => expect(metrics.kubernetesFailures.get()).toBe(1), WAIT)
})
