import type { Clock, Logger } from '@promontory/base'
import { errorText } from '@promontory/base'
import { acceptHeader, chooseFormat, ExpositionError } from '@promontory/exposition'
import type { EscapingScheme, ScrapeProtocol } from '@promontory/exposition'
import { BodyTooLargeError, HttpRequestError } from '@promontory/http-client'
import type { HttpClient, HttpResponse } from '@promontory/http-client'
import { AppendBatch, AppendStatus } from '@promontory/model'
import type { Appender, SeriesRef } from '@promontory/model'
import type { ScrapeConfig } from './config.ts'
import type { ScrapeFeatures } from './features.ts'
import { BucketLimitError } from './histogram-limit.ts'
import { SampleLimitError } from './ingest-body.ts'
import type { IngestBody } from './ingest-body.ts'
import { Ingester } from './ingester.ts'
import type { ScrapeMetrics } from './metrics.ts'
import { productHint, protocolHint } from './protocol-hint.ts'
import { ScrapeSchedule, toleranceOf } from './schedule.ts'
import { LabelLimitError } from './series-rules.ts'
import {
  ALWAYS_CLASSIC,
  booleanLabel,
  CONVERT_TO_NHCB,
  NATIVE_HISTOGRAMS,
  reportLabels,
} from './target-labels.ts'
import type { Target } from './target.ts'

/** What loops share. */
export interface ScrapeEnvironment {
  readonly appender: Appender
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: ScrapeMetrics
  readonly features: ScrapeFeatures
  /** How late a scrape may begin, in ms, and still get its nominal time; undefined: by the interval. */
  readonly timestampToleranceMs?: number | undefined
  /** Takes a line for a job's `scrape_failure_log_file`. */
  readonly logFailure: (file: string, target: string, error: string) => void
}

const REPORTS = ['up', 'scrape_duration_seconds', 'scrape_samples_scraped', 'scrape_samples_post_metric_relabeling', 'scrape_series_added'] as const // prettier-ignore
const EXTRA_REPORTS = ['scrape_timeout_seconds', 'scrape_sample_limit', 'scrape_body_size_bytes'] as const

/** Batches are used between two awaits only, so that all loops of a process share one. */
const batch: AppendBatch = new AppendBatch(4096)

/** Scrapes one target for as long as it is there. */
export class ScrapeLoop {
  readonly target: Target
  readonly ingester: Ingester
  readonly #environment: ScrapeEnvironment
  readonly #schedule: ScrapeSchedule
  #job: ScrapeConfig
  #client: HttpClient
  #reportRefs: SeriesRef[] = []
  #lastStartMs: number | undefined
  /** Set when the pool has more targets than it may: every scrape fails with this. */
  forcedError: string | undefined

