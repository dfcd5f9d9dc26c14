import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Clock, Logger, Registry } from '@promontory/base'
import { sameConfig } from '@promontory/base/yaml'
import { DiscoveryManager } from '@promontory/discovery'
import type { DiscoveryMetrics } from '@promontory/discovery'
import type { Labels } from '@promontory/model'
import type { Appender, SeriesMetadata } from '@promontory/model'
import type { ScrapeConfig } from './config.ts'
import { discoveredTargets } from './discovered-target.ts'
import type { DiscoveredTarget } from './discovered-target.ts'
import { type ScrapeFeatures, scrapeFeatures, withFeatures } from './features.ts'
import { FailureLog } from './failure-log.ts'
import { ScrapeMetrics } from './metrics.ts'
import { ScrapePool } from './scrape-pool.ts'
import type { DroppedTarget, PoolEnvironment } from './scrape-pool.ts'
import { trialScrape } from './trial-scrape.ts'
import type { TrialScrape } from './trial-scrape.ts'
import { hash64 } from './target.ts'
import type { TargetHealth } from './target.ts'

export interface ScrapeManagerOptions {
  readonly appender: Appender
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly discoveryMetrics: DiscoveryMetrics
  readonly userAgent: string
  readonly features?: ScrapeFeatures
  /** How late a scrape may begin, in ms, and still get its nominal time; undefined: a thousandth of the interval, 2 ms at least. */
  readonly timestampToleranceMs?: number | undefined
}

/** One target as `/api/v1/targets` shows it. */
export interface TargetView {
  readonly discoveredLabels: Labels
  readonly labels: Labels
  readonly scrapePool: string
  readonly scrapeUrl: string
  readonly lastError: string
  /** Unix milliseconds; undefined before the first scrape. */
  readonly lastScrapeMs: number | undefined
  readonly lastScrapeDurationMs: number
  readonly lastSamples: number
  readonly health: TargetHealth
  readonly scrapeIntervalMs: number
  readonly scrapeTimeoutMs: number
}

export interface TargetsView {
  readonly active: readonly TargetView[]
  readonly dropped: readonly DroppedTarget[]
  /** By job. */
  readonly droppedCounts: Readonly<Record<string, number>>
}

/** Metadata of one family at one target. */
export interface TargetMetadata {
  readonly target: Labels
  readonly metricFamily: string
  readonly metadata: SeriesMetadata
}

/** Discovers and scrapes the targets of all jobs. */
export class ScrapeManager {
  readonly #options: ScrapeManagerOptions
  readonly #environment: PoolEnvironment
  readonly #discovery: DiscoveryManager
  readonly #pools = new Map<string, ScrapePool>()
  readonly #retired = new Set<ScrapePool>()
  readonly #failures: FailureLog
  #seed = 0n

