/** Metrics of OTLP as both of its encodings bring them. Times are Unix milliseconds, 0 for none. */
export type AttributeValue =
  | string
  | number
  | boolean
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue }
export type Attributes = readonly (readonly [key: string, value: AttributeValue])[]

export interface OtlpResource {
  readonly attributes: Attributes
  readonly scopes: readonly OtlpScope[]
}

export interface OtlpScope {
  readonly name: string
  readonly version: string
  readonly schemaUrl: string
  readonly attributes: Attributes
  readonly metrics: readonly OtlpMetric[]
}

export interface OtlpMetric {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly kind: 'gauge' | 'sum' | 'histogram' | 'exponential' | 'summary' | 'none'
  readonly temporality: 'unspecified' | 'delta' | 'cumulative'
  readonly isMonotonic: boolean
  readonly points: readonly OtlpPoint[]
}

/** A data point; which fields count depends on the metric's kind. */
export interface OtlpPoint {
  readonly attributes: Attributes
  readonly startMs: number
  readonly timeMs: number
  /** The series has no value at this time. */
  readonly noValue: boolean
  readonly value: number
  readonly count: number
  /** Undefined when the sender keeps none. */
  readonly sum: number | undefined
  readonly bucketCounts: readonly number[]
  readonly bounds: readonly number[]
  readonly scale: number
  readonly zeroCount: number
  readonly zeroThreshold: number
  readonly positive: OtlpBuckets
  readonly negative: OtlpBuckets
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[]
  readonly exemplars: readonly OtlpExemplar[]
}

export interface OtlpBuckets {
  readonly offset: number
  readonly counts: readonly number[]
}

export interface OtlpExemplar {
  readonly attributes: Attributes
  readonly timeMs: number
  readonly value: number
  /** Hexadecimal, empty for none. */
  readonly traceId: string
  readonly spanId: string
}

export const TEMPORALITIES = ['unspecified', 'delta', 'cumulative'] as const

export const NO_BUCKETS: OtlpBuckets = { offset: 0, counts: [] }

/** A point with nothing in it. */
export const EMPTY_POINT: OtlpPoint = {
  attributes: [], startMs: 0, timeMs: 0, noValue: false, value: 0, count: 0, sum: undefined, bucketCounts: [], bounds: [], scale: 0,
  zeroCount: 0, zeroThreshold: 0, positive: NO_BUCKETS, negative: NO_BUCKETS, quantiles: [], exemplars: [],
} // prettier-ignore
