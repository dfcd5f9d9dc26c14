import type { Counter, Registry } from '@promontory/base'
import { AppendStatus } from '@promontory/model'

/** Status of a sample that met a full memory; told to callers as refused by the storage. */
const NO_MEMORY = 7

/** What the metrics read of a head. */
interface MeasuredHead {
  readonly seriesCount: number
  readonly chunkCount: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly bytesInUse: number
  readonly bytesReached: number
  readonly exemplars: { readonly size: number; readonly outOfOrder: number; readonly appended: number }
}

/** The head's metrics under Prometheus's names and HELP, and two of our own. */
export class HeadMetrics {
  readonly samplesAppended: Counter
  readonly outOfOrder: Counter
  readonly outOfBounds: Counter
  readonly seriesCreated: Counter
  readonly seriesRemoved: Counter
  readonly seriesRefused: Counter
  readonly samplesRefused: Counter
  readonly lateAppended: Counter
  readonly #tooOld: Counter

  constructor(registry: Registry, head: MeasuredHead) {
    this.samplesAppended = registry.counter({
      name: 'prometheus_tsdb_head_samples_appended_total',
      help: 'Total number of appended samples.',
      labels: ['type'],
    })
    this.outOfOrder = registry.counter({
      name: 'prometheus_tsdb_out_of_order_samples_total',
      help: 'Total number of out of order samples ingestion failed attempts due to out of order being disabled.',
      labels: ['type'],
    })
    this.outOfBounds = registry.counter({
      name: 'prometheus_tsdb_out_of_bound_samples_total',
      help: 'Total number of out of bound samples ingestion failed attempts with out of order support disabled.',
      labels: ['type'],
    })
    this.seriesCreated = registry.counter({
      name: 'prometheus_tsdb_head_series_created_total',
      help: 'Total number of series created in the head',
    })
    this.seriesRemoved = registry.counter({
      name: 'prometheus_tsdb_head_series_removed_total',
      help: 'Total number of series removed in the head',
    })
    this.seriesRefused = registry.counter({
      name: 'promontory_tsdb_head_series_refused_total',
      help: 'Series that were refused because the memory of the head is full.',
    })
    this.samplesRefused = registry.counter({
      name: 'promontory_tsdb_head_samples_refused_total',
      help: 'Samples that were refused because the memory of the head is full.',
    })
    for (const type of ['float', 'histogram']) this.samplesAppended.add(0, type)
    this.lateAppended = registry.counter({
      name: 'prometheus_tsdb_head_out_of_order_samples_appended_total',
      help: 'Total number of appended out of order samples.',
      labels: ['type'],
    })
    this.#tooOld = registry.counter({
      name: 'prometheus_tsdb_too_old_samples_total',
      help: 'Total number of out of order samples ingestion failed attempts with out of support enabled, but sample outside of time window.',
      labels: ['type'],
    })
    for (const counter of [this.outOfOrder, this.outOfBounds, this.lateAppended, this.#tooOld]) {
      counter.add(0, 'float')
      counter.add(0, 'histogram')
    }
    for (const counter of [this.seriesCreated, this.seriesRemoved, this.seriesRefused, this.samplesRefused])
      counter.add(0)
    this.#gauges(registry, head)
    const exemplarsLate = registry.counter({
      name: 'prometheus_tsdb_exemplar_out_of_order_exemplars_total',
      help: 'Total number of out of order exemplar ingestion failed attempts.',
    })
    const exemplarsAppended = registry.counter({
      name: 'prometheus_tsdb_exemplar_exemplars_appended_total',
      help: 'Total number of appended exemplars.',
    })
    registry.onCollect(() => {
      exemplarsLate.setTotal(head.exemplars.outOfOrder)
      exemplarsAppended.setTotal(head.exemplars.appended)
    })
  }

  /** Counts a sample that was not taken. @param takesLate  whether there is a window for late samples */
  refused(status: number, type: 'float' | 'histogram', takesLate: boolean): void {
    if (status === AppendStatus.tooOld && takesLate) this.#tooOld.inc(type)
    else if (status === AppendStatus.outOfOrder) this.outOfOrder.inc(type)
    else if (status === AppendStatus.tooOld || status === AppendStatus.outOfBounds) this.outOfBounds.inc(type)
    else if (status === NO_MEMORY) this.samplesRefused.inc()
  }

  #gauges(registry: Registry, head: MeasuredHead): void {
    const gauge = (name: string, help: string, read: () => number): void => {
      const metric = registry.gauge({ name, help })
      registry.onCollect(() => metric.set(read()))
    }
    gauge('prometheus_tsdb_head_series', 'Total number of series in the head block.', () => head.seriesCount)
    gauge('prometheus_tsdb_head_chunks', 'Total number of chunks in the head block.', () => head.chunkCount)
    gauge(
      'prometheus_tsdb_head_min_time',
      'Minimum time bound of the head block. The unit is decided by the library consumer.',
      () => (Number.isFinite(head.minTimeMs) ? head.minTimeMs : 2 ** 63),
    )
    gauge(
      'prometheus_tsdb_head_max_time',
      'Maximum timestamp of the head block. The unit is decided by the library consumer.',
      () => (Number.isFinite(head.maxTimeMs) ? head.maxTimeMs : -(2 ** 63)),
    )
    gauge('prometheus_tsdb_head_min_time_seconds', 'Minimum time bound of the head block.', () =>
      Number.isFinite(head.minTimeMs) ? head.minTimeMs / 1000 : 2 ** 63 / 1000,
    )
    gauge('prometheus_tsdb_head_max_time_seconds', 'Maximum timestamp of the head block.', () =>
      Number.isFinite(head.maxTimeMs) ? head.maxTimeMs / 1000 : -(2 ** 63) / 1000,
    )
    gauge(
      'promontory_tsdb_head_bytes_in_use',
      'Bytes of the head memory that are allocated and not freed.',
      () => head.bytesInUse,
    )
    gauge(
      'promontory_tsdb_head_bytes_reached',
      'Bytes of the head memory that were ever in use.',
      () => head.bytesReached,
    )
    gauge(
      'prometheus_tsdb_exemplar_exemplars_in_storage',
      'Number of exemplars currently in circular storage.',
      () => head.exemplars.size,
    )
  }
}
