import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { PATHS } from '@promontory/api'
import type { Clock, Logger, Registry } from '@promontory/base'
import { TEXT_CONTENT_TYPE, writeText } from '@promontory/exposition'
import { collectHostMetrics } from '@promontory/host'
import type { AnchoredRegex } from '@promontory/model'
import type { Gateway } from '@promontory/push'
import { parserOptionsOfFeatures } from '@promontory/promql'
import { OtlpReceiver } from '@promontory/remote'
import type { Tsdb } from '@promontory/tsdb'
import { alertmanagerApp } from './alerting/alertmanager-app.ts'
import type { AlertFanout } from './alerting/fanout.ts'
import type { Configuration } from './configuration.ts'
import { failure, send, success } from './http/answer.ts'
import { answerDirectly } from './http/direct.ts'
import { Gate, type GateVerdict } from './http/gate.ts'
import { identityOf } from './http/identity.ts'
import type { WebAccess } from './http/web-access.ts'
import type { ServerOptions } from './options.ts'
import { answerOtlp, otlpHttpApp } from './otlp/otlp-http.ts'
import { answerPush, pushgatewayApp } from './push/push-service.ts'
import { adminRoutes } from './routes/admin-routes.ts'
import { alertingRoutes } from './routes/alerting-routes.ts'
import { backtestRoutes } from './routes/backtest-routes.ts'
import { incidentRoutes } from './routes/incident-routes.ts'
import { notificationRoutes } from './routes/notification-routes.ts'
import type { Incidents } from '@promontory/incidents'
import { configRoutes } from './routes/config-routes.ts'
import { discoveryRoutes } from './routes/discovery-routes.ts'
import type { RouteEnvironment } from './routes/environment.ts'
import { exemplarRoutes } from './routes/exemplar-routes.ts'
import { lintRoutes } from './routes/lint-routes.ts'
import { readRoutes } from './routes/read-routes.ts'
import { BATCH_PATH, CANCEL_PATH, QueryBatches } from './routes/query-batches.ts'
import { type QueryRoutes, queryRoutes } from './routes/query-routes.ts'
import { queryRunner } from './routes/query-runner.ts'
import { ruleRoutes } from './routes/rule-routes.ts'
import { statusRoutes } from './routes/status-routes.ts'
import { targetRoutes } from './routes/target-routes.ts'
import { uiHandler } from './routes/ui-routes.ts'
import { writeRoutes } from './routes/write-routes.ts'
import type { Backend } from './routes/grafana/backend.ts'
import { refusalOf } from './routes/grafana/exchange.ts'
import { grafanaRoutes } from './routes/grafana/grafana-routes.ts'
import { ownApi } from './routes/grafana/own-api.ts'
import { Sources } from './routes/grafana/sources.ts'
import { HttpMetrics } from './self-metrics.ts'
import type { QuickLabels } from './quick-labels.ts'
import { QueryMetrics } from './workers/query-metrics.ts'
import type { QueryPool } from './workers/query-pool.ts'

export interface AppInput {
  readonly options: ServerOptions
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly storage: Tsdb
  readonly queries: QueryPool
  readonly quickLabels: QuickLabels
  readonly ruleQueries: QueryPool
  readonly configuration: Configuration
  readonly fanout: AlertFanout
  readonly token: string
  readonly web: WebAccess | undefined
  readonly startedMs: number
  readonly backend: Backend
  readonly incidents: Incidents
  readonly push: Gateway
  /** Ports of our listeners. */
  readonly ownPorts: readonly number[]
}

/** The HTTP side of the server. */
export interface Application {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void
  /** Answers on the Alertmanager's own port. */
  readonly handleAlertmanager: (request: IncomingMessage, response: ServerResponse) => void
  /** Answers on the Pushgateway's own port. */
  readonly handlePushgateway: (request: IncomingMessage, response: ServerResponse) => void
  /** Answers on OTLP's own port. */
  readonly handleOtlp: (request: IncomingMessage, response: ServerResponse) => void
  readonly otlp: OtlpReceiver
  readonly gate: Gate
  /** The data sources of dashboards. */
  readonly sources: Sources
  /** Called after an accepted request to `/-/quit`. */
  onQuit: () => void
}

