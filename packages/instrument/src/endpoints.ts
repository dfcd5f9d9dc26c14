import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'
import { type CustomMetrics, readRecord, RecordError } from './custom-metrics.ts'
import type { Health } from './health.ts'
import { pathOf } from './http/middleware.ts'
import { summarise } from './summary.ts'

export interface EndpointOptions {
  readonly registry: Registry
  readonly privateRegistry: Registry
  readonly health: Health
  readonly custom: CustomMetrics
  /** Bearer token that `/metrics` and its kin ask for. */
  readonly metricsToken: string | undefined
  /** Path of the private metrics. */
  readonly privatePath: string | undefined
  readonly privateToken: string | undefined
  /** Bearer token that `record` asks for. */
  readonly recordToken: string | undefined
  readonly version: string
}

interface Exchange {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  /** @throws Error when it is longer than may be */
  readonly body: () => Promise<string>
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** The kit's paths for servers of the fetch kind. @returns undefined when the request is not ours */
export type FetchEndpoints = (request: Request) => Promise<Response | undefined>

/** Bytes of a body that `record` takes. */
const BODY_MAX = 64 * 1024

/** `/metrics`, `/health`, `/ready` and `/api/v1/monitoring/…`, without a framework. */
export class MonitoringEndpoints {
  readonly #options: EndpointOptions
  readonly #routes: ReadonlyMap<string, (exchange: Exchange) => Promise<Answer>>

  constructor(options: EndpointOptions) {
    this.#options = options
    const { registry, privateRegistry, privatePath, privateToken, metricsToken, recordToken } = options
    const metrics = this.#reading(metricsToken, () => exposition(registry))
    this.#routes = new Map([
      ['/metrics', metrics],
      ['/api/v1/monitoring/metrics', metrics],
      ['/api/v1/monitoring/summary', this.#reading(metricsToken, async () => json(200, await summarise(registry, options.version)))],
      ['/health', this.#reading(undefined, () => this.#health())],
      ['/api/v1/monitoring/health', this.#reading(undefined, () => this.#health())],
      ['/ready', this.#reading(undefined, () => this.#ready())],
      ['/live', this.#reading(undefined, async () => json(200, { status: 'alive' }))],
      ['/startup', this.#reading(undefined, async () => this.#startup())],
      ['/api/v1/monitoring/record', (exchange) => this.#record(exchange, recordToken)],
      ...(privatePath === undefined
        ? []
        : [[privatePath, this.#reading(privateToken, () => exposition(privateRegistry))] as const]),
    ]) // prettier-ignore
  }

  isOwn(url: string): boolean {
    return this.#routes.has(pathOf(url))
  }

  /** Answers with Node's own objects. @returns whether the request was ours */
  readonly node = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const answer = await this.#answer({
      method: request.method ?? 'GET',
      path: pathOf((request as { readonly originalUrl?: string }).originalUrl ?? request.url),
      authorization: request.headers.authorization,
      body: () => nodeBody(request),
    })
    if (answer === undefined) return false
    response.writeHead(answer.status, { 'content-type': answer.type, ...answer.headers }).end(answer.body)
    return true
  }

  /** Answers requests of the fetch kind. */
  readonly fetch: FetchEndpoints = async (request) => {
    const answer = await this.#answer({
      method: request.method,
      path: new URL(request.url).pathname,
      authorization: request.headers.get('authorization') ?? undefined,
      body: async () => {
        if (Number(request.headers.get('content-length') ?? 0) > BODY_MAX) throw tooLong()
        const text = await request.text()
        if (text.length > BODY_MAX) throw tooLong()
        return text
      },
    })
    return answer === undefined
      ? undefined
      : new Response(answer.body, {
          status: answer.status,
          headers: { 'content-type': answer.type, ...answer.headers },
        })
  }

  async #answer(exchange: Exchange): Promise<Answer | undefined> {
    const route = this.#routes.get(exchange.path)
    if (route === undefined) return undefined
    try {
      return await route(exchange)
    } catch (error) {
      return json(500, { status: 'error', error: error instanceof Error ? error.message : String(error) })
    }
  }

  #reading(
    token: string | undefined,
    answer: () => Promise<Answer>,
  ): (exchange: Exchange) => Promise<Answer> {
    return async ({ method, authorization }) => {
      if (method !== 'GET' && method !== 'HEAD') return notAllowed(method, 'GET')
      return isAdmitted(token, authorization) ? answer() : unauthorized()
    }
  }

  async #health(): Promise<Answer> {
    const report = await this.#options.health.report()
    return json(report.status === 'healthy' ? 200 : 503, report)
  }

  async #ready(): Promise<Answer> {
    const state = await this.#options.health.ready()
    return json(state.ready ? 200 : 503, { status: state.ready ? 'ready' : 'not ready', ...state })
  }

  #startup(): Answer {
    const { isStarted } = this.#options.health
    return json(isStarted ? 200 : 503, { status: isStarted ? 'started' : 'starting' })
  }

  async #record({ method, authorization, body }: Exchange, token: string | undefined): Promise<Answer> {
    if (method !== 'POST') return notAllowed(method, 'POST')
    if (!isAdmitted(token, authorization)) return unauthorized()
    try {
      const record = readRecord(JSON.parse(await body()))
      this.#options.custom.record(record)
      return json(200, { status: 'recorded', name: record.name })
    } catch (error) {
      if (error instanceof SyntaxError)
        return json(400, { status: 'error', field: 'body', error: `body: ${error.message}` })
      if (error instanceof RangeError)
        return json(413, { status: 'error', field: 'body', error: error.message })
      if (!(error instanceof RecordError)) throw error
      return json(400, { status: 'error', field: error.field, error: error.message })
    }
  }
}

async function exposition(registry: Registry): Promise<Answer> {
  return { status: 200, type: registry.contentType, body: await registry.metrics() }
}

function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(value) }
}

function notAllowed(method: string, allowed: string): Answer {
  const error = `${method} is not answered here, ${allowed} is`
  return { ...json(405, { status: 'error', error }), headers: { allow: allowed } }
}

function unauthorized(): Answer {
  const error = 'a bearer token is needed: Authorization: Bearer …'
  return { ...json(401, { status: 'error', error }), headers: { 'www-authenticate': 'Bearer' } }
}

/** Compares digests, so that the time taken tells nothing. */
function isAdmitted(token: string | undefined, authorization: string | undefined): boolean {
  if (token === undefined) return true
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(`Bearer ${token}`), digest(authorization ?? ''))
}

function tooLong(): RangeError {
  return new RangeError(`body: longer than ${BODY_MAX} bytes`)
}

async function nodeBody(request: IncomingMessage): Promise<string> {
  // A body parser of the application may have been faster.
  const parsed = (request as { readonly body?: unknown }).body
  if (parsed !== undefined && parsed !== null)
    return typeof parsed === 'string' ? parsed : JSON.stringify(parsed)
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    bytes += (part as Buffer).length
    if (bytes > BODY_MAX) throw tooLong()
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts).toString('utf8')
}
