import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { BadRequest } from './params.ts'
import type { BodyEncoding } from '../workers/protocol.ts'
import { TaskError } from '../workers/query-pool.ts'

/** Prometheus's error types and their HTTP codes. */
export const STATUS_OF_ERROR: Readonly<Record<ErrorType, ContentfulStatusCode>> = {
  bad_data: 400,
  execution: 422,
  canceled: 499 as ContentfulStatusCode,
  timeout: 503,
  unavailable: 503,
  internal: 500,
  not_found: 404,
  not_acceptable: 406,
}

export type ErrorType =
  | 'bad_data'
  | 'execution'
  | 'canceled'
  | 'timeout'
  | 'unavailable'
  | 'internal'
  | 'not_found'
  | 'not_acceptable'

/** `{"status":"success","data":…}`. */
export function success(c: Context, data: unknown, warnings: readonly string[] = []): Response {
  return send(c, JSON.stringify({ status: 'success', data, ...(warnings.length > 0 ? { warnings } : {}) }))
}

export function failure(c: Context, errorType: ErrorType, error: string, more: object = {}): Response {
  c.status(STATUS_OF_ERROR[errorType])
  return send(
    c,
    JSON.stringify({ status: 'error', errorType, error, ...more }),
    'application/json',
    STATUS_OF_ERROR[errorType],
  )
}

/** What to tell a client of a thrown error; unknown errors are ours and become `internal`. */
export function failureOf(c: Context, error: unknown): Response {
  const { errorType, message, more } = describeFailure(error)
  return failure(c, errorType, message, more)
}

export interface FailureDescription {
  readonly errorType: ErrorType
  readonly message: string
  readonly more: object
}

export function describeFailure(error: unknown): FailureDescription {
  if (error instanceof BadRequest) return { errorType: 'bad_data', message: error.message, more: {} }
  if (error instanceof TaskError) {
    const { errorType, message, position, mend } = error.posted
    const more = { ...(position === undefined ? {} : { position }), ...(mend === undefined ? {} : { mend }) }
    return { errorType, message, more }
  }
  return { errorType: 'internal', message: error instanceof Error ? error.message : String(error), more: {} }
}

/** Bodies shorter than this are not worth compressing. */
const COMPRESS_FROM_BYTES = 1024

/** Sends a body, compressed when the client takes it. */
export function send(
  c: Context,
  body: string | Uint8Array<ArrayBuffer>,
  type = 'application/json',
  status: ContentfulStatusCode = 200,
): Response {
  let bytes: Uint8Array<ArrayBuffer> = typeof body === 'string' ? Buffer.from(body) : body
  const headers: Record<string, string> = { 'content-type': type }
  const encoding =
    bytes.length < COMPRESS_FROM_BYTES ? undefined : chooseEncoding(c.req.header('accept-encoding') ?? '')
  if (encoding !== undefined) {
    bytes = encoding === 'zstd' ? zstdCompressSync(bytes) : gzipSync(bytes, { level: 1 })
    headers['content-encoding'] = encoding
    headers['vary'] = 'accept-encoding'
  }
  return c.body(bytes, status, headers)
}

/** The compression to use of an `Accept-Encoding` header: gzip first. */
export function chooseEncoding(accepted: string): BodyEncoding | undefined {
  const names = accepted
    .split(',')
    .map((part) => part.trim())
    .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
    .map((part) => part.split(';')[0])
  if (names.includes('gzip')) return 'gzip'
  return names.includes('zstd') ? 'zstd' : undefined
}