/** Puts gate, API, pages and metrics of requests together. */
export function createApp(input: AppInput): Application {
  const { options, configuration, registry } = input
  const queryMetrics = new QueryMetrics(
    registry,
    [input.queries, input.ruleQueries],
    options.queryMaxConcurrency,
  )
  const environment: RouteEnvironment = {
    ...input,
    queryMetrics,
    queryLog: configuration.queryLog,
    externalLabels: () => configuration.externalLabels(),
  }
  const app = new Hono()
  const run = queryRunner(environment)
  const direct = queryRoutes(environment, run)
  const batches = new QueryBatches(
    run,
    () => input.clock.nowMs(),
    parserOptionsOfFeatures(new Set(options.features)),
  )
  const own = ownApi(direct, app)
  const sources = new Sources({
    store: input.backend.dataSources,
    ownPorts: input.ownPorts,
    ownUrls: options.grafana.ownUrls,
    own,
  })
  const gate = new Gate({
    externalUrl: options.externalUrl,
    anonymousRead: options.anonymousRead,
    token: input.token,
    access: input.backend.access,
    web: input.web,
  })
  const otlp = new OtlpReceiver({
    appender: input.storage,
    logger: input.logger.with({ component: 'otlp' }),
    registry,
    settings: () => configuration.otlp(),
    metadata: configuration.receivedMetadata,
    features: {
      typeAndUnitLabels: options.features.includes('type-and-unit-labels'),
      nativeDeltas: options.features.includes('otlp-native-delta-ingestion'),
    },
  })
  if (!options.otlp.enabled)
    app.post('/api/v1/otlp/*', (c) =>
      c.text('otlp write receiver needs to be enabled with --web.enable-otlp-receiver\n', 404),
    )
  const application: Application = {
    handle: () => {},
    handleAlertmanager: () => {},
    handlePushgateway: () => {},
    handleOtlp: () => {},
    otlp,
    gate,
    onQuit: () => {},
    sources,
  }
  exemplarRoutes(app, environment)
  lintRoutes(app, environment, configuration.scrape)
  statusRoutes(app, environment, {
    startedMs: input.startedMs,
    configFile: () => configuration.file(),
    configYaml: () => configuration.yaml(),
    lastConfigMs: () => configuration.lastAppliedMs(),
    reloadError: () => configuration.reloadError(),
  })
  targetRoutes(app, environment, configuration)
  discoveryRoutes(app, configuration.scrape)
  ruleRoutes(app, configuration.rules)
  writeRoutes(app, environment, configuration.receivedMetadata)
  readRoutes(app, environment)
  app.get('/api/v1/status/remote_write', (c) => success(c, { queues: configuration.remoteWrite.states() }))
  adminRoutes(app, environment)
  alertingRoutes(app, environment, input.fanout)
  notificationRoutes(app, input.fanout)
  incidentRoutes(app, input.incidents, input.backend, input.fanout)
  backtestRoutes(app, environment, input.fanout)
  app.get('/metrics/host', async (c) => send(c, writeText(await collectHostMetrics()), TEXT_CONTENT_TYPE))
  configRoutes(app, environment, configuration, () => application.onQuit())
  grafanaRoutes(app, input.backend, sources, own, options.grafana)
  app.all('/api/*', (c) => failure(c, 'not_found', `there is no ${c.req.method} ${c.req.path}`))
  app.onError((error, c) => {
    const refusal = refusalOf(c, error)
    if (refusal !== undefined) return refusal
    input.logger.error('a request failed', { path: c.req.path, error })
    return failure(c, 'internal', error.message)
  })
  return Object.assign(application, {
    handle: handler(app, { direct, batches }, input, gate, sources, otlp),
    handleAlertmanager: alertmanagerApp(input.fanout, registry, gate, {
      routePrefix: options.alertmanagerWeb.routePrefix,
      reload: async () =>
        (await configuration.reload()) ? undefined : (configuration.reloadError() ?? 'unknown fault'),
    }),
    handlePushgateway: pushgatewayApp(input.push, gate),
    handleOtlp: otlpHttpApp(otlp, gate),
  })
}

const DASHBOARD_PATHS = /^\/(d|api\/dashboards\/uid)\//
const API_PATHS = /^\/(api\/|metrics(\/|$)|federate$|version$|-\/)/

