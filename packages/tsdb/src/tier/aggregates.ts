import { isStaleAt, type SampleColumns } from '@promontory/model'

/**
 * One series at a resolution: a row for each window that has samples, oldest first. Windows are `[k·r, (k+1)·r)`, a row's time is the last
 * millisecond of its window, as in Thanos.
 */
export class AggregateRows {
  readonly timesMs: number[] = []
  readonly counts: number[] = []
  readonly sums: number[] = []
  readonly mins: number[] = []
  readonly maxs: number[] = []
  /** What a counter reads at the end of each window if it had never been reset since the first sample. */
  readonly counters: number[] = []
  /** The first sample of the first window. */
  firstTimeMs = 0
  first = 0
  /** The last sample of the last window, resets not undone. */
  last = 0

  get length(): number {
    return this.timesMs.length
  }
}

/** Time of the window that `timeMs` falls into: its last millisecond. */
export function windowEnd(timeMs: number, resolutionMs: number): number {
  return Math.floor(timeMs / resolutionMs) * resolutionMs + resolutionMs - 1
}

/** Adds the floats of some columns to rows, window by window. Stale markers and histograms are passed over, as are NaNs, which would spoil their window. */
export class Aggregator {
  readonly rows: AggregateRows = new AggregateRows()
  readonly #resolutionMs: number
  #counter = 0

  constructor(resolutionMs: number) {
    this.#resolutionMs = resolutionMs
  }

  /** @param columns  samples that come after those that were added before */
  add(columns: SampleColumns): void {
    const { timesMs, values, bits, histograms, length } = columns
    for (let i = 0; i < length; i++) {
      if (histograms?.[i] !== undefined || isStaleAt(bits, i) || Number.isNaN(values[i])) continue
      this.#sample(timesMs[i]!, values[i]!)
    }
  }

  #sample(timeMs: number, value: number): void {
    const { rows } = this
    if (rows.length === 0) {
      rows.firstTimeMs = timeMs
      rows.first = value
      this.#counter = value
    } else this.#counter += value < rows.last ? value : value - rows.last
    rows.last = value
    const endMs = windowEnd(timeMs, this.#resolutionMs)
    const row = rows.length - 1
    if (row < 0 || rows.timesMs[row] !== endMs) this.#open(endMs, value)
    else {
      rows.counts[row]!++
      rows.sums[row]! += value
      if (value < rows.mins[row]!) rows.mins[row] = value
      if (value > rows.maxs[row]!) rows.maxs[row] = value
      rows.counters[row] = this.#counter
    }
  }

  #open(endMs: number, value: number): void {
    const { rows } = this
    rows.timesMs.push(endMs)
    rows.counts.push(1)
    rows.sums.push(value)
    rows.mins.push(value)
    rows.maxs.push(value)
    rows.counters.push(this.#counter)
  }
}
