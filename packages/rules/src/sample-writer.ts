import {
  AppendBatch,
  AppendStatus,
  type Appender,
  type Labels,
  type SeriesRef,
  type VectorSample,
} from '@promontory/model'

/** Series that a rule wrote in its last evaluation, by key of the labels. */
export type WrittenSeries = ReadonlyMap<string, { readonly labels: Labels; readonly ref: SeriesRef }>

export interface WriteOutcome {
  readonly written: WrittenSeries
  /** Refused samples, counted by Prometheus's text for the reason. */
  readonly refused: ReadonlyMap<string, number>
}

const REASONS: Readonly<Record<number, string>> = {
  [AppendStatus.duplicateTimestamp]: 'duplicate sample for timestamp',
  [AppendStatus.outOfOrder]: 'out of order sample',
  [AppendStatus.tooOld]: 'too old sample',
  [AppendStatus.outOfBounds]: 'out of bounds',
}

/** Writes what a rule gave, and stale markers for the series that it gave before and no longer gives. */
export class SampleWriter {
  readonly #appender: Appender
  readonly #batch = new AppendBatch()

  constructor(appender: Appender) {
    this.#appender = appender
  }

  /** @throws StorageError of the storage; nothing was written then */
  write(samples: readonly VectorSample[], timeMs: number, previous: WrittenSeries): WriteOutcome {
    // A ref may have been dropped since: then the labels are resolved again, once.
    return this.#attempt(samples, timeMs, previous, true) ?? this.#attempt(samples, timeMs, previous, false)!
  }

  /** Marks series of a rule that is gone. */
  writeStale(series: Iterable<Labels>, timeMs: number): void {
    this.#batch.clear()
    for (const labels of series) {
      const ref = this.#appender.seriesRef(labels)
      if (ref >= 0) this.#batch.pushStale(ref, timeMs)
    }
    if (this.#batch.count > 0) this.#appender.append(this.#batch)
  }

  #attempt(
    samples: readonly VectorSample[],
    timeMs: number,
    previous: WrittenSeries,
    useKnownRefs: boolean,
  ): WriteOutcome | undefined {
    const batch = this.#batch
    const written = new Map<string, { labels: Labels; ref: SeriesRef }>()
    const refused = new Map<string, number>()
    const floats: string[] = []
    const histograms: string[] = []
    batch.clear()
    for (const { labels, value, histogram } of samples) {
      const key = labels.key()
      const ref = (useKnownRefs ? previous.get(key)?.ref : undefined) ?? this.#appender.seriesRef(labels)
      if (ref < 0) {
        count(refused, 'the storage takes no more series')
        continue
      }
      written.set(key, { labels, ref })
      if (histogram === undefined) {
        batch.push(ref, timeMs, value)
        floats.push(key)
      } else {
        batch.histograms.push({ ref, timeMs, histogram })
        histograms.push(key)
      }
    }
    for (const [key, { labels, ref }] of previous)
      if (!written.has(key)) batch.pushStale(useKnownRefs ? ref : this.#appender.seriesRef(labels), timeMs)
    const outcome = this.#appender.append(batch)
    if (useKnownRefs && outcome.statuses.subarray(0, batch.count).includes(AppendStatus.unknownSeries))
      return undefined
    const judge = (key: string, status: number): void => {
      const reason = REASONS[status]
      if (reason === undefined) return
      count(refused, reason)
      written.delete(key)
    }
    floats.forEach((key, i) => judge(key, outcome.statuses[i]!))
    histograms.forEach((key, i) => judge(key, outcome.histogramStatuses[i] ?? 0))
    return { written, refused }
  }
}

function count(counts: Map<string, number>, reason: string): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1)
}
