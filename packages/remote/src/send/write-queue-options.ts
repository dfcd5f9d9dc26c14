import type { Clock, Logger } from '@promontory/base'
import type { Labels } from '@promontory/model'
import type { RelabelConfig } from '@promontory/model/relabel'
import type { OutgoingCounts } from './outgoing.ts'
import type { RemoteWriteMetrics } from './remote-metrics.ts'
import type { LogPosition, SampleLogs } from './sample-log.ts'
import type { WriteTarget } from './write-client.ts'

/** One `remote_write` entry; field names are those of the file, durations in ms. */
export interface RemoteWriteSettings extends WriteTarget {
  readonly name: string
  readonly write_relabel_configs: readonly RelabelConfig[]
  readonly send_exemplars: boolean
  readonly send_native_histograms: boolean
  readonly failed_request_logging: boolean
  readonly queue_config: {
    readonly capacity: number
    readonly max_shards: number
    readonly min_shards: number
    readonly max_samples_per_send: number
    readonly batch_send_deadline: number
    readonly min_backoff: number
    readonly max_backoff: number
    readonly retry_on_http_429: boolean
    readonly sample_age_limit: number
  }
  readonly metadata_config: { readonly send: boolean; readonly send_interval: number; readonly max_samples_per_send: number } // prettier-ignore
}

/** Metadata of a metric family, as targets tell it. */
export interface FamilyMetadata {
  readonly family: string
  readonly type: string
  readonly help: string
  readonly unit: string
}

export interface WriteQueueOptions {
  readonly name: string
  readonly settings: RemoteWriteSettings
  readonly externalLabels: Labels
  readonly logs: SampleLogs
  readonly metrics: RemoteWriteMetrics
  readonly metadata: () => readonly FamilyMetadata[]
  readonly clock: Clock
  readonly logger: Logger
  readonly userAgent: string
  /** `--storage.remote.flush-deadline` */
  readonly flushDeadlineMs: number
  /** Where to begin: behind what was sent and acknowledged before. */
  readonly from: LogPosition
}

/** What a page shows of a queue. Times are Unix seconds. */
export interface WriteQueueState {
  readonly name: string
  readonly url: string
  readonly protocol: '1.0' | '2.0'
  readonly shards: number
  readonly shardsMin: number
  readonly shardsMax: number
  readonly shardsDesired: number
  readonly pending: OutgoingCounts
  readonly highestSentSeconds: number
  readonly lagSeconds: number
  readonly sent: number
  readonly failed: number
  readonly retried: number
  /** Never tried: the log may not grow further. */
  readonly givenUp: number
  /** The last try did not get through. */
  readonly isFailing: boolean
  readonly lastError: string
}
