import { join } from 'node:path'
import { mkdirSync } from 'node:fs'
import { createLogger, type Clock, type Logger, Registry, systemClock } from '@promontory/base'
import { LabelReader, NO_TIERS, Tsdb } from '@promontory/tsdb'
import { keepCompiledCode } from './compiled-code.ts'
import { QuickLabels } from './quick-labels.ts'
import { createApp, type Application } from './app.ts'
import { AlertFanout } from './alerting/fanout.ts'
import { AlertMemory } from './alerting/alert-memory.ts'
import { openIncidents } from './alerting/incident-marks.ts'
import type { Incidents } from '@promontory/incidents'
import { Configuration } from './configuration.ts'
import { ReadyMade } from './content/ready-made.ts'
import { ReadyMadeRules } from './content/ready-made-rules.ts'
import { newToken } from './http/gate.ts'
import { HeapTrimmer } from './heap-trimmer.ts'
import { Listener } from './http/listener.ts'
import { WebAccess } from './http/web-access.ts'
import { registerSelfMetrics } from './self-metrics.ts'
import type { ServerOptions } from './options.ts'
import type { OtlpGrpc } from './otlp/otlp-grpc.ts'
import { ReadHub } from './remote/read-hub.ts'
import { PushService } from './push/push-service.ts'
import { Backend } from './routes/grafana/backend.ts'
import { VERSION } from './version.ts'
import { runInCompactor } from './workers/compactor.ts'
import { QueryPool } from './workers/query-pool.ts'

/** Readers of the head by number: query workers from 0, the rules' worker, the compactor. */
const RULES_READER = 60
const COMPACTOR_READER = 61
/** Below those of the rules; the storage itself has 62 and 63. */
const MAIN_READER = 52
/** Code that has not run by then is rarely used. */
const COMPILED_MS = 8000
/** Threads for rules at most: readers of the head are numbered. */
const RULE_WORKERS_MAX = 8
/** Metrics count as there when they had a sample in this time. */
const SEEN_LATELY_MS = 6 * 3600 * 1000
/** How long running answers may take when the server stops. */
const STOP_GRACE_MS = 5000

/**
 * The whole program as one object. Started in this order: listeners (they answer "not ready"), storage with its log
 * replayed, query workers, configuration (scrape, rules, alerting), then "ready".
 */
export class Server {
  readonly #logger: Logger
  readonly #listeners: readonly Listener[]
  readonly #storage: Tsdb
  readonly #pools: readonly QueryPool[]
  readonly #configuration: Configuration
  readonly #application: Application
  readonly #push: PushService
  readonly #grpc: OtlpGrpc | undefined
  readonly #web: WebAccess | undefined
  readonly #backend: Backend
  readonly #readyMade: ReadyMade
  readonly #trimmer = new HeapTrimmer()
  #stopped: Promise<void> | undefined

  private constructor(parts: ServerParts) {
    this.#trimmer.start()
    this.#logger = parts.logger
    this.#listeners = parts.listeners
    this.#storage = parts.storage
    this.#pools = parts.pools
    this.#configuration = parts.configuration
    this.#application = parts.application
    this.#push = parts.push
    this.#grpc = parts.grpc
    this.#web = parts.web
    this.#backend = parts.backend
    this.#readyMade = parts.readyMade
  }

