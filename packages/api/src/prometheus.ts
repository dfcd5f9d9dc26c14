/** JSON shapes of the HTTP API, as Prometheus answers them; what is ours alone is marked so. */

export interface SuccessEnvelope<T> {
  readonly status: 'success'
  readonly data: T
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

export interface ErrorEnvelope {
  readonly status: 'error'
  readonly errorType: string
  readonly error: string
  /** Ours: byte positions of a parse error in the query. */
  readonly position?: { readonly start: number; readonly end: number }
  /** Ours: an expression that would be accepted. */
  readonly mend?: { readonly expr: string; readonly explanation: string }
}

export type Envelope<T> = SuccessEnvelope<T> | ErrorEnvelope

/** Seconds with fraction, and the value as Go prints it. */
export type Point = readonly [seconds: number, value: string]

export interface HistogramJson {
  readonly count: string
  readonly sum: string
  readonly buckets?: readonly (readonly [boundary: number, lower: string, upper: string, count: string])[]
}

export interface VectorSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: Point
  readonly histogram?: readonly [number, HistogramJson]
}

export interface MatrixSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly values?: readonly Point[]
  readonly histograms?: readonly (readonly [number, HistogramJson])[]
}

export type QueryData =
  | { readonly resultType: 'vector'; readonly result: readonly VectorSeries[] }
  | { readonly resultType: 'matrix'; readonly result: readonly MatrixSeries[] }
  | { readonly resultType: 'scalar' | 'string'; readonly result: Point }

export type TargetHealth = 'up' | 'down' | 'unknown'

export interface ActiveTarget {
  readonly discoveredLabels: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly scrapePool: string
  readonly scrapeUrl: string
  readonly globalUrl: string
  readonly lastError: string
  /** RFC 3339; year 1 before the first scrape. */
  readonly lastScrape: string
  /** Seconds. */
  readonly lastScrapeDuration: number
  /** Samples of the last scrape, before relabelling. Not Prometheus's. */
  readonly lastScrapeSamples: number
  readonly health: TargetHealth
  readonly scrapeInterval: string
  readonly scrapeTimeout: string
}

export interface DroppedTarget {
  readonly discoveredLabels: Readonly<Record<string, string>>
  readonly scrapePool: string
}

/** A relabelling rule, with the names of the configuration file. */
export type RelabelRule = Readonly<Record<string, unknown>>

/** What discovery found, and what relabelling made of it. */
export interface FoundTarget {
  readonly discoveredLabels: Readonly<Record<string, string>>
  /** Labels of its series; absent when it is not scraped. */
  readonly labels?: Readonly<Record<string, string>>
  readonly scrapeUrl?: string
  /** Which rule dropped it, from 0. */
  readonly droppedBy?: { readonly index: number; readonly rule: RelabelRule }
  /** Why it cannot be scraped though no rule dropped it. */
  readonly error?: string
}

/** `/api/v1/service_discovery`: one job, or the counts of all. */
export interface ServiceDiscoveryData {
  readonly pools: readonly {
    readonly name: string
    readonly found: number
    readonly scraped: number
    readonly dropped: number
    readonly refused: number
    /** Up to `limit` of those that were asked for. */
    readonly targets: readonly FoundTarget[]
  }[]
}

/** `/api/v1/targets/relabel_steps`. */
export interface RelabelStepsData {
  readonly steps: readonly {
    readonly rule: RelabelRule
    /** Labels after the rule; none once the target is dropped. */
    readonly output: Readonly<Record<string, string>>
    readonly keep: boolean
  }[]
  /** For a job: the target in the end. */
  readonly target?: FoundTarget
}

/** One queue of remote write. */
export interface RemoteWriteQueue {
  readonly name: string
  /** Without a password. */
  readonly url: string
  readonly protocol: '1.0' | '2.0'
  readonly shards: number
  readonly shardsMin: number
  readonly shardsMax: number
  readonly shardsDesired: number
  readonly pending: { readonly samples: number; readonly histograms: number; readonly exemplars: number }
  readonly highestSentSeconds: number
  /** How far the newest sample that was sent is behind the newest there is. */
  readonly lagSeconds: number
  readonly sent: number
  readonly failed: number
  readonly retried: number
  /** Never tried, because the receiver was away too long: `--storage.remote.log-size`. */
  readonly givenUp: number
  /** The last try did not get through. */
  readonly isFailing: boolean
  readonly lastError: string
}

/** `/api/v1/status/remote_write`. */
export interface RemoteWriteData {
  readonly queues: readonly RemoteWriteQueue[]
}

export interface TargetsData {
  readonly activeTargets: readonly ActiveTarget[]
  readonly droppedTargets: readonly DroppedTarget[]
  readonly droppedTargetCounts: Readonly<Record<string, number>> | null
}

export type RuleHealth = 'ok' | 'err' | 'unknown'
export type AlertState = 'inactive' | 'pending' | 'firing'

export interface Alert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly state: AlertState
  readonly activeAt: string
  readonly keepFiringSince?: string
  readonly value: string
}

export interface Rule {
  readonly type: 'alerting' | 'recording'
  readonly name: string
  readonly query: string
  readonly state?: AlertState
  readonly duration?: number
  readonly keepFiringFor?: number
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly alerts?: readonly Alert[] | null
  readonly health: RuleHealth
  readonly lastError?: string
  readonly evaluationTime: number
  readonly lastEvaluation: string
}

export interface RuleGroup {
  readonly name: string
  readonly file: string
  readonly rules: readonly Rule[]
  readonly interval: number
  readonly limit: number
  readonly evaluationTime: number
  readonly lastEvaluation: string
}

export interface RulesData {
  readonly groups: readonly RuleGroup[]
  readonly groupNextToken?: string
}

export interface RuntimeInfo {
  readonly startTime: string
  readonly CWD: string
  readonly hostname: string
  readonly serverTime: string
  readonly reloadConfigSuccess: boolean
  readonly lastConfigTime: string
  readonly corruptionCount: number
  readonly goroutineCount: number
  readonly GOMAXPROCS: number
  readonly GOMEMLIMIT: number
  readonly GOGC: string
  readonly GODEBUG: string
  readonly storageRetention: string
  /** Ours: why the configuration that was tried last is not in use. */
  readonly reloadError?: string
  /** Ours: the configuration file in use; absent for the built-in configuration. */
  readonly configFile?: string
  /** Ours. */
  readonly dataDirectory?: string
}

export interface BuildInfo {
  readonly version: string
  readonly revision: string
  readonly branch: string
  readonly buildUser: string
  readonly buildDate: string
  readonly goVersion: string
  /** Ours. */
  readonly application?: string
  readonly applicationVersion?: string
}

export interface NamedCount {
  readonly name: string
  readonly value: number
}

export interface TsdbStatus {
  readonly headStats: {
    readonly numSeries: number
    readonly numLabelPairs: number
    readonly chunkCount: number
    readonly minTime: number
    readonly maxTime: number
  }
  readonly seriesCountByMetricName: readonly NamedCount[]
  readonly labelValueCountByLabelName: readonly NamedCount[]
  readonly memoryInBytesByLabelName: readonly NamedCount[]
  readonly seriesCountByLabelValuePair: readonly NamedCount[]
}

/** Ours: a notification that the built-in test inbox received. */
export interface InboxMessage {
  readonly receivedAt: string
  readonly receiver: string
  readonly status: 'firing' | 'resolved'
  readonly groupLabels: Readonly<Record<string, string>>
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved'
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
    readonly startsAt: string
    readonly endsAt: string
  }[]
}
