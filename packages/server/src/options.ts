import type { AlertmanagerOptions } from '@promontory/alertmanager'
import type { ApiLimitOptions } from './alerting/api-limits.ts'
import type { Role } from '@promontory/access'
import type { LogFormat, LogLevel } from '@promontory/base'
import type { AnchoredRegex } from '@promontory/model'
import type { Retention, WalCompression } from '@promontory/tsdb'
import type { StorageRemote } from './config/storage-remote.ts'
import type { ContentRules } from './content/fitting-rules.ts'

/** What concerns dashboards and who may see them: Grafana's part. */
export interface GrafanaOptions {
  /** `--listen.grafana`, undefined when the dashboards have no port of their own. */
  readonly listenAddress: string | undefined
  /** `--state.database` */
  readonly database: string
  readonly adminLogin: string
  /** Undefined: chosen at the first visit from this machine. */
  readonly adminPassword: string | undefined
  /** Role of those who show no credential; undefined: they stay outside. */
  readonly anonymousRole: Role | undefined
  /** Undefined: a key file is made. */
  readonly secretKey: string | undefined
  /** Folder of provisioning files. */
  readonly provisioning: string | undefined
  /** Dashboard to begin with. */
  readonly homeFile: string | undefined
  /** `--grafana.own-url`: URLs of data sources that mean this server. */
  readonly ownUrls: readonly string[]
}

/** The Pushgateway's part. */
export interface PushOptions {
  /** `--listen.pushgateway`, undefined when it has no port of its own. */
  readonly listenAddress: string | undefined
  /** `--push.ttl`; 0: pushed groups live until they are deleted. */
  readonly ttlMs: number
}

/** What concerns other servers: `--storage.remote.*`, `--web.remote-write-receiver.*`. */
export interface RemoteOptions {
  readonly flushDeadlineMs: number
  /** `--storage.remote.log-size`; 0: no bound. */
  readonly logBytesMax: number
  /** Samples that one remote read may answer with. */
  readonly readSampleLimit: number
  readonly readConcurrentLimit: number
  readonly readFrameBytes: number
  /** `--storage.remote` */
  readonly engine: StorageRemote | undefined
  /** `--query.replica-label` */
  readonly replicaLabels: readonly string[]
  /** Messages of remote write that are taken. */
  readonly acceptedMessages: readonly string[]
}

/** OTLP's part. */
export interface OtlpOptions {
  /** `--web.enable-otlp-receiver`: on the main port. */
  readonly enabled: boolean
  /** `--listen.otlp-http` */
  readonly httpAddress: string | undefined
  /** `--listen.otlp-grpc` */
  readonly grpcAddress: string | undefined
}

/** How one server is to run: what the command line says, checked. Durations in ms. */
/** `--alertmanager.web.*`, `--web.get-concurrency`, `--web.timeout`. */
export interface AlertmanagerWebOptions extends ApiLimitOptions {
  /** Starts the links in notifications; undefined: as of the pages. Without a slash at its end. */
  readonly externalUrl: string | undefined
  /** Of `--listen.alertmanager`; `''` or `/prefix`. */
  readonly routePrefix: string
}

export interface ServerOptions {
  /** `--config.file`; undefined: built-in configuration that watches this machine and the server itself. */
  readonly configFile: string | undefined
  /** `--storage.tsdb.path` */
  readonly dataDirectory: string
  /** `--promontory.path`: what is ours beside Prometheus's files. */
  readonly ownDirectory: string
  /** `--web.listen-address`, `host:port`; an empty host means all interfaces. */
  readonly listenAddresses: readonly string[]
  /** `--web.external-url`, as given, undefined for "as reached". */
  readonly externalUrl: string | undefined
  /** `--web.route-prefix`, with leading and without trailing slash; `''` for the root. */
  readonly routePrefix: string
  /** `--web.cors.origin`: pages of these origins may read; undefined for none but our own. */
  readonly corsOrigin: AnchoredRegex | undefined
  readonly enableLifecycle: boolean
  /** `--web.enable-admin-api` */
  readonly enableAdminApi: boolean
  /** `--web.enable-remote-write-receiver` */
  readonly enableRemoteWriteReceiver: boolean
  /** `--web.allow-anonymous-read`: off loopback, reading needs no credential. */
  readonly anonymousRead: boolean
  /** `--web.config.file` */
  readonly webConfigFile: string | undefined
  readonly maxConnections: number
  readonly readTimeoutMs: number
  readonly retention: Retention
  /** `--scrape.timestamp-tolerance`; 0 with `--no-scrape.adjust-timestamps`; undefined: by the interval. */
  readonly timestampToleranceMs: number | undefined
  /** `--storage.tsdb.min-block-duration` and `max-block-duration`; no longest: by the retention. */
  readonly blockDurations: { readonly minMs: number; readonly maxMs: number | undefined }
  /** `--storage.head.memory` */
  readonly headBytes: number
  readonly lockDirectory: boolean
  readonly walCompression: WalCompression
  readonly queryTimeoutMs: number
  readonly queryMaxConcurrency: number
  readonly queryMaxSamples: number
  readonly lookbackMs: number
  readonly queryWorkers: number
  /** `--query.result-cache-size`, over all workers. */
  readonly queryCacheBytes: number
  readonly resendDelayMs: number
  readonly forOutageToleranceMs: number
  readonly forGracePeriodMs: number
  readonly notificationQueueCapacity: number
  readonly notificationBatchSize: number
  /** `--promontory.config`; undefined: the defaults. */
  readonly promontoryConfigFile: string | undefined
  /** `--rules.max-concurrent-evals`, for the feature `concurrent-rule-eval`. */
  readonly ruleConcurrencyMax: number
  /** `--alertmanager.config.file` */
  readonly alertmanagerConfigFile: string | undefined
  /** `--listen.alertmanager`, undefined when the Alertmanager has no port of its own. */
  readonly alertmanagerListenAddress: string | undefined
  /** Bounds and intervals of the built-in Alertmanager: `--alerts.*`, `--silences.*`, `--data.*`. */
  readonly alertmanager: Required<
    Pick<
      AlertmanagerOptions,
      | 'alertsPerNameMax'
      | 'silenceLimits'
      | 'gcIntervalMs'
      | 'maintenanceIntervalMs'
      | 'startDelayMs'
      | 'logsSilences'
      | 'metricLabels'
      | 'matcherMode'
    >
  >
  readonly alertmanagerWeb: AlertmanagerWebOptions
  /** `--alertmanager.history.retention` and `.size`; 0 is no bound. */
  readonly alertHistory: { readonly retentionMs: number; readonly bytesMax: number }
  readonly grafana: GrafanaOptions
  /** `--content.dashboards`: ready-made dashboards are provided when their metrics are seen. */
  readonly readyMade: boolean
  /** `--content.rules`: ready-made rules are loaded when their metrics are seen. */
  readonly contentRules: ContentRules
  readonly push: PushOptions
  readonly otlp: OtlpOptions
  readonly remote: RemoteOptions
  readonly autoReloadMs: number | undefined
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
  readonly features: readonly string[]
  /** Every flag with its effective value, for `/api/v1/status/flags`. */
  readonly flags: Readonly<Record<string, string>>
  /** Things about the command line that the user should hear once. */
  readonly notices: readonly string[]
}
