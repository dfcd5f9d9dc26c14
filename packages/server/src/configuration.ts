import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Clock, Gauge, Logger, Registry } from '@promontory/base'
import { type ConfigNotice, formatFault } from '@promontory/base/yaml'
import { Labels } from '@promontory/model'
import { type FamilyMetadata, ReceivedMetadata, type RemoteWriteManager } from '@promontory/remote'
import { AlertStateFiles, type PreparedRules, RuleManager, type RuleSource } from '@promontory/rules'
import { scrapeFeatures, ScrapeManager } from '@promontory/scrape'
import { NO_TIERS, type Tsdb } from '@promontory/tsdb'
import { parserOptionsOfFeatures } from '@promontory/promql/parser'
import type { AlertFanout } from './alerting/fanout.ts'
import { builtInConfig } from './built-in-config.ts'
import {
  ConfigLoadError,
  type PreparedConfig,
  prepareConfig,
  prepareConfigText,
  printConfig,
} from './config/index.ts'
import {
  type PromontoryConfig,
  readPromontoryConfig,
  type StorageConfig,
} from './config/promontory-config.ts'
import { ConfigWatch } from './config-watch.ts'
import type { ReadyMadeRules } from './content/ready-made-rules.ts'
import { DEFAULT_OTLP, type OtlpConfig } from './config/telemetry-config.ts'
import type { ServerOptions } from './options.ts'
import type { ReadHub } from './remote/read-hub.ts'
import { KnownMetadata } from './known-metadata.ts'
import { ReceivedMetadataFile } from './remote/received-metadata-file.ts'
import { createRemoteWrite } from './remote/remote-write.ts'
import { QueryLog } from './query-log.ts'
import { ruleQuery } from './rule-query.ts'
import { VERSION } from './version.ts'
import type { QueryPool } from './workers/query-pool.ts'

export interface ConfigurationInput {
  readonly options: ServerOptions
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly storage: Tsdb
  readonly ruleQueries: QueryPool
  readonly fanout: AlertFanout
  readonly readHub: ReadHub
  /** Where we listen ourselves. */
  readonly ownUrl: string
  readonly externalUrl: string
  readonly readyMadeRules: ReadyMadeRules
}

/** A configuration that was read and checked: applying it can no longer fail for its own sake. */
export interface ReadyConfig {
  readonly prepared: PreparedConfig
  readonly ruleSources: readonly RuleSource[]
  /** `promontory.yml`. */
  readonly own: PromontoryConfig
  /** Undefined for the built-in one. */
  readonly file: string | undefined
}

/** The user's file that was dropped into the pages, kept over restarts. */
const OWN_CONFIG = 'prometheus.yml'
/** Prometheus's default of `global.scrape_interval`. */
const DEFAULT_INTERVAL_MS = 60_000

/**
 * The configuration in use and those who live by it. Every change goes in two phases: everything is read and checked,
 * then everything is applied; what cannot be used leaves the one before in place and is told to log, API and pages.
 */
export class Configuration {
  readonly scrape: ScrapeManager
  readonly rules: RuleManager
  readonly remoteWrite: RemoteWriteManager
  /** What remote write and OTLP told of metric families. */
  readonly receivedMetadata: ReceivedMetadata = new ReceivedMetadata()
  readonly metadata: KnownMetadata
  readonly #receivedFile: ReceivedMetadataFile
  readonly queryLog: QueryLog
  readonly #input: ConfigurationInput
  #current: ReadyConfig | undefined
  #lastAppliedMs = 0
  #reloadError: string | undefined
  #watch: ConfigWatch | undefined
  readonly #successful: Gauge
  readonly #successTime: Gauge

