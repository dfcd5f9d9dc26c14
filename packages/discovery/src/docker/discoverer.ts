import { RefreshDiscoverer } from '../refresh.ts'
import type { Discoverer, DiscoveryEnvironment, GroupSink } from '../refresh.ts'
import type { TargetGroup } from '../target-group.ts'
import type { DockerSdConfig } from './config.ts'
import { containerTargets } from './containers.ts'
import { DockerEngine } from './engine.ts'

/** `docker_sd_configs`: the running containers of an engine. */
export class DockerDiscoverer implements Discoverer {
  readonly #config: DockerSdConfig
  readonly #engine: DockerEngine
  readonly #refresher: RefreshDiscoverer

  constructor(config: DockerSdConfig, environment: DiscoveryEnvironment) {
    this.#config = config
    this.#engine = new DockerEngine(config, environment.userAgent)
    this.#refresher = new RefreshDiscoverer('docker', config.refresh_interval, environment, (signal) =>
      this.#ask(signal),
    )
  }

  start(sink: GroupSink): void {
    this.#refresher.start(sink)
  }

  stop(): void {
    this.#refresher.stop()
    this.#engine.close()
  }

  async #ask(stop: AbortSignal): Promise<readonly TargetGroup[]> {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(this.#config.refresh_interval)])
    const containers = await this.#engine.get('/containers/json', this.#filters(), signal)
    const networks = await this.#engine.get('/networks', {}, signal)
    return [{ source: 'Docker', labels: {}, targets: containerTargets(containers, networks, this.#config) }]
  }

  /** Of one name, any value will do; of different names, all must. */
  #filters(): Readonly<Record<string, string>> {
    const filters: Record<string, string[]> = {}
    for (const { name, values } of this.#config.filters) (filters[name] ??= []).push(...values)
    return Object.keys(filters).length === 0 ? {} : { filters: JSON.stringify(filters) }
  }
}
