import {
  isStaleAt,
  Labels,
  type AppendBatch,
  type Appender,
  type AppendOutcome,
  type FloatHistogram,
} from '@promontory/model'

export interface MemorySample {
  readonly labels: Labels
  readonly timeMs: number
  readonly value: number | 'stale' | FloatHistogram
}

/** An appender that keeps everything it is given, in order; for tests that look at what was written. */
export class MemoryAppender implements Appender {
  readonly samples: MemorySample[] = []
  readonly #refs = new Map<string, number>()
  readonly #labels: Labels[] = []

  seriesRef(labels: Labels): number {
    let ref = this.#refs.get(labels.key())
    if (ref === undefined) {
      ref = this.#labels.push(labels) - 1
      this.#refs.set(labels.key(), ref)
    }
    return ref
  }

  append(batch: AppendBatch): AppendOutcome {
    for (let i = 0; i < batch.count; i++)
      this.samples.push({
        labels: this.#labels[batch.refs[i]!]!,
        timeMs: batch.timesMs[i]!,
        value: isStaleAt(batch.bits, i) ? 'stale' : batch.values[i]!,
      })
    for (const { ref, timeMs, histogram } of batch.histograms)
      this.samples.push({ labels: this.#labels[ref]!, timeMs, value: histogram })
    return {
      appended: batch.count,
      statuses: new Uint8Array(batch.count),
      histogramStatuses: batch.histograms.map(() => 0),
    }
  }

  /** What was written since the last call, one line each: `labels value @time`. */
  take(): string[] {
    return this.samples
      .splice(0)
      .map(
        ({ labels, timeMs, value }) =>
          `${labels} ${typeof value === 'object' ? 'histogram' : value} @${timeMs}`,
      )
  }
}
