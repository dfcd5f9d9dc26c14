import type { Timer } from '@promontory/base'
import { sameConfig } from '@promontory/base/yaml'
import type { DnsSdConfig, FileSdConfig, HttpSdConfig, ServiceDiscoveryConfigs } from './config.ts'
import type { ConsulSdConfig } from './consul/config.ts'
import { ConsulDiscoverer } from './consul/discoverer.ts'
import { dnsDiscoverer } from './dns.ts'
import type { DockerSdConfig } from './docker/config.ts'
import { DockerDiscoverer } from './docker/discoverer.ts'
import { FileDiscoverer } from './file.ts'
import { HttpDiscoverer } from './http.ts'
import type { KubernetesSdConfig } from './kubernetes/config.ts'
import { KubernetesDiscoverer } from './kubernetes/discoverer.ts'
import type { Discoverer, DiscoveryEnvironment, GroupSink } from './refresh.ts'
import { targetGroup } from './target-group.ts'
import type { StaticGroup, TargetGroup } from './target-group.ts'

/** Updates of all sources are gathered this long before they are handed on, as upstream does. */
export const UPDATE_INTERVAL_MS = 5000

/** What a source finds first is wanted soon; upstream lets it wait for the next tick. */
const FIRST_UPDATE_MS = 100

export interface DiscoveryManagerOptions extends DiscoveryEnvironment {
  /** `scrape` or `notify`: the `name` label of the metrics. */
  readonly name: string
  /** Takes all groups of one configuration (a job) whenever they changed. */
  readonly onUpdate: (config: string, groups: readonly TargetGroup[]) => void
  /** For tests; {@link UPDATE_INTERVAL_MS} otherwise. */
  readonly updateIntervalMs?: number
}

/** One source that runs, with what it found. */
interface Provider {
  readonly kind: string
  readonly config: unknown
  readonly discoverer: Discoverer
  readonly groups: Map<string, TargetGroup>
}

/**
 * Runs the sources of all jobs. Sources whose configuration did not change go on over a reload, so that their targets
 * stay. `stop()` when done.
 */
export class DiscoveryManager {
  readonly #options: DiscoveryManagerOptions
  readonly #jobs = new Map<string, Provider[]>()
  readonly #changed = new Set<string>()
  #timer: Timer | undefined

  constructor(options: DiscoveryManagerOptions) {
    this.#options = options
    const { metrics, name } = options
    metrics.failedConfigs.set(0, name)
    for (const counter of [metrics.receivedUpdates, metrics.sentUpdates, metrics.delayedUpdates])
      counter.add(0, name)
  }

  /** Starts, keeps and stops sources so that exactly `configs` run. Static groups are handed on before this returns. */
  applyConfig(configs: ReadonlyMap<string, ServiceDiscoveryConfigs>): void {
    for (const [job, providers] of this.#jobs)
      if (!configs.has(job)) {
        providers.forEach(({ discoverer }) => discoverer.stop())
        this.#jobs.delete(job)
        this.#changed.delete(job)
        this.#options.metrics.discoveredTargets.remove(job, this.#options.name)
      }
    for (const [job, config] of configs) this.#applyJob(job, config)
    this.#send()
  }

  stop(): void {
    this.#timer?.cancel()
    this.applyConfig(new Map())
  }

  #applyJob(job: string, config: ServiceDiscoveryConfigs): void {
    const old = [...(this.#jobs.get(job) ?? [])]
    const next: Provider[] = []
    const fresh: Provider[] = []
    for (const source of sourcesOf(config)) {
      const kept = old.findIndex(
        ({ kind, config: running }) => kind === source.kind && sameConfig(running, source.config),
      )
      const provider = kept >= 0 ? old.splice(kept, 1)[0]! : this.#create(source)
      if (kept < 0) fresh.push(provider)
      next.push(provider)
    }
    old.forEach(({ discoverer }) => discoverer.stop())
    this.#jobs.set(job, next)
    this.#changed.add(job)
    for (const provider of fresh) provider.discoverer.start(this.#sink(job, provider))
  }

  #create({ kind, config, create }: Source): Provider {
    return { kind, config, discoverer: create(this.#options), groups: new Map() }
  }

  #sink(job: string, provider: Provider): GroupSink {
    return (groups) => {
      const { metrics, name, clock, updateIntervalMs = UPDATE_INTERVAL_MS } = this.#options
      metrics.receivedUpdates.inc(name)
      const isFirst = provider.groups.size === 0
      for (const group of groups)
        if (group.targets.length === 0) provider.groups.delete(group.source)
        else provider.groups.set(group.source, group)
      this.#changed.add(job)
      this.#timer ??= clock.setTimer(isFirst ? FIRST_UPDATE_MS : updateIntervalMs, () => this.#send())
    }
  }

  #send(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const { metrics, name, onUpdate } = this.#options
    if (this.#changed.size > 0) metrics.sentUpdates.inc(name)
    for (const job of this.#changed) {
      const groups = (this.#jobs.get(job) ?? []).flatMap((provider, i) =>
        [...provider.groups.values()].map((group) => ({
          ...group,
          source: `${provider.kind}/${i}/${group.source}`,
        })),
      )
      const count = groups.reduce((sum, group) => sum + group.targets.length, 0)
      metrics.discoveredTargets.set(count, job, name)
      onUpdate(job, groups)
    }
    this.#changed.clear()
  }
}

/** How each mechanism is run, by the field of its configurations. */
const MECHANISMS = {
  file: (config: FileSdConfig, environment) => new FileDiscoverer(config, environment),
  http: (config: HttpSdConfig, environment) => new HttpDiscoverer(config, environment),
  dns: (config: DnsSdConfig, environment) => dnsDiscoverer(config, environment),
  kubernetes: (config: KubernetesSdConfig, environment) => new KubernetesDiscoverer(config, environment),
  docker: (config: DockerSdConfig, environment) => new DockerDiscoverer(config, environment),
  consul: (config: ConsulSdConfig, environment) => new ConsulDiscoverer(config, environment),
} satisfies Readonly<Record<string, (config: never, environment: DiscoveryEnvironment) => Discoverer>>

type Mechanism = keyof typeof MECHANISMS

/** One source of a job: what it is, its configuration, and how it is made. */
interface Source {
  readonly kind: Mechanism | 'static'
  readonly config: unknown
  readonly create: (environment: DiscoveryEnvironment) => Discoverer
}

function sourcesOf(config: ServiceDiscoveryConfigs): Source[] {
  const { static_configs: groups } = config
  const found: Source[] = []
  if (groups.length > 0)
    found.push({ kind: 'static', config: groups, create: () => staticDiscoverer(groups) })
  for (const kind of Object.keys(MECHANISMS) as Mechanism[])
    for (const one of config[`${kind}_sd_configs`])
      found.push({
        kind,
        config: one,
        create: (environment) => MECHANISMS[kind](one as never, environment),
      })
  return found
}

function staticDiscoverer(groups: readonly StaticGroup[]): Discoverer {
  return {
    start: (sink) => sink(groups.map((group, i) => targetGroup(String(i), group, {}))),
    stop: () => {},
  }
}
