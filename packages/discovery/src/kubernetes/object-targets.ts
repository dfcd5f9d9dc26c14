import { hostPort, labelNamePart } from '../label-name.ts'
import { ADDRESS } from '../target-group.ts'
import type { TargetGroup } from '../target-group.ts'
import { metaLabels, namespaceLabels, objectKey, PREFIX, serviceLabels } from './meta-labels.ts'
import type { AttachMetadata, LabelMap } from './meta-labels.ts'
import type { ContainerPort, Ingress, Node, Service } from './objects.ts'
import type { Stores } from './resources.ts'

/** Which of a node's addresses is scraped, best first. */
const ADDRESS_TYPES = ['InternalIP', 'InternalDNS', 'ExternalIP', 'ExternalDNS', 'LegacyHostIP', 'Hostname']

/** A node: one target, its kubelet. None without an address. */
export function nodeGroup(node: Node): TargetGroup {
  const source = `node/${node.meta.name}`
  const addresses = new Map<string, string>()
  for (const { type, address } of node.addresses) if (!addresses.has(type)) addresses.set(type, address)
  const best = ADDRESS_TYPES.find((type) => addresses.has(type))
  if (best === undefined) return { source, targets: [], labels: {} }
  const target: LabelMap = {
    [ADDRESS]: hostPort(addresses.get(best)!, node.kubeletPort),
    instance: node.meta.name,
  }
  for (const [type, address] of addresses) target[`${PREFIX}node_address_${labelNamePart(type)}`] = address
  const labels: LabelMap = { [`${PREFIX}node_provider_id`]: node.providerId, ...metaLabels(node, 'node') }
  for (const { type, status } of node.conditions)
    labels[`${PREFIX}node_condition_${labelNamePart(type.toLowerCase())}`] = status.toLowerCase()
  return { source, targets: [target], labels }
}

/** A service: one target per port, under its name in the cluster's DNS. */
export function serviceGroup(service: Service, stores: Stores, attach: AttachMetadata): TargetGroup {
  return {
    source: `svc/${objectKey(service.meta)}`,
    labels: { ...serviceLabels(service), ...namespaceLabels(service.meta.namespace, stores, attach) },
    targets: service.ports.map((port) => servicePortLabels(service, port)),
  }
}

function servicePortLabels(service: Service, { name, port, protocol }: ContainerPort): LabelMap {
  const { meta, type, loadBalancerIps } = service
  const labels: LabelMap = {
    [ADDRESS]: hostPort(`${meta.name}.${meta.namespace}.svc`, port),
    [`${PREFIX}service_port_name`]: name,
    [`${PREFIX}service_port_number`]: String(port),
    [`${PREFIX}service_port_protocol`]: protocol,
    [`${PREFIX}service_type`]: type,
  }
  if (type === 'ExternalName') labels[`${PREFIX}service_external_name`] = service.externalName
  else labels[`${PREFIX}service_cluster_ip`] = service.clusterIp
  if (type === 'LoadBalancer')
    labels[`${PREFIX}service_loadbalancer_ip`] =
      loadBalancerIps.length > 0 ? loadBalancerIps.join(',') : service.loadBalancerIp
  return labels
}

/** An ingress: one target per rule and path. */
export function ingressGroup(ingress: Ingress, stores: Stores, attach: AttachMetadata): TargetGroup {
  const { meta, className, rules, tlsHosts } = ingress
  return {
    source: `ingress/${objectKey(meta)}`,
    labels: {
      [`${PREFIX}namespace`]: meta.namespace,
      ...(className === undefined ? {} : { [`${PREFIX}ingress_class_name`]: className }),
      ...metaLabels(ingress, 'ingress'),
      ...namespaceLabels(meta.namespace, stores, attach),
    },
    targets: rules.flatMap(({ host, paths }) =>
      (paths ?? ['/']).map((path) => ({
        [ADDRESS]: host,
        [`${PREFIX}ingress_scheme`]: tlsHosts.some((pattern) => coversHost(pattern, host)) ? 'https' : 'http',
        [`${PREFIX}ingress_host`]: host,
        [`${PREFIX}ingress_path`]: path === '' ? '/' : path,
      })),
    ),
  }
}

/** Whether a host name of a certificate, perhaps `*.example.com`, covers a host: the star stands for one part. */
function coversHost(pattern: string, host: string): boolean {
  if (pattern === host) return true
  const [first, ...rest] = pattern.split('.')
  const [, ...hostRest] = host.split('.')
  return first === '*' && rest.join('.') === hostRest.join('.')
}
