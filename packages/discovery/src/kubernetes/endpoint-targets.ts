import { hostPort, labelNamePart } from '../label-name.ts'
import { ADDRESS } from '../target-group.ts'
import type { TargetGroup } from '../target-group.ts'
import { metaLabels, namespaceLabels, nodeLabels, objectKey, PREFIX, serviceLabels } from './meta-labels.ts'
import type { AttachMetadata, LabelMap } from './meta-labels.ts'
import type {
  ContainerPort,
  EndpointAddress,
  Endpoints,
  EndpointSlice,
  Reference,
  Service,
  SliceEndpoint,
  SlicePort,
} from './objects.ts'
import { EndpointPods } from './pod-targets.ts'
import type { Stores } from './resources.ts'

/** Label of a slice that names its service. */
const SERVICE_NAME = 'kubernetes.io/service-name'

/** The service of an endpoints object has its name. */
export function endpointsGroup(endpoints: Endpoints, stores: Stores, attach: AttachMetadata): TargetGroup {
  const { meta } = endpoints
  const service = stores.services.get(objectKey(meta))
  const pods = new EndpointPods(stores, attach)
  const targets = endpoints.subsets.flatMap(({ ports, addresses }) =>
    ports.flatMap((port) =>
      addresses.map((address) => ({
        ...addressLabels(address, port),
        ...attachedNode(address.nodeName, address.target, address.nodeName === undefined, stores, attach),
        ...pods.labelsOf(address.target, port.port, port.protocol),
      })),
    ),
  )
  return {
    source: `endpoints/${objectKey(meta)}`,
    labels: {
      [`${PREFIX}namespace`]: meta.namespace,
      ...(service === undefined ? {} : serviceLabels(service)),
      ...metaLabels(endpoints, 'endpoints'),
      ...namespaceLabels(meta.namespace, stores, attach),
    },
    targets: [...targets, ...pods.otherTargets()],
  }
}

function addressLabels(address: EndpointAddress, port: ContainerPort): LabelMap {
  const labels: LabelMap = {
    [ADDRESS]: hostPort(address.ip, port.port),
    [`${PREFIX}endpoint_port_name`]: port.name,
    [`${PREFIX}endpoint_port_protocol`]: port.protocol,
    [`${PREFIX}endpoint_ready`]: String(address.isReady),
    ...targetLabels('endpoint_address', address.target),
  }
  if (address.nodeName !== undefined) labels[`${PREFIX}endpoint_node_name`] = address.nodeName
  if (address.hostname !== '') labels[`${PREFIX}endpoint_hostname`] = address.hostname
  return labels
}

function targetLabels(what: string, target: Reference | undefined): LabelMap {
  if (target === undefined) return {}
  return {
    [`${PREFIX}${what}_target_kind`]: target.kind,
    [`${PREFIX}${what}_target_name`]: target.name,
  }
}

/** @param byTarget whether the node is the one that the reference names, where it names one */
function attachedNode(
  nodeName: string | undefined,
  target: Reference | undefined,
  byTarget: boolean,
  stores: Stores,
  attach: AttachMetadata,
): LabelMap {
  if (!attach.node) return {}
  return nodeLabels(byTarget && target?.kind === 'Node' ? target.name : nodeName, stores)
}

/** The service of a slice is the one that a label names. */
export function endpointSliceGroup(
  slice: EndpointSlice,
  stores: Stores,
  attach: AttachMetadata,
): TargetGroup {
  const { meta } = slice
  const name = meta.labels[SERVICE_NAME]
  const service = name === undefined ? undefined : stores.services.get(`${meta.namespace}/${name}`)
  const pods = new EndpointPods(stores, attach)
  const endpoints = isSecondFamily(service, slice) ? [] : slice.endpoints
  const targets = endpoints.flatMap((endpoint) =>
    slice.ports.flatMap((port) =>
      endpoint.addresses.map((address) => ({
        ...sliceLabels(address, endpoint, port),
        ...attachedNode(endpoint.nodeName, endpoint.target, true, stores, attach),
        ...pods.labelsOf(endpoint.target, port.port),
      })),
    ),
  )
  return {
    source: `endpointslice/${objectKey(meta)}`,
    labels: {
      [`${PREFIX}namespace`]: meta.namespace,
      [`${PREFIX}endpointslice_address_type`]: slice.addressType,
      ...metaLabels(slice, 'endpointslice'),
      ...(service === undefined ? {} : serviceLabels(service)),
      ...namespaceLabels(meta.namespace, stores, attach),
    },
    targets: [...targets, ...pods.otherTargets()],
  }
}

/** A service of both IP families has a slice for each: the second one's targets would be the first one's again. */
function isSecondFamily(service: Service | undefined, slice: EndpointSlice): boolean {
  if (service === undefined || !/^(Prefer|Require)DualStack$/.test(service.ipFamilyPolicy)) return false
  return service.ipFamilies.length > 0 && slice.addressType !== service.ipFamilies[0]
}

function sliceLabels(address: string, endpoint: SliceEndpoint, port: SlicePort): LabelMap {
  const optional: Readonly<Record<string, string | number | boolean | undefined>> = {
    port_name: port.name,
    port_protocol: port.protocol,
    port: port.port,
    port_app_protocol: port.appProtocol,
    endpoint_conditions_ready: endpoint.ready,
    endpoint_conditions_serving: endpoint.serving,
    endpoint_conditions_terminating: endpoint.terminating,
    endpoint_hostname: endpoint.hostname,
    endpoint_node_name: endpoint.nodeName,
    endpoint_zone: endpoint.zone,
  }
  const labels: LabelMap = {
    [ADDRESS]: port.port === undefined ? address : hostPort(address, port.port),
    ...targetLabels('endpointslice_address', endpoint.target),
  }
  for (const [name, value] of Object.entries(optional))
    if (value !== undefined) labels[`${PREFIX}endpointslice_${name}`] = String(value)
  for (const [name, value] of Object.entries(endpoint.topology)) {
    labels[`${PREFIX}endpointslice_endpoint_topology_${labelNamePart(name)}`] = value
    labels[`${PREFIX}endpointslice_endpoint_topology_present_${labelNamePart(name)}`] = 'true'
  }
  return labels
}