  /**
   * Starts everything; on return the server is ready.
   * @throws ListenError, StorageError, ConfigError with a message for the user
   */
  static async start(options: ServerOptions, clock: Clock = systemClock): Promise<Server> {
    const startedMs = clock.nowMs()
    const logger = createLogger({
      level: options.logLevel,
      format: options.logFormat,
      write: (line) => process.stderr.write(`${line}\n`),
      now: () => new Date(clock.nowMs()),
    })
    for (const notice of options.notices) logger.warn(notice)
    // Before anything is opened: a configuration that cannot be must not touch the data.
    const prepared = await Configuration.prepareInitial(options)
    const token = newToken()
    const gate: ApplicationGate = { application: undefined }
    const web = options.webConfigFile === undefined ? undefined : new WebAccess(options.webConfigFile, logger)
    const listeners = await openListeners(options, gate, web)
    let storage: Tsdb | undefined
    let backend: Backend | undefined
    try {
      const registry = new Registry()
      registerSelfMetrics(registry, startedMs)
      // The log is replayed while the state's thread starts. Storage comes first: it has the directory's lock before it waits for anything.
      const [storageOpened, backendOpened] = await Promise.allSettled([
        openStorage(options, registry, logger),
        openBackend(options, clock, logger),
      ])
      if (storageOpened.status === 'fulfilled') storage = storageOpened.value
      if (backendOpened.status === 'fulfilled') backend = backendOpened.value
      if (storageOpened.status === 'rejected') throw storageOpened.reason
      if (backendOpened.status === 'rejected') throw backendOpened.reason
      storage = storageOpened.value
      backend = backendOpened.value
      const { state } = backend
      const log = logger.with({ component: 'alertmanager' })
      const memory = await AlertMemory.open({
        state,
        directory: options.ownDirectory,
        clock,
        logger: log,
        registry,
        historyRetentionMs: options.alertHistory.retentionMs,
        historyBytesMax: options.alertHistory.bytesMax,
      })
      const incidents = await openIncidents(backend, clock, logger, registry)
      const parts = assemble({
        memory,
        incidents,
        options,
        clock,
        logger,
        registry,
        storage,
        listeners,
        web,
        token,
        startedMs,
        backend,
      })
      await parts.application.sources.start()
      parts.readyMade.recall()
      await parts.configuration.start(prepared)
      parts.push.start()
      parts.readyMade.start()
      gate.application = parts.application
      const grpc = await openGrpc(options, parts.application, logger, web)
      announce(options, listeners, storage, parts.configuration, token, logger)
      return new Server({ ...parts, grpc, web, logger, listeners, storage, backend })
    } catch (error) {
      storage?.close()
      await backend?.close().catch(() => undefined)
      for (const listener of listeners) void listener.close(0)
      throw error
    }
  }

  /** `http://localhost:9090` */
  get url(): string {
    return this.#listeners[0]!.url
  }

  /** Reads the configuration again. @returns whether the new one is in use */
  reload(): Promise<boolean> {
    return this.#configuration.reload()
  }

  onQuit(callback: () => void): void {
    this.#application.onQuit = callback
  }

  /** Ends in the reverse order of the start: scrapes and rules first, so that their stale markers are stored. */
  stop(reason: string): Promise<void> {
    this.#stopped ??= this.#stop(reason)
    return this.#stopped
  }

