/** Door `@promontory/model/testing`: storage for tests of what appends. */
import { AppendStatus } from '../appender.ts'
import type { AppendBatch, AppendOutcome, Appender, SeriesRef } from '../appender.ts'
import type { FloatHistogram } from '../histogram.ts'
import { formatSeries } from '../labels.ts'
import type { Labels } from '../labels.ts'
import { isStaleAt } from '../stale.ts'

/** One stored sample; a stale marker is the text, so that tests can compare. */
export interface MemorySample {
  readonly timeMs: number
  readonly value: number | 'stale' | FloatHistogram
}

/** Keeps everything in maps; refuses what is older than the newest sample of its series, as a head does. */
export class MemoryAppender implements Appender {
  readonly series: Labels[] = []
  readonly samples: MemorySample[][] = []
  readonly exemplars: {
    readonly series: string
    readonly labels: string
    readonly value: number
    readonly timeMs: number
  }[] = []
  appends = 0
  readonly #refs = new Map<string, SeriesRef>()
  readonly #dropped = new Set<SeriesRef>()

  seriesRef(labels: Labels): SeriesRef {
    const key = labels.key()
    let ref = this.#refs.get(key)
    if (ref === undefined) {
      ref = this.series.length
      this.series.push(labels)
      this.samples.push([])
      this.#refs.set(key, ref)
    }
    return ref
  }

  takesInOrder(ref: SeriesRef, timeMs: number): boolean {
    return timeMs > (this.samples[ref]!.at(-1)?.timeMs ?? -Infinity)
  }

  append(batch: AppendBatch): AppendOutcome {
    this.appends++
    const statuses = new Uint8Array(batch.count)
    let appended = 0
    for (let i = 0; i < batch.count; i++) {
      const value = isStaleAt(batch.bits, i) ? 'stale' : batch.values[i]!
      statuses[i] = this.#store(batch.refs[i]!, batch.timesMs[i]!, value)
      if (statuses[i] === AppendStatus.appended) appended++
    }
    const histogramStatuses = batch.histograms.map(({ ref, timeMs, histogram }) =>
      this.#store(ref, timeMs, histogram),
    )
    for (const { ref, exemplar } of batch.exemplars)
      this.exemplars.push({
        series: formatSeries(this.series[ref]!),
        labels: exemplar.labels.toString(),
        value: exemplar.value,
        timeMs: exemplar.timeMs,
      })
    return { appended, statuses, histogramStatuses }
  }

  /** As a head that lets a series go: its ref is unknown from now on. */
  drop(series: string): void {
    const ref = this.series.findIndex((labels, i) => formatSeries(labels) === series && !this.#dropped.has(i))
    this.#dropped.add(ref)
    this.#refs.delete(this.series[ref]!.key())
  }

  /** The samples of a series by its text (`up{job="a"}`), of the latest one of that name. */
  of(series: string): readonly MemorySample[] {
    const ref = this.series.findLastIndex((labels) => formatSeries(labels) === series)
    return this.samples[ref] ?? []
  }

  /** Series with samples → newest value. */
  latest(): Record<string, MemorySample['value']> {
    const out: Record<string, MemorySample['value']> = {}
    this.series.forEach((labels, ref) => {
      const last = this.samples[ref]!.at(-1)
      if (last !== undefined) out[formatSeries(labels)] = last.value
    })
    return out
  }

  #store(ref: SeriesRef, timeMs: number, value: MemorySample['value']): number {
    if (this.#dropped.has(ref) || this.samples[ref] === undefined) return AppendStatus.unknownSeries
    const last = this.samples[ref].at(-1)
    if (last !== undefined && last.timeMs === timeMs)
      return Object.is(last.value, value) ? AppendStatus.duplicateSame : AppendStatus.duplicateTimestamp
    if (last !== undefined && last.timeMs > timeMs) return AppendStatus.outOfOrder
    this.samples[ref].push({ timeMs, value })
    return AppendStatus.appended
  }
}
