import { errorText } from '@promontory/base'
import { type Labels, Labels as LabelsClass, METRIC_NAME } from '@promontory/model'
import { relabel } from '@promontory/model/relabel'
import {
  encodeWriteRequest,
  encodeWriteRequest2,
  METRIC_TYPE_NUMBERS,
  type OutgoingMetadata,
} from '@promontory/wire'
import {
  countOf,
  type Outgoing,
  type OutgoingCounts,
  type QueuedSeries,
  type Receipt,
  toSeries,
} from './outgoing.ts'
import type { QueueLabels, RemoteWriteMetrics } from './remote-metrics.ts'
import type { LogPosition, LogSink, SampleLog } from './sample-log.ts'
import { Shard } from './shard.ts'
import { SHARD_INTERVAL_S, ShardCalculator } from './shard-calculator.ts'
import { type SendOutcome, WriteClient } from './write-client.ts'
import type { WriteQueueOptions, WriteQueueState } from './write-queue-options.ts'

/** How often the log is looked at when it had nothing new, and how long one turn of reading may take. */
const POLL_MS = 100
const TURN_MS = 5

/**
 * Sends what the log gets to one receiver. It reads no further than its shards have room, so that a receiver that is away
 * costs no memory; `acknowledged` is where everything before is sent or given up for good: a start from there loses nothing.
 */
export class WriteQueue {
  readonly #options: WriteQueueOptions
  readonly #client: WriteClient
  readonly #labels: QueueLabels
  readonly #series = new Map<number, QueuedSeries | undefined>()
  /** Segment in which a series was told last. */
  readonly #toldIn = new Map<number, number>()
  /** The receiver did not answer the last time. */
  #failing = false
  /** Records that are read and not wholly sent, oldest first. */
  readonly #open: { end: LogPosition; readonly receipt: Receipt }[] = []
  readonly #abort = new AbortController()
  readonly #calculator: ShardCalculator
  #shards: Shard[] = []
  #desired = 0
  #log: SampleLog | undefined
  #acknowledged: LogPosition
  #receipt: Receipt = { left: 0 }
  #stopping = false
  #running: Promise<void> | undefined
  #wake: (() => void) | undefined
  #timers: ReturnType<typeof setInterval>[] = []
  #lastError = ''
  /** Samples before this segment are given up: the log may not grow for them. */
  #skipTo = 0
  #skipped = 0
  #isSkipping = false
  #highestReadMs = -Infinity
  /** Time of the first sample that was to be sent: while none is, the receiver lacks all since then. */
  #firstReadMs = Infinity
  #highestSentMs = -Infinity
  /** Since the last look at the number of shards. */
  #seen = { samplesIn: 0, samplesKept: 0, samplesOut: 0, sendSeconds: 0 }
  #totals = { sent: 0, failed: 0, retried: 0, givenUp: 0 }