  async #stop(reason: string): Promise<void> {
    this.#logger.info('Shutting down', { reason })
    this.#trimmer.stop()
    await this.#readyMade.close()
    await this.#configuration.stop()
    await Promise.all(this.#listeners.map((listener) => listener.close(STOP_GRACE_MS)))
    await this.#grpc?.close(STOP_GRACE_MS)
    await this.#push.stop()
    await Promise.all(this.#pools.map((pool) => pool.close()))
    await this.#application.sources.close()
    await this.#backend.close()
    await this.#web?.close()
    this.#storage.close()
    this.#logger.info('See you next time!')
  }
}

interface ServerParts {
  readonly logger: Logger
  readonly listeners: readonly Listener[]
  readonly storage: Tsdb
  readonly pools: readonly QueryPool[]
  readonly configuration: Configuration
  readonly application: Application
  readonly push: PushService
  readonly grpc: OtlpGrpc | undefined
  readonly web: WebAccess | undefined
  readonly backend: Backend
  readonly readyMade: ReadyMade
}

/** Requests that come before everything is assembled are answered from here. */
interface ApplicationGate {
  application: Application | undefined
}

/** The main listeners first, then the Alertmanager's own. @throws ListenError; what was opened before is closed */
async function openListeners(
  options: ServerOptions,
  gate: ApplicationGate,
  web: WebAccess | undefined,
): Promise<Listener[]> {
  const wanted = options.listenAddresses.map((address) => ({
    address,
    flag: 'web.listen-address',
    handler: 'handle' as const,
  }))
  const own = [
    {
      address: options.alertmanagerListenAddress,
      flag: 'listen.alertmanager',
      handler: 'handleAlertmanager',
    },
    { address: options.grafana.listenAddress, flag: 'listen.grafana', handler: 'handle' },
    { address: options.otlp.httpAddress, flag: 'listen.otlp-http', handler: 'handleOtlp' },
    { address: options.push.listenAddress, flag: 'listen.pushgateway', handler: 'handlePushgateway' },
  ] as const
  const all = [
    ...wanted,
    ...own.flatMap(({ address, ...rest }) => (address === undefined ? [] : [{ address, ...rest }])),
  ]
  const listeners: Listener[] = []
  try {
    for (const { address, flag, handler } of all) {
      const { maxConnections, readTimeoutMs } = options
      listeners.push(
        await Listener.open({
          address,
          flag,
          maxConnections,
          readTimeoutMs,
          handler: answerer(gate, handler),
          web,
        }),
      )
    }
    return listeners
  } catch (error) {
    for (const listener of listeners) void listener.close(0)
    throw error
  }
}

type HandlerName = 'handle' | 'handleAlertmanager' | 'handlePushgateway' | 'handleOtlp'

function answerer(gate: ApplicationGate, handler: HandlerName): Application['handle'] {
  return (request, response) => {
    if (gate.application !== undefined) return gate.application[handler](request, response)
    const healthy = request.url?.endsWith('/-/healthy') === true
    response.writeHead(healthy ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' })
    response.end(healthy ? 'Promontory is Healthy.\n' : 'Service Unavailable: the storage is being opened\n')
  }
}

async function openBackend(options: ServerOptions, clock: Clock, logger: Logger): Promise<Backend> {
  mkdirSync(options.ownDirectory, { recursive: true })
  return Backend.open({ ...options.grafana, ownDirectory: options.ownDirectory }, clock, logger)
}

/** gRPC is loaded where it is wanted only. @throws ListenError */
async function openGrpc(
  options: ServerOptions,
  { otlp: receiver, gate }: Application,
  logger: Logger,
  web: WebAccess | undefined,
): Promise<OtlpGrpc | undefined> {
  const { grpcAddress: address } = options.otlp
  if (address === undefined) return undefined
  const { OtlpGrpc } = await import('./otlp/otlp-grpc.ts')
  const grpc = await OtlpGrpc.open({
    address,
    receiver,
    gate,
    tls: web?.tls,
    logger: logger.with({ component: 'otlp' }),
  })
  logger.info('OTLP over gRPC is taken', { address, port: grpc.port })
  return grpc
}

function openStorage(options: ServerOptions, registry: Registry, logger: Logger): Promise<Tsdb> {
  return Tsdb.open({
    directory: options.dataDirectory,
    registry,
    logger: logger.with({ component: 'tsdb' }),
    walCompression: options.walCompression,
    headBytes: options.headBytes,
    rangeMs: options.blockDurations.minMs,
    ...(options.blockDurations.maxMs === undefined ? {} : { maxRangeMs: options.blockDurations.maxMs }),
    lock: options.lockDirectory,
    retention: options.retention,
    tiers: { directory: join(options.ownDirectory, 'tiers'), retention: NO_TIERS },
    runTask: (task, memory) => runInCompactor(task, memory, COMPACTOR_READER),
  })
}

interface AssemblyInput {
  readonly options: ServerOptions
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly storage: Tsdb
  readonly listeners: readonly Listener[]
  readonly web: WebAccess | undefined
  readonly token: string
  readonly startedMs: number
  readonly backend: Backend
  readonly memory: AlertMemory
  readonly incidents: Incidents
}

function assemble(
  input: AssemblyInput,
): Pick<ServerParts, 'pools' | 'configuration' | 'application' | 'push' | 'readyMade'> {
  const { options, logger, storage, listeners } = input
  const pool = (workers: number, firstReader: number, cacheBytes: number): QueryPool =>
    new QueryPool({
      storage,
      workers,
      firstReader,
      features: options.features,
      lookbackMs: options.lookbackMs,
      maxSamples: options.queryMaxSamples,
      cacheBytes,
      timeoutMs: options.queryTimeoutMs,
      maxConcurrency: options.queryMaxConcurrency,
      logger: logger.with({ component: 'query' }),
      connectRemote: () => readHub.connect(),
      replicaLabels: options.remote.replicaLabels,
    })
  const readHub = new ReadHub(storage)
  const queries = pool(options.queryWorkers, 0, options.queryCacheBytes)
  // One thread keeps a big query from delaying an alert; more where rules may run side by side.
  const ruleWorkers = options.features.includes('concurrent-rule-eval')
    ? Math.min(options.ruleConcurrencyMax, RULE_WORKERS_MAX)
    : 1
  const ruleQueries = pool(ruleWorkers, RULES_READER - ruleWorkers + 1, 0)
  queries.warm()
  storage.onSettledChange((fromMs) => queries.forget(fromMs))
  const ownUrl = listeners[0]!.url
  const externalUrl = options.externalUrl ?? ownUrl
  const fanout = new AlertFanout({
    ...input,
    externalUrl: options.alertmanagerWeb.externalUrl ?? externalUrl,
  })
  const readyMadeRules = new ReadyMadeRules(options.contentRules)
  const configuration = new Configuration({
    ...input,
    readHub,
    ruleQueries,
    fanout,
    ownUrl,
    externalUrl,
    readyMadeRules,
  })
  const push = new PushService({
    ...input,
    intervalMs: () => configuration.scrapeIntervalMs(),
    scrapedUrls: () => configuration.scrape.targets().active.map(({ scrapeUrl }) => scrapeUrl),
  })
  const application = createApp({
    ...input,
    push: push.gateway,
    queries,
    quickLabels: new QuickLabels(new LabelReader(storage, MAIN_READER), () => readHub.isIdle),
    ruleQueries,
    configuration,
    fanout,
    ownPorts: listeners.map(({ port }) => port),
  })
  const readyMade = new ReadyMade({
    ...input.backend,
    providesDashboards: options.readyMade,
    rules: readyMadeRules,
    reloadRules: () => configuration.reloadRules(),
    seriesCount: () => input.storage.head.seriesCount,
    memory: join(options.ownDirectory, 'ready-made-metrics.json'),
    metricNames: () => metricNames(ruleQueries, input.clock),
    logger: logger.with({ component: 'content' }),
  })
  return { pools: [queries, ruleQueries], configuration, application, push, readyMade }
}

/** Metrics that had a sample in the last hours. */
async function metricNames(pool: QueryPool, clock: Clock): Promise<ReadonlySet<string>> {
  const endMs = Math.floor(clock.nowMs())
  const startMs = endMs - SEEN_LATELY_MS
  const answer = await pool.run({ kind: 'labelValues', name: '__name__', selectors: [], startMs, endMs, limit: 0 }) // prettier-ignore
  if (answer.kind !== 'body') throw new Error('BUG: values of a label come as a body')
  return new Set((JSON.parse(Buffer.from(answer.body).toString('utf8')) as { data: string[] }).data)
}

/** What the user wants to know first: where we are, where the data is, what is watched. */
function announce(
  options: ServerOptions,
  listeners: readonly Listener[],
  storage: Tsdb,
  configuration: Configuration,
  token: string,
  logger: Logger,
): void {
  const open = listeners.filter((listener) => !listener.isLoopback)
  keepCompiledCode(COMPILED_MS)
  logger.info('Server is ready to receive web requests.', {
    version: VERSION,
    url: listeners[0]!.url,
    data: storage.directory,
  })
  // A log is read by many: nothing is shown where the administrator's password was given.
  const tokenLines =
    open.length === 0 || options.grafana.adminPassword !== undefined
      ? []
      : [`  token          ${token}   (needed from other machines, as bearer token or as password)`]
  const lines = [
    '',
    `  Promontory ${VERSION}`,
    ...listeners
      .slice(0, options.listenAddresses.length)
      .map((listener) => `  ${listener.url}${options.routePrefix}/`),
    ...listeners
      .slice(options.listenAddresses.length)
      .map((listener, index) => `  ${ownNames(options)[index]!.padEnd(14)} ${listener.url}`),
    `  data           ${storage.directory}`,
    `  configuration  ${configuration.file() ?? 'built in: this machine and Promontory itself, every 5 s'}`,
    ...tokenLines,
    '',
  ]
  // Without the token nobody comes in: a quiet log does not hide it.
  const shown = ['info', 'debug'].includes(options.logLevel) ? lines : tokenLines
  if (shown.length > 0) process.stdout.write(`${shown.join('\n')}\n`)
}

/** What the listeners behind the main ones are for, in their order. */
function ownNames(options: ServerOptions): string[] {
  return [
    ...(options.alertmanagerListenAddress === undefined ? [] : ['alertmanager']),
    ...(options.grafana.listenAddress === undefined ? [] : ['grafana']),
    ...(options.otlp.httpAddress === undefined ? [] : ['otlp']),
    ...(options.push.listenAddress === undefined ? [] : ['pushgateway']),
  ]
}
