import type { ApiObject } from './kubernetes-api.ts'

type Fields = Readonly<Record<string, unknown>>

function object(apiVersion: string, kind: string, namespace: string, name: string, metadata: Fields, rest: Fields): ApiObject {
  const place = namespace === '' ? {} : { namespace }
  return { apiVersion, kind, metadata: { name, ...place, uid: `uid-${name}`, ...metadata }, ...rest }
} // prettier-ignore

/** A node with addresses of all kinds, conditions, and a kubelet. */
export function node(name: string, labels: Fields = {}): ApiObject {
  return object('v1', 'Node', '', name, { labels: { 'kubernetes.io/hostname': name, ...labels }, annotations: { 'node.alpha/ttl': '0' } }, {
    spec: { providerID: `test:///${name}` },
    status: {
      addresses: [{ type: 'Hostname', address: name }, { type: 'ExternalIP', address: '198.51.100.7' }, { type: 'InternalIP', address: '10.0.0.1' }, { type: 'InternalIP', address: '10.0.0.2' }],
      conditions: [{ type: 'Ready', status: 'True' }, { type: 'MemoryPressure', status: 'False' }, { type: 'Odd-Type', status: 'Unknown' }],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    },
  }) // prettier-ignore
}

export function namespace(name: string, labels: Fields = {}): ApiObject {
  return object('v1', 'Namespace', '', name, { labels: { 'kubernetes.io/metadata.name': name, ...labels }, annotations: { 'team/owner': 'a@b' } }, { status: { phase: 'Active' } }) // prettier-ignore
}

export interface PodOptions {
  readonly ip?: string
  readonly nodeName?: string
  readonly owner?: { readonly kind: string; readonly name: string }
  readonly phase?: string
  readonly labels?: Fields
}

/** A pod of two containers, one without ports, and an init container. */
export function pod(space: string, name: string, options: PodOptions = {}): ApiObject {
  const { ip = '10.1.0.1', nodeName = 'node-a', owner, phase = 'Running', labels = {} } = options
  const owners =
    owner === undefined
      ? {}
      : { ownerReferences: [{ apiVersion: 'apps/v1', uid: 'u', controller: true, ...owner }] }
  return object('v1', 'Pod', space, name, { labels: { app: 'web', ...labels }, annotations: { 'prometheus.io/scrape': 'true' }, ...owners }, {
    spec: {
      nodeName,
      containers: [
        { name: 'main', image: 'web:1', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }, { name: 'metrics', containerPort: 9100, protocol: 'TCP' }] },
        { name: 'side', image: 'side:2' },
      ],
      initContainers: [{ name: 'prepare', image: 'init:3', ports: [{ name: 'debug', containerPort: 7000, protocol: 'UDP' }] }],
    },
    status: {
      phase, podIP: ip, hostIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'main', image: 'web:1', imageID: '', ready: true, restartCount: 0, containerID: 'containerd://abc' }],
    },
  }) // prettier-ignore
}

export function service(space: string, name: string, spec: Fields = {}, status: Fields = {}): ApiObject {
  return object('v1', 'Service', space, name, { labels: { 'app.kubernetes.io/name': name }, annotations: { note: 'ü "x"' } }, {
    spec: { type: 'ClusterIP', clusterIP: '10.96.0.1', ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }, { port: 53, protocol: 'UDP' }], ...spec },
    status,
  }) // prettier-ignore
}

/** Endpoints of a service: a pod that is ready, one that is not, a node, and an address alone. */
export function endpoints(space: string, name: string, podName: string): ApiObject {
  return object('v1', 'Endpoints', space, name, { labels: { 'endpoints/own': 'x' } }, {
    subsets: [
      {
        addresses: [
          { ip: '10.1.0.1', nodeName: 'node-a', targetRef: { kind: 'Pod', namespace: space, name: podName } },
          { ip: '10.0.0.9', hostname: 'plain', targetRef: { kind: 'Node', name: 'node-b' } },
        ],
        notReadyAddresses: [{ ip: '10.1.0.77', targetRef: { kind: 'Pod', namespace: space, name: 'not-there' } }],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }, { name: 'other', port: 4444, protocol: 'TCP' }],
      },
    ],
  }) // prettier-ignore
}

