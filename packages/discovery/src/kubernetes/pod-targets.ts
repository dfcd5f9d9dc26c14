import { hostPort } from '../label-name.ts'
import { ADDRESS } from '../target-group.ts'
import type { TargetGroup } from '../target-group.ts'
import { namespaceLabels, nodeLabels, objectKey, podLabels, PREFIX } from './meta-labels.ts'
import type { AttachMetadata, LabelMap } from './meta-labels.ts'
import type { Container, ContainerPort, Pod, Reference } from './objects.ts'
import type { Stores } from './resources.ts'

/** A pod: one target per container port, or per container without ports. */
export function podGroup(pod: Pod, stores: Stores, attach: AttachMetadata): TargetGroup {
  const source = `pod/${objectKey(pod.meta)}`
  // A pod that starts or was evicted has no address; one on a node that the node selector leaves out is not wanted.
  if (pod.ip === '' || (attach.node && !stores.nodes.has(pod.nodeName)))
    return { source, targets: [], labels: {} }
  const labels = {
    ...podLabels(pod, stores, attach),
    [`${PREFIX}namespace`]: pod.meta.namespace,
    ...(attach.node ? nodeLabels(pod.nodeName, stores) : {}),
    ...namespaceLabels(pod.meta.namespace, stores, attach),
  }
  const targets = pod.containers.flatMap((container) => containerTargets(pod.ip, container))
  return { source, labels, targets }
}

function containerTargets(ip: string, container: Container): LabelMap[] {
  const own = { [`${PREFIX}pod_container_id`]: container.id }
  if (container.ports.length === 0)
    return [
      {
        [ADDRESS]: ip,
        ...own,
        [`${PREFIX}pod_container_name`]: container.name,
        [`${PREFIX}pod_container_image`]: container.image,
        [`${PREFIX}pod_container_init`]: String(container.isInit),
      },
    ]
  return container.ports.map((port) => ({
    [ADDRESS]: hostPort(ip, port.port),
    ...own,
    ...containerPortLabels(container, port),
  }))
}

/** What a container and one of its ports say. */
function containerPortLabels(
  container: Container,
  { name, port, protocol }: ContainerPort,
  ofProtocol = protocol,
): LabelMap {
  return {
    [`${PREFIX}pod_container_name`]: container.name,
    [`${PREFIX}pod_container_image`]: container.image,
    [`${PREFIX}pod_container_init`]: String(container.isInit),
    [`${PREFIX}pod_container_port_name`]: name,
    [`${PREFIX}pod_container_port_number`]: String(port),
    [`${PREFIX}pod_container_port_protocol`]: ofProtocol,
  }
}

/** The pods that endpoints lead to: their labels, and targets for those of their ports that no endpoint names. */
export class EndpointPods {
  readonly #stores: Stores
  readonly #attach: AttachMetadata
  readonly #seen = new Map<Pod, Set<number>>()

  constructor(stores: Stores, attach: AttachMetadata) {
    this.#stores = stores
    this.#attach = attach
  }

  /**
   * Labels of the pod behind an endpoint's port; none when it is no pod or not known.
   * @param protocol stands for that of the container's port
   */
  labelsOf(target: Reference | undefined, port: number | undefined, protocol?: string): LabelMap {
    const pod = target?.kind === 'Pod' ? this.#stores.pods.get(objectKey(target)) : undefined
    if (pod === undefined) return {}
    const ports = this.#seen.get(pod) ?? new Set<number>()
    this.#seen.set(pod, ports)
    if (port !== undefined) ports.add(port)
    const labels = podLabels(pod, this.#stores, this.#attach)
    for (const container of pod.containers) {
      const own = container.ports.find((candidate) => candidate.port === port)
      if (own !== undefined) Object.assign(labels, containerPortLabels(container, own, protocol))
    }
    return labels
  }

  /** One target per port of the pods seen that no endpoint named. */
  otherTargets(): LabelMap[] {
    return [...this.#seen].flatMap(([pod, seen]) =>
      pod.ip === ''
        ? []
        : pod.containers.flatMap((container) =>
            container.ports
              .filter(({ port }) => !seen.has(port))
              .map((port) => ({
                [ADDRESS]: hostPort(pod.ip, port.port),
                ...containerPortLabels(container, port),
                ...podLabels(pod, this.#stores, this.#attach),
              })),
          ),
    )
  }
}