  constructor(input: ConfigurationInput) {
    this.#input = input
    const { clock, logger, registry, storage, options } = input
    this.scrape = new ScrapeManager({
      appender: storage,
      clock,
      logger: logger.with({ component: 'scrape' }),
      registry,
      discoveryMetrics: input.fanout.discoveryMetrics,
      userAgent: `Promontory/${VERSION}`,
      features: scrapeFeatures(options.features),
      timestampToleranceMs: options.timestampToleranceMs,
    })
    this.#receivedFile = new ReceivedMetadataFile(
      join(options.ownDirectory, 'received-metadata.json'),
      this.receivedMetadata,
      clock,
      logger,
    )
    this.metadata = new KnownMetadata(this.scrape, this.receivedMetadata, storage.replay.metadata)
    this.queryLog = new QueryLog(logger.with({ component: 'query log' }))
    this.rules = new RuleManager({
      clock,
      logger: logger.with({ component: 'rules' }),
      registry,
      query: ruleQuery(input.ruleQueries, this.queryLog),
      appender: storage,
      notifier: input.fanout,
      state: new AlertStateFiles(join(options.ownDirectory, 'alert-state'), logger),
      externalUrl: input.externalUrl,
      resendDelayMs: options.resendDelayMs,
      outageToleranceMs: options.forOutageToleranceMs,
      forGracePeriodMs: options.forGracePeriodMs,
      parserOptions: parserOptionsOfFeatures(options.features),
      ...(options.features.includes('concurrent-rule-eval')
        ? { concurrentEvaluationsMax: options.ruleConcurrencyMax }
        : {}),
    })
    this.remoteWrite = createRemoteWrite({ ...input, metadata: () => this.#familyMetadata() })
    this.#successful = registry.gauge({
      name: 'prometheus_config_last_reload_successful',
      help: 'Whether the last configuration reload attempt was successful.',
    })
    this.#successTime = registry.gauge({
      name: 'prometheus_config_last_reload_success_timestamp_seconds',
      help: 'Timestamp of the last successful configuration reload.',
    })
  }

  /** Reads the file that the options name (or the built-in configuration). @throws ConfigError */
  static async prepareInitial(options: ServerOptions): Promise<ReadyConfig> {
    const file = options.configFile ?? ownConfigFile(options)
    return requireSupported(
      file === undefined
        ? await builtIn(options)
        : await readConfig(file, readPromontoryConfig(options.promontoryConfigFile)),
    )
  }

  async start(ready: ReadyConfig): Promise<void> {
    await this.#apply(ready)
    this.rules.start()
    const { autoReloadMs } = this.#input.options
    if (autoReloadMs !== undefined) await this.#watchFiles(autoReloadMs)
  }

  /** Reads everything again. @returns whether the new configuration is in use */
  async reload(): Promise<boolean> {
    const { logger, options } = this.#input
    logger.info('Loading configuration file', { filename: this.file() ?? 'built in' })
    try {
      await this.#apply(await Configuration.prepareInitial(options))
      return true
    } catch (error) {
      this.#refuse(error as Error)
      return false
    }
  }

  /** Checks a configuration text without using it. @throws ConfigError */
  check(text: string): Promise<ReadyConfig> {
    const { options } = this.#input
    const own = readPromontoryConfig(options.promontoryConfigFile)
    return readConfig(join(resolve(options.ownDirectory), OWN_CONFIG), own, text)
  }

  /** Takes a configuration that came through the pages, and keeps it for the next start. @throws ConfigError */
  async use(text: string): Promise<void> {
    const { options } = this.#input
    if (options.configFile !== undefined)
      throw new Error(`the configuration comes from ${options.configFile}: change that file`)
    const ready = requireSupported(await this.check(text))
    mkdirSync(options.ownDirectory, { recursive: true })
    writeAtomically(join(options.ownDirectory, OWN_CONFIG), text)
    await this.#apply(ready)
  }

  /** Adds a target of the built-in configuration, kept over restarts. @returns its address */
  async addTarget(url: URL): Promise<string> {
    const { options } = this.#input
    if (this.file() !== undefined) throw new Error(`the targets come from ${this.file()}: add it there`)
    const file = addedTargetsFile(options)
    const groups: object[] = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object[]) : []
    groups.push({
      targets: [url.host],
      labels: {
        __scheme__: url.protocol.slice(0, -1),
        __metrics_path__: url.pathname === '/' ? '/metrics' : url.pathname,
      },
    })
    mkdirSync(dirname(file), { recursive: true })
    writeAtomically(file, JSON.stringify(groups, null, 2))
    await this.#apply(await builtIn(options))
    return url.host
  }

  async stop(): Promise<void> {
    this.#watch?.stop()
    await this.rules.stop()
    await this.scrape.stop()
    await this.remoteWrite.stop()
    this.#receivedFile.close()
    await this.#input.fanout.stop()
    this.queryLog.close()
    this.#input.readHub.close()
  }

  file(): string | undefined {
    return this.#current?.file
  }
  yaml(): string {
    return this.#current === undefined ? '' : printConfig(this.#current.prepared.config)
  }
  lastAppliedMs(): number {
    return this.#lastAppliedMs
  }
  reloadError(): string | undefined {
    return this.#reloadError
  }
  /** `global.scrape_interval` of the configuration in use. */
  scrapeIntervalMs(): number {
    return this.#current?.prepared.config.global.scrape_interval ?? DEFAULT_INTERVAL_MS
  }
  /** How metrics that come by OTLP are named. */
  otlp(): OtlpConfig {
    return this.#current?.prepared.config.otlp ?? DEFAULT_OTLP
  }
  externalLabels(): Labels {
    return Labels.from(this.#current?.prepared.config.global.external_labels ?? {})
  }

  async #apply(ready: ReadyConfig): Promise<void> {
    const { logger, clock, fanout } = this.#input
    const { config, jobs, warnings } = ready.prepared
    const externalLabels = Labels.from(config.global.external_labels)
    const rules = this.#prepareRules(ready)
    const alerting = fanout.prepare(config, ready.own)
    for (const notice of [...warnings, ...rules.notices]) logger.warn(noticeText(notice))
    this.#applyStorage(config.storage)
    this.#applyOwnStorage(ready.own.storage)
    fanout.apply(alerting, externalLabels)
    this.scrape.applyConfig(jobs, externalLabels)
    this.queryLog.setFile(config.global.query_log_file)
    await this.rules.apply(rules)
    const engine = this.#input.options.remote.engine
    const writes = engine === undefined ? config.remote_write : [...config.remote_write, engine.write]
    await this.remoteWrite.apply(writes, externalLabels)
    this.#input.readHub.apply(config.remote_read, externalLabels, engine)
    this.#current = ready
    this.#reloadError = undefined
    this.#lastAppliedMs = clock.nowMs()
    this.#successful.set(1)
    this.#successTime.set(clock.nowMs() / 1000)
    logger.info('Completed loading of configuration file', { filename: ready.file ?? 'built in' })
  }

  /** Loads the rules again: there are other ready-made ones. */
  async reloadRules(): Promise<void> {
    if (this.#current !== undefined) await this.rules.apply(this.#prepareRules(this.#current))
  }

  #prepareRules({ prepared, ruleSources, own }: ReadyConfig): PreparedRules {
    const { options, readyMadeRules } = this.#input
    const { global, alerting } = prepared.config
    const tellsSomebody = options.alertmanagerConfigFile !== undefined || alerting.alertmanagers.length > 0
    const sources = [...ruleSources, ...readyMadeRules.sources(ruleSources, tellsSomebody)]
    return this.rules.prepare(sources, {
      intervalMs: global.evaluation_interval,
      queryOffsetMs: global.rule_query_offset,
      externalLabels: Labels.from(global.external_labels),
      noData: own.rules.no_data,
    })
  }

  /** Fields of the file win over the flags, as in Prometheus. */
  #applyStorage({ tsdb, exemplars }: PreparedConfig['config']['storage']): void {
    const { storage, options } = this.#input
    const { time = 0, size = 0 } = tsdb?.retention ?? {}
    storage.maintenance.retention = {
      timeMs: time || options.retention.timeMs,
      bytes: size || options.retention.bytes,
    }
    storage.setLateWindow(tsdb?.out_of_order_time_window ?? 0)
    if (exemplars !== undefined) storage.head.exemplars.setCapacity(exemplars.max_exemplars)
  }

  #applyOwnStorage({ tiers, retention }: StorageConfig): void {
    const { maintenance } = this.#input.storage
    maintenance.tiers?.retain(tiers.enabled ? tiers.retention : NO_TIERS)
    maintenance.shorterRetention = retention.map(({ selector, keep }) => ({
      matchers: selector,
      keepMs: keep,
    }))
  }

  /** Metadata of metric families, the first target's where several have one. */
  #familyMetadata(): FamilyMetadata[] {
    const families = new Map<string, FamilyMetadata>()
    for (const [family, metadata] of this.metadata.families())
      if (!families.has(family)) families.set(family, { family, ...metadata })
    return [...families.values()]
  }

  #refuse(error: Error): void {
    this.#reloadError = error.message
    this.#successful.set(0)
    this.#input.logger.error('the configuration is refused; the one before stays in use', { error })
  }

  #watchFiles(intervalMs: number): Promise<void> {
    const { logger, options } = this.#input
    this.#watch = new ConfigWatch({
      logger,
      intervalMs,
      patterns: () => watchedFiles(options),
      reload: () => this.reload(),
    })
    return this.#watch.start()
  }
}

