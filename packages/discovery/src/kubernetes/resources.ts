import type { JsonObject } from '../json.ts'
import {
  readEndpoints,
  readEndpointSlice,
  readIngress,
  readNode,
  readPlain,
  readPod,
  readService,
} from './objects.ts'
import type { Endpoints, EndpointSlice, Ingress, KubernetesObject, Node, Pod, Service } from './objects.ts'

/** What is known of each kind of object, by `namespace/name`. */
export interface Stores {
  readonly nodes: Map<string, Node>
  readonly namespaces: Map<string, KubernetesObject>
  readonly pods: Map<string, Pod>
  readonly services: Map<string, Service>
  readonly endpoints: Map<string, Endpoints>
  readonly endpointSlices: Map<string, EndpointSlice>
  readonly ingresses: Map<string, Ingress>
  readonly replicaSets: Map<string, KubernetesObject>
  readonly jobs: Map<string, KubernetesObject>
}

export type ResourceName = keyof Stores

/** Where objects of a kind are listed and watched, and how one is read. */
export interface Resource {
  /** `/api/v1` or `/apis/GROUP/VERSION` */
  readonly group: string
  /** Last part of the path. */
  readonly plural: string
  readonly isNamespaced: boolean
  readonly read: (json: JsonObject) => KubernetesObject
}

export const RESOURCES: Readonly<Record<ResourceName, Resource>> = {
  nodes: { group: '/api/v1', plural: 'nodes', isNamespaced: false, read: readNode },
  namespaces: { group: '/api/v1', plural: 'namespaces', isNamespaced: false, read: readPlain },
  pods: { group: '/api/v1', plural: 'pods', isNamespaced: true, read: readPod },
  services: { group: '/api/v1', plural: 'services', isNamespaced: true, read: readService },
  endpoints: { group: '/api/v1', plural: 'endpoints', isNamespaced: true, read: readEndpoints },
  endpointSlices: { group: '/apis/discovery.k8s.io/v1', plural: 'endpointslices', isNamespaced: true, read: readEndpointSlice },
  ingresses: { group: '/apis/networking.k8s.io/v1', plural: 'ingresses', isNamespaced: true, read: readIngress },
  replicaSets: { group: '/apis/apps/v1', plural: 'replicasets', isNamespaced: true, read: readPlain },
  jobs: { group: '/apis/batch/v1', plural: 'jobs', isNamespaced: true, read: readPlain },
} // prettier-ignore

export function emptyStores(): Stores {
  const names = Object.keys(RESOURCES) as ResourceName[]
  return Object.fromEntries(names.map((name) => [name, new Map()])) as unknown as Stores
}

/** Path of a resource in a namespace; `''` is all of them. */
export function resourcePath({ group, plural, isNamespaced }: Resource, namespace: string): string {
  return isNamespaced && namespace !== ''
    ? `${group}/namespaces/${encodeURIComponent(namespace)}/${plural}`
    : `${group}/${plural}`
}
