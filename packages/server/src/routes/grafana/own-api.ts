import type { Hono } from 'hono'
import { Params } from '../../http/params.ts'
import { describeFailure, STATUS_OF_ERROR } from '../../http/answer.ts'
import { GatheredBody } from '../../workers/body-sink.ts'
import type { QueryRoutes } from '../query-routes.ts'

/** An answer of our own API, asked from inside. */
export interface OwnAnswer {
  readonly status: number
  readonly type: string
  readonly body: Uint8Array
}

export interface OwnRequest {
  readonly method: string
  /** `/api/v1/query` */
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  readonly form: string
  readonly signal: AbortSignal
}

/** Asks our own Prometheus API without going through a socket. */
export type OwnApi = (request: OwnRequest) => Promise<OwnAnswer>

export function ownApi(direct: QueryRoutes, app: Hono): OwnApi {
  return async ({ method, path, query, form, signal }) => {
    const handler = direct(method, path)
    if (handler === undefined) {
      const isPost = method === 'POST'
      const response = await app.request(`http://own${path}?${query}`, {
        method,
        signal,
        ...(isPost ? { body: form, headers: { 'content-type': 'application/x-www-form-urlencoded' } } : {}),
      })
      const type = response.headers.get('content-type') ?? 'application/json'
      return { status: response.status, type, body: new Uint8Array(await response.arrayBuffer()) }
    }
    try {
      const params = new Params(query, form)
      const gathered = new GatheredBody()
      await handler.answer({ path, method, clientIp: '', params, signal, encoding: undefined }, gathered)
      return { status: 200, type: handler.type, body: gathered.bytes }
    } catch (error) {
      const { errorType, message, more } = describeFailure(error)
      const body = Buffer.from(JSON.stringify({ status: 'error', errorType, error: message, ...more }))
      return { status: STATUS_OF_ERROR[errorType], type: 'application/json', body }
    }
  }
}

/** What may be asked of our own data through a data source: questions, nothing that changes anything. */
export function isReadOfOwn(method: string, path: string): boolean {
  if (method === 'POST')
    return /^\/api\/v1\/(query|query_range|query_exemplars|series|labels|format_query|parse_query|lint)$/.test(
      path,
    )
  return (
    (method === 'GET' || method === 'HEAD') &&
    (/^\/api\/v1\/(?!admin\/)/.test(path) || path.startsWith('/api/v2/') || path === '/federate')
  )
}
