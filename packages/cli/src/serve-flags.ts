import { parseArgs } from 'node:util'
import { availableParallelism } from 'node:os'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LogFormat, LogLevel } from '@promontory/base'
import { AnchoredRegex, parseDuration } from '@promontory/model'
import type { ServerOptions } from '@promontory/server'
import {
  LOCAL_RETENTION_MS,
  readGrafanaConfig,
  type StorageRemote,
  readStorageRemoteClient,
  storageRemote,
} from '@promontory/server/config'

/** A flag that cannot be understood: message for the user, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What becomes of a flag: it works; it is taken and said to do nothing; it is refused. */
type Effect = 'works' | { readonly none: string } | { readonly refused: string }

export interface FlagDefinition {
  readonly name: string
  readonly type: 'string' | 'boolean'
  readonly default: string
  readonly help: string
  readonly multiple?: boolean
  readonly effect: Effect
}

const works = (name: string, fallback: string, help: string, multiple = false): FlagDefinition => ({
  name,
  type: 'string',
  default: fallback,
  help,
  multiple,
  effect: 'works',
})
const toggle = (
  name: string,
  help: string,
  effect: Effect = 'works',
  fallback = 'false',
): FlagDefinition => ({
  name,
  type: 'boolean',
  default: fallback,
  help,
  effect,
})
const noEffect = (
  name: string,
  reason: string,
  type: 'string' | 'boolean' = 'string',
  fallback = '',
): FlagDefinition => ({
  name,
  type,
  default: fallback,
  help: `Accepted for compatibility; no effect: ${reason}.`,
  effect: { none: reason },
})
const refused = (name: string, reason: string, type: 'string' | 'boolean' = 'string'): FlagDefinition => ({
  name,
  type,
  default: '',
  help: `Not supported yet: ${reason}.`,
  effect: { refused: reason },
})

const AGENT =
  'agent mode; --storage.remote="ENGINE URL", or remote_write with a short --storage.tsdb.retention.time, scrapes and passes on as it does'