function handler(
  app: Hono,
  { direct, batches }: { readonly direct: QueryRoutes; readonly batches: QueryBatches },
  input: AppInput,
  gate: Gate,
  sources: Sources,
  otlp: OtlpReceiver,
): Application['handle'] {
  const { options, registry, logger } = input
  const metrics = new HttpMetrics(registry)
  const api = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const pages = uiHandler()
  const answer = (request: IncomingMessage, response: ServerResponse, path: string): void => {
    cors(request, response, options.corsOrigin)
    measure(response, metrics, handlerName(path))
    // A panel's query through the data source that we are ourselves takes the same short way.
    const own = (identityOf(request)?.role ?? 'None') === 'None' ? undefined : ownPath(path, sources)
    const query = own === undefined ? direct(request.method ?? '', path) : direct(request.method ?? '', own)
    // The questions of a dashboard will follow: the workers start while the browser reads the page.
    if (DASHBOARD_PATHS.test(path)) input.queries.startAll()
    if (request.method === 'OPTIONS') response.writeHead(204).end()
    else if (path === '/api/v1/otlp/v1/metrics' && options.otlp.enabled)
      void answerOtlp(otlp, request, response).catch(() => response.destroy())
    else if (isPush(path)) void answerPush(input.push, request, response).catch(() => response.destroy())
    else if (query !== undefined) void answerDirectly(request, response, own ?? path, query)
    else if (path === BATCH_PATH || path === CANCEL_PATH) void batches.answer(request, response, path)
    else if (API_PATHS.test(path) || isLogin(request.method, path)) void api(request, response)
    else if (pages === undefined) refuse(response, 404, 'the pages are not built; run "npm run build"')
    else pages(request, response, () => refuse(response, 404, 'not found'))
  }
  return (request, response) => {
    const path = stripPrefix(request, options.routePrefix)
    if (path === undefined) return redirect(response, `${options.routePrefix}/`)
    const obey = (verdict: GateVerdict): void => {
      if (verdict.admitted) answer(request, response, path)
      else refuse(response, verdict.status, verdict.reason, !isPageOfOurs(request, input.backend))
    }
    const verdict = gate.admit(request, path)
    if (!(verdict instanceof Promise)) return obey(verdict)
    verdict.then(obey).catch((error: unknown) => {
      logger.error('a request could not be judged', { path, error })
      refuse(response, 500, 'the accounts cannot be read')
    })
  }
}

/** The Pushgateway's paths that nothing else on the main port is called. */
function isPush(path: string): boolean {
  return path.startsWith('/metrics/job') || path === '/api/v1/metrics' || path === '/api/v1/admin/wipe'
}

const PROXY_PATH = /^\/api\/datasources\/(?:proxy\/uid\/([\w-]+)|uid\/([\w-]+)\/resources)(\/api\/v1\/.+)$/

/** The path of ours that a request to a data source means; undefined when the source is somebody else. */
function ownPath(path: string, sources: Sources): string | undefined {
  const [, uid, other, rest] = PROXY_PATH.exec(path) ?? []
  return sources.isOwn(uid ?? other ?? '') ? rest : undefined
}

/** What our pages ask from inside a browser: where there are users, the page shows the login, not the browser's own box. */
function isPageOfOurs(request: IncomingMessage, { access }: Backend): boolean {
  return access.hasPasswords && request.headers['sec-fetch-mode'] !== undefined
}

/** The form's target and the ways out; `GET /login` is a page. */
function isLogin(method: string | undefined, path: string): boolean {
  return (
    (path === '/login' && method === 'POST') ||
    path === '/logout' ||
    path === '/healthz' ||
    /^\/login\/./.test(path)
  )
}

/** Takes the prefix off the request's URL. @returns the path, undefined when it lies outside of the prefix */
function stripPrefix(request: IncomingMessage, prefix: string): string | undefined {
  const url = request.url ?? '/'
  if (prefix !== '') {
    if (!url.startsWith(`${prefix}/`)) return undefined
    request.url = url.slice(prefix.length)
  }
  return new URL(request.url ?? '/', 'http://x').pathname
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end()
}

function refuse(response: ServerResponse, status: number, error: string, challenge = true): void {
  const errorType = status === 404 ? 'not_found' : 'unavailable'
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(status === 401 && challenge ? { 'www-authenticate': 'Basic realm="Promontory", Bearer' } : {}),
  })
  // `message` is where Grafana's clients look.
  response.end(JSON.stringify({ status: 'error', errorType, error, message: error }))
}

/** Pages of allowed origins may read the answers: never with credentials. */
function cors(request: IncomingMessage, response: ServerResponse, allowed: AnchoredRegex | undefined): void {
  const { origin } = request.headers
  if (origin === undefined || allowed?.matches(origin) !== true) return
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('access-control-allow-methods', 'GET, POST, OPTIONS')
  response.setHeader('access-control-allow-headers', 'Accept, Authorization, Content-Type, Origin')
  response.setHeader('vary', 'Origin')
}

/** Paths of the table that have no variable part: what may name a handler in the metrics. */
const HANDLERS = new Set(PATHS.map(({ path }) => path).filter((path) => !/[:*]/.test(path)))
const LABEL_VALUES = /^\/api\/v1\/label\/[^/]+\/values$/

/** A name with few values: never a path that somebody made up. */
function handlerName(path: string): string {
  if (HANDLERS.has(path)) return path
  if (LABEL_VALUES.test(path)) return '/api/v1/label/:name/values'
  if (path.startsWith('/api/v2/')) return '/api/v2/*'
  return API_PATHS.test(path) ? 'other' : '/*'
}

function measure(response: ServerResponse, metrics: HttpMetrics, handler: string): void {
  const started = performance.now()
  response.on('finish', () => {
    metrics.requests.inc(handler, String(response.statusCode))
    metrics.duration.observe((performance.now() - started) / 1000, handler)
  })
}
