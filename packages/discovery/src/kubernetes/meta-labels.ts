import { labelNamePart } from '../label-name.ts'
import type { KubernetesObject, Meta, Pod, Service } from './objects.ts'
import type { Stores } from './resources.ts'

export const PREFIX = '__meta_kubernetes_'

/** Labels being gathered; one name may be set again. */
export type LabelMap = Record<string, string>

/** What of other objects goes to a target. */
export interface AttachMetadata {
  readonly node: boolean
  readonly namespace: boolean
  readonly deployment: boolean
  readonly job: boolean
  readonly cronjob: boolean
}

/** `namespace/name`, or the name of what lives in no namespace. */
export function objectKey({ namespace, name }: Pick<Meta, 'namespace' | 'name'>): string {
  return namespace === '' ? name : `${namespace}/${name}`
}

/** `…_label_…`, `…_labelpresent_…` and the same for annotations. */
function annotationLabels({ labels, annotations }: Meta, what: string): LabelMap {
  const found: LabelMap = {}
  for (const [kind, pairs] of [
    ['label', labels],
    ['annotation', annotations],
  ] as const)
    for (const [name, value] of Object.entries(pairs)) {
      found[`${PREFIX}${what}_${kind}_${labelNamePart(name)}`] = value
      found[`${PREFIX}${what}_${kind}present_${labelNamePart(name)}`] = 'true'
    }
  return found
}

/** Name, labels and annotations of an object. */
export function metaLabels({ meta }: KubernetesObject, what: string): LabelMap {
  return { [`${PREFIX}${what}_name`]: meta.name, ...annotationLabels(meta, what) }
}

export function serviceLabels(service: Service): LabelMap {
  return { [`${PREFIX}namespace`]: service.meta.namespace, ...metaLabels(service, 'service') }
}

/** Labels of a node, by its name; none when it is not there. */
export function nodeLabels(name: string | undefined, stores: Stores): LabelMap {
  const node = name === undefined ? undefined : stores.nodes.get(name)
  return node === undefined ? {} : metaLabels(node, 'node')
}

/** Labels and annotations of the namespace, where they are wanted. */
export function namespaceLabels(name: string, stores: Stores, attach: AttachMetadata): LabelMap {
  const namespace = attach.namespace ? stores.namespaces.get(name) : undefined
  return namespace === undefined ? {} : annotationLabels(namespace.meta, 'namespace')
}

export function podLabels(pod: Pod, stores: Stores, attach: AttachMetadata): LabelMap {
  return {
    [`${PREFIX}pod_ip`]: pod.ip,
    [`${PREFIX}pod_ready`]: pod.ready,
    [`${PREFIX}pod_phase`]: pod.phase,
    [`${PREFIX}pod_node_name`]: pod.nodeName,
    [`${PREFIX}pod_host_ip`]: pod.hostIp,
    [`${PREFIX}pod_uid`]: pod.meta.uid,
    ...metaLabels(pod, 'pod'),
    ...controllerLabels(pod, stores, attach),
  }
}

/** The owner, and the owner's owner where it is wanted. */
function controllerLabels(pod: Pod, stores: Stores, attach: AttachMetadata): LabelMap {
  const { controller, namespace } = pod.meta
  if (controller === undefined) return {}
  const { kind, name } = controller
  const labels: LabelMap = {}
  if (kind !== '') labels[`${PREFIX}pod_controller_kind`] = kind
  if (name !== '') labels[`${PREFIX}pod_controller_name`] = name
  const key = objectKey({ namespace, name })
  if (kind === 'ReplicaSet' && attach.deployment) {
    const owner = stores.replicaSets.get(key)?.meta.controller
    if (owner?.kind === 'Deployment') labels[`${PREFIX}pod_deployment_name`] = owner.name
  }
  if (kind === 'Job' && attach.job) labels[`${PREFIX}pod_job_name`] = name
  if (kind === 'Job' && attach.cronjob) {
    const owner = stores.jobs.get(key)?.meta.controller
    if (owner?.kind === 'CronJob') labels[`${PREFIX}pod_cronjob_name`] = owner.name
  }
  return labels
}
