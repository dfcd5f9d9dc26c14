import type { Envelope, ErrorEnvelope } from '@promontory/api'
import { routePrefix } from './prefix.ts'

/** An answer of the server that is an error, or no answer at all. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly type: string
  readonly position: ErrorEnvelope['position']
  readonly mend: ErrorEnvelope['mend']

  constructor(type: string, message: string, more: Pick<ErrorEnvelope, 'position' | 'mend'> = {}) {
    super(message)
    this.type = type
    this.position = more.position
    this.mend = more.mend
  }
}

export interface Answer<T> {
  readonly data: T
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

const prefix = routePrefix()

/** Asks the HTTP API. Parameters that are undefined are left out. */
export async function ask<T>(
  path: string,
  parameters: Readonly<Record<string, string | number | undefined>> = {},
  signal?: AbortSignal,
): Promise<Answer<T>> {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) search.set(name, String(value))
  const query = search.size === 0 ? '' : `?${search}`
  return unwrap<T>(fetch(`${prefix}/api/v1/${path}${query}`, signal === undefined ? {} : { signal }))
}

/** Sends something that changes the server. */
export async function send<T>(path: string, body: string, type = 'application/json'): Promise<Answer<T>> {
  return unwrap<T>(
    fetch(`${prefix}/api/v1/${path}`, { method: 'POST', body, headers: { 'content-type': type } }),
  )
}

/** Changes or takes away a thing that has an address. */
export async function change<T>(
  method: 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Answer<T>> {
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  return unwrap<T>(fetch(`${prefix}/api/v1/${path}`, { method, ...init }))
}

async function unwrap<T>(pending: Promise<Response>): Promise<Answer<T>> {
  let response: Response
  try {
    response = await pending
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError('unreachable', 'The server does not answer. Is it running?')
  }
  const text = await response.text()
  let envelope: Envelope<T>
  try {
    envelope = JSON.parse(text) as Envelope<T>
  } catch {
    throw new ApiError('internal', `${response.status} ${response.statusText}: ${text.slice(0, 300)}`)
  }
  if (envelope.status === 'error') throw new ApiError(envelope.errorType, envelope.error, envelope)
  return { data: envelope.data, warnings: envelope.warnings ?? [], infos: envelope.infos ?? [] }
}
