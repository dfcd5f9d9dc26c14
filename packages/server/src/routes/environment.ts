import type { Context } from 'hono'
import type { Clock, Logger, Registry } from '@promontory/base'
import type { Labels } from '@promontory/model'
import type { Tsdb } from '@promontory/tsdb'
import { FORM_BYTES_MAX } from '../http/direct.ts'
import { BadRequest, Params } from '../http/params.ts'
import type { ServerOptions } from '../options.ts'
import type { QuickLabels } from '../quick-labels.ts'
import type { QueryLog } from '../query-log.ts'
import type { QueryMetrics } from '../workers/query-metrics.ts'
import type { QueryPool } from '../workers/query-pool.ts'

/** What the routes work on. */
export interface RouteEnvironment {
  readonly options: ServerOptions
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly storage: Tsdb
  readonly queries: QueryPool
  readonly quickLabels: QuickLabels
  readonly queryMetrics: QueryMetrics
  readonly queryLog: QueryLog
  readonly externalLabels: () => Labels
}

/** The widest range that label queries ask for when none is given. */
export const MIN_TIME_MS: number = -(2 ** 52)
export const MAX_TIME_MS: number = 2 ** 52

/** Query string and, of a POST, the form body. @throws BadRequest for a body that is too long */
export async function readParams(c: Context): Promise<Params> {
  const query = new URL(c.req.url).search.slice(1)
  if (c.req.method !== 'POST') return new Params(query)
  const length = Number(c.req.header('content-length') ?? 0)
  if (length > FORM_BYTES_MAX)
    throw new BadRequest(`a form of ${length} bytes is too long: at most ${FORM_BYTES_MAX} are taken`)
  const type = c.req.header('content-type') ?? ''
  if (!type.startsWith('application/x-www-form-urlencoded')) return new Params(query)
  return new Params(query, await readText(c, FORM_BYTES_MAX))
}

/** The request's body as text. @throws BadRequest when it is longer than `bytesMax` */
export async function readText(c: Context, bytesMax: number): Promise<string> {
  return (await readBytes(c, bytesMax)).toString('utf8')
}

/** The request's body. @throws BadRequest when it is longer than `bytesMax` */
export async function readBytes(c: Context, bytesMax: number): Promise<Buffer> {
  const { body } = c.req.raw
  if (body === null) return Buffer.alloc(0)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body as unknown as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > bytesMax) throw new BadRequest(`the body is longer than ${bytesMax} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}
