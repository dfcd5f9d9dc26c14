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
import { FEATURES, type FlagDefinition, SERVE_FLAGS } from './flag-definitions.ts'

/** A flag that cannot be understood: message for the user, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
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
    timestampToleranceMs: timestampTolerance(values),
    blockDurations: blockDurations(values),
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

function timestampTolerance(values: FlagValues): number | undefined {
  if (!values.flag('scrape.adjust-timestamps')) return 0
  return values.one('scrape.timestamp-tolerance') === ''
    ? undefined
    : values.duration('scrape.timestamp-tolerance')
}

/** Prometheus divides by the shortest, and takes a longest that is shorter for the same. */
function blockDurations(values: FlagValues): ServerOptions['blockDurations'] {
  const minMs = values.duration('storage.tsdb.min-block-duration')
  const isGiven = values.one('storage.tsdb.max-block-duration') !== ''
  const maxMs = isGiven ? values.duration('storage.tsdb.max-block-duration') : undefined
  if (minMs < 1000) throw new UsageError('--storage.tsdb.min-block-duration must be 1s at least')
  return { minMs, maxMs: maxMs === undefined ? undefined : Math.max(minMs, maxMs) }
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