  constructor(options: WriteQueueOptions) {
    const { settings, metrics, name } = options
    this.#options = options
    this.#client = new WriteClient(settings, options.userAgent)
    this.#labels = [name, settings.url]
    this.#acknowledged = options.from
    const { min_shards: min, max_shards: max, capacity, max_samples_per_send: batch } = settings.queue_config
    this.#calculator = new ShardCalculator(min, max)
    metrics.touch(this.#labels)
    metrics.shardsMin.set(min, ...this.#labels)
    metrics.shardsMax.set(max, ...this.#labels)
    metrics.shardCapacity.set(capacity, ...this.#labels)
    metrics.maxSamplesPerSend.set(batch, ...this.#labels)
    this.#setShards(min)
  }

  /** Everything before this is sent or given up. */
  get acknowledged(): LogPosition {
    return this.#acknowledged
  }

  /** What must stay in the log for this queue. */
  get neededFrom(): LogPosition {
    const { segment } = this.#acknowledged
    if (segment >= this.#skipTo) return this.#acknowledged
    // What is given up is still read, to be counted.
    return { segment: Math.min(this.#skipTo, Math.max(segment, this.#log?.position.segment ?? 0)), offset: 0 }
  }

  /** Gives up what has not been read and lies before `segment`; it is counted as dropped, and told to the log. */
  skipTo(segment: number): void {
    if (segment <= this.#skipTo) return
    this.#skipTo = segment
    this.#wake?.()
  }

  start(): void {
    this.#running ??= this.#run()
    const { metadata_config: metadata } = this.#options.settings
    this.#timers = [setInterval(() => void this.#reshard(), SHARD_INTERVAL_S * 1000)]
    if (metadata.send && !this.#client.isVersion2)
      this.#timers.push(setInterval(() => void this.#sendMetadata(), metadata.send_interval))
  }

  /** Sends what is read, as long as the flush deadline lets it. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#wake?.()
    const { flushDeadlineMs, metrics } = this.#options
    let cut: ReturnType<typeof setTimeout> | undefined
    // What a receiver that is away does not take now is sent after the next start.
    const waitMs = this.#failing ? 0 : flushDeadlineMs
    const deadline = new Promise<void>((resolve) => (cut = setTimeout(resolve, waitMs)))
    await Promise.race([
      Promise.all([this.#running, ...this.#shards.map((shard) => shard.drain())]),
      deadline,
    ])
    clearTimeout(cut)
    this.#abort.abort()
    for (const shard of this.#shards) shard.drop()
    this.#log?.close()
    this.#client.close()
    metrics.remove(this.#labels)
  }

  state(): WriteQueueState {
    const { settings, name } = this.#options
    const { min_shards: shardsMin, max_shards: shardsMax } = settings.queue_config
    return {
      name,
      url: settings.url.replace(/\/\/[^/@]*@/, '//'),
      protocol: this.#client.isVersion2 ? '2.0' : '1.0',
      shards: this.#shards.length,
      shardsMin,
      shardsMax,
      shardsDesired: this.#desired,
      pending: this.#pending(),
      highestSentSeconds: finite(this.#highestSentMs / 1000),
      lagSeconds: this.#lagSeconds(),
      ...this.#totals,
      isFailing: this.#failing,
      lastError: this.#lastError,
    }
  }

  /** Brings the gauges up to date. */
  observe(): void {
    const { metrics } = this.#options
    const pending = this.#pending()
    metrics.pendingSamples.set(pending.samples, ...this.#labels)
    metrics.pendingHistograms.set(pending.histograms, ...this.#labels)
    metrics.pendingExemplars.set(pending.exemplars, ...this.#labels)
    metrics.shards.set(this.#shards.length, ...this.#labels)
    metrics.shardsDesired.set(this.#desired, ...this.#labels)
    metrics.highestQueuedTime.set(finite(this.#highestReadMs / 1000), ...this.#labels)
    metrics.highestSentTime.set(finite(this.#highestSentMs / 1000), ...this.#labels)
  }

  /** Behind what was stored: 0 when everything that was read is sent. */
  #lagSeconds(): number {
    if (this.#open.length === 0) return 0
    const sentMs = Number.isFinite(this.#highestSentMs) ? this.#highestSentMs : this.#firstReadMs
    return Math.max(0, (this.#options.clock.nowMs() - sentMs) / 1000)
  }

  #pending(): OutgoingCounts {
    const total = { samples: 0, histograms: 0, exemplars: 0 }
    for (const shard of this.#shards) {
      const { samples, histograms, exemplars } = shard.pendingByKind()
      total.samples += samples
      total.histograms += histograms
      total.exemplars += exemplars
    }
    return total
  }

  async #run(): Promise<void> {
    const { logs, logger, from } = this.#options
    const sink = this.#sink()
    try {
      this.#log = await logs.open(from, sink)
      while (!this.#stopping) {
        if (this.#readSafely(this.#log, sink)) await immediate()
        else await this.#pause()
      }
    } catch (error) {
      this.#lastError = errorText(error)
      logger.error('remote write stopped: the log cannot be read', { error })
    }
  }

  /** A damaged record costs the rest of its segment, not the queue. */
  #readSafely(log: SampleLog, sink: LogSink): boolean {
    try {
      return this.#readTurn(log, sink)
    } catch (error) {
      this.#lastError = errorText(error)
      this.#options.logger.error('the log is damaged; remote write goes on behind it', { error })
      return true
    }
  }

  /** Reads for a moment. @returns false when there is nothing to read or no room */
  #readTurn(log: SampleLog, sink: LogSink): boolean {
    const until = performance.now() + TURN_MS
    while (performance.now() < until) {
      this.#isSkipping = log.position.segment < this.#skipTo
      if (!this.#isSkipping) this.#tellSkipped()
      if (!this.#isSkipping && !this.#shards.every((shard) => shard.hasRoom)) {
        this.#options.metrics.enqueueRetries.inc(...this.#labels)
        return false
      }
      this.#receipt = { left: 0 }
      const found = log.read(sink)
      if (!found) return false
      const last = this.#open.at(-1)
      if (this.#receipt.left > 0) this.#open.push({ end: log.position, receipt: this.#receipt })
      else if (last !== undefined) last.end = log.position
      else this.#acknowledged = log.position
    }
    return true
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), POLL_MS)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
    })
  }

  #sink(): LogSink {
    const { metrics, settings } = this.#options
    const sendsHistograms = settings.send_native_histograms || this.#client.isVersion2
    return {
      series: (ref, labels) => {
        this.#series.set(ref, this.#relabelled(ref, labels))
        this.#toldIn.set(ref, this.#log?.position.segment ?? 0)
      },
      checkpoint: (segment, alive) => {
        for (const [ref, toldIn] of this.#toldIn) {
          if (toldIn > segment || alive.has(ref)) continue
          this.#toldIn.delete(ref)
          this.#series.delete(ref)
        }
      },
      sample: (ref, timeMs, low, high) => {
        this.#seen.samplesIn++
        const series = this.#kept(ref, metrics.droppedSamples)
        if (series === undefined) return
        this.#add({ kind: 'sample', series, timeMs, low, high, receipt: this.#receipt })
      },
      histogram: (ref, timeMs, histogram, isInteger) => {
        if (!sendsHistograms) return
        this.#seen.samplesIn++
        const series = this.#kept(ref, metrics.droppedHistograms)
        if (series === undefined) return
        this.#add({ kind: 'histogram', series, timeMs, histogram, isInteger, receipt: this.#receipt })
      },
      exemplar: (ref, exemplar) => {
        if (!settings.send_exemplars) return
        const series = this.#kept(ref, metrics.droppedExemplars)
        if (series === undefined) return
        this.#add({ kind: 'exemplar', series, timeMs: exemplar.timeMs, exemplar, receipt: this.#receipt })
      },
    }
  }

  #relabelled(ref: number, labels: Labels): QueuedSeries | undefined {
    const { externalLabels, settings } = this.#options
    const all = LabelsClass.from([...externalLabels, ...labels])
    const kept = relabel(all, settings.write_relabel_configs)
    return kept === undefined || kept.size === 0 ? undefined : { ref, labels: kept }
  }

  #kept(ref: number, dropped: RemoteWriteMetrics['droppedSamples']): QueuedSeries | undefined {
    const series = this.#series.get(ref)
    if (series !== undefined) return series
    dropped.inc(...this.#labels, this.#series.has(ref) ? 'dropped_series' : 'unintentionally_dropped_series')
    return undefined
  }

  #add(item: Outgoing): void {
    if (this.#isTooOld(item.timeMs)) {
      this.#options.metrics.droppedSamples.inc(...this.#labels, 'too_old')
      return
    }
    if (this.#isSkipping) {
      this.#skipped++
      this.#totals.givenUp++
      const { droppedSamples, droppedHistograms, droppedExemplars } = this.#options.metrics
      const dropped = { sample: droppedSamples, histogram: droppedHistograms, exemplar: droppedExemplars }
      dropped[item.kind].inc(...this.#labels, 'log_size')
      return
    }
    this.#seen.samplesKept++
    this.#receipt.left++
    if (item.timeMs > this.#highestReadMs) this.#highestReadMs = item.timeMs
    if (this.#firstReadMs === Infinity) this.#firstReadMs = item.timeMs
    this.#shards[item.series.ref % this.#shards.length]!.add(item)
  }

  #tellSkipped(): void {
    if (this.#skipped === 0) return
    this.#options.logger.error('Samples were given up: the log may not grow further for a receiver that is away', { samples: this.#skipped, limit: '--storage.remote.log-size' }) // prettier-ignore
    this.#skipped = 0
  }

  #isTooOld(timeMs: number): boolean {
    const limitMs = this.#options.settings.queue_config.sample_age_limit
    return limitMs > 0 && timeMs < this.#options.clock.nowMs() - limitMs
  }

  #setShards(count: number): void {
    const {
      capacity,
      max_samples_per_send: batchSize,
      batch_send_deadline: deadlineMs,
    } = this.#options.settings.queue_config
    this.#desired = count
    this.#shards = Array.from(
      { length: count },
      () =>
        new Shard({
          capacity: Math.max(capacity, batchSize),
          batchSize,
          deadlineMs,
          send: (batch) => this.#deliver(batch),
          onRoom: () => this.#wake?.(),
        }),
    )
  }

  /** Changes the number of shards when that helps: what waits is sent first, so that no series gets out of order. */
  async #reshard(): Promise<void> {
    const delaySeconds = this.#lagSeconds()
    const seen = { ...this.#seen, delaySeconds }
    this.#seen = { samplesIn: 0, samplesKept: 0, samplesOut: 0, sendSeconds: 0 }
    const { shards, desired } = this.#calculator.calculate(this.#shards.length, seen)
    this.#desired = desired
    // While nothing gets through, more of them would not help.
    if (shards === this.#shards.length || seen.samplesOut === 0 || this.#stopping) return
    const { logger } = this.#options
    logger.info('Remote storage resharding', { from: this.#shards.length, to: shards })
    const old = this.#shards
    // Without room nothing is read, hence nothing added.
    this.#shards = [FULL]
    await Promise.all(old.map((shard) => shard.drain()))
    this.#setShards(shards)
    this.#wake?.()
  }

  async #deliver(batch: readonly Outgoing[]): Promise<void> {
    const items = batch
    const counts = countOf(items)
    const started = performance.now()
    const outcome = await this.#sendUntilDone(items, counts)
    if (outcome === 'stopped') return
    this.#seen.sendSeconds += (performance.now() - started) / 1000
    this.#seen.samplesOut += items.length
    const { metrics } = this.#options
    const [samples, histograms, exemplars] =
      outcome === 'sent'
        ? [metrics.samples, metrics.histograms, metrics.exemplars]
        : [metrics.failedSamples, metrics.failedHistograms, metrics.failedExemplars]
    samples.add(counts.samples, ...this.#labels)
    histograms.add(counts.histograms, ...this.#labels)
    exemplars.add(counts.exemplars, ...this.#labels)
    this.#totals[outcome] += items.length
    for (const { timeMs, receipt } of items) {
      if (timeMs > this.#highestSentMs) this.#highestSentMs = timeMs
      receipt.left--
    }
    this.#advance()
  }

  /** Sends a batch again and again until it is taken or refused for good. */
  async #sendUntilDone(
    items: readonly Outgoing[],
    counts: OutgoingCounts,
  ): Promise<'sent' | 'failed' | 'stopped'> {
    const { settings, metrics, logger } = this.#options
    const { min_backoff: minMs, max_backoff: maxMs, retry_on_http_429: retriesLimits } = settings.queue_config
    let backoffMs = minMs
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#sendOnce(items, attempt)
      this.#failing = outcome.kind === 'retry'
      if (outcome.kind === 'sent') return 'sent'
      if (this.#abort.signal.aborted) return 'stopped'
      this.#lastError = outcome.reason
      if (outcome.kind === 'refused' || (outcome.isLimit && !retriesLimits)) {
        logger.error('non-recoverable error', { failedSampleCount: counts.samples, failedHistogramCount: counts.histograms, failedExemplarCount: counts.exemplars, err: outcome.reason }) // prettier-ignore
        return 'failed'
      }
      if (attempt === 0) logger.warn('Failed to send batch, retrying', { err: outcome.reason })
      metrics.retriedSamples.add(counts.samples, ...this.#labels)
      metrics.retriedHistograms.add(counts.histograms, ...this.#labels)
      metrics.retriedExemplars.add(counts.exemplars, ...this.#labels)
      this.#totals.retried += items.length
      await this.#sleep(outcome.retryAfterMs ?? backoffMs)
      if (this.#abort.signal.aborted) return 'stopped'
      backoffMs = Math.min(maxMs, 2 * backoffMs)
    }
  }

  async #sendOnce(items: readonly Outgoing[], attempt: number): Promise<SendOutcome> {
    const { metrics } = this.#options
    const fresh = items.filter(({ timeMs }) => !this.#isTooOld(timeMs))
    if (fresh.length < items.length && attempt > 0)
      metrics.droppedSamples.add(items.length - fresh.length, ...this.#labels, 'too_old')
    if (fresh.length === 0) return { kind: 'sent' }
    const isVersion2 = this.#client.isVersion2
    const metadata = isVersion2 ? this.#metadataByFamily() : undefined
    const series = toSeries(fresh, (labels) => metadata?.(labels))
    const message = isVersion2 ? encodeWriteRequest2(series) : encodeWriteRequest(series)
    const started = performance.now()
    const outcome = await this.#client.send(message, attempt, this.#abort.signal, (bytes) =>
      metrics.bytes.add(bytes, ...this.#labels),
    )
    metrics.duration.observe((performance.now() - started) / 1000, ...this.#labels)
    return outcome
  }

  #metadataByFamily(): (labels: Labels) => { type: number; help: string; unit: string } | undefined {
    const byFamily = new Map(this.#options.metadata().map((entry) => [entry.family, entry]))
    return (labels) => {
      const name = labels.get(METRIC_NAME)
      const entry = byFamily.get(name) ?? byFamily.get(name.replace(/_(total|bucket|count|sum|created)$/, ''))
      if (entry === undefined) return undefined
      return { type: METRIC_TYPE_NUMBERS[entry.type] ?? 0, help: entry.help, unit: entry.unit }
    }
  }

  /** Version 1 tells metadata apart from samples, now and then. */
  async #sendMetadata(): Promise<void> {
    const { settings, metrics } = this.#options
    const all: OutgoingMetadata[] = this.#options
      .metadata()
      .map(({ family, type, help, unit }) => ({ family, type: METRIC_TYPE_NUMBERS[type] ?? 0, help, unit }))
    const size = settings.metadata_config.max_samples_per_send
    for (let at = 0; at < all.length && !this.#stopping; at += size) {
      const some = all.slice(at, at + size)
      const message = encodeWriteRequest([], some)
      const { kind } = await this.#client.send(message, 0, this.#abort.signal, (bytes) =>
        metrics.metadataBytes.add(bytes, ...this.#labels),
      )
      // What does not get through is told again with the next round.
      const counter =
        kind === 'sent'
          ? metrics.metadata
          : kind === 'retry'
            ? metrics.retriedMetadata
            : metrics.failedMetadata
      counter.add(some.length, ...this.#labels)
    }
  }

  #advance(): void {
    let done = 0
    while (this.#open[done]?.receipt.left === 0) done++
    if (done === 0) return
    this.#acknowledged = this.#open[done - 1]!.end
    this.#open.splice(0, done)
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#abort.signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      this.#abort.signal.addEventListener('abort', end)
    })
  }
}

/** Stands in while shards change: takes nothing. */
const FULL = new Shard({ capacity: 0, batchSize: 1, deadlineMs: 0, send: async () => {}, onRoom: () => {} })

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0
}

function immediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