/** Every flag of `promontory serve`. Unprefixed ones are Prometheus's, with its defaults, but we listen on loopback. */
export const SERVE_FLAGS: readonly FlagDefinition[] = [
  works(
    'config.file',
    'prometheus.yml',
    'Prometheus configuration file. Without it, and without a prometheus.yml here, the machine and Promontory itself are watched.',
  ),
  toggle(
    'config.auto-reload',
    'Reload when the configuration, rule or scrape-config files change; as --enable-feature=auto-reload-config.',
  ),
  works('config.auto-reload-interval', '30s', 'How often the files are looked at; 1s at least.'),
  works('storage.tsdb.path', 'data/', "Data directory, in Prometheus's format."),
  works(
    'promontory.path',
    '',
    "Where Promontory keeps what is not Prometheus's. Default: promontory/ in the data directory.",
  ),
  works('storage.tsdb.retention.time', '15d', 'How long samples are kept.'),
  works(
    'storage.tsdb.retention.size',
    '0B',
    'Bytes of storage beyond which the oldest blocks go (B, KB, MB, GB, TB, PB, EB). 0: no bound.',
  ),
  works(
    'storage.head.memory',
    '96MB',
    'Memory of the newest data, above which full chunks go to files (chunks_head) and are read from there.',
  ),
  toggle('storage.tsdb.no-lockfile', 'Do not lock the data directory.'),
  works(
    'storage.tsdb.wal-compression-type',
    'snappy',
    'Compression of the write-ahead log: snappy, zstd or none.',
  ),
  toggle('storage.tsdb.wal-compression', 'Compress the write-ahead log.', 'works', 'true'),
  works(
    'web.listen-address',
    '127.0.0.1:9090',
    'Address to listen on; ":9090" means all interfaces. Repeatable.',
    true,
  ),
  works('web.external-url', '', 'URL under which Promontory is reached from outside, for links in alerts.'),
  works('web.route-prefix', '', 'Prefix of all paths. Default: the path of --web.external-url.'),
  works(
    'web.cors.origin',
    '',
    'Origins whose pages may read the API, as an anchored regular expression. Default: none but our own; Prometheus lets all.',
  ),
  works(
    'web.config.file',
    '',
    'File with TLS, headers and users of all listeners, in the form of the Prometheus programs.',
  ),
  works('web.max-connections', '512', 'Simultaneous connections at most, over all listeners.'),
  works('web.page-title', 'Promontory', 'Title of the web pages.'),
  works(
    'web.read-timeout',
    '5m',
    'Time after which a request that is not read, or an idle connection, is closed.',
  ),
  toggle('web.enable-lifecycle', 'Switch on /-/reload and /-/quit.'),
  toggle('web.enable-admin-api', 'Switch on the administrative API: snapshots.'),
  toggle('web.allow-anonymous-read', 'Off loopback, let everybody read without a credential.'),
  works(
    'query.replica-label',
    '',
    'Label in which replicas differ: queries merge series that differ only in it. Repeatable.',
    true,
  ),
  works('query.timeout', '2m', 'Time a query may take.'),
  works('query.max-concurrency', '20', 'Queries at once at most.'),
  works('query.max-samples', '50000000', 'Samples that one query may hold in memory.'),
  works('query.lookback-delta', '5m', 'How far back a query looks for the newest sample of a series.'),
  works(
    'query.result-cache-size',
    '32MB',
    'Memory for results of queries that dashboards repeat; 0 switches it off. One request goes past it with nocache=1.',
  ),
  works('query.workers', '', 'Threads that answer queries. Default: one per processor, at most 8.'),
  works(
    'rules.alert.for-outage-tolerance',
    '1h',
    'Longest outage over which the state of "for" is restored.',
  ),
  works(
    'rules.alert.for-grace-period',
    '10m',
    'Least time between a restart and a firing alert whose "for" is longer.',
  ),
  works('rules.alert.resend-delay', '1m', 'Least time before an alert is sent again.'),
  works(
    'alertmanager.notification-queue-capacity',
    '10000',
    'Alerts that wait for an external Alertmanager.',
  ),
  works('alertmanager.notification-batch-size', '256', 'Alerts in one request to an external Alertmanager.'),
  works('promontory.config', '', 'promontory.yml: which alerts open incidents, what rules do without data.'),
  works('alertmanager.config.file', '', 'Configuration of the built-in Alertmanager.'),
  works(
    'alertmanager.web.external-url',
    '',
    'URL that the links in notifications start with. Default: --web.external-url.',
  ),
  works(
    'alertmanager.web.route-prefix',
    '',
    'Prefix of the paths on --listen.alertmanager. Default: the path of --alertmanager.web.external-url.',
  ),
  works(
    'web.get-concurrency',
    '0',
    "GET requests to the Alertmanager's API at once; 0: as many as there are processors, 8 at least.",
  ),
  works('web.timeout', '0s', "Time for one request to the Alertmanager's API; 0: any."),
  works(
    'dispatch.start-delay',
    '0s',
    'After a start nobody is told before this time, so that alerts are there again: the --rules.alert.resend-delay of those who send them.',
  ),
  noEffect('dispatch.maintenance-interval', 'a group ends when its last alert does', 'string', '30s'),
  toggle('log.silences', 'Log when silences are created, changed and ended.'),
  works('alerts.per-alertname-limit', '0', 'Active alerts of one alertname at most; 0: any number.'),
  works('alerts.gc-interval', '30m', 'How often alerts that have ended are forgotten.'),
  works(
    'silences.max-silences',
    '0',
    'Silences at most, expired ones that are kept included; 0: any number.',
  ),
  works('silences.max-silence-size-bytes', '0', 'Size of one silence at most; 0: any size.'),
  works('data.retention', '120h', 'How long silences are kept after their end.'),
  works(
    'data.maintenance-interval',
    '15m',
    'How often silences and the notification log are written afresh.',
  ),
  works(
    'alertmanager.history.retention',
    '30d',
    'How long decisions about notifications are kept; 0s: as long as there is room.',
  ),
  works('alertmanager.history.size', '256MB', 'Disk for these decisions; the oldest go. 0: any size.'),
  works(
    'listen.alertmanager',
    '',
    'Address on which the built-in Alertmanager answers under its own paths, e.g. :9093.',
  ),
  works(
    'grafana.provisioning',
    '',
    "Folder of Grafana's provisioning files: datasources/*.yml and dashboards/*.yml below it, or in it.",
  ),
  works('grafana.config', '', 'A grafana.ini. The environment variables GF_SECTION_KEY win over it.'),
  works(
    'grafana.own-url',
    '',
    'URL of data sources that means this server, e.g. http://prometheus:9090. Repeatable.',
    true,
  ),
  toggle('content.dashboards', 'Provide the ready-made dashboards whose metrics are seen.', 'works', 'true'),
  works(
    'content.rules',
    'auto',
    'Load the ready-made rules whose metrics are seen. auto: the alerts only where the configuration has no rules and tells nobody; all; none.',
  ),
  works('listen.otlp-http', '', 'Address on which metrics are taken by OTLP over HTTP, e.g. :4318.'),
  works('listen.otlp-grpc', '', 'Address on which metrics are taken by OTLP over gRPC, e.g. :4317.'),
  works('listen.pushgateway', '', 'Address on which the Pushgateway answers, e.g. :9091.'),
  works(
    'push.ttl',
    '0s',
    'How long a pushed group lives after its last push; 0: until it is deleted. One push says otherwise with ?ttl=1h.',
  ),
  works('listen.grafana', '', "Address on which dashboards and Grafana's API answer as well, e.g. :3000."),
  works(
    'state.database',
    '',
    'Where users, dashboards and the like are kept: sqlite:PATH, postgres://… or mysql://…. Default: promontory/state.db in the data directory.',
  ),
  works(
    'access.admin-password-file',
    '',
    "File with the administrator's first password. Also: GF_SECURITY_ADMIN_PASSWORD, GRAFANA_PASSWORD.",
  ),
  works('log.level', 'info', 'debug, info, warn or error.'),
  works('log.format', 'logfmt', 'logfmt or json.'),
  works('enable-feature', '', 'Feature names, separated by commas. Repeatable.', true),
  works(
    'rules.max-concurrent-evals',
    '4',
    'Rules at once beside the first of each group, with the feature concurrent-rule-eval.',
  ),
  noEffect('web.console.templates', 'console templates are not drawn'),
  noEffect('web.console.libraries', 'console templates are not drawn'),
  noEffect('web.user-assets', 'user assets are not served'),
  noEffect('alertmanager.drain-notification-queue-on-shutdown', 'the queue is always drained', 'boolean'),
  noEffect('auto-gomaxprocs', 'there is no Go runtime', 'boolean'),
  noEffect('auto-gomemlimit', 'there is no Go runtime', 'boolean'),
  noEffect('auto-gomemlimit.ratio', 'there is no Go runtime'),
  noEffect('storage.tsdb.head-chunks-write-queue-size', 'head chunks stay in memory'),
  noEffect('web.max-notifications-subscribers', 'live notifications are not sent yet'),
  works(
    'storage.remote.flush-deadline',
    '1m',
    'How long a stop waits for what remote write has read to be sent.',
  ),
  works(
    'storage.remote',
    '',
    'ENGINE URL: send every sample there as well and ask it for what is older than local data, which is kept for 6h unless a retention is given. prometheus, mimir, victoriametrics or thanos; a second URL is for reading.',
  ),
  works(
    'storage.remote.log-size',
    '10GB',
    'So much of the write-ahead log is kept for receivers of remote write that are away; older samples are given up and counted. 0: all.',
  ),
  works(
    'storage.remote.client',
    '',
    'File with the HTTP client block for --storage.remote: basic_auth, authorization, oauth2, tls_config, proxy_url, http_headers …, and headers.',
  ),
  works('storage.remote.read-sample-limit', '50000000', 'Samples that one remote read may answer with.'),
  works('storage.remote.read-concurrent-limit', '10', 'Remote reads at once at most.'),
  works('storage.remote.read-max-bytes-in-frame', '1048576', 'Bytes of one frame of a streamed remote read.'),
  toggle('web.enable-remote-write-receiver', 'Take samples by remote write 1.0 and 2.0 at /api/v1/write.'),
  works(
    'web.remote-write-receiver.accepted-protobuf-messages',
    'prometheus.WriteRequest,io.prometheus.write.v2.Request',
    'Messages of remote write that are taken. Repeatable.',
    true,
  ),
  toggle('web.enable-otlp-receiver', 'Take metrics by OTLP at /api/v1/otlp/v1/metrics.'),
  ...[
    'cluster.listen-address',
    'cluster.peer',
    'cluster.advertise-address',
    'cluster.peer-name',
    'cluster.peer-timeout',
    'cluster.settle-timeout',
    'cluster.gossip-interval',
    'cluster.pushpull-interval',
    'cluster.probe-timeout',
    'cluster.probe-interval',
    'cluster.tcp-timeout',
    'cluster.reconnect-interval',
    'cluster.reconnect-timeout',
    'cluster.label',
    'cluster.tls-config',
    'cluster.peers-resolve-timeout',
    'cluster.allow-insecure-public-advertise-address-discovery',
  ].map((name) =>
    refused(name, 'gossip between Alertmanagers; several instances share --state.database (empty: taken)'),
  ),
  refused(
    'storage.path',
    "the Alertmanager's folder: silences and the notification log lie in --promontory.path, by default below --storage.tsdb.path",
  ),
  refused('web.systemd-socket', 'sockets of systemd; use --web.listen-address', 'boolean'),
  refused('storage.tsdb.delay-compact-file.path', 'delayed compaction'),
  refused('agent', AGENT, 'boolean'),
  ...[
    'path',
    'wal-compression-type',
    'wal-segment-size',
    'wal-truncate-frequency',
    'retention.min-time',
    'retention.max-time',
  ].map((name) => refused(`storage.agent.${name}`, AGENT)),
  refused('storage.agent.wal-compression', AGENT, 'boolean'),
  refused('storage.agent.no-lockfile', AGENT, 'boolean'),
  refused('listen.loki', 'logs'),
  refused('listen.jaeger', 'traces'),
]