  constructor(
    target: Target,
    job: ScrapeConfig,
    client: HttpClient,
    environment: ScrapeEnvironment,
    seed: readonly [number, number],
  ) {
    this.target = target
    this.#environment = environment
    this.#job = forTarget(job, target)
    this.#client = client
    this.ingester = new Ingester(
      environment.appender,
      target.publicLabels,
      this.#job,
      seed,
      environment.features,
    )
    this.#schedule = new ScrapeSchedule(
      environment.clock,
      target.intervalMs,
      (timeMs) => this.scrape(timeMs),
      toleranceOf(target.intervalMs, environment.timestampToleranceMs),
    )
  }

  start(offsetMs: number): void {
    this.#schedule.start(offsetMs)
  }

  /** Takes a changed job without touching the rhythm. */
  reconfigure(job: ScrapeConfig, client: HttpClient, rulesChanged: boolean): void {
    this.#job = forTarget(job, this.target)
    this.#client = client
    if (rulesChanged) this.ingester.changeRules(this.#job)
  }

  /** Ends the loop; resolves when a running scrape has ended. No stale markers: see {@link endStale}. */
  async stop(): Promise<void> {
    await this.#schedule.stop()
  }

  /** When the next scrape would be. */
  get nextDueMs(): number {
    return this.#schedule.dueMs
  }

  get hasScraped(): boolean {
    return this.#lastStartMs !== undefined
  }

  /** One scrape: fetch, read, append, report. Never rejects. */
  async scrape(timeMs: number): Promise<void> {
    const { clock, metrics } = this.#environment
    const startMs = clock.nowMs()
    const startMonotonicMs = clock.monotonicMs()
    if (this.#lastStartMs !== undefined)
      metrics.intervalLength.observe(
        (startMonotonicMs - this.#lastStartMs) / 1000,
        goDuration(this.target.intervalMs),
      )
    this.#lastStartMs = startMonotonicMs
    let fault = this.forcedError ?? ''
    let body: IngestBody | undefined
    let response: HttpResponse | undefined
    let bodyBytes = 0
    if (fault === '') {
      try {
        response = await this.#fetch()
        bodyBytes = response.length
        body = this.#bodyOf(response)
      } catch (error) {
        fault = await this.#fetchFault(error)
        if (error instanceof BodyTooLargeError) bodyBytes = -1
      }
    }
    try {
      fault = this.#ingest(body, timeMs, fault, bodyBytes, () => clock.monotonicMs() - startMonotonicMs)
    } catch (error) {
      fault = `storage: ${errorText(error)}`
      this.#environment.logger.error('Scrape commit failed', {
        target: this.target.url,
        err: errorText(error),
      })
    } finally {
      response?.release?.()
    }
    this.target.report(startMs, clock.monotonicMs() - startMonotonicMs, fault)
    if (fault !== '' && this.#job.scrape_failure_log_file !== '')
      this.#environment.logFailure(this.#job.scrape_failure_log_file, this.target.url, fault)
  }

  async #fetch(): Promise<HttpResponse> {
    const response = await this.#request()
    if (response.status === 200) return response
    const hint = productHint(response.status, response.headers, new URL(this.target.url).pathname)
    throw new Error(
      `server returned HTTP status ${response.statusText}${hint === undefined ? '' : `; ${hint}`}`,
    )
  }

  #bodyOf(response: HttpResponse): IngestBody {
    const fallback = this.#job.fallback_scrape_protocol
    try {
      const chosen = chooseFormat(
        response.headers['content-type'] ?? '',
        fallback === '' ? undefined : (fallback as ScrapeProtocol),
      )
      return { bytes: response.bytes, length: response.length, format: chosen.format }
    } catch (error) {
      if (response.length === 0) return { bytes: response.bytes, length: 0, format: 'text' }
      const hint = productHint(200, response.headers, new URL(this.target.url).pathname)
      throw new Error(hint === undefined ? errorText(error) : `${errorText(error)}; ${hint}`, {
        cause: error,
      })
    }
  }

  /** `AbortSignal.timeout` would go off after the scrape has ended, thousands of times a minute with many targets. */
  async #request(): Promise<HttpResponse> {
    const { body_size_limit: limit } = this.#job
    const { url, timeoutMs } = this.target
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(new DOMException('timed out', 'TimeoutError')), timeoutMs)
    try {
      return await this.#client.request({
        url,
        headers: scrapeHeaders(this.#job, timeoutMs),
        signal: deadline.signal,
        ...(limit > 0 ? { bodyBytesMax: limit } : {}),
      })
    } finally {
      clearTimeout(timer)
    }
  }
  async #fetchFault(error: unknown): Promise<string> {
    if (error instanceof BodyTooLargeError) {
      this.#environment.metrics.exceededBodySize.inc()
      return this.#job.body_size_limit > 0 ? 'body size limit exceeded' : error.message
    }
    const hint = error instanceof HttpRequestError ? await protocolHint(error, this.target.url) : undefined
    return hint === undefined ? errorText(error) : `${errorText(error)}; ${hint}`
  }

  /** Everything between the body and the storage; synchronous, so that a scrape is one batch and one record. */
  #ingest(
    body: IngestBody | undefined,
    timeMs: number,
    fetchFault: string,
    bodyBytes: number,
    elapsedMs: () => number,
  ): string {
    const { ingester } = this
    batch.clear()
    let fault = fetchFault
    if (body !== undefined) fault = this.#read(body, timeMs)
    else ingester.scraped = ingester.added = ingester.seriesAdded = 0
    const samples = batch.count
    if (fault === '') ingester.markVanished(batch, timeMs)
    else ingester.markAllStale(batch, timeMs)
    this.#pushReport(timeMs, fault === '' ? 1 : 0, elapsedMs() / 1000, bodyBytes)
    const outcome = this.#environment.appender.append(batch)
    if (outcome.appended < batch.count) this.#countRefused(outcome.statuses, samples)
    if (outcome.lateExemplars !== undefined)
      this.#environment.metrics.exemplarOutOfOrder.add(outcome.lateExemplars)
    ingester.settle(outcome, samples)
    if (ingester.finish(fault === '')) this.#environment.metrics.cacheFlushes.inc()
    this.target.lastSamples = ingester.scraped
    return fault
  }

  #read(body: IngestBody, timeMs: number): string {
    const { metrics, logger } = this.#environment
    try {
      this.ingester.read(body, timeMs, batch)
    } catch (error) {
      batch.clear()
      if (error instanceof SampleLimitError) metrics.exceededSampleLimit.inc()
      if (error instanceof LabelLimitError) metrics.exceededLabelLimits.inc()
      if (error instanceof BucketLimitError) metrics.exceededBucketLimit.inc()
      return error instanceof ExpositionError ? `${error.message} (line ${error.line})` : errorText(error)
    }
    const { duplicates, outOfBounds } = this.ingester
    if (duplicates > 0) {
      metrics.duplicateTimestamp.add(duplicates)
      logger.warn('Error on ingesting samples with different value but same timestamp', {
        target: this.target.url,
        num_dropped: duplicates,
      })
    }
    if (outOfBounds > 0) {
      metrics.outOfBounds.add(outOfBounds)
      logger.warn('Error on ingesting samples that are too old or are too far into the future', {
        target: this.target.url,
        num_dropped: outOfBounds,
      })
    }
    return ''
  }

  #countRefused(statuses: Uint8Array, samples: number): void {
    const { metrics, logger } = this.#environment
    const counts = new Map<number, number>()
    for (let i = 0; i < samples; i++) counts.set(statuses[i]!, (counts.get(statuses[i]!) ?? 0) + 1)
    const count = (status: number): number => counts.get(status) ?? 0
    if (statuses.subarray(samples, batch.count).includes(AppendStatus.unknownSeries)) this.#reportRefs = []
    const outOfOrder = count(AppendStatus.outOfOrder)
    const tooOld = count(AppendStatus.tooOld) + count(AppendStatus.outOfBounds)
    const duplicates = count(AppendStatus.duplicateTimestamp)
    metrics.outOfOrder.add(outOfOrder)
    metrics.outOfBounds.add(tooOld)
    metrics.duplicateTimestamp.add(duplicates)
    const fields = { target: this.target.url }
    if (outOfOrder > 0)
      logger.warn('Error on ingesting out-of-order samples', { ...fields, num_dropped: outOfOrder })
    if (tooOld > 0)
      logger.warn('Error on ingesting samples that are too old or are too far into the future', {
        ...fields,
        num_dropped: tooOld,
      })
    if (duplicates > 0)
      logger.warn('Error on ingesting samples with different value but same timestamp', {
        ...fields,
        num_dropped: duplicates,
      })
  }

  #pushReport(timeMs: number, up: number, seconds: number, bodyBytes: number): void {
    const { scraped, added, seriesAdded } = this.ingester
    const values = [up, seconds, scraped, added, seriesAdded]
    if (this.#job.extra_scrape_metrics)
      values.push(this.target.timeoutMs / 1000, this.#job.sample_limit, bodyBytes)
    const refs = this.#reports(values.length)
    values.forEach((value, i) => {
      if (refs[i]! >= 0) batch.push(refs[i]!, timeMs, value)
    })
  }

  /** Kept from scrape to scrape; {@link #countRefused} throws them away when the storage has dropped one. */
  #reports(count: number): SeriesRef[] {
    if (this.#reportRefs.length !== count)
      this.#reportRefs = [...REPORTS, ...EXTRA_REPORTS]
        .slice(0, count)
        .map((name) => this.#environment.appender.seriesRef(reportLabels(name, this.target.publicLabels)))
    return this.#reportRefs
  }

  /** Marks all series of the target stale, `up` and its like too: the target is gone. */
  endStale(timeMs: number): void {
    batch.clear()
    this.ingester.markAllStale(batch, timeMs)
    for (const ref of this.#reportRefs) if (ref >= 0) batch.pushStale(ref, timeMs)
    try {
      this.#environment.appender.append(batch)
    } catch (error) {
      this.#environment.logger.warn('Stale append failed', { target: this.target.url, err: errorText(error) })
    }
  }
}

/** The job with what labels of the target say otherwise. */
export function forTarget(job: ScrapeConfig, { labels }: Target): ScrapeConfig {
  const native = booleanLabel(labels, NATIVE_HISTOGRAMS, job.scrape_native_histograms ?? false)
  const classic = booleanLabel(labels, ALWAYS_CLASSIC, job.always_scrape_classic_histograms ?? false)
  const converted = booleanLabel(labels, CONVERT_TO_NHCB, job.convert_classic_histograms_to_nhcb ?? false)
  return {
    ...job,
    scrape_native_histograms: native,
    always_scrape_classic_histograms: classic,
    convert_classic_histograms_to_nhcb: converted,
  }
}

/** Headers of a scrape. */
export function scrapeHeaders(job: ScrapeConfig, timeoutMs: number): Record<string, string> {
  return {
    accept: acceptHeader(
      job.scrape_protocols as readonly ScrapeProtocol[],
      job.metric_name_escaping_scheme as EscapingScheme,
    ),
    'accept-encoding': job.enable_compression ? 'gzip' : 'identity',
    'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1000),
  }
}

/** Go's `time.Duration.String`, which is what the label `interval` holds: `1m0s`. */
export function goDuration(ms: number): string {
  if (ms < 1000) return `${ms}ms`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms % 3_600_000) / 60_000)
  const seconds = (ms % 60_000) / 1000
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`
}
