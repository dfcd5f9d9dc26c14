import { errorText } from '@promontory/base'
import { sameConfig } from '@promontory/base/yaml'
import type { TargetGroup } from '@promontory/discovery'
import { HttpClient } from '@promontory/http-client'
import type { Labels } from '@promontory/model'
import type { ScrapeConfig } from './config.ts'
import { ScrapeLoop } from './scrape-loop.ts'
import type { ScrapeEnvironment } from './scrape-loop.ts'
import { discoveredLabels, populateLabels, UNIX_SOCKET } from './target-labels.ts'
import { hash64, scrapeOffsetMs, Target } from './target.ts'

/** What a pool needs beyond what loops do. */
export interface PoolEnvironment extends ScrapeEnvironment {
  readonly userAgent: string
  /** Keeps replicas from scraping at the same moment. */
  readonly offsetSeed: () => bigint
  readonly hashSeed: readonly [number, number]
}

/** A target that relabelling dropped, for the discovery page. */
export interface DroppedTarget {
  readonly discoveredLabels: Labels
  readonly job: string
}

/** The targets of one job. */
export class ScrapePool {
  readonly #environment: PoolEnvironment
  #job: ScrapeConfig
  readonly #loops = new Map<string, ScrapeLoop>()
  #groups: readonly TargetGroup[] = []
  #client: HttpClient
  readonly #socketClients = new Map<string, HttpClient>()
  #stopped = false
  dropped: readonly DroppedTarget[] = []
  droppedCount = 0

  constructor(job: ScrapeConfig, environment: PoolEnvironment) {
    this.#job = job
    this.#environment = environment
    this.#client = new HttpClient(job, { userAgent: environment.userAgent })
    environment.metrics.pools.inc()
    environment.metrics.addPool(job.job_name, job.target_limit)
  }

  get job(): ScrapeConfig {
    return this.#job
  }

  get loops(): IterableIterator<ScrapeLoop> {
    return this.#loops.values()
  }

  /** What discovery found last. */
  get groups(): readonly TargetGroup[] {
    return this.#groups
  }

