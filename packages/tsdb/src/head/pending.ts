import { AppendStatus } from '@promontory/model'
import { encodeHistograms, type HistogramRecord } from '../wal/histogram-records.ts'
import { encodeSamples } from '../wal/records.ts'
import type { LateFloat } from './late-samples.ts'

/** A histogram, or a stale marker among such, on its way through an append. */
export interface PendingHistogram {
  readonly record: HistogramRecord
  /** Index of the float that is this marker, −1 for a histogram. */
  readonly marker: number
  status: number
}

/** The histograms of a batch, and those of them that were judged good. */
export interface PendingHistograms {
  readonly all: readonly PendingHistogram[]
  readonly accepted: readonly PendingHistogram[]
}

/** What of a batch comes late and is taken all the same. */
export class LateBatch {
  readonly floats: (LateFloat & { readonly index: number })[] = []
  readonly histograms: PendingHistogram[] = []

  get size(): number {
    return this.floats.length + this.histograms.length
  }

  records(): Uint8Array[] {
    return [
      ...(this.floats.length === 0 ? [] : [encodeSamples(this.floats)]),
      ...encodeHistograms(this.histograms.map(({ record }) => record)),
    ]
  }
}

export const NOTHING_LATE: LateBatch = new LateBatch()

export const NO_HISTOGRAMS: PendingHistograms = { all: [], accepted: [] }

/** Those that were stored and are wanted. */
export function countOf(
  all: readonly PendingHistogram[],
  wanted: (each: PendingHistogram) => boolean,
): number {
  return all.filter((each) => each.status === AppendStatus.appended && wanted(each)).length
}
