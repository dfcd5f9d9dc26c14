import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { AccessError, type AccessRefusal, type Identity, includesRole, type Role } from '@promontory/access'
import {
  DashboardError,
  isJsonObject,
  type JsonObject,
  parseLossless,
  type Refusal,
} from '@promontory/dashboards'
import { send } from '../../http/answer.ts'
import { identityOf } from '../../http/identity.ts'
import { BadRequest } from '../../http/params.ts'
import { readText } from '../environment.ts'

/** Bodies of requests: a dashboard of the largest size with room around it. */
const BODY_BYTES_MAX = 12 * 1024 * 1024

/** An answer that is thrown: status and text as Grafana gives them. */
export class Denied extends Error {
  override readonly name = 'Denied'
  readonly status: ContentfulStatusCode
  constructor(status: ContentfulStatusCode, message: string) {
    super(message)
    this.status = status
  }
}

/** Any JSON as an answer. */
export function json(c: Context, value: unknown, status: ContentfulStatusCode = 200): Response {
  return send(c, JSON.stringify(value), 'application/json; charset=UTF-8', status)
}

/** `{"message": …}` with more beside it. */
export function message(
  c: Context,
  text: string,
  more: object = {},
  status: ContentfulStatusCode = 200,
): Response {
  return json(c, { ...more, message: text }, status)
}

const STATUS_OF_REFUSAL: Readonly<Record<Refusal, ContentfulStatusCode>> = {
  'not-found': 404,
  'version-mismatch': 412,
  'name-exists': 412,
  'uid-exists': 412,
  'empty-name': 400,
  invalid: 400,
  'read-only': 400,
  'too-large': 413,
}
const STATUS_OF_ACCESS: Readonly<Record<AccessRefusal, ContentfulStatusCode>> = {
  'not-found': 404,
  exists: 409,
  invalid: 400,
  'wrong-password': 401,
  'too-many': 429,
  forbidden: 403,
}

/** What a thrown error means to the client; undefined for those that are ours. */
export function refusalOf(c: Context, error: unknown): Response | undefined {
  if (error instanceof Denied) return message(c, error.message, {}, error.status)
  if (error instanceof BadRequest) return message(c, error.message, {}, 400)
  if (error instanceof DashboardError)
    return message(c, error.message, { status: error.refusal }, STATUS_OF_REFUSAL[error.refusal])
  if (!(error instanceof AccessError)) return undefined
  if (error.retryAfterSeconds !== undefined) c.header('retry-after', String(error.retryAfterSeconds))
  return message(c, error.message, {}, STATUS_OF_ACCESS[error.refusal])
}

/** Who asks. @throws Denied 401 for nobody, 403 for somebody whose role is too small */
export function allow(c: Context, role: Role): Identity {
  const identity = identityOf((c.env as { incoming: IncomingMessage }).incoming)
  if (identity === undefined) throw new Denied(401, 'Unauthorized')
  if (identity.role === 'None' || !includesRole(identity.role, role))
    throw new Denied(403, `You'll need the role ${role} for this; you are ${identity.role}`)
  return identity
}

/** Who asks, when he may manage the server. */
export function allowServerAdmin(c: Context): Identity {
  const identity = allow(c, 'Admin')
  if (!identity.isServerAdmin)
    throw new Denied(403, 'Permission denied: only server administrators may do this')
  return identity
}

export function clientOf(c: Context): string {
  return (c.env as { incoming: IncomingMessage }).incoming.socket.remoteAddress ?? ''
}

/** The body as a JSON object. @throws Denied 400, 413 */
export async function readObject(c: Context): Promise<JsonObject> {
  const declared = Number(c.req.header('content-length') ?? 0)
  if (declared > BODY_BYTES_MAX) throw tooLong(declared)
  let text: string
  try {
    text = await readText(c, BODY_BYTES_MAX)
  } catch (error) {
    throw error instanceof BadRequest ? tooLong(undefined) : error
  }
  if (text.trim() === '') return {}
  let value: unknown
  try {
    value = parseLossless(text)
  } catch (error) {
    throw new Denied(400, `bad request data: ${(error as Error).message}`)
  }
  if (!isJsonObject(value)) throw new Denied(400, 'bad request data: expected a JSON object')
  return value
}

function tooLong(bytes: number | undefined): Denied {
  const what = bytes === undefined ? 'the body' : `a body of ${bytes} bytes`
  return new Denied(413, `${what} is too large: at most ${BODY_BYTES_MAX} bytes are taken`)
}

/** A whole number of the query string. @throws BadRequest */
export function numberParam(c: Context, name: string): number | undefined {
  const text = c.req.query(name)
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value))
    throw new BadRequest(`invalid parameter "${name}": "${text}" is not a whole number`)
  return value
}

/** A number in the path. @throws Denied 400 */
export function idParam(c: Context, name: string): number {
  const value = Number(c.req.param(name))
  if (!Number.isSafeInteger(value) || value < 0) throw new Denied(400, `${name} is invalid`)
  return value
}

/** A time of ours as Grafana writes it. */
export function timeText(timeMs: number): string {
  return timeMs === 0 ? '0001-01-01T00:00:00Z' : new Date(timeMs).toISOString().replace(/\.000Z$/, 'Z')
}