  /** Takes a changed configuration. Targets that stay the same keep their rhythm and their state. */
  reload(job: ScrapeConfig): void {
    const old = this.#job
    this.#job = job
    this.#environment.metrics.poolReloads.inc()
    this.#environment.metrics.poolTargetLimit.set(job.target_limit, job.job_name)
    this.#client.close()
    this.#closeSocketClients()
    this.#client = new HttpClient(job, { userAgent: this.#environment.userAgent })
    const rulesChanged = SERIES_FIELDS.some((field) => !sameConfig(old[field], job[field]))
    for (const loop of this.#loops.values()) loop.reconfigure(job, this.#clientFor(loop.target), rulesChanged)
    this.sync(this.#groups)
  }

  /** Brings the running loops in line with what was discovered. */
  sync(groups: readonly TargetGroup[]): void {
    const { clock, metrics } = this.#environment
    const startMs = clock.monotonicMs()
    this.#groups = groups
    const targets = this.#targetsOf(groups)
    for (const [key, loop] of this.#loops)
      if (!targets.has(key)) {
        this.#loops.delete(key)
        void this.#retire(loop)
      }
    for (const [key, target] of targets) {
      const running = this.#loops.get(key)
      if (running === undefined) this.#start(key, target)
      else running.target.discoveredLabels = target.discoveredLabels
    }
    this.#applyTargetLimit()
    const { job_name: name } = this.#job
    metrics.poolTargets.set(targets.size, name)
    metrics.poolSyncs.inc(name)
    metrics.syncLength.observe((clock.monotonicMs() - startMs) / 1000, name)
  }

  /**
   * Stops all loops and waits for running scrapes.
   * @param isGone whether the job is no more, so that its series end; at a shutdown they go on after the restart
   */
  async stop(isGone: boolean): Promise<void> {
    const loops = [...this.#loops.values()]
    this.#loops.clear()
    if (isGone) loops.forEach((loop) => void this.#retire(loop))
    else {
      this.#stopped = true
      await Promise.all(loops.map((loop) => loop.stop()))
    }
    this.#client.close()
    this.#closeSocketClients()
    if (isGone) this.#environment.metrics.removePool(this.#job.job_name)
  }

  /** Ends waiting stale markers: the process goes. */
  abandon(): void {
    this.#stopped = true
  }

  #targetsOf(groups: readonly TargetGroup[]): Map<string, Target> {
    const { logger, metrics } = this.#environment
    const job = this.#job
    const targets = new Map<string, Target>()
    const dropped: DroppedTarget[] = []
    this.droppedCount = 0
    metrics.syncFailed.add(0, job.job_name)
    for (const group of groups)
      for (const found of group.targets) {
        const discovered = discoveredLabels(job, found, group.labels)
        try {
          const labels = populateLabels(discovered, job.relabel_configs)
          if (labels === undefined) {
            this.droppedCount++
            if (job.keep_dropped_targets === 0 || dropped.length < job.keep_dropped_targets)
              dropped.push({ discoveredLabels: discovered, job: job.job_name })
            continue
          }
          const target = new Target(labels, discovered, job.params)
          if (!URL.canParse(target.url)) throw new Error(`parse "${target.url}": not a URL`)
          targets.set(target.key, target)
        } catch (error) {
          metrics.syncFailed.inc(job.job_name)
          logger.error('Creating target failed', {
            scrape_pool: job.job_name,
            target: found['__address__'] ?? '',
            err: errorText(error),
          })
        }
      }
    this.dropped = dropped
    return targets
  }

  #start(key: string, target: Target): void {
    const environment = this.#environment
    const loop = new ScrapeLoop(target, this.#job, this.#clientFor(target), environment, environment.hashSeed)
    this.#loops.set(key, loop)
    const nowMs = environment.clock.nowMs()
    loop.start(scrapeOffsetMs(hash64(key), environment.offsetSeed(), target.intervalMs, nowMs))
  }

  #clientFor(target: Target): HttpClient {
    const socketPath = target.labels.get(UNIX_SOCKET)
    if (socketPath === '') return this.#client
    let client = this.#socketClients.get(socketPath)
    if (client === undefined) {
      client = new HttpClient(this.#job, { userAgent: this.#environment.userAgent, socketPath })
      this.#socketClients.set(socketPath, client)
    }
    return client
  }

  #closeSocketClients(): void {
    this.#socketClients.forEach((client) => client.close())
    this.#socketClients.clear()
  }

  #applyTargetLimit(): void {
    const { target_limit: limit } = this.#job
    const count = this.#loops.size
    const isOver = limit > 0 && count > limit
    if (isOver) this.#environment.metrics.exceededTargetLimit.inc()
    const fault = isOver ? `target_limit exceeded (number of targets: ${count}, limit: ${limit})` : undefined
    for (const loop of this.#loops.values()) loop.forcedError = fault
  }

  /**
   * A target that goes may come back under another loop, so its series end only after two more intervals and a bit, at
   * the time of the scrape that would have been next. If it came back, the markers are out of order and refused.
   */
  async #retire(loop: ScrapeLoop): Promise<void> {
    await loop.stop()
    if (!loop.hasScraped || this.#stopped) return
    const { clock } = this.#environment
    const staleMs = Math.max(loop.nextDueMs, Math.floor(clock.nowMs()))
    const { intervalMs } = loop.target
    clock.setTimer(staleMs - clock.nowMs() + 1.1 * intervalMs, () => {
      if (!this.#stopped) loop.endStale(Math.floor(staleMs))
    })
  }
}

/** A change in these makes other series of the same lines. */
const SERIES_FIELDS = ['honor_labels', 'metric_relabel_configs', 'label_limit', 'label_name_length_limit', 'label_value_length_limit', 'metric_name_validation_scheme', 'scrape_native_histograms', 'always_scrape_classic_histograms', 'convert_classic_histograms_to_nhcb'] as const // prettier-ignore
