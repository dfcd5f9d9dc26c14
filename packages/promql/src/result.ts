import type { FloatHistogram, Labels, VectorSample } from '@promontory/model'

/** One series of a matrix. Arrays may be longer than `count`; several series may share `timesMs`. */
export interface MatrixSeries {
  readonly labels: Labels
  readonly count: number
  readonly timesMs: Float64Array
  readonly values: Float64Array
  /** At index i the histogram that stands in place of `values[i]`; undefined when the series has floats only. */
  readonly histograms: readonly (FloatHistogram | undefined)[] | undefined
}

/** What a query evaluates to. */
export type QueryValue =
  | { readonly type: 'vector'; readonly timeMs: number; readonly samples: readonly VectorSample[] }
  | { readonly type: 'matrix'; readonly series: readonly MatrixSeries[] }
  | { readonly type: 'scalar'; readonly timeMs: number; readonly value: number }
  | { readonly type: 'string'; readonly timeMs: number; readonly value: string }

/** Samples that a query looked at and held, in Prometheus's count: a histogram weighs more than a float. */
export interface QueryStats {
  readonly totalQueryableSamples: number
  readonly peakSamples: number
  /** Samples looked at for each step; only when asked for. */
  readonly totalQueryableSamplesPerStep: readonly (readonly [timeMs: number, samples: number])[] | undefined
}

export interface QueryResult {
  readonly value: QueryValue
  /** Texts with the position they are about, as the HTTP API shows them. */
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
  readonly stats: QueryStats
}