/** Feature names of Prometheus 3 and Alertmanager; the value says what naming it does here. */
export const FEATURES: Readonly<Record<string, 'works' | 'default' | 'none'>> = {
  'promql-experimental-functions': 'works',
  'promql-delayed-name-removal': 'works',
  'promql-duration-expr': 'default',
  'promql-extended-range-selectors': 'works',
  'promql-binop-fill-modifiers': 'works',
  'promql-per-step-stats': 'works',
  'promql-at-modifier': 'default',
  'promql-negative-offset': 'default',
  'exemplar-storage': 'default',
  'extra-scrape-metrics': 'works',
  'concurrent-rule-eval': 'works',
  'memory-snapshot-on-shutdown': 'none',
  'auto-reload-config': 'works',
  'native-histograms': 'default',
  'created-timestamp-zero-ingestion': 'works',
  'metadata-wal-records': 'none',
  'type-and-unit-labels': 'works',
  'use-start-timestamps': 'none',
  'otlp-deltatocumulative': 'default',
  'otlp-native-delta-ingestion': 'works',
  'delayed-compaction': 'none',
  'old-ui': 'none',
  'search-api': 'none',
  'st-storage': 'none',
  'st-synthesis': 'none',
  'use-uncached-io': 'none',
  'xor2-encoding': 'none',
  'histograms-st-encoding': 'none',
  'auto-gomemlimit': 'none',
  'auto-gomaxprocs': 'none',
  'remote-write-receiver': 'none',
  'otlp-write-receiver': 'none',
  'no-default-scrape-port': 'none',
  'new-service-discovery-manager': 'default',
  // Of Alertmanager.
  'classic-mode': 'works',
  'utf8-strict-mode': 'works',
  'receiver-name-in-metrics': 'works',
  'alert-names-in-metrics': 'works',
  'group-key-in-metrics': 'none',
  'event-recorder': 'none',
}

