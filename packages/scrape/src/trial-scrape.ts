import { errorText } from '@promontory/base'
import { chooseFormat } from '@promontory/exposition'
import type { ScrapeProtocol } from '@promontory/exposition'
import { HttpClient } from '@promontory/http-client'
import { formatSeries } from '@promontory/model'
import type { Labels } from '@promontory/model'
import type { ScrapeConfig } from './config.ts'
import type { ScrapeFeatures } from './features.ts'
import { readEntries } from './read-entries.ts'
import { forTarget, scrapeHeaders } from './scrape-loop.ts'
import { storedLabels } from './series-rules.ts'
import { UNIX_SOCKET } from './target-labels.ts'
import type { Target } from './target.ts'

/** What the page shows of a body. */
const SHOWN_BODY_BYTES = 1 << 20
const SHOWN_SERIES = 2000

export interface TrialSeries {
  /** As the target wrote it. */
  readonly scraped: string
  /** As it would be stored; undefined when metric relabelling drops it. */
  readonly stored: string | undefined
  /** Undefined for a native histogram. */
  readonly value: number | undefined
}

/** A scrape that stores nothing, step by step. */
export interface TrialScrape {
  readonly status: string
  readonly contentType: string
  readonly durationMs: number
  /** The first MiB. */
  readonly body: string
  readonly bodyBytes: number
  /** The first 2,000. */
  readonly series: readonly TrialSeries[]
  readonly seriesCount: number
  /** `''` when all went well. */
  readonly error: string
}

/** Scrapes a target once for the eye. Never rejects. */
export async function trialScrape(
  target: Target,
  ofPool: ScrapeConfig,
  features: ScrapeFeatures,
  userAgent: string,
): Promise<TrialScrape> {
  const job = forTarget(ofPool, target)
  const socketPath = target.labels.get(UNIX_SOCKET)
  const client = new HttpClient(job, { userAgent, ...(socketPath === '' ? {} : { socketPath }) })
  const startMs = performance.now()
  const result = {
    status: '',
    contentType: '',
    body: '',
    bodyBytes: 0,
    series: [] as TrialSeries[],
    seriesCount: 0,
    error: '',
  }
  try {
    const response = await client.request({
      url: target.url,
      headers: scrapeHeaders(job, target.timeoutMs),
      signal: AbortSignal.timeout(target.timeoutMs),
      ...(job.body_size_limit > 0 ? { bodyBytesMax: job.body_size_limit } : {}),
    })
    result.status = response.statusText
    result.contentType = response.headers['content-type'] ?? ''
    result.bodyBytes = response.length
    result.body = Buffer.from(
      response.bytes.subarray(0, Math.min(response.length, SHOWN_BODY_BYTES)),
    ).toString('utf8')
    if (response.status !== 200) result.error = `server returned HTTP status ${response.statusText}`
    else parseInto(result, response.bytes.subarray(0, response.length), target, job, features)
  } catch (error) {
    result.error = errorText(error)
  } finally {
    client.close()
  }
  return { ...result, durationMs: performance.now() - startMs }
}

function parseInto(
  result: { contentType: string; series: TrialSeries[]; seriesCount: number },
  bytes: Uint8Array,
  target: Target,
  job: ScrapeConfig,
  features: ScrapeFeatures,
): void {
  const fallback = job.fallback_scrape_protocol
  const { format } = chooseFormat(
    result.contentType,
    fallback === '' ? undefined : (fallback as ScrapeProtocol),
  )
  const take = (labels: Labels, value: number | undefined): void => {
    if (++result.seriesCount > SHOWN_SERIES) return
    const stored = storedLabels(labels, target.publicLabels, job)
    result.series.push({
      scraped: formatSeries(labels),
      stored: stored === undefined ? undefined : formatSeries(stored),
      value,
    })
  }
  readEntries(bytes, format, job, features, {
    sample: take,
    histogram: (labels) => take(labels, undefined),
    metadata: () => {},
  })
}
