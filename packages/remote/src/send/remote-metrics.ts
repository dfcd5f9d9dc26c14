import type { Counter, Gauge, Histogram, Registry } from '@promontory/base'

/** Which queue a metric speaks of. */
export type QueueLabels = readonly [remoteName: string, url: string]

const LABELS = ['remote_name', 'url'] as const
const PREFIX = 'prometheus_remote_storage_'

/** What Prometheus tells of its remote-write queues, under its names. */
export class RemoteWriteMetrics {
  readonly samples: Counter
  readonly exemplars: Counter
  readonly histograms: Counter
  readonly metadata: Counter
  readonly failedSamples: Counter
  readonly failedExemplars: Counter
  readonly failedHistograms: Counter
  readonly failedMetadata: Counter
  readonly retriedSamples: Counter
  readonly retriedExemplars: Counter
  readonly retriedHistograms: Counter
  readonly retriedMetadata: Counter
  readonly droppedSamples: Counter
  readonly droppedExemplars: Counter
  readonly droppedHistograms: Counter
  readonly enqueueRetries: Counter
  readonly bytes: Counter
  readonly metadataBytes: Counter
  readonly samplesIn: Counter
  readonly histogramsIn: Counter
  readonly exemplarsIn: Counter
  readonly pendingSamples: Gauge
  readonly pendingExemplars: Gauge
  readonly pendingHistograms: Gauge
  readonly shards: Gauge
  readonly shardsMax: Gauge
  readonly shardsMin: Gauge
  readonly shardsDesired: Gauge
  readonly shardCapacity: Gauge
  readonly maxSamplesPerSend: Gauge
  readonly highestTime: Gauge
  readonly highestQueuedTime: Gauge
  readonly highestSentTime: Gauge
  readonly duration: Histogram

  constructor(registry: Registry) {
    const counter = (name: string, help: string, more: readonly string[] = []): Counter =>
      registry.counter({ name: PREFIX + name, help, labels: [...LABELS, ...more] })
    const gauge = (name: string, help: string): Gauge =>
      registry.gauge({ name: PREFIX + name, help, labels: LABELS })
    this.samples = counter('samples_total', 'Total number of samples sent to remote storage.')
    this.exemplars = counter('exemplars_total', 'Total number of exemplars sent to remote storage.')
    this.histograms = counter('histograms_total', 'Total number of histograms sent to remote storage.')
    this.metadata = counter('metadata_total', 'Total number of metadata sent to remote storage.')
    const failed = 'which failed on send to remote storage, non-recoverable errors.'
    this.failedSamples = counter('samples_failed_total', `Total number of samples ${failed}`)
    this.failedExemplars = counter('exemplars_failed_total', `Total number of exemplars ${failed}`)
    this.failedHistograms = counter('histograms_failed_total', `Total number of histograms ${failed}`)
    this.failedMetadata = counter('metadata_failed_total', `Total number of metadata entries ${failed}`)
    const retried = 'which failed on send to remote storage but were retried because the error was recoverable.'
    this.retriedSamples = counter('samples_retried_total', `Total number of samples ${retried}`)
    this.retriedExemplars = counter('exemplars_retried_total', `Total number of exemplars ${retried}`)
    this.retriedHistograms = counter('histograms_retried_total', `Total number of histograms ${retried}`)
    this.retriedMetadata = counter('metadata_retried_total', `Total number of metadata entries ${retried}`)
    const dropped = 'which were dropped after being read from the WAL before being sent via remote write.'
    this.droppedSamples = counter('samples_dropped_total', `Total number of samples ${dropped}`, ['reason'])
    this.droppedExemplars = counter('exemplars_dropped_total', `Total number of exemplars ${dropped}`, ['reason'])
    this.droppedHistograms = counter('histograms_dropped_total', `Total number of histograms ${dropped}`, ['reason'])
    this.enqueueRetries = counter('enqueue_retries_total', "Total number of times enqueue has failed because a shard's queue was full.")
    this.bytes = counter('bytes_total', 'Total number of bytes of data sent by the queue after compression.')
    this.metadataBytes = counter('metadata_bytes_total', 'Total number of bytes of metadata sent by the queue after compression.')
    this.samplesIn = registry.counter({ name: `${PREFIX}samples_in_total`, help: 'Samples in to remote storage, compare to samples out for queue managers.' })
    this.histogramsIn = registry.counter({ name: `${PREFIX}histograms_in_total`, help: 'HistogramSamples in to remote storage, compare to histograms out for queue managers.' })
    this.exemplarsIn = registry.counter({ name: `${PREFIX}exemplars_in_total`, help: 'Exemplars in to remote storage, compare to exemplars out for queue managers.' })
    this.pendingSamples = gauge('samples_pending', 'The number of samples pending in the queues shards to be sent to the remote storage.')
    this.pendingExemplars = gauge('exemplars_pending', 'The number of exemplars pending in the queues shards to be sent to the remote storage.')
    this.pendingHistograms = gauge('histograms_pending', 'The number of histograms pending in the queues shards to be sent to the remote storage.')
    this.shards = gauge('shards', 'The number of shards used for parallel sending to the remote storage.')
    this.shardsMax = gauge('shards_max', 'The maximum number of shards that the queue is allowed to run.')
    this.shardsMin = gauge('shards_min', 'The minimum number of shards that the queue is allowed to run.')
    this.shardsDesired = gauge('shards_desired', 'The number of shards that the queues shard calculation wants to run based on the rate of samples in vs. samples out.')
    this.shardCapacity = gauge('shard_capacity', 'The capacity of each shard of the queue used for parallel sending to the remote storage.')
    this.maxSamplesPerSend = gauge('max_samples_per_send', 'The maximum number of samples to be sent, in a single request, to the remote storage.')
    this.highestTime = registry.gauge({ name: `${PREFIX}highest_timestamp_in_seconds`, help: 'Highest timestamp that has come into the remote storage via the Appender interface, in seconds since epoch.' })
    this.highestQueuedTime = gauge('queue_highest_timestamp_seconds', 'Highest timestamp that was enqueued, in seconds since epoch.')
    this.highestSentTime = gauge('queue_highest_sent_timestamp_seconds', 'Timestamp from a WAL sample, the highest timestamp successfully sent by this queue, in seconds since epoch.')
    this.duration = registry.histogram({
      name: `${PREFIX}sent_batch_duration_seconds`,
      help: 'Duration of send calls to the remote storage.',
      labels: LABELS,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 300],
    })
  } // prettier-ignore

  /** Makes a queue's counters appear with 0. */
  touch(labels: QueueLabels): void {
    for (const counter of [
      this.samples,
      this.exemplars,
      this.histograms,
      this.metadata,
      this.failedSamples,
      this.failedExemplars,
      this.failedHistograms,
      this.failedMetadata,
      this.retriedSamples,
      this.retriedExemplars,
      this.retriedHistograms,
      this.retriedMetadata,
      this.enqueueRetries,
      this.bytes,
      this.metadataBytes,
    ])
      // prettier-ignore
      counter.add(0, ...labels)
  }

  /** Forgets a queue that is gone. */
  remove(labels: QueueLabels): void {
    for (const gauge of [
      this.pendingSamples,
      this.pendingExemplars,
      this.pendingHistograms,
      this.shards,
      this.shardsMax,
      this.shardsMin,
      this.shardsDesired,
      this.shardCapacity,
      this.maxSamplesPerSend,
      this.highestQueuedTime,
      this.highestSentTime,
    ])
      // prettier-ignore
      gauge.remove(...labels)
  }
}