/**
 * Reads the command line of `promontory serve`.
 * @throws UsageError naming the flag and what was expected
 */
export function parseServeFlags(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ServerOptions {
  const values = readFlags(args)
  const notices: string[] = []
  for (const { name, effect } of SERVE_FLAGS) {
    if (!values.given.has(name) || effect === 'works') continue
    // Compose files switch the gossip off by an empty address.
    if ('refused' in effect && name.startsWith('cluster.') && values.one(name) === '') continue
    if ('refused' in effect) throw new UsageError(`flag --${name} is not supported yet: ${effect.refused}`)
    notices.push(`flag --${name} has no effect: ${effect.none}`)
  }
  const dataDirectory = values.one('storage.tsdb.path')
  const engine = remoteEngine(values)
  const externalUrl = checkUrl('web.external-url', values.one('web.external-url'))
  const enabled = features(values.many('enable-feature'), notices)
  return {
    configFile: configFile(values),
    dataDirectory,
    ownDirectory: values.one('promontory.path') || join(dataDirectory, 'promontory'),
    listenAddresses: values
      .many('web.listen-address')
      .map((address) => checkAddress('web.listen-address', address)),
    externalUrl,
    routePrefix: routePrefix(values.one('web.route-prefix'), externalUrl),
    corsOrigin: corsOrigin(values.one('web.cors.origin')),
    enableLifecycle: values.flag('web.enable-lifecycle'),
    enableAdminApi: values.flag('web.enable-admin-api'),
    enableRemoteWriteReceiver: values.flag('web.enable-remote-write-receiver'),
    anonymousRead: values.flag('web.allow-anonymous-read'),
    webConfigFile: values.one('web.config.file') || undefined,
    maxConnections: values.count('web.max-connections'),
    readTimeoutMs: values.duration('web.read-timeout'),
    retention: {
      timeMs: localRetention(values, engine),
      bytes: parseSize('storage.tsdb.retention.size', values.one('storage.tsdb.retention.size')),
    },
    headBytes: parseSize('storage.head.memory', values.one('storage.head.memory')),
    lockDirectory: !values.flag('storage.tsdb.no-lockfile'),
    walCompression: values.flag('storage.tsdb.wal-compression')
      ? values.choice('storage.tsdb.wal-compression-type', ['snappy', 'zstd', 'none'])
      : 'none',
    queryTimeoutMs: values.duration('query.timeout'),
    queryMaxConcurrency: values.count('query.max-concurrency'),
    queryMaxSamples: values.count('query.max-samples'),
    lookbackMs: values.duration('query.lookback-delta'),
    queryWorkers:
      values.one('query.workers') === ''
        ? Math.min(8, availableParallelism())
        : values.count('query.workers'),
    queryCacheBytes: parseSize('query.result-cache-size', values.one('query.result-cache-size')),
    resendDelayMs: values.duration('rules.alert.resend-delay'),
    forOutageToleranceMs: values.duration('rules.alert.for-outage-tolerance'),
    forGracePeriodMs: values.duration('rules.alert.for-grace-period'),
    notificationQueueCapacity: values.count('alertmanager.notification-queue-capacity'),
    notificationBatchSize: values.count('alertmanager.notification-batch-size'),
    promontoryConfigFile: values.one('promontory.config') || undefined,
    ruleConcurrencyMax: values.count('rules.max-concurrent-evals'),
    alertmanagerConfigFile: values.one('alertmanager.config.file') || undefined,
    alertmanagerListenAddress:
      values.one('listen.alertmanager') === ''
        ? undefined
        : checkAddress('listen.alertmanager', values.one('listen.alertmanager')),
    alertmanagerWeb: alertmanagerWeb(values),
    alertmanager: {
      startDelayMs: values.duration('dispatch.start-delay'),
      logsSilences: values.flag('log.silences'),
      matcherMode: matcherMode(enabled),
      metricLabels: {
        receiverNames: enabled.includes('receiver-name-in-metrics'),
        alertNames: enabled.includes('alert-names-in-metrics'),
      },
      alertsPerNameMax: countOrNone(values, 'alerts.per-alertname-limit'),
      gcIntervalMs: values.duration('alerts.gc-interval'),
      maintenanceIntervalMs: values.duration('data.maintenance-interval'),
      silenceLimits: {
        silencesMax: countOrNone(values, 'silences.max-silences'),
        silenceBytesMax: countOrNone(values, 'silences.max-silence-size-bytes'),
        retentionMs: values.duration('data.retention'),
      },
    },
    alertHistory: {
      retentionMs: values.duration('alertmanager.history.retention'),
      bytesMax: parseSize('alertmanager.history.size', values.one('alertmanager.history.size')),
    },
    grafana: grafanaOptions(values, environment, notices),
    remote: {
      engine,
      flushDeadlineMs: values.duration('storage.remote.flush-deadline'),
      logBytesMax: parseSize('storage.remote.log-size', values.one('storage.remote.log-size')),
      readSampleLimit: values.count('storage.remote.read-sample-limit'),
      readConcurrentLimit: values.count('storage.remote.read-concurrent-limit'),
      readFrameBytes: values.count('storage.remote.read-max-bytes-in-frame'),
      acceptedMessages: acceptedMessages(values),
      replicaLabels: values.many('query.replica-label').filter((name) => name !== ''),
    },
    readyMade: values.flag('content.dashboards'),
    contentRules: values.choice('content.rules', ['auto', 'all', 'none']),
    otlp: {
      enabled: values.flag('web.enable-otlp-receiver'),
      httpAddress: optionalAddress(values, 'listen.otlp-http'),
      grpcAddress: optionalAddress(values, 'listen.otlp-grpc'),
    },
    push: {
      listenAddress: optionalAddress(values, 'listen.pushgateway'),
      ttlMs: values.duration('push.ttl'),
    },
    autoReloadMs:
      values.flag('config.auto-reload') || enabled.includes('auto-reload-config')
        ? values.duration('config.auto-reload-interval')
        : undefined,
    logLevel: values.choice<LogLevel>('log.level', ['debug', 'info', 'warn', 'error']),
    logFormat: values.choice<LogFormat>('log.format', ['logfmt', 'json']),
    features: enabled,
    flags: values.all(),
    notices,
  }
}

function alertmanagerWeb(values: FlagValues): ServerOptions['alertmanagerWeb'] {
  const flag = 'alertmanager.web.external-url'
  const externalUrl = checkUrl(flag, values.one(flag))
  return {
    externalUrl,
    routePrefix: routePrefix(values.one('alertmanager.web.route-prefix'), externalUrl),
    getConcurrency: countOrNone(values, 'web.get-concurrency'),
    timeoutMs: values.duration('web.timeout'),
  }
}

/** @throws UsageError when both are asked for */
function matcherMode(enabled: readonly string[]): ServerOptions['alertmanager']['matcherMode'] {
  const modes = ['classic-mode', 'utf8-strict-mode'].filter((name) => enabled.includes(name))
  if (modes.length > 1) throw new UsageError('cannot have both classic and UTF-8 strict modes')
  return modes[0] === undefined ? 'fallback' : modes[0] === 'classic-mode' ? 'classic' : 'utf8-strict'
}

/** A whole number of which 0 means no bound. */
function countOrNone(values: FlagValues, name: string): number {
  const text = values.one(name)
  if (!/^\d{1,15}$/.test(text))
    throw new UsageError(`flag --${name}: "${text}" is not a whole number of 0 or more`)
  return Number(text)
}

/** Flags win over the environment, which wins over the file. */
function grafanaOptions(
  values: FlagValues,
  environment: Readonly<Record<string, string | undefined>>,
  notices: string[],
): ServerOptions['grafana'] {
  const listen = values.one('listen.grafana')
  const passwordFile = values.one('access.admin-password-file')
  try {
    const file = values.one('grafana.config') || undefined
    const { settings, notices: heard } = readGrafanaConfig({ file, environment })
    notices.push(...heard)
    const adminPassword =
      passwordFile === '' ? settings.adminPassword : readFileSync(passwordFile, 'utf8').trim()
    return {
      ...settings,
      adminPassword,
      listenAddress: listen === '' ? undefined : checkAddress('listen.grafana', listen),
      database: values.one('state.database') || (environment['PROMONTORY_STATE_DATABASE'] ?? ''),
      provisioning: values.one('grafana.provisioning') || settings.provisioning,
      ownUrls: values.many('grafana.own-url').filter((url) => url !== ''),
    }
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message)
  }
}

