/** A run of consecutive buckets: `offset` empty ones are skipped first (the first span: the index of its first bucket). */
export interface Span {
  readonly offset: number
  readonly length: number
}

export type CounterResetHint = 'unknown' | 'reset' | 'not_reset' | 'gauge'

/** Schema of histograms with custom bucket bounds ("NHCB"). */
export const CUSTOM_BUCKETS_SCHEMA = -53

/**
 * A native histogram with float counts; bucket counts are absolute, not deltas and not cumulative.
 * Exponential schemas −4…8: bucket i of the positive side covers (base^(i−1), base^i] with base = 2^(2^−schema).
 * Schema −53: `customBounds` are the upper bounds, +Inf is implied, only the positive side is used.
 * Source of the behaviour: https://prometheus.io/docs/specs/native_histograms/
 */
export interface FloatHistogramFields {
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly count: number
  readonly sum: number
  readonly positiveSpans: readonly Span[]
  readonly positiveBuckets: readonly number[]
  readonly negativeSpans: readonly Span[]
  readonly negativeBuckets: readonly number[]
  readonly customBounds: readonly number[]
  readonly counterResetHint: CounterResetHint
}

/** See {@link FloatHistogramFields}. Immutable: operations give new histograms. */
export class FloatHistogram implements FloatHistogramFields {
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly count: number
  readonly sum: number
  readonly positiveSpans: readonly Span[]
  readonly positiveBuckets: readonly number[]
  readonly negativeSpans: readonly Span[]
  readonly negativeBuckets: readonly number[]
  readonly customBounds: readonly number[]
  readonly counterResetHint: CounterResetHint

  constructor(fields: Partial<FloatHistogramFields>) {
    this.schema = fields.schema ?? 0
    this.zeroThreshold = fields.zeroThreshold ?? 0
    this.zeroCount = fields.zeroCount ?? 0
    this.count = fields.count ?? 0
    this.sum = fields.sum ?? 0
    this.positiveSpans = fields.positiveSpans ?? []
    this.positiveBuckets = fields.positiveBuckets ?? []
    this.negativeSpans = fields.negativeSpans ?? []
    this.negativeBuckets = fields.negativeBuckets ?? []
    this.customBounds = fields.customBounds ?? []
    this.counterResetHint = fields.counterResetHint ?? 'unknown'
  }
}

/** Stands for a stale marker among the histograms of a batch; recognised by identity. */
export const STALE_HISTOGRAM: FloatHistogram = new FloatHistogram({ sum: NaN })
