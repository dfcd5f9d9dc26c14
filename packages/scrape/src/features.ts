import type { ScrapeConfig } from './config.ts'
import { isDefaultProtocols, PROTOBUF_FIRST } from './global-config.ts'

/** What `--enable-feature` switches on for all jobs. */
export interface ScrapeFeatures {
  /** `extra-scrape-metrics`: the default of `extra_scrape_metrics`. */
  readonly extraMetrics: boolean
  /** `created-timestamp-zero-ingestion`: a 0 at the time at which a counter or histogram began. */
  readonly createdTimes: boolean
  /** `type-and-unit-labels`: the labels `__type__` and `__unit__`. */
  readonly typeAndUnitLabels: boolean
  /** `metadata-wal-records`: HELP, TYPE and UNIT of each series go to the log. */
  readonly logsMetadata: boolean
}

/** @param names of `--enable-feature`; those of others are passed over */
export function scrapeFeatures(names: readonly string[]): ScrapeFeatures {
  return {
    extraMetrics: names.includes('extra-scrape-metrics'),
    createdTimes: names.includes('created-timestamp-zero-ingestion'),
    typeAndUnitLabels: names.includes('type-and-unit-labels'),
    logsMetadata: names.includes('metadata-wal-records'),
  }
}

/** A job with the defaults that features change; what the configuration says stays. */
export function withFeatures(job: ScrapeConfig, features: ScrapeFeatures): ScrapeConfig {
  const extra_scrape_metrics = job.extra_scrape_metrics ?? features.extraMetrics
  // Only protobuf tells of created times without series of their own.
  const scrape_protocols =
    features.createdTimes && isDefaultProtocols(job.scrape_protocols) ? PROTOBUF_FIRST : job.scrape_protocols
  return { ...job, extra_scrape_metrics, scrape_protocols }
}