/** What the configuration on the disk consists of; undefined when it cannot be read. */
async function watchedFiles(options: ServerOptions): Promise<readonly string[] | undefined> {
  const file = options.configFile ?? ownConfigFile(options)
  const own = options.promontoryConfigFile === undefined ? [] : [resolve(options.promontoryConfigFile)]
  if (file === undefined) return [resolve(options.ownDirectory, OWN_CONFIG), ...own]
  return prepareConfig(file).then(
    ({ watched }) => [...watched, ...own],
    () => undefined,
  )
}

function ownConfigFile(options: ServerOptions): string | undefined {
  const file = join(options.ownDirectory, OWN_CONFIG)
  return existsSync(file) ? file : undefined
}

function addedTargetsFile(options: ServerOptions): string {
  return resolve(options.ownDirectory, 'added-targets.json')
}

async function builtIn(options: ServerOptions): Promise<ReadyConfig> {
  const text = builtInConfig(options.listenAddresses[0]!, options.routePrefix, addedTargetsFile(options))
  return {
    prepared: await prepareConfigText(text, 'built-in configuration'),
    ruleSources: [],
    own: readPromontoryConfig(options.promontoryConfigFile),
    file: undefined,
  }
}

/** @param text  of the file, when it is not to be read */
async function readConfig(file: string, own: PromontoryConfig, text?: string): Promise<ReadyConfig> {
  const prepared = await (text === undefined ? prepareConfig(file) : prepareConfigText(text, resolve(file)))
  const ruleSources = prepared.ruleFiles.map((path) => ({ file: path, text: readRuleFile(path) }))
  if (prepared.config.groups !== undefined)
    ruleSources.push(inlineGroups(prepared.file, text ?? readFileSync(file, 'utf8')))
  return { prepared, ruleSources, own, file: prepared.file }
}

/** @throws ConfigLoadError naming everything that this program does not do */
function requireSupported(ready: ReadyConfig): ReadyConfig {
  const faults = ready.prepared.unsupported.map(noticeText)
  if (faults.length > 0) throw new ConfigLoadError(faults.join('\n'))
  return ready
}

function readRuleFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigLoadError(`error loading rules from "${path}": ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** The `groups:` that stand in the main file, as a rule file in which every line keeps its number. */
function inlineGroups(file: string, text: string): RuleSource {
  let inside = false
  const lines = text.split('\n').map((line) => {
    if (/^[^\s#-]/.test(line)) inside = /^(groups|'groups'|"groups")\s*:/.test(line)
    return inside ? line : ''
  })
  return { file, text: lines.join('\n') }
}

export function noticeText(notice: ConfigNotice): string {
  return formatFault(notice, notice.text)
}

function writeAtomically(file: string, text: string): void {
  writeFileSync(`${file}.tmp`, text, { flush: true })
  renameSync(`${file}.tmp`, file)
}
