import { errorText } from '@promontory/base'
import type { Discoverer, DiscoveryEnvironment, GroupSink } from '../refresh.ts'
import { objectOf, stringsOf } from '../json.ts'
import { ConsulApi } from './api.ts'
import type { ConsulAnswer } from './api.ts'
import type { ConsulSdConfig } from './config.ts'
import { serviceGroup } from './service-targets.ts'

/** After a failed call. */
const RETRY_MS = 15_000

/**
 * `consul_sd_configs`: the services of the catalogue that are wanted, each watched by blocking queries, a target group each. Between two
 * queries at least the refresh interval passes.
 */
export class ConsulDiscoverer implements Discoverer {
  readonly #config: ConsulSdConfig
  readonly #environment: DiscoveryEnvironment
  readonly #api: ConsulApi
  /** Services that are watched, and how to stop that. */
  readonly #watched = new Map<string, AbortController>()
  #datacenter = ''
  #abort = new AbortController()

  constructor(config: ConsulSdConfig, environment: DiscoveryEnvironment) {
    this.#config = config
    this.#environment = environment
    this.#api = new ConsulApi(config, environment.userAgent)
  }

  start(sink: GroupSink): void {
    this.#abort = new AbortController()
    void this.#run(sink, this.#abort.signal)
  }

  stop(): void {
    this.#abort.abort()
    this.#watched.forEach((watch) => watch.abort())
    this.#watched.clear()
    this.#api.close()
  }

  async #run(sink: GroupSink, stop: AbortSignal): Promise<void> {
    const { services, tags, filter, datacenter } = this.#config
    this.#datacenter = datacenter
    while (this.#datacenter === '' && !stop.aborted) {
      const own = await this.#attempt('Error retrieving datacenter name', 'agent', 'self', stop, () =>
        this.#api.ownDatacenter(stop),
      )
      if (own !== undefined) this.#datacenter = own
    }
    // Names alone need no catalogue: each is asked for whether it is there yet or not.
    if (services.length > 0 && tags.length === 0 && filter === '')
      services.forEach((name) => this.#watch(name, sink))
    else await this.#watchCatalogue(sink, stop)
  }

  async #watchCatalogue(sink: GroupSink, stop: AbortSignal): Promise<void> {
    const { filter } = this.#config
    const more: [string, string][] = filter === '' ? [] : [['filter', filter]]
    await this.#follow('Error refreshing service list', 'catalog', 'services', stop, {
      ask: (index) => this.#api.query('/v1/catalog/services', more, index, stop),
      take: (value) => this.#takeCatalogue(objectOf(value), sink),
    })
  }

  #takeCatalogue(catalogue: Readonly<Record<string, unknown>>, sink: GroupSink): void {
    for (const [name, tags] of Object.entries(catalogue))
      if (this.#isWanted(name, stringsOf(tags)) && !this.#watched.has(name)) this.#watch(name, sink)
    const gone = [...this.#watched.keys()].filter((name) => !(name in catalogue))
    for (const name of gone) {
      this.#watched.get(name)!.abort()
      this.#watched.delete(name)
    }
    sink(gone.map((source) => ({ source, targets: [], labels: {} })))
  }

  #isWanted(name: string, tags: readonly string[]): boolean {
    const { services, tags: wanted } = this.#config
    return (services.length === 0 || services.includes(name)) && wanted.every((tag) => tags.includes(tag))
  }

  #watch(name: string, sink: GroupSink): void {
    const watch = new AbortController()
    this.#watched.set(name, watch)
    const { tags, health_filter: filter, tag_separator: separator } = this.#config
    const more: [string, string][] = tags.map((tag) => ['tag', tag])
    if (filter !== '') more.push(['filter', filter])
    const path = `/v1/health/service/${encodeURIComponent(name)}`
    void this.#follow('Error refreshing service', 'catalog', 'service', watch.signal, {
      ask: (index) => this.#api.query(path, more, index, watch.signal),
      take: (value) => sink([serviceGroup(name, this.#datacenter, value, separator)]),
    })
  }

  /** Asks on and on, handing on what is new. */
  async #follow(
    fault: string,
    endpoint: string,
    call: string,
    stop: AbortSignal,
    { ask, take }: { ask: (index: number) => Promise<ConsulAnswer>; take: (value: unknown) => void },
  ): Promise<void> {
    const { clock } = this.#environment
    let last = 0
    while (!stop.aborted) {
      const startMs = clock.monotonicMs()
      const asked = last
      const answer = await this.#attempt(fault, endpoint, call, stop, () => ask(asked))
      if (stop.aborted) return
      if (answer !== undefined) {
        // No index at all would not block: each answer counts then.
        if (answer.index === 0 || answer.index !== last) take(answer.value)
        // An index that goes back says that the server's state was reset.
        last = answer.index < last ? 0 : answer.index
      }
      await this.#sleep(this.#config.refresh_interval - (clock.monotonicMs() - startMs), stop)
    }
  }

  /** @returns undefined when the call failed; the wait after it is over then */
  async #attempt<T>(
    fault: string,
    endpoint: string,
    call: string,
    stop: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    const { clock, logger, metrics } = this.#environment
    const startMs = clock.monotonicMs()
    try {
      const value = await work()
      metrics.consulDuration.observe((clock.monotonicMs() - startMs) / 1000, endpoint, call)
      return value
    } catch (error) {
      if (stop.aborted) return undefined
      metrics.consulFailures.inc()
      logger.error(fault, { discovery: 'consul', err: errorText(error) })
      await this.#sleep(RETRY_MS, stop)
      return undefined
    }
  }

  #sleep(delayMs: number, stop: AbortSignal): Promise<void> {
    if (delayMs <= 0 || stop.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#environment.clock.setTimer(delayMs, () => {
        stop.removeEventListener('abort', end)
        resolve()
      })
      const end = (): void => {
        timer.cancel()
        resolve()
      }
      stop.addEventListener('abort', end, { once: true })
    })
  }
}