class FlagValues {
  readonly given: ReadonlySet<string>
  readonly #values: ReadonlyMap<string, readonly string[]>

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values
    this.given = new Set(values.keys())
  }
  many(name: string): readonly string[] {
    return this.#values.get(name) ?? [definition(name).default]
  }
  one(name: string): string {
    return this.many(name).at(-1)!
  }
  flag(name: string): boolean {
    return this.one(name) === 'true'
  }
  duration(name: string): number {
    try {
      return parseDuration(this.one(name))
    } catch (error) {
      throw new UsageError(
        `flag --${name}: ${(error as Error).message}, expected a duration such as 15d or 30s`,
      )
    }
  }
  count(name: string): number {
    const text = this.one(name)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)) || Number(text) === 0)
      throw new UsageError(`flag --${name}: "${text}" is not a whole number above 0`)
    return Number(text)
  }
  choice<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.one(name)
    const found = choices.find((choice) => choice === value)
    if (found === undefined)
      throw new UsageError(`flag --${name}: "${value}" is none of ${choices.join(', ')}`)
    return found
  }
  all(): Record<string, string> {
    return Object.fromEntries(
      SERVE_FLAGS.filter(({ effect }) => effect === 'works' || 'none' in (effect as object)).map(
        ({ name }) => [name, withoutPassword(this.many(name).join(','))],
      ),
    )
  }
}

