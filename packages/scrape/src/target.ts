import { createHash } from 'node:crypto'
import type { Labels } from '@promontory/model'
import { parseDuration } from '@promontory/model'
import type { ScrapeConfig } from './config.ts'
import { publicLabels, SCRAPE_INTERVAL, SCRAPE_TIMEOUT, scrapeUrl } from './target-labels.ts'

export type TargetHealth = 'unknown' | 'up' | 'down'

/** One endpoint, and what its last scrape said. */
export class Target {
  /** All labels after relabelling, `__…` ones included. */
  readonly labels: Labels
  /** Those that its series carry. */
  readonly publicLabels: Labels
  /** As found, before relabelling; a later discovery of the same target replaces them. */
  discoveredLabels: Labels
  readonly url: string
  readonly intervalMs: number
  readonly timeoutMs: number
  health: TargetHealth = 'unknown'
  lastError = ''
  /** Unix milliseconds; undefined before the first scrape. */
  lastScrapeMs: number | undefined
  lastDurationMs = 0
  lastSamples = 0

  constructor(labels: Labels, discovered: Labels, params: ScrapeConfig['params']) {
    this.labels = labels
    this.publicLabels = publicLabels(labels)
    this.discoveredLabels = discovered
    this.url = scrapeUrl(labels, params)
    this.intervalMs = parseDuration(labels.get(SCRAPE_INTERVAL))
    this.timeoutMs = parseDuration(labels.get(SCRAPE_TIMEOUT))
  }

  /** Equal for targets that are scraped alike and whose series are the same. */
  get key(): string {
    return `${this.labels.key()} ${this.url}`
  }

  report(startMs: number, durationMs: number, error: string): void {
    this.health = error === '' ? 'up' : 'down'
    this.lastError = error
    this.lastScrapeMs = startMs
    this.lastDurationMs = durationMs
  }
}

/** 64 bits that spread evenly; ten times as fast as FNV over big integers. */
export function hash64(text: string): bigint {
  return createHash('md5').update(text).digest().readBigUInt64BE(0)
}

/**
 * Milliseconds until a target's next scrape: its place within the interval is fixed by the hash, so that targets
 * spread evenly, a restart keeps the rhythm, and the seed keeps replicas apart.
 */
export function scrapeOffsetMs(hash: bigint, seed: bigint, intervalMs: number, nowMs: number): number {
  const place = Number((hash ^ seed) % BigInt(Math.round(intervalMs * 1000))) / 1000
  const next = intervalMs - (nowMs % intervalMs) + place
  return next > intervalMs ? next - intervalMs : next
}
