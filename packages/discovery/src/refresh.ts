import type { Clock, Logger, Timer } from '@promontory/base'
import { errorText } from '@promontory/base'
import type { DiscoveryMetrics } from './metrics.ts'
import type { TargetGroup } from './target-group.ts'

/** Takes groups; each replaces the one of the same source. */
export type GroupSink = (groups: readonly TargetGroup[]) => void

/** A running source of targets. */
export interface Discoverer {
  start(sink: GroupSink): void
  stop(): void
}

/** What discoverers need of the server. */
export interface DiscoveryEnvironment {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: DiscoveryMetrics
  readonly userAgent: string
}

/** Asks a source at once and then at intervals. A failed refresh keeps the last targets, is counted and logged. */
export class RefreshDiscoverer implements Discoverer {
  readonly #mechanism: string
  readonly #environment: DiscoveryEnvironment
  readonly #refresh: (signal: AbortSignal) => Promise<readonly TargetGroup[]>
  /** May change while running: an HTTP answer can ask for another pace. */
  intervalMs: number
  #timer: Timer | undefined
  #abort = new AbortController()

  constructor(
    mechanism: string,
    intervalMs: number,
    environment: DiscoveryEnvironment,
    refresh: (signal: AbortSignal) => Promise<readonly TargetGroup[]>,
  ) {
    this.#mechanism = mechanism
    this.intervalMs = intervalMs
    this.#environment = environment
    this.#refresh = refresh
    environment.metrics.refreshFailures.add(0, mechanism)
  }

  start(sink: GroupSink): void {
    this.#abort = new AbortController()
    void this.#run(sink, this.#abort.signal)
  }

  stop(): void {
    this.#abort.abort()
    this.#timer?.cancel()
  }

  async #run(sink: GroupSink, signal: AbortSignal): Promise<void> {
    const { clock, metrics, logger } = this.#environment
    const startMs = clock.monotonicMs()
    try {
      const groups = await this.#refresh(signal)
      if (!signal.aborted) sink(groups)
    } catch (error) {
      if (signal.aborted) return
      metrics.refreshFailures.inc(this.#mechanism)
      logger.error('Unable to refresh target groups', { discovery: this.#mechanism, err: errorText(error) })
    }
    if (signal.aborted) return
    metrics.refreshDuration.observe((clock.monotonicMs() - startMs) / 1000, this.#mechanism)
    this.#timer = clock.setTimer(this.intervalMs, () => void this.#run(sink, signal))
  }
}
