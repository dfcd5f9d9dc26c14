import { integerOf, objectOf, objectsOf, optionalString, stringMapOf, stringOf, stringsOf } from '../json.ts'
import type { JsonObject } from '../json.ts'

/** The parts of Kubernetes' objects that become labels. The rest is dropped when an object arrives: a pod has many kilobytes. */
export interface Meta {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** The owner that controls it. */
  readonly controller: Reference | undefined
}

export interface Reference {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

export interface KubernetesObject {
  readonly meta: Meta
}

export interface ContainerPort {
  readonly name: string
  readonly port: number
  readonly protocol: string
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly ports: readonly ContainerPort[]
  readonly isInit: boolean
  /** Of its status; `''` before it runs. */
  readonly id: string
}

export interface Pod extends KubernetesObject {
  readonly ip: string
  readonly hostIp: string
  readonly phase: string
  readonly ready: string
  readonly nodeName: string
  /** Init containers after the others. */
  readonly containers: readonly Container[]
}

export interface Node extends KubernetesObject {
  readonly providerId: string
  readonly kubeletPort: number
  readonly conditions: readonly { readonly type: string; readonly status: string }[]
  readonly addresses: readonly { readonly type: string; readonly address: string }[]
}

export interface Service extends KubernetesObject {
  readonly type: string
  readonly clusterIp: string
  readonly externalName: string
  readonly loadBalancerIps: readonly string[]
  readonly loadBalancerIp: string
  readonly ipFamilyPolicy: string
  readonly ipFamilies: readonly string[]
  readonly ports: readonly ContainerPort[]
}

export interface EndpointAddress {
  readonly ip: string
  readonly hostname: string
  readonly nodeName: string | undefined
  readonly target: Reference | undefined
  readonly isReady: boolean
}

export interface Endpoints extends KubernetesObject {
  readonly subsets: readonly {
    readonly ports: readonly ContainerPort[]
    readonly addresses: readonly EndpointAddress[]
  }[]
}

export interface SliceEndpoint {
  readonly addresses: readonly string[]
  readonly ready: boolean | undefined
  readonly serving: boolean | undefined
  readonly terminating: boolean | undefined
  readonly hostname: string | undefined
  readonly nodeName: string | undefined
  readonly zone: string | undefined
  readonly target: Reference | undefined
  readonly topology: Readonly<Record<string, string>>
}

export interface SlicePort {
  readonly name: string | undefined
  readonly port: number | undefined
  readonly protocol: string | undefined
  readonly appProtocol: string | undefined
}

export interface EndpointSlice extends KubernetesObject {
  readonly addressType: string
  readonly endpoints: readonly SliceEndpoint[]
  readonly ports: readonly SlicePort[]
}

export interface Ingress extends KubernetesObject {
  readonly className: string | undefined
  readonly tlsHosts: readonly string[]
  /** `paths` is undefined for a rule without `http`. */
  readonly rules: readonly { readonly host: string; readonly paths: readonly string[] | undefined }[]
}

export function readMeta(json: JsonObject): Meta {
  const meta = objectOf(json['metadata'])
  const owner = objectsOf(meta['ownerReferences']).find(({ controller }) => controller === true)
  return {
    name: stringOf(meta['name']),
    namespace: stringOf(meta['namespace']),
    uid: stringOf(meta['uid']),
    labels: stringMapOf(meta['labels']),
    annotations: stringMapOf(meta['annotations']),
    controller: owner === undefined ? undefined : readReference(owner),
  }
}

/** Those of which only the metadata counts: namespaces, replica sets, jobs. */
export function readPlain(json: JsonObject): KubernetesObject {
  return { meta: readMeta(json) }
}

export function readPod(json: JsonObject): Pod {
  const spec = objectOf(json['spec'])
  const status = objectOf(json['status'])
  const ready = objectsOf(status['conditions']).find(({ type }) => type === 'Ready')
  return {
    meta: readMeta(json),
    ip: stringOf(status['podIP']),
    hostIp: stringOf(status['hostIP']),
    phase: stringOf(status['phase']),
    ready: ready === undefined ? 'unknown' : stringOf(ready['status']).toLowerCase(),
    nodeName: stringOf(spec['nodeName']),
    containers: [
      ...readContainers(spec['containers'], status['containerStatuses'], false),
      ...readContainers(spec['initContainers'], status['initContainerStatuses'], true),
    ],
  }
}

function readContainers(specs: unknown, statuses: unknown, isInit: boolean): Container[] {
  const known = objectsOf(statuses)
  return objectsOf(specs).map((spec) => {
    const name = stringOf(spec['name'])
    return {
      name,
      image: stringOf(spec['image']),
      ports: readPorts(spec['ports'], 'containerPort'),
      isInit,
      id: stringOf(known.find((status) => status['name'] === name)?.['containerID']),
    }
  })
}

function readPorts(list: unknown, field: 'port' | 'containerPort'): ContainerPort[] {
  return objectsOf(list).map((port) => ({
    name: stringOf(port['name']),
    port: integerOf(port[field]),
    protocol: stringOf(port['protocol']),
  }))
}

function readReference(json: JsonObject): Reference {
  return {
    kind: stringOf(json['kind']),
    namespace: stringOf(json['namespace']),
    name: stringOf(json['name']),
  }
}

function optionalReference(value: unknown): Reference | undefined {
  return value === undefined || value === null ? undefined : readReference(objectOf(value))
}

export function readNode(json: JsonObject): Node {
  const status = objectOf(json['status'])
  const kubelet = objectOf(objectOf(status['daemonEndpoints'])['kubeletEndpoint'])
  return {
    meta: readMeta(json),
    providerId: stringOf(objectOf(json['spec'])['providerID']),
    kubeletPort: integerOf(kubelet['Port']),
    conditions: objectsOf(status['conditions']).map((condition) => ({
      type: stringOf(condition['type']),
      status: stringOf(condition['status']),
    })),
    addresses: objectsOf(status['addresses']).map((address) => ({
      type: stringOf(address['type']),
      address: stringOf(address['address']),
    })),
  }
}

export function readService(json: JsonObject): Service {
  const spec = objectOf(json['spec'])
  const ingress = objectsOf(objectOf(objectOf(json['status'])['loadBalancer'])['ingress'])
  return {
    meta: readMeta(json),
    type: stringOf(spec['type']),
    clusterIp: stringOf(spec['clusterIP']),
    externalName: stringOf(spec['externalName']),
    loadBalancerIps: ingress.map(({ ip }) => stringOf(ip)).filter((ip) => ip !== ''),
    loadBalancerIp: stringOf(spec['loadBalancerIP']),
    ipFamilyPolicy: stringOf(spec['ipFamilyPolicy']),
    ipFamilies: stringsOf(spec['ipFamilies']),
    ports: readPorts(spec['ports'], 'port'),
  }
}

export function readEndpoints(json: JsonObject): Endpoints {
  return {
    meta: readMeta(json),
    subsets: objectsOf(json['subsets']).map((subset) => ({
      ports: readPorts(subset['ports'], 'port'),
      addresses: [
        ...readAddresses(subset['addresses'], true),
        ...readAddresses(subset['notReadyAddresses'], false),
      ],
    })),
  }
}

function readAddresses(list: unknown, isReady: boolean): EndpointAddress[] {
  return objectsOf(list).map((address) => ({
    ip: stringOf(address['ip']),
    hostname: stringOf(address['hostname']),
    nodeName: optionalString(address['nodeName']),
    target: optionalReference(address['targetRef']),
    isReady,
  }))
}

export function readEndpointSlice(json: JsonObject): EndpointSlice {
  return {
    meta: readMeta(json),
    addressType: stringOf(json['addressType']),
    endpoints: objectsOf(json['endpoints']).map(readSliceEndpoint),
    ports: objectsOf(json['ports']).map((port) => ({
      name: optionalString(port['name']),
      port: typeof port['port'] === 'number' ? port['port'] : undefined,
      protocol: optionalString(port['protocol']),
      appProtocol: optionalString(port['appProtocol']),
    })),
  }
}

function readSliceEndpoint(json: JsonObject): SliceEndpoint {
  const conditions = objectOf(json['conditions'])
  const condition = (name: string): boolean | undefined =>
    typeof conditions[name] === 'boolean' ? conditions[name] : undefined
  return {
    addresses: stringsOf(json['addresses']),
    ready: condition('ready'),
    serving: condition('serving'),
    terminating: condition('terminating'),
    hostname: optionalString(json['hostname']),
    nodeName: optionalString(json['nodeName']),
    zone: optionalString(json['zone']),
    target: optionalReference(json['targetRef']),
    topology: stringMapOf(json['deprecatedTopology']),
  }
}

export function readIngress(json: JsonObject): Ingress {
  const spec = objectOf(json['spec'])
  return {
    meta: readMeta(json),
    className: optionalString(spec['ingressClassName']),
    tlsHosts: objectsOf(spec['tls']).flatMap(({ hosts }) => stringsOf(hosts)),
    rules: objectsOf(spec['rules']).map((rule) => ({
      host: stringOf(rule['host']),
      paths:
        rule['http'] === undefined || rule['http'] === null
          ? undefined
          : objectsOf(objectOf(rule['http'])['paths']).map(({ path }) => stringOf(path)),
    })),
  }
}
