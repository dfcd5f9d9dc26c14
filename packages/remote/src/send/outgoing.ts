import type { Exemplar, FloatHistogram, Labels } from '@promontory/model'
import type { OutgoingHistogram, OutgoingSeries } from '@promontory/wire'

/** A series of a queue: its labels as they are sent, after external labels and relabelling. */
export interface QueuedSeries {
  readonly ref: number
  readonly labels: Labels
}

/** Whatever waits to be sent. */
export type Outgoing =
  | { readonly kind: 'sample'; readonly series: QueuedSeries; readonly timeMs: number; readonly low: number; readonly high: number; readonly receipt: Receipt } // prettier-ignore
  | { readonly kind: 'histogram'; readonly series: QueuedSeries; readonly timeMs: number; readonly histogram: FloatHistogram | undefined; readonly isInteger: boolean; readonly receipt: Receipt } // prettier-ignore
  | { readonly kind: 'exemplar'; readonly series: QueuedSeries; readonly timeMs: number; readonly exemplar: Exemplar; readonly receipt: Receipt } // prettier-ignore

/** Counts what of one record of the log is not yet sent. */
export interface Receipt {
  left: number
}

export interface OutgoingCounts {
  samples: number
  histograms: number
  exemplars: number
}

export function countOf(batch: readonly Outgoing[]): OutgoingCounts {
  const counts = { samples: 0, histograms: 0, exemplars: 0 }
  for (const { kind } of batch) counts[`${kind}s`]++
  return counts
}

/** By the number that the protocol has for them. */
const HINTS = ['unknown', 'reset', 'not_reset', 'gauge']

type Draft = { -readonly [K in 'samples' | 'histograms' | 'exemplars']: OutgoingSeries[K][number][] } & {
  readonly labels: readonly string[]
  readonly metadata: OutgoingSeries['metadata']
}

/** A batch as the series of a request: each series once, what is of it in order. */
export function toSeries(
  batch: readonly Outgoing[],
  metadataOf: (labels: Labels) => OutgoingSeries['metadata'],
): OutgoingSeries[] {
  const byRef = new Map<QueuedSeries, Draft>()
  for (const item of batch) {
    let draft = byRef.get(item.series)
    if (draft === undefined) {
      const { labels } = item.series
      draft = {
        labels: labels.pairs,
        samples: [],
        histograms: [],
        exemplars: [],
        metadata: metadataOf(labels),
      }
      byRef.set(item.series, draft)
    }
    if (item.kind === 'sample') draft.samples.push(item)
    else if (item.kind === 'histogram') draft.histograms.push(toMessage(item))
    else {
      const { labels, value, timeMs } = item.exemplar
      draft.exemplars.push({ labels: labels.pairs, value, timeMs })
    }
  }
  return [...byRef.values()]
}

function toMessage({ timeMs, histogram, isInteger }: Outgoing & { kind: 'histogram' }): OutgoingHistogram {
  if (histogram === undefined)
    return {
      timeMs, isInteger: true, schema: 0, zeroThreshold: 0, zeroCount: 0, count: 0, sum: undefined, positiveSpans: [],
      positiveBuckets: [], negativeSpans: [], negativeBuckets: [], customBounds: [], resetHint: 0,
    } // prettier-ignore
  return {
    timeMs,
    isInteger,
    schema: histogram.schema,
    zeroThreshold: histogram.zeroThreshold,
    zeroCount: histogram.zeroCount,
    count: histogram.count,
    sum: histogram.sum,
    positiveSpans: histogram.positiveSpans,
    positiveBuckets: histogram.positiveBuckets,
    negativeSpans: histogram.negativeSpans,
    negativeBuckets: histogram.negativeBuckets,
    customBounds: histogram.customBounds,
    resetHint: Math.max(0, HINTS.indexOf(histogram.counterResetHint)),
  }
}
