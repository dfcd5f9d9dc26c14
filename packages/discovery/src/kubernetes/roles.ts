import type { TargetGroup } from '../target-group.ts'
import type { Role } from './config.ts'
import { endpointsGroup, endpointSliceGroup } from './endpoint-targets.ts'
import { objectKey } from './meta-labels.ts'
import type { AttachMetadata } from './meta-labels.ts'
import type {
  Endpoints,
  EndpointSlice,
  Ingress,
  KubernetesObject,
  Node,
  Pod,
  Reference,
  Service,
} from './objects.ts'
import { ingressGroup, nodeGroup, serviceGroup } from './object-targets.ts'
import { podGroup } from './pod-targets.ts'
import type { ResourceName, Stores } from './resources.ts'

/** How the objects of a role become targets. */
export interface RoleKind {
  /** The objects that become target groups, one each. */
  readonly primary: ResourceName
  /** Which others are needed. */
  readonly others: (attach: AttachMetadata) => readonly ResourceName[]
  readonly group: (object: KubernetesObject, stores: Stores, attach: AttachMetadata) => TargetGroup
  /** `resource/key` of the other objects that the group is made of: it is made anew when one of them changes. */
  readonly dependencies: (object: KubernetesObject, stores: Stores) => readonly string[]
}

/** Name of an object among {@link RoleKind.dependencies}. */
export function dependencyKey(resource: ResourceName, key: string): string {
  return `${resource}/${key}`
}

function wanted(attach: AttachMetadata, withPods: boolean): ResourceName[] {
  return [
    ...(attach.namespace ? (['namespaces'] as const) : []),
    ...(withPods && attach.node ? (['nodes'] as const) : []),
    ...(withPods && attach.deployment ? (['replicaSets'] as const) : []),
    ...(withPods && (attach.job || attach.cronjob) ? (['jobs'] as const) : []),
  ]
}

function namespaceOf({ meta }: KubernetesObject): string {
  return dependencyKey('namespaces', meta.namespace)
}

function podDependencies(pod: Pod): string[] {
  const { controller, namespace } = pod.meta
  const owner = controller === undefined ? '' : objectKey({ namespace, name: controller.name })
  return [
    namespaceOf(pod),
    dependencyKey('nodes', pod.nodeName),
    dependencyKey('replicaSets', owner),
    dependencyKey('jobs', owner),
  ]
}

function endpointDependencies(
  targets: readonly (Reference | undefined)[],
  nodeNames: readonly (string | undefined)[],
  stores: Stores,
): string[] {
  const nodes = [
    ...nodeNames,
    ...targets.map((target) => (target?.kind === 'Node' ? target.name : undefined)),
  ]
  return [
    ...nodes.flatMap((name) => (name === undefined ? [] : [dependencyKey('nodes', name)])),
    ...targets.flatMap((target) => {
      if (target?.kind !== 'Pod') return []
      const pod = stores.pods.get(objectKey(target))
      return [dependencyKey('pods', objectKey(target)), ...(pod === undefined ? [] : podDependencies(pod))]
    }),
  ]
}

const alone = (attach: AttachMetadata): ResourceName[] => wanted(attach, false)
const withServicesAndPods = (attach: AttachMetadata): ResourceName[] => [
  'services',
  'pods',
  ...wanted(attach, true),
]

export const ROLE_KINDS: Readonly<Record<Role, RoleKind>> = {
  node: {
    primary: 'nodes',
    others: () => [],
    group: (object) => nodeGroup(object as Node),
    dependencies: () => [],
  },
  pod: {
    primary: 'pods',
    others: (attach) => wanted(attach, true),
    group: (object, stores, attach) => podGroup(object as Pod, stores, attach),
    dependencies: (object) => podDependencies(object as Pod),
  },
  service: {
    primary: 'services',
    others: alone,
    group: (object, stores, attach) => serviceGroup(object as Service, stores, attach),
    dependencies: (object) => [namespaceOf(object)],
  },
  ingress: {
    primary: 'ingresses',
    others: alone,
    group: (object, stores, attach) => ingressGroup(object as Ingress, stores, attach),
    dependencies: (object) => [namespaceOf(object)],
  },
  endpoints: {
    primary: 'endpoints',
    others: withServicesAndPods,
    group: (object, stores, attach) => endpointsGroup(object as Endpoints, stores, attach),
    dependencies: (object, stores) => {
      const addresses = (object as Endpoints).subsets.flatMap((subset) => subset.addresses)
      return [
        namespaceOf(object),
        dependencyKey('services', objectKey(object.meta)),
        ...endpointDependencies(addresses.map(({ target }) => target), addresses.map(({ nodeName }) => nodeName), stores), // prettier-ignore
      ]
    },
  },
  endpointslice: {
    primary: 'endpointSlices',
    others: withServicesAndPods,
    group: (object, stores, attach) => endpointSliceGroup(object as EndpointSlice, stores, attach),
    dependencies: (object, stores) => {
      const { endpoints, meta } = object as EndpointSlice
      const service = `${meta.namespace}/${meta.labels['kubernetes.io/service-name'] ?? ''}`
      return [
        namespaceOf(object),
        dependencyKey('services', service),
        ...endpointDependencies(endpoints.map(({ target }) => target), endpoints.map(({ nodeName }) => nodeName), stores), // prettier-ignore
      ]
    },
  },
}
