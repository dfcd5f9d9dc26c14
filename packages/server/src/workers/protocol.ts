import type { MessagePort } from 'node:worker_threads'
import type { CacheUse } from '@promontory/promql'
import type { TsdbReaderState } from '@promontory/tsdb'
import type { ReadQuery } from '@promontory/wire'
import type { PostedBytes, PostedMemory } from './body-segments.ts'

/** What a query worker is started with. */
export interface QueryWorkerData {
  readonly storage: TsdbReaderState
  /** Number of the thread among the readers of the head. */
  readonly reader: number
  readonly features: readonly string[]
  readonly lookbackMs: number
  readonly maxSamples: number
  /** Bytes that the worker's result cache may keep; 0 for none. */
  readonly cacheBytes: number
  /** Estimated bytes of series records of blocks that the worker may keep decoded. */
  readonly seriesBytes: number
  /** One word: the cause for which the running task must stop ({@link StopCause}), 0 to go on. */
  readonly stop: SharedArrayBuffer
  /** To ask other servers through the main thread. */
  readonly remote?: MessagePort
  /** Series that differ only in these are one. */
  readonly replicaLabels?: readonly string[]
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

/** What is asked over steps from `startMs` to `endMs`. */
export interface RangeTask extends Limited {
  readonly kind: 'range'
  readonly expr: string
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly lookbackMs?: number
  readonly stats: StatsWanted
  /** Whether the answer may come from the result cache. */
  readonly cached: boolean
  /** Evaluate up to `ownEndMs` only: the steps behind come from other workers, in so many {@link PostedPart}s. */
  readonly split?: { readonly ownEndMs: number; readonly parts: number }
}

/** A later part of the steps of a range query; another worker puts it together with the rest. */
export interface PartTask {
  readonly kind: 'part'
  readonly expr: string
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly lookbackMs?: number
  readonly maxSamples: number
}

/** One piece of work for a query worker. */
export type QueryTask =
  | ({
      readonly kind: 'instant'
      readonly expr: string
      readonly timeMs: number
      readonly lookbackMs?: number
      readonly stats: StatsWanted
      /** Whether the answer may come from the result cache. */
      readonly cached: boolean
    } & Limited)
  | RangeTask
  | PartTask
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
  /** A remote read of another server. */
  | {
      readonly kind: 'remoteRead'
      readonly queries: readonly ReadQuery[]
      /** Chunks in frames; else samples. */
      readonly streamed: boolean
      readonly externalLabels: readonly string[]
      readonly sampleLimit: number
      readonly frameBytes: number
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

/** Evaluated steps of a range query in a form that can be posted; undefined series when they cannot be. */
export interface PostedPart {
  readonly series: PostedSeries | undefined
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
  readonly samples: number
  readonly peakSamples: number
}

/** Series of floats as flat columns, one series behind the other. */
export interface PostedSeries {
  readonly labels: readonly (readonly string[])[]
  /** Points of each series. */
  readonly counts: Uint32Array<ArrayBuffer>
  /** Of all points, or of one series when all have the same times. */
  readonly timesMs: Float64Array<ArrayBuffer>
  readonly values: Float64Array<ArrayBuffer>
}

export interface PostedError {
  readonly errorType: 'bad_data' | 'execution' | 'timeout' | 'canceled' | 'internal'
  readonly message: string
  /** Of parse errors: byte positions in the expression. */
  readonly position?: { readonly start: number; readonly end: number }
  /** An expression that would be accepted. */
  readonly mend?: { readonly expr: string; readonly explanation: string }
}

/** Queries that are asked together: what stands in several of them is evaluated once. */
export interface AskedTogether {
  /** Tells them apart from others. */
  readonly id: number
  readonly queries: readonly string[]
}

/** Compression of a body, when the client takes it and it is worth it. */
export type BodyEncoding = 'gzip' | 'zstd'

export type QueryAnswer =
  /** The end of a response body; pieces may have come before. */
  | {
      readonly kind: 'body'
      readonly body: PostedBytes
      readonly encoding: BodyEncoding | undefined
      readonly samples: number
      /** How much of it came from the result cache. */
      readonly cacheUse: CacheUse | undefined
    }
  | { readonly kind: 'vector'; readonly vector: PostedVector; readonly samples: number }
  | { readonly kind: 'part'; readonly part: PostedPart; readonly samples: number }
  | { readonly kind: 'error'; readonly error: PostedError }

export type ToQueryWorker =
  | {
      readonly type: 'task'
      readonly id: number
      readonly task: QueryTask
      readonly encoding?: BodyEncoding | undefined
      readonly together?: AskedTogether | undefined
      /** What the result cache holds of this time and later may have changed. */
      readonly forgetFromMs: number
    }
  /** A part of the running task that another worker evaluated; undefined when that failed. */
  | {
      readonly type: 'part'
      readonly id: number
      readonly index: number
      readonly part: PostedPart | undefined
    }
  | { readonly type: 'blocks'; readonly blocks: readonly string[] }

export type FromQueryWorker =
  /** Comes first, once. */
  | { readonly type: 'memory'; readonly memory: PostedMemory }
  /** The next bytes of a body that goes on. */
  | { readonly type: 'piece'; readonly id: number; readonly piece: PostedBytes }
  | { readonly type: 'answer'; readonly id: number; readonly answer: QueryAnswer }