export function endpointSlice(
  space: string,
  name: string,
  serviceName: string,
  podName: string,
  addressType = 'IPv4',
): ApiObject {
  return object('discovery.k8s.io/v1', 'EndpointSlice', space, name, { labels: { 'kubernetes.io/service-name': serviceName } }, {
    addressType,
    endpoints: [
      { addresses: ['10.1.0.1'], conditions: { ready: true, serving: true, terminating: false }, hostname: 'h1', nodeName: 'node-a', zone: 'zone-1', targetRef: { kind: 'Pod', namespace: space, name: podName } },
      { addresses: ['10.0.0.9'], conditions: { ready: false }, targetRef: { kind: 'Node', name: 'node-b' } },
      { addresses: ['10.9.9.9'], conditions: {}, deprecatedTopology: { 'topology/rack': 'r1' } },
    ],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP', appProtocol: 'http' }, { name: 'any' }],
  }) // prettier-ignore
}

export function ingress(space: string, name: string): ApiObject {
  const backend = { service: { name: 'web', port: { number: 80 } } }
  return object('networking.k8s.io/v1', 'Ingress', space, name, { annotations: { 'ingress/class': 'x' } }, {
    spec: {
      ingressClassName: 'nginx',
      tls: [{ hosts: ['*.example.com', 'exact.test'] }],
      rules: [
        { host: 'a.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }, { pathType: 'Prefix', backend }, { path: '/x', pathType: 'Exact', backend }] } },
        { host: 'a.b.example.com' }, { host: 'exact.test' }, {},
      ],
    },
  }) // prettier-ignore
}

/** A replica set or job that something owns. */
export function owned(kind: 'ReplicaSet' | 'Job', space: string, name: string, ownerKind: string, ownerName: string): ApiObject {
  const apiVersion = kind === 'Job' ? 'batch/v1' : 'apps/v1'
  const owner = { apiVersion, kind: ownerKind, name: ownerName, uid: 'u', controller: true }
  return object(apiVersion, kind, space, name, { ownerReferences: [owner] }, { spec: {}, status: {} })
} // prettier-ignore

/** A small cluster with every case in it. */
export function sampleCluster(): ApiObject[] {
  return [
    node('node-a', { pool: 'one' }),
    node('node-b', { pool: 'two' }),
    namespace('shop', { env: 'prod' }),
    namespace('lab'),
    pod('shop', 'web-1', { owner: { kind: 'ReplicaSet', name: 'web-abc' } }),
    pod('shop', 'job-1', {
      ip: '10.1.0.2',
      owner: { kind: 'Job', name: 'backup-1' },
      labels: { app: 'backup' },
    }),
    pod('lab', 'v6', { ip: 'fd00::5', nodeName: 'node-b', owner: { kind: 'DaemonSet', name: 'ds' } }),
    pod('lab', 'starting', { ip: '', phase: 'Pending' }),
    owned('ReplicaSet', 'shop', 'web-abc', 'Deployment', 'web'),
    owned('Job', 'shop', 'backup-1', 'CronJob', 'backup'),
    service('shop', 'web'),
    service('shop', 'balanced', { type: 'LoadBalancer', loadBalancerIP: '203.0.113.1' }),
    service('lab', 'outside', { type: 'ExternalName', externalName: 'db.example.com', clusterIP: '' }),
    service('lab', 'dual', { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] }),
    endpoints('shop', 'web', 'web-1'),
    endpoints('lab', 'orphan', 'v6'),
    endpointSlice('shop', 'web-x1', 'web', 'web-1'),
    endpointSlice('lab', 'loose', 'none', 'v6'),
    ingress('shop', 'front'),
  ]
}