/** What the pages show of a flag: the database's URL without its password. */
function withoutPassword(value: string): string {
  return value.replace(/(\/\/[^:@/]*):[^@/]*@/g, '$1:***@')
}

function definition(name: string): FlagDefinition {
  const found = SERVE_FLAGS.find((flag) => flag.name === name)
  if (found === undefined) throw new Error(`BUG: no flag ${name}`)
  return found
}

function readFlags(args: readonly string[]): FlagValues {
  const options = Object.fromEntries(SERVE_FLAGS.map(({ name, type }) => [name, { type, multiple: true }]))
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({
      args: normalise(args),
      options,
      allowNegative: true,
      allowPositionals: true,
      strict: true,
    })
  } catch (error) {
    const message = (error as Error).message.replace(/\. To specify a positional.*/s, '')
    throw new UsageError(`${message}${suggestion(message)}`)
  }
  if (parsed.positionals.length > 0) throw new UsageError(`unexpected argument "${parsed.positionals[0]}"`)
  const values = new Map<string, string[]>()
  for (const [name, value] of Object.entries(parsed.values))
    values.set(name, (value as (string | boolean)[]).map(String))
  return new FlagValues(values)
}

/** Go takes one dash for two, and `--flag=true` for booleans. */
function normalise(args: readonly string[]): string[] {
  return args.map((arg) => {
    const doubled = /^-[a-z]/.test(arg) && arg.length > 2 ? `-${arg}` : arg
    const boolean = /^--([^=]+)=(true|false)$/.exec(doubled)
    const flag =
      boolean === null
        ? undefined
        : SERVE_FLAGS.find(({ name, type }) => name === boolean[1] && type === 'boolean')
    return flag === undefined ? doubled : boolean![2] === 'true' ? `--${flag.name}` : `--no-${flag.name}`
  })
}

