import type { Timer } from '@promontory/base'
import { sameConfig } from '@promontory/base/yaml'
import type { ServiceDiscoveryConfigs } from './config.ts'
import { dnsDiscoverer } from './dns.ts'
import { FileDiscoverer } from './file.ts'
import { HttpDiscoverer } from './http.ts'
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
    for (const [kind, wanted] of sourcesOf(config)) {
      const kept = old.findIndex((provider) => provider.kind === kind && sameConfig(provider.config, wanted))
      const provider = kept >= 0 ? old.splice(kept, 1)[0]! : this.#create(kind, wanted)
      if (kept < 0) fresh.push(provider)
      next.push(provider)
    }
    old.forEach(({ discoverer }) => discoverer.stop())
    this.#jobs.set(job, next)
    this.#changed.add(job)
    for (const provider of fresh) provider.discoverer.start(this.#sink(job, provider))
  }

  #create(kind: SourceKind, config: SourceConfig): Provider {
    return { kind, config, discoverer: createDiscoverer(kind, config, this.#options), groups: new Map() }
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

type SourceKind = 'static' | 'file' | 'http' | 'dns'
type SourceConfig =
  | readonly StaticGroup[]
  | ServiceDiscoveryConfigs[`${'file' | 'http' | 'dns'}_sd_configs`][number]

function sourcesOf(config: ServiceDiscoveryConfigs): [SourceKind, SourceConfig][] {
  return [
    ...(config.static_configs.length > 0
      ? [['static', config.static_configs] as [SourceKind, SourceConfig]]
      : []),
    ...config.file_sd_configs.map((one): [SourceKind, SourceConfig] => ['file', one]),
    ...config.http_sd_configs.map((one): [SourceKind, SourceConfig] => ['http', one]),
    ...config.dns_sd_configs.map((one): [SourceKind, SourceConfig] => ['dns', one]),
  ]
}

function createDiscoverer(
  kind: SourceKind,
  config: SourceConfig,
  environment: DiscoveryEnvironment,
): Discoverer {
  switch (kind) {
    case 'static':
      return staticDiscoverer(config as readonly StaticGroup[])
    case 'file':
      return new FileDiscoverer(config as ServiceDiscoveryConfigs['file_sd_configs'][number], environment)
    case 'http':
      return new HttpDiscoverer(config as ServiceDiscoveryConfigs['http_sd_configs'][number], environment)
    case 'dns':
      return dnsDiscoverer(config as ServiceDiscoveryConfigs['dns_sd_configs'][number], environment)
  }
}

function staticDiscoverer(groups: readonly StaticGroup[]): Discoverer {
  return {
    start: (sink) => sink(groups.map((group, i) => targetGroup(String(i), group, {}))),
    stop: () => {},
  }
}
