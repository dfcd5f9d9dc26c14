import type { IncomingMessage, RequestListener } from 'node:http'
import { Registry } from 'prom-client'
import { joinCluster } from './cluster.ts'
import { CustomMetrics } from './custom-metrics.ts'
import { CacheMetrics, DatabaseMetrics, DomainMetrics } from './domain.ts'
import { MonitoringEndpoints } from './endpoints.ts'
import { Health } from './health.ts'
import { honoMiddleware } from './http/hono.ts'
import {
  expressMiddleware,
  fastifyHook,
  type HttpParts,
  koaMiddleware,
  nodeListener,
} from './http/middleware.ts'
import { type HttpDialect, HttpRecorder } from './http/recorder.ts'
import { LlmMetrics } from './llm/llm-metrics.ts'
import { observeAnthropic, observeOpenAi, type ObserveOptions } from './llm/observe-client.ts'
import type { PriceTable } from './llm/prices.ts'
import { JsonLogger, type LoggerOptions } from './logs/logger.ts'
import { MetricSet } from './metric-set.ts'
import { watchRuntime } from './runtime.ts'
import { Tracer } from './traces/tracer.ts'

export interface InstrumentOptions {
  readonly service: string
  /** Shown by `/health` and `app_info`; `APP_VERSION` or `1.0.0` when not given. */
  readonly version?: string
  /** Where metrics go; a registry of the kit's own when not given. */
  readonly registry?: Registry
  /** Under which names requests are published; `['http']` when not given. */
  readonly http?: readonly HttpDialect[]
  /** What the status is called in `http_*`; `status_code` when not given. */
  readonly statusLabel?: 'status_code' | 'status'
  /** Label sets per metric before values are folded into `other`; 500 when not given. */
  readonly seriesMax?: number
  /** Put before every name of the kit's own metrics. */
  readonly prefix?: string
  /** Bearer token that `/metrics` asks for. */
  readonly metricsToken?: string
  /** A second path with metrics that are not for everybody: the process's and those made up at run time. */
  readonly privateMetrics?: { readonly path: string; readonly token?: string }
  /** Bearer token that `POST /api/v1/monitoring/record` asks for. */
  readonly recordToken?: string
  /** Switches traces on: OTLP over HTTP, such as `http://localhost:4318/v1/traces`. */
  readonly traces?: string
  readonly prices?: PriceTable
  readonly log?: Omit<LoggerOptions, 'service'>
  /** In a worker of `node:cluster`: the primary publishes the sum with `clusterMetrics`. */
  readonly cluster?: boolean
}

const SERIES_MAX = 500

/** Everything an application needs to be watched. */
export class Instrument {
  readonly registry: Registry
  readonly privateRegistry: Registry
  readonly metrics: MetricSet
  readonly health: Health
  readonly database: DatabaseMetrics
  readonly cache: CacheMetrics
  readonly domain: DomainMetrics
  readonly llm: LlmMetrics
  /** What the adapters report to: for servers of another kind. */
  readonly http: HttpRecorder
  readonly custom: CustomMetrics
  readonly log: JsonLogger
  readonly tracer: Tracer | undefined
  readonly endpoints: MonitoringEndpoints
  readonly #parts: HttpParts
  readonly #stopRuntime: () => void

  constructor(options: InstrumentOptions) {
    const { service, seriesMax = SERIES_MAX, statusLabel = 'status_code', http = ['http'] } = options
    const version = options.version ?? process.env['APP_VERSION'] ?? '1.0.0'
    this.registry = options.registry ?? new Registry()
    this.privateRegistry = options.privateMetrics === undefined ? this.registry : new Registry()
    const { registry, privateRegistry } = this
    this.metrics = new MetricSet({ registry, privateRegistry, statusLabel, seriesMax, prefix: options.prefix ?? '' }) // prettier-ignore
    this.metrics.set('app_info', { service, version }, 1)
    this.tracer = options.traces === undefined ? undefined : new Tracer({ url: options.traces, service })
    this.health = new Health(version)
    this.database = new DatabaseMetrics(this.metrics)
    this.cache = new CacheMetrics(this.metrics)
    this.domain = new DomainMetrics(this.metrics)
    this.llm = new LlmMetrics(this.metrics, options.prices, this.tracer)
    this.custom = new CustomMetrics(privateRegistry, seriesMax, (name) => this.metrics.noteFold(name))
    this.log = new JsonLogger({ service, ...options.log })
    this.#stopRuntime = watchRuntime(this.metrics, privateRegistry)
    this.endpoints = new MonitoringEndpoints({
      registry,
      privateRegistry,
      version,
      health: this.health,
      custom: this.custom,
      metricsToken: options.metricsToken,
      recordToken: options.recordToken,
      privatePath: options.privateMetrics?.path,
      privateToken: options.privateMetrics?.token,
    })
    this.http = new HttpRecorder(this.metrics, http, statusLabel)
    this.#parts = {
      recorder: this.http,
      tracer: this.tracer,
      endpoints: this.endpoints.node,
      isOwnPath: (url) => this.endpoints.isOwn(url),
    }
    if (options.cluster === true)
      joinCluster(registry === privateRegistry ? [registry] : [registry, privateRegistry])
  }

  /** `app.use(kit.express())`, before the routes. Answers the kit's paths too. */
  express(): ReturnType<typeof expressMiddleware> {
    return expressMiddleware(this.#parts)
  }
  /** `kit.fastify()(app)`, before the routes. */
  fastify(): ReturnType<typeof fastifyHook> {
    return fastifyHook(this.#parts)
  }
  /** `app.use(kit.hono())`, before the routes. */
  hono(): ReturnType<typeof honoMiddleware> {
    return honoMiddleware(this.#parts.recorder, this.tracer, this.endpoints.fetch)
  }
  /** `app.use(kit.koa())`, before the routes. */
  koa(routeOf?: Parameters<typeof koaMiddleware>[1]): ReturnType<typeof koaMiddleware> {
    return koaMiddleware(this.#parts, routeOf)
  }
  /** `createServer(kit.listener(handler, routeOf))` */
  listener(
    listener: RequestListener,
    routeOf: (request: IncomingMessage) => string | undefined,
  ): RequestListener {
    return nodeListener(this.#parts, listener, routeOf)
  }

  /** Observes a client of OpenAI's kind. @returns the same client */
  openai<T extends object>(client: T, options?: ObserveOptions): T {
    return observeOpenAi(this.llm, client, options)
  }
  /** Observes a client of Anthropic's kind. @returns the same client */
  anthropic<T extends object>(client: T, options?: ObserveOptions): T {
    return observeAnthropic(this.llm, client, options)
  }
  /** Runs a call to any other model: see {@link LlmMetrics.track}. */
  trackLLM: LlmMetrics['track'] = (request, run) => this.llm.track(request, run)

  recordMetric(name: string, value: number): void {
    this.custom.recordMetric(name, value)
  }
  recordCustomEvent(
    type: string,
    attributes: Readonly<Record<string, string | number | boolean>> = {},
  ): void {
    this.custom.recordCustomEvent(type, attributes)
  }

  /** Sends what waits and stops timers. */
  async close(): Promise<void> {
    this.#stopRuntime()
    await this.tracer?.close()
  }
}

/** `const kit = instrument({ service: 'backend' })` */
export function instrument(options: InstrumentOptions): Instrument {
  return new Instrument(options)
}