function suggestion(message: string): string {
  const unknown = /'--([^']+)'/.exec(message)?.[1]
  if (unknown === undefined) return ''
  const near = SERVE_FLAGS.map(({ name }) => ({ name, distance: editDistance(name, unknown) })).sort(
    (a, b) => a.distance - b.distance,
  )[0]!
  return near.distance <= 4 ? `; did you mean --${near.name}?` : '; see promontory serve --help'
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let k = 1; k <= b.length; k++)
      next.push(Math.min(next[k - 1]! + 1, row[k]! + 1, row[k - 1]! + (a[i - 1] === b[k - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}

function configFile(values: FlagValues): string | undefined {
  const file = values.one('config.file')
  return values.given.has('config.file') || existsSync(file) ? file : undefined
}

function checkAddress(flag: string, address: string): string {
  const port = /^(?:\[[^\]]+\]|[^:[\]]*):(\d+)$/.exec(address)?.[1]
  if (port === undefined || Number(port) > 65535)
    throw new UsageError(`flag --${flag}: "${address}" is not host:port`)
  return address
}

const WRITE_MESSAGES = ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request']

function acceptedMessages(values: FlagValues): string[] {
  const flag = 'web.remote-write-receiver.accepted-protobuf-messages'
  const names = values.many(flag).flatMap((list) => list.split(','))
  const unknown = names.find((name) => !WRITE_MESSAGES.includes(name))
  if (unknown !== undefined)
    throw new UsageError(`flag --${flag}: "${unknown}" is none of ${WRITE_MESSAGES.join(', ')}`)
  return names
}

function optionalAddress(values: FlagValues, flag: string): string | undefined {
  const address = values.one(flag)
  return address === '' ? undefined : checkAddress(flag, address)
}

function checkUrl(flag: string, text: string): string | undefined {
  if (text === '') return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError(`flag --${flag}: "${text}" is not an http or https URL`)
  return text.replace(/\/+$/, '')
}

function remoteEngine(values: FlagValues): StorageRemote | undefined {
  const text = values.one('storage.remote')
  const file = values.one('storage.remote.client')
  if (text === '' && file !== '')
    throw new UsageError('--storage.remote.client: there is no --storage.remote')
  if (text === '') return undefined
  try {
    return storageRemote(text, file === '' ? undefined : readStorageRemoteClient(file))
  } catch (error) {
    throw new UsageError(`--storage.remote: ${(error as Error).message}`)
  }
}

/** What an engine keeps need not stay here for long. */
function localRetention(values: FlagValues, engine: StorageRemote | undefined): number {
  const isGiven = values.given.has('storage.tsdb.retention.time')
  return engine === undefined || isGiven ? values.duration('storage.tsdb.retention.time') : LOCAL_RETENTION_MS
}

function routePrefix(given: string, externalUrl: string | undefined): string {
  const path = given !== '' ? given : externalUrl === undefined ? '' : new URL(externalUrl).pathname
  return `/${path}`.replace(/\/+/g, '/').replace(/\/$/, '')
}

function corsOrigin(pattern: string): AnchoredRegex | undefined {
  if (pattern === '') return undefined
  try {
    return new AnchoredRegex(pattern)
  } catch (error) {
    throw new UsageError(`flag --web.cors.origin: ${(error as Error).message}`)
  }
}

function parseSize(flag: string, text: string): number {
  const match = /^(\d+)(B|KB|MB|GB|TB|PB|EB)?$/i.exec(text)
  if (match === null || (match[2] === undefined && match[1] !== '0'))
    throw new UsageError(`flag --${flag}: "${text}" is not a size, expected a number with unit such as 512MB`)
  const power = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'].indexOf((match[2] ?? 'B').toUpperCase())
  return Number(match[1]) * 1024 ** power
}

function features(given: readonly string[], notices: string[]): string[] {
  const names = given.flatMap((list) => list.split(',')).filter((name) => name !== '')
  for (const name of names) {
    const meaning = FEATURES[name]
    if (meaning === undefined) notices.push(`unknown option for --enable-feature: ${name}`)
    else if (meaning === 'default') notices.push(`feature ${name} is always on`)
    else if (meaning === 'none') notices.push(`feature ${name} has no effect yet`)
  }
  if (names.includes('otlp-deltatocumulative') && names.includes('otlp-native-delta-ingestion'))
    throw new UsageError(
      'cannot enable otlp-deltatocumulative and otlp-native-delta-ingestion features at the same time',
    )
  return names.filter((name) => FEATURES[name] === 'works')
}
