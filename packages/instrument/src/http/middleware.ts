import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { correlate } from '../context.ts'
import type { Tracer } from '../traces/tracer.ts'
import { type HttpRecorder, UNMATCHED } from './recorder.ts'

/** Answers the kit's own paths. @returns whether it did */
export type Endpoints = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

/** What the adapters stand on. */
export interface HttpParts {
  readonly recorder: HttpRecorder
  readonly tracer: Tracer | undefined
  readonly endpoints: Endpoints
  readonly isOwnPath: (url: string) => boolean
}

type Next = (error?: unknown) => void
export type ExpressMiddleware = (request: IncomingMessage, response: ServerResponse, next: Next) => void

/** Runs `inside` with the request's correlation id and reports the request when its answer is out. */
function observe(
  { recorder, tracer }: HttpParts,
  request: IncomingMessage,
  response: ServerResponse,
  routeOf: () => string,
  inside: () => void,
): void {
  const started = performance.now()
  const method = request.method ?? 'GET'
  recorder.begin(request.socket)
  const context = correlate(request.headers)
  response.setHeader('x-correlation-id', context.correlationId)
  context.run(() => {
    const span = tracer?.start(`${method}`, { kind: 'server' })
    // `close` comes also after an answer that the client did not wait for.
    response.once('close', () => {
      const route = routeOf()
      recorder.end(method, route, response.statusCode, (performance.now() - started) / 1000)
      span?.rename(`${method} ${route}`)
      span?.end({ 'http.request.method': method, 'http.route': route, 'http.response.status_code': response.statusCode }, response.statusCode >= 500 ? 'error' : undefined) // prettier-ignore
    })
    if (span === undefined) inside()
    else span.run(inside)
  })
}

/** For Express (4 and 5), and anything else that takes `(request, response, next)`. */
export function expressMiddleware(parts: HttpParts): ExpressMiddleware {
  return (request, response, next) => {
    const answer = (): void => {
      if (!parts.isOwnPath(request.url ?? '')) return next()
      parts.endpoints(request, response).then((done) => (done ? undefined : next()), next)
    }
    const path = pathOf(request.url)
    const routeOf = (): string => {
      const matched = request as { readonly route?: { readonly path: unknown }; readonly baseUrl?: string }
      if (matched.route !== undefined) return `${matched.baseUrl ?? ''}${String(matched.route.path)}`
      return parts.isOwnPath(path) ? path : UNMATCHED
    }
    observe(parts, request, response, routeOf, answer)
  }
}

/** The part of a Fastify instance that the plugin needs. */
export interface FastifyLike {
  addHook(name: 'onRequest', hook: (request: FastifyRequestLike, reply: FastifyReplyLike, done: () => void) => void): unknown // prettier-ignore
}
export interface FastifyRequestLike {
  readonly raw: IncomingMessage
  readonly routeOptions?: { readonly url?: string | undefined }
}
export interface FastifyReplyLike {
  readonly raw: ServerResponse
  hijack(): unknown
}

/** Adds its hook to a Fastify instance: call it before routes are declared. */
export function fastifyHook(parts: HttpParts): (app: FastifyLike) => void {
  return (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      const path = pathOf(request.raw.url)
      const own = parts.isOwnPath(path)
      const routeOf = (): string => request.routeOptions?.url ?? (own ? path : UNMATCHED)
      observe(parts, request.raw, reply.raw, routeOf, () => {
        if (!own) return done()
        reply.hijack()
        void parts.endpoints(request.raw, reply.raw)
      })
    })
  }
}

/** The part of a Koa context that is used; `_matchedRoute` and `routerPath` are @koa/router's. */
export interface KoaContextLike {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  respond?: boolean
  readonly _matchedRoute?: string | RegExp | undefined
  readonly routerPath?: string | undefined
}

/** For Koa: `app.use(kit.http.koa())`. Without a router that names its route, `routeOf` has to. */
export function koaMiddleware(
  parts: HttpParts,
  routeOf: (context: KoaContextLike) => string | undefined = (context) =>
    context._matchedRoute === undefined ? context.routerPath : String(context._matchedRoute),
): (context: KoaContextLike, next: () => Promise<unknown>) => Promise<void> {
  return (context, next) =>
    new Promise((done, fail) => {
      const path = pathOf(context.req.url)
      const own = parts.isOwnPath(path)
      const route = (): string => routeOf(context) ?? (own ? path : UNMATCHED)
      observe(parts, context.req, context.res, route, () => {
        if (!own) return void next().then(() => done(), fail)
        context.respond = false
        parts.endpoints(context.req, context.res).then(() => done(), fail)
      })
    })
}

/** For plain `http`: wraps a listener. @param routeOf the template of a request's route; undefined when none matches */
export function nodeListener(
  parts: HttpParts,
  listener: RequestListener,
  routeOf: (request: IncomingMessage) => string | undefined,
): RequestListener {
  return (request, response) => {
    const path = pathOf(request.url)
    const own = parts.isOwnPath(path)
    observe(parts, request, response, () => (own ? path : (routeOf(request) ?? UNMATCHED)), () => {
      if (own) void parts.endpoints(request, response)
      else listener(request, response)
    }) // prettier-ignore
  }
}

export function pathOf(url: string | undefined): string {
  const end = url?.search(/[?#]/) ?? -1
  return end < 0 ? (url ?? '/') : url!.slice(0, end)
}
