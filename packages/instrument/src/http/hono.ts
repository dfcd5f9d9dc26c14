import { correlate } from '../context.ts'
import type { FetchEndpoints } from '../endpoints.ts'
import type { HttpRecorder } from './recorder.ts'
import { UNMATCHED } from './recorder.ts'
import type { Tracer } from '../traces/tracer.ts'

/** The part of a Hono context that is used. */
export interface HonoContextLike {
  readonly req: {
    readonly raw: Request
    readonly method: string
    readonly path: string
    readonly routePath?: string
    readonly matchedRoutes?: readonly { readonly path: string; readonly method: string }[]
  }
  res: Response
}

/** For Hono on any runtime: `app.use(kit.http.hono())`, before the routes. */
export function honoMiddleware(
  recorder: HttpRecorder,
  tracer: Tracer | undefined,
  endpoints: FetchEndpoints,
): (context: HonoContextLike, next: () => Promise<void>) => Promise<Response | void> {
  return async (context, next) => {
    const { method, path, raw } = context.req
    const started = performance.now()
    recorder.begin()
    const correlation = correlate(Object.fromEntries(raw.headers))
    let route = path
    let status = 500
    try {
      return await correlation.run(async () => {
        const own = await endpoints(raw)
        if (own !== undefined) {
          status = own.status
          return own
        }
        const inside = async (): Promise<void> => {
          await next()
          route = routeOf(context)
        }
        await (tracer === undefined ? inside() : tracer.span(method, inside, { kind: 'server' }))
        status = context.res.status
        context.res.headers.set('x-correlation-id', correlation.correlationId)
        return undefined
      })
    } finally {
      recorder.end(method, route, status, (performance.now() - started) / 1000)
    }
  }
}

/** The last route that is no middleware for everything. */
function routeOf({ req }: HonoContextLike): string {
  const matched = req.matchedRoutes ?? []
  return matched.findLast(({ path }) => !path.endsWith('*'))?.path ?? UNMATCHED
}
