import type { Clock, Logger, Timer } from '@promontory/base'
import { AppendBatch, type Appender, AppendStatus, Labels, METRIC_NAME } from '@promontory/model'
import { formatOpenMetricsFloat } from '@promontory/exposition'
import { type GroupStore, timeFamilies } from './group-store.ts'
import type { PushedFamily, PushedMetric } from './pushed-family.ts'

export interface PushCollectorOptions {
  readonly store: GroupStore
  readonly appender: Appender
  readonly clock: Clock
  readonly logger: Logger
  /** How often the groups are stored; asked anew each time, as a reload may change it. */
  readonly intervalMs: () => number
  /** Somebody scrapes the gateway and stores it here: then we do not do it twice. */
  readonly isScraped: () => boolean
}

/** Samples in one batch, so that the event loop is held for a few milliseconds only. */
const BATCH_SAMPLES = 10_000

/**
 * Brings what was pushed into the storage, as a scrape with `honor_labels` would: every interval each sample once more,
 * with the time of now; a stale marker for what was replaced or deleted.
 */
export class PushCollector {
  readonly #options: PushCollectorOptions
  readonly #batch = new AppendBatch()
  /** Labels of a metric's series, kept as long as the metric is. */
  readonly #series = new WeakMap<PushedMetric, readonly Labels[]>()
  /** Series of the last round, with their refs. */
  #before = new Map<string, number>()
  #timer: Timer | undefined
  #stopped = false

  constructor(options: PushCollectorOptions) {
    this.#options = options
  }

  start(): void {
    const { clock, intervalMs, logger } = this.#options
    if (this.#stopped) return
    const interval = intervalMs()
    this.#timer = clock.setTimer(interval - (clock.nowMs() % interval), () => {
      try {
        this.collect()
      } catch (error) {
        logger.error('pushed metrics could not be stored', { error })
      }
      this.start()
    })
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  /** One round. @throws StorageError */
  collect(): void {
    const { store, clock, isScraped } = this.#options
    if (isScraped()) {
      this.#before.clear()
      return
    }
    const timeMs = Math.round(clock.nowMs())
    const now = new Map<string, number>()
    for (const group of store.groups())
      for (const family of [...group.families.values(), ...timeFamilies(group)])
        for (const metric of family.metrics) this.#take(family, metric, timeMs, now)
    for (const [key, ref] of this.#before) {
      if (now.has(key)) continue
      this.#batch.pushStale(ref, timeMs)
      if (this.#batch.count >= BATCH_SAMPLES) this.#flush(now)
    }
    this.#flush(now)
    this.#before = now
  }

  #take(family: PushedFamily, metric: PushedMetric, timeMs: number, now: Map<string, number>): void {
    const series = this.#seriesOf(family, metric)
    const batch = this.#batch
    const ref = (labels: Labels): number => {
      const known = this.#before.get(labels.key()) ?? this.#options.appender.seriesRef(labels)
      if (known >= 0) now.set(labels.key(), known)
      return known
    }
    if (metric.native !== undefined) {
      const at = ref(series[0]!)
      if (at >= 0) batch.histograms.push({ ref: at, timeMs, ...metric.native })
    } else
      metric.samples.forEach(({ value }, i) => {
        const at = ref(series[i]!)
        if (at >= 0) batch.push(at, timeMs, value)
      })
    if (batch.count + batch.histograms.length >= BATCH_SAMPLES) this.#flush(now)
  }

  #seriesOf(family: PushedFamily, metric: PushedMetric): readonly Labels[] {
    let series = this.#series.get(metric)
    if (series === undefined) {
      series =
        metric.native === undefined
          ? metric.samples.map(({ suffix, extra }) => {
              const bound = extra === undefined ? [] : [[extra[0], storedBound(extra[1])] as const]
              return Labels.from([...metric.labels, ...bound, [METRIC_NAME, family.name + suffix]])
            })
          : [Labels.from([...metric.labels, [METRIC_NAME, family.name]])]
      this.#series.set(metric, series)
    }
    return series
  }

  #flush(now: Map<string, number>): void {
    const batch = this.#batch
    if (batch.count + batch.histograms.length === 0) return
    try {
      const { statuses } = this.#options.appender.append(batch)
      // A series that the storage has dropped meanwhile is looked up anew in the next round.
      const gone = new Set<number>()
      for (let i = 0; i < batch.count; i++)
        if (statuses[i] === AppendStatus.unknownSeries) gone.add(batch.refs[i]!)
      if (gone.size > 0) for (const [key, ref] of now) if (gone.has(ref)) now.delete(key)
    } finally {
      batch.clear()
    }
  }
}

/** Bounds are stored as OpenMetrics writes them. */
function storedBound(text: string): string {
  const value = Number(text.replace('Inf', 'Infinity'))
  return Number.isNaN(value) ? text : formatOpenMetricsFloat(value)
}
