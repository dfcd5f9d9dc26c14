import { errorText } from '@promontory/base'
import type { Timer } from '@promontory/base'
import type { Discoverer, DiscoveryEnvironment, GroupSink } from '../refresh.ts'
import type { TargetGroup } from '../target-group.ts'
import { apiAccess, namespacesOf, OWN_SURROUNDINGS } from './access.ts'
import type { ClusterSurroundings } from './access.ts'
import { ApiClient } from './api-client.ts'
import type { Selection } from './api-client.ts'
import type { KubernetesSdConfig, Role } from './config.ts'
import { Informer } from './informer.ts'
import type { ObjectChange } from './informer.ts'
import type { AttachMetadata } from './meta-labels.ts'
import type { KubernetesObject } from './objects.ts'
import { emptyStores, RESOURCES } from './resources.ts'
import type { ResourceName, Stores } from './resources.ts'
import { dependencyKey, ROLE_KINDS } from './roles.ts'
import type { RoleKind } from './roles.ts'

/** Changes are gathered this long: a rollout touches many objects at once. */
const GATHER_MS = 50
/** How often access is tried that could not be made out: a file may come later. */
const ACCESS_RETRY_MS = 15_000

const NOTHING_ATTACHED: AttachMetadata = {
  node: false,
  namespace: false,
  deployment: false,
  job: false,
  cronjob: false,
}

/** The role whose selector counts for a resource. */
const SELECTOR_ROLES: Readonly<Partial<Record<ResourceName, Role>>> = {
  nodes: 'node',
  pods: 'pod',
  services: 'service',
  endpoints: 'endpoints',
  endpointSlices: 'endpointslice',
  ingresses: 'ingress',
}

/** `kubernetes_sd_configs`: objects of an API server, listed and watched, as target groups, one per object. */
export class KubernetesDiscoverer implements Discoverer {
  readonly #config: KubernetesSdConfig
  readonly #environment: DiscoveryEnvironment
  readonly #surroundings: ClusterSurroundings
  readonly #kind: RoleKind
  readonly #attach: AttachMetadata
  #stores: Stores = emptyStores()
  #informers: Informer[] = []
  #client: ApiClient | undefined
  #waiting = 0
  readonly #changed = new Set<string>()
  readonly #touched = new Set<string>()
  #timer: Timer | undefined
  #isStopped = true

  constructor(
    config: KubernetesSdConfig,
    environment: DiscoveryEnvironment,
    surroundings: ClusterSurroundings = OWN_SURROUNDINGS,
  ) {
    this.#config = config
    this.#environment = environment
    this.#surroundings = surroundings
    this.#kind = ROLE_KINDS[config.role]
    this.#attach = config.attach_metadata ?? NOTHING_ATTACHED
  }

  start(sink: GroupSink): void {
    this.#isStopped = false
    void this.#begin(sink)
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#informers.forEach((informer) => informer.stop())
    this.#client?.close()
    this.#informers = []
    this.#stores = emptyStores()
  }

  async #begin(sink: GroupSink): Promise<void> {
    const { clock, logger, metrics, userAgent } = this.#environment
    try {
      const access = await apiAccess(this.#config, this.#surroundings)
      const namespaces = await namespacesOf(this.#config, this.#surroundings)
      if (this.#isStopped) return
      this.#client = new ApiClient(access, userAgent)
      this.#startInformers(this.#client, namespaces, sink)
    } catch (error) {
      if (this.#isStopped) return
      metrics.kubernetesFailures.inc()
      logger.error('Cannot create service discovery', { discovery: 'kubernetes', err: errorText(error) })
      this.#timer = clock.setTimer(ACCESS_RETRY_MS, () => void this.#begin(sink))
    }
  }

  #startInformers(client: ApiClient, namespaces: readonly string[], sink: GroupSink): void {
    const { clock, logger, metrics } = this.#environment
    for (const name of [this.#kind.primary, ...this.#kind.others(this.#attach)]) {
      const resource = RESOURCES[name]
      for (const namespace of resource.isNamespaced ? namespaces : [''])
        this.#informers.push(
          new Informer({
            client,
            resource,
            namespace,
            selection: this.#selectionOf(name),
            store: this.#stores[name] as Map<string, KubernetesObject>,
            clock,
            logger: logger.with({ discovery: 'kubernetes', role: this.#config.role }),
            onChange: (key, change) => this.#note(name, key, change, sink),
            onSynced: () => this.#synced(sink),
            onFailure: () => metrics.kubernetesFailures.inc(),
          }),
        )
    }
    this.#waiting = this.#informers.length
    this.#informers.forEach((informer) => informer.start())
  }

  #selectionOf(name: ResourceName): Selection {
    const role = SELECTOR_ROLES[name]
    const selector = this.#config.selectors.find((candidate) => candidate.role === role)
    return role === undefined || selector === undefined
      ? { labelSelector: '', fieldSelector: '' }
      : { labelSelector: selector.label, fieldSelector: selector.field }
  }

  #note(name: ResourceName, key: string, change: ObjectChange, sink: GroupSink): void {
    const role = SELECTOR_ROLES[name]
    if (role !== undefined) this.#environment.metrics.kubernetesEvents.inc(role, change)
    if (name === this.#kind.primary) this.#changed.add(key)
    else this.#touched.add(dependencyKey(name, key))
    if (this.#waiting === 0) this.#schedule(sink)
  }

  #synced(sink: GroupSink): void {
    this.#waiting--
    if (this.#waiting === 0) this.#send(sink)
  }

  #schedule(sink: GroupSink): void {
    this.#timer ??= this.#environment.clock.setTimer(GATHER_MS, () => this.#send(sink))
  }

  /** Hands on the groups of all objects that changed, or that are made of others that did. */
  #send(sink: GroupSink): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const store = this.#stores[this.#kind.primary]
    if (this.#touched.size > 0)
      for (const [key, object] of store)
        if (this.#kind.dependencies(object, this.#stores).some((name) => this.#touched.has(name)))
          this.#changed.add(key)
    const groups = [...this.#changed].map((key) => this.#groupOf(key, store.get(key)))
    this.#changed.clear()
    this.#touched.clear()
    sink(groups)
  }

  /** A group without targets for an object that is gone. */
  #groupOf(key: string, object: KubernetesObject | undefined): TargetGroup {
    if (object !== undefined) return this.#kind.group(object, this.#stores, this.#attach)
    return { source: `${SOURCES[this.#config.role]}/${key}`, targets: [], labels: {} }
  }
}

/** How the sources of groups start. */
const SOURCES: Readonly<Record<Role, string>> = {
  node: 'node',
  pod: 'pod',
  service: 'svc',
  endpoints: 'endpoints',
  endpointslice: 'endpointslice',
  ingress: 'ingress',
}
