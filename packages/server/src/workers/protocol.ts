import type { TsdbReaderState } from '@promontory/tsdb'

/** What a query worker is started with. */
export interface QueryWorkerData {
  readonly storage: TsdbReaderState
  /** Number of the thread among the readers of the head. */
  readonly reader: number
  readonly features: readonly string[]
  readonly lookbackMs: number
  readonly maxSamples: number
  /** One word: the cause for which the running task must stop ({@link StopCause}), 0 to go on. */
  readonly stop: SharedArrayBuffer
}

/** Why a task must stop; seen by the worker at each batch end. */
export const StopCause = { none: 0, canceled: 1, timeout: 2 } as const

interface Limited {
  /** Series or values at most; 0 for all. */
  readonly limit: number
}

/** Which series: each text is a selector; a series that any of them accepts belongs to the answer. */
interface Matching extends Limited {
  readonly selectors: readonly string[]
  readonly startMs: number
  readonly endMs: number
}

export type StatsWanted = 'none' | 'basic' | 'all'

/** One piece of work for a query worker. */
export type QueryTask =
  | ({
      readonly kind: 'instant'
      readonly expr: string
      readonly timeMs: number
      readonly lookbackMs?: number
      readonly stats: StatsWanted
    } & Limited)
  | ({
      readonly kind: 'range'
      readonly expr: string
      readonly startMs: number
      readonly endMs: number
      readonly stepMs: number
      readonly lookbackMs?: number
      readonly stats: StatsWanted
    } & Limited)
  /** An instant query whose answer comes back as values, for rules and templates. */
  | { readonly kind: 'vector'; readonly expr: string; readonly timeMs: number }
  | ({ readonly kind: 'series' } & Matching)
  | ({ readonly kind: 'labelNames' } & Matching)
  | ({ readonly kind: 'labelValues'; readonly name: string } & Matching)
  | {
      readonly kind: 'federate'
      readonly selectors: readonly string[]
      readonly timeMs: number
      readonly externalLabels: readonly string[]
    }
  | { readonly kind: 'tsdbStatus'; readonly limit: number }
  | LintTask

/** Looking for mistakes in a query, with what the main thread knows of its metrics. */
export interface LintTask {
  readonly kind: 'lint'
  readonly expr: string
  /** The query decides an alert. */
  readonly alert: boolean
  /** Series that have been there in this range count as known. */
  readonly startMs: number
  readonly endMs: number
  /** Type by metric family, of targets' metadata. */
  readonly metricTypes: ReadonlyMap<string, string>
  /** Scrape interval by the label `job` of active targets. */
  readonly scrapeIntervalsMs: ReadonlyMap<string, number>
}

/** An instant vector in a form that can be posted: labels as flat pairs. */
export interface PostedVector {
  readonly labels: readonly (readonly string[])[]
  readonly values: Float64Array
  /** Plain fields of native histograms by index; absent when there is none. */
  readonly histograms?: ReadonlyMap<number, object>
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

export interface PostedError {
  readonly errorType: 'bad_data' | 'execution' | 'timeout' | 'canceled' | 'internal'
  readonly message: string
  /** Of parse errors: byte positions in the expression. */
  readonly position?: { readonly start: number; readonly end: number }
  /** An expression that would be accepted. */
  readonly mend?: { readonly expr: string; readonly explanation: string }
}

export type QueryAnswer =
  /** A whole response body. */
  | { readonly kind: 'body'; readonly body: Uint8Array<ArrayBuffer>; readonly samples: number }
  | { readonly kind: 'vector'; readonly vector: PostedVector; readonly samples: number }
  | { readonly kind: 'error'; readonly error: PostedError }

export type ToQueryWorker =
  | { readonly type: 'task'; readonly id: number; readonly task: QueryTask }
  | { readonly type: 'blocks'; readonly blocks: readonly string[] }

export interface FromQueryWorker {
  readonly id: number
  readonly answer: QueryAnswer
}