  constructor(options: ScrapeManagerOptions) {
    this.#options = options
    const metrics = new ScrapeMetrics(options.registry)
    this.#failures = new FailureLog(options.logger)
    const seed = randomBytes(8)
    this.#environment = {
      ...options,
      features: options.features ?? scrapeFeatures([]),
      metrics,
      offsetSeed: () => this.#seed,
      hashSeed: [seed.readInt32LE(0), seed.readInt32LE(4)],
      logFailure: (file, target, error) => this.#failures.write(file, target, error),
    }
    this.#discovery = new DiscoveryManager({
      ...options,
      metrics: options.discoveryMetrics,
      name: 'scrape',
      onUpdate: (job, groups) => this.#pools.get(job)?.sync(groups),
    })
    options.registry.onCollect(() => this.#countMetadata(metrics))
  }

  /**
   * Runs exactly these jobs. Jobs and targets that did not change keep their rhythm.
   * @param jobs completed by `completeScrapeConfig`
   */
  applyConfig(jobs: readonly ScrapeConfig[], externalLabels: Labels): void {
    this.#seed = hash64(`${hostname()}${externalLabels.key()}`)
    this.#failures.reopen()
    const { features } = this.#environment
    const wanted = new Map(jobs.map((job) => [job.job_name, withFeatures(job, features)]))
    for (const [name, pool] of this.#pools)
      if (!wanted.has(name)) {
        this.#pools.delete(name)
        this.#retired.add(pool)
        void pool.stop(true)
      }
    for (const job of wanted.values()) this.#applyJob(job)
    this.#discovery.applyConfig(wanted)
  }

  #applyJob(job: ScrapeConfig): void {
    const { metrics } = this.#environment
    const pool = this.#pools.get(job.job_name)
    if (pool !== undefined && sameConfig(pool.job, job)) return
    try {
      if (pool === undefined) this.#pools.set(job.job_name, new ScrapePool(job, this.#environment))
      else pool.reload(job)
    } catch (error) {
      ;(pool === undefined ? metrics.poolsFailed : metrics.poolReloadsFailed).inc()
      throw error
    }
  }

  /** Stops; resolves when running scrapes have ended. Series get no stale markers: a restart goes on with them. */
  async stop(): Promise<void> {
    this.#discovery.stop()
    this.#retired.forEach((pool) => pool.abandon())
    await Promise.all([...this.#pools.values()].map((pool) => pool.stop(false)))
    this.#pools.clear()
    this.#failures.close()
  }

  /** Jobs by name. */
  get scrapePools(): readonly string[] {
    return [...this.#pools.keys()].sort()
  }

  scrapePoolConfig(name: string): ScrapeConfig | undefined {
    return this.#pools.get(name)?.job
  }

  targets(): TargetsView {
    const pools = [...this.#pools].sort(([a], [b]) => (a < b ? -1 : 1))
    const active = pools.flatMap(([name, pool]) =>
      [...pool.loops].map(({ target }) => ({
        discoveredLabels: target.discoveredLabels,
        labels: target.publicLabels,
        scrapePool: name,
        scrapeUrl: target.url,
        lastError: target.lastError,
        lastScrapeMs: target.lastScrapeMs,
        lastScrapeDurationMs: target.lastDurationMs,
        lastSamples: target.lastSamples,
        health: target.health,
        scrapeIntervalMs: target.intervalMs,
        scrapeTimeoutMs: target.timeoutMs,
      })),
    )
    active.sort((a, b) => (a.scrapePool === b.scrapePool ? (a.scrapeUrl < b.scrapeUrl ? -1 : 1) : 0))
    return {
      active,
      dropped: pools.flatMap(([, pool]) => pool.dropped),
      droppedCounts: Object.fromEntries(pools.map(([name, pool]) => [name, pool.droppedCount])),
    }
  }

  /**
   * HELP, TYPE and UNIT of all families, target by target.
   * @param before  what is known of a target that has not told anything yet
   */
  *metadata(
    before?: (target: Labels) => Iterable<readonly [family: string, metadata: SeriesMetadata]>,
  ): IterableIterator<TargetMetadata> {
    for (const pool of this.#pools.values())
      for (const { target, ingester } of pool.loops) {
        const isSilent = before !== undefined && ingester.metadata.size === 0
        const known = isSilent ? before(target.publicLabels) : ingester.metadata.entries()
        for (const [metricFamily, metadata] of known)
          yield { target: target.publicLabels, metricFamily, metadata }
      }
  }

  /** What discovery found for a job, one by one, with what became of it; undefined for an unknown job. */
  discovered(job: string): IterableIterator<DiscoveredTarget> | undefined {
    const pool = this.#pools.get(job)
    return pool === undefined ? undefined : discoveredTargets(pool.job, pool.groups)
  }

  /**
   * Scrapes a configured target once, storing nothing, for the "try it now" button.
   * @returns undefined when no such target is configured
   */
  async tryNow(job: string, url: string): Promise<TrialScrape | undefined> {
    const pool = this.#pools.get(job)
    const loop = pool === undefined ? undefined : [...pool.loops].find(({ target }) => target.url === url)
    if (pool === undefined || loop === undefined) return undefined
    return trialScrape(loop.target, pool.job, this.#environment.features, this.#options.userAgent)
  }

  #countMetadata(metrics: ScrapeMetrics): void {
    for (const [name, pool] of this.#pools) {
      let bytes = 0
      let entries = 0
      for (const { ingester } of pool.loops) {
        bytes += ingester.metadata.bytes
        entries += ingester.metadata.size
      }
      metrics.metadataBytes.set(bytes, name)
      metrics.metadataEntries.set(entries, name)
    }
  }
}
