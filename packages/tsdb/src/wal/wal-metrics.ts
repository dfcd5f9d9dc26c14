import type { Registry, Summary } from '@promontory/base'
import type { ReplayResult } from './replay.ts'
import { type WalWriter, walBytes } from './writer.ts'

/** What the names of a log's metrics begin with. */
export const WAL_PREFIX = 'prometheus_tsdb_wal'
export const LATE_LOG_PREFIX = 'prometheus_tsdb_out_of_order_wbl'

/** A log's metrics under Prometheus's names and HELP. */
export class WalMetrics {
  readonly fsync: Summary
  readonly #registry: Registry

  constructor(registry: Registry, wal: WalWriter, directory: string, prefix: string = WAL_PREFIX) {
    this.#registry = registry
    this.fsync = registry.summary({
      name: `${prefix}_fsync_duration_seconds`,
      help: 'Duration of write log fsync.',
      quantiles: [0.5, 0.9, 0.99],
    })
    this.fsync.touch()
    const segment = registry.gauge({
      name: `${prefix}_segment_current`,
      help: 'Write log segment index that TSDB is currently writing to.',
    })
    const size = registry.gauge({
      name: `${prefix}_storage_size_bytes`,
      help: 'Size of the write log directory.',
    })
    const written = registry.counter({
      name: `${prefix}_record_bytes_written_total`,
      help: 'Total number of bytes written for WAL records.',
    })
    const failed = registry.counter({
      name: `${prefix}_writes_failed_total`,
      help: 'Total number of write log writes that failed.',
    })
    registry.onCollect(() => {
      failed.setTotal(wal.writesFailed)
      segment.set(wal.segment)
      size.set(walBytes(directory))
      written.setTotal(wal.bytesWritten)
    })
  }

  replayed(result: ReplayResult, seconds: number): void {
    this.#registry
      .gauge({
        name: 'prometheus_tsdb_data_replay_duration_seconds',
        help: 'Time taken to replay the data on disk.',
      })
      .set(seconds)
    this.#registry
      .counter({
        name: 'prometheus_tsdb_wal_corruptions_total',
        help: 'Total number of WAL corruptions.',
      })
      .add(result.repair === undefined ? 0 : 1)
  }
}
