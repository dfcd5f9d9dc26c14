import type { Counter, Gauge, Registry, Summary } from '@promontory/base'

/** The counters of scraping under Prometheus's names, with its texts. */
export class ScrapeMetrics {
  readonly intervalLength: Summary
  readonly syncLength: Summary
  readonly metadataBytes: Gauge
  readonly metadataEntries: Gauge
  readonly poolSyncs: Counter
  readonly poolTargets: Gauge
  readonly poolTargetLimit: Gauge
  readonly syncFailed: Counter
  readonly pools: Counter
  readonly poolsFailed: Counter
  readonly poolReloads: Counter
  readonly poolReloadsFailed: Counter
  readonly exceededTargetLimit: Counter
  readonly exceededLabelLimits: Counter
  readonly exceededBodySize: Counter
  readonly exceededSampleLimit: Counter
  readonly exceededBucketLimit: Counter
  readonly duplicateTimestamp: Counter
  readonly outOfBounds: Counter
  readonly outOfOrder: Counter
  readonly exemplarOutOfOrder: Counter
  readonly cacheFlushes: Counter

  constructor(registry: Registry) {
    const job = ['scrape_job']
    const quantiles = [0.01, 0.05, 0.5, 0.9, 0.99]
    this.intervalLength = registry.summary({ name: 'prometheus_target_interval_length_seconds', help: 'Actual intervals between scrapes.', labels: ['interval'], quantiles })
    this.syncLength = registry.summary({ name: 'prometheus_target_sync_length_seconds', help: 'Actual interval to sync the scrape pool.', labels: job, quantiles })
    this.metadataBytes = registry.gauge({ name: 'prometheus_target_metadata_cache_bytes', help: 'The number of bytes that are currently used for storing metric metadata in the cache', labels: job })
    this.metadataEntries = registry.gauge({ name: 'prometheus_target_metadata_cache_entries', help: 'Total number of metric metadata entries in the cache', labels: job })
    this.poolSyncs = registry.counter({ name: 'prometheus_target_scrape_pool_sync_total', help: 'Total number of syncs that were executed on a scrape pool.', labels: job })
    this.poolTargets = registry.gauge({ name: 'prometheus_target_scrape_pool_targets', help: 'Current number of targets in this scrape pool.', labels: job })
    this.poolTargetLimit = registry.gauge({ name: 'prometheus_target_scrape_pool_target_limit', help: 'Maximum number of targets allowed in this scrape pool.', labels: job })
    this.syncFailed = registry.counter({ name: 'prometheus_target_sync_failed_total', help: 'Total number of target sync failures.', labels: job })
    this.pools = registry.counter({ name: 'prometheus_target_scrape_pools_total', help: 'Total number of scrape pool creation attempts.' })
    this.poolReloads = registry.counter({ name: 'prometheus_target_scrape_pool_reloads_total', help: 'Total number of scrape pool reloads.' })
    this.poolsFailed = registry.counter({ name: 'prometheus_target_scrape_pools_failed_total', help: 'Total number of scrape pool creations that failed.' })
    this.poolReloadsFailed = registry.counter({ name: 'prometheus_target_scrape_pool_reloads_failed_total', help: 'Total number of failed scrape pool reloads.' })
    this.exceededTargetLimit = registry.counter({ name: 'prometheus_target_scrape_pool_exceeded_target_limit_total', help: 'Total number of times scrape pools hit the target limit, during sync or config reload.' })
    this.exceededLabelLimits = registry.counter({ name: 'prometheus_target_scrape_pool_exceeded_label_limits_total', help: 'Total number of times scrape pools hit the label limits, during sync or config reload.' })
    this.exceededBodySize = registry.counter({ name: 'prometheus_target_scrapes_exceeded_body_size_limit_total', help: 'Total number of scrapes that hit the body size limit' })
    this.exceededSampleLimit = registry.counter({ name: 'prometheus_target_scrapes_exceeded_sample_limit_total', help: 'Total number of scrapes that hit the sample limit and were rejected.' })
    this.exceededBucketLimit = registry.counter({ name: 'prometheus_target_scrapes_exceeded_native_histogram_bucket_limit_total', help: 'Total number of scrapes that hit the native histogram bucket limit and were rejected.' })
    this.duplicateTimestamp = registry.counter({ name: 'prometheus_target_scrapes_sample_duplicate_timestamp_total', help: 'Total number of samples rejected due to duplicate timestamps but different values.' })
    this.outOfBounds = registry.counter({ name: 'prometheus_target_scrapes_sample_out_of_bounds_total', help: 'Total number of samples rejected due to timestamp falling outside of the time bounds.' })
    this.outOfOrder = registry.counter({ name: 'prometheus_target_scrapes_sample_out_of_order_total', help: 'Total number of samples rejected due to not being out of the expected order.' })
    this.exemplarOutOfOrder = registry.counter({ name: 'prometheus_target_scrapes_exemplar_out_of_order_total', help: 'Total number of exemplar rejected due to not being out of the expected order.' })
    this.cacheFlushes = registry.counter({ name: 'prometheus_target_scrapes_cache_flush_forced_total', help: 'How many times a scrape cache was flushed due to getting big while scrapes are failing.' })
    for (const counter of [this.pools, this.poolsFailed, this.poolReloads, this.poolReloadsFailed, this.exceededTargetLimit, this.exceededLabelLimits, this.exceededBodySize, this.exceededSampleLimit, this.exceededBucketLimit, this.duplicateTimestamp, this.outOfBounds, this.outOfOrder, this.exemplarOutOfOrder, this.cacheFlushes])
      counter.add(0)
  } // prettier-ignore

  /** A job appears: its series are there before the first scrape. */
  addPool(job: string, targetLimit: number): void {
    this.poolTargetLimit.set(targetLimit, job)
    this.poolTargets.set(0, job)
    this.metadataBytes.set(0, job)
    this.metadataEntries.set(0, job)
  }

  removePool(job: string): void {
    const all = [
      this.syncLength,
      this.metadataBytes,
      this.metadataEntries,
      this.poolSyncs,
      this.poolTargets,
      this.poolTargetLimit,
      this.syncFailed,
    ]
    for (const metric of all) metric.remove(job)
  }
}
