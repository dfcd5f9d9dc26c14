import { Labels } from '@promontory/model'
import type { AlertFields } from '../alerts/alert.ts'
import type { SilenceMatcher } from '../silence/silence.ts'
import type { SilenceRequest } from '../silence/silences.ts'
import { TimeSlice } from '../time-slice.ts'
import { jsonListParts } from './json-parts.ts'

/** A request body that is not what the API takes. `status` is 400 (no JSON), 415 (said to be something else) or 422 (wrong fields). */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly status: 400 | 415 | 422
  readonly code: number
  constructor(message: string, status: 400 | 415 | 422 = 422, code?: number) {
    super(message)
    this.status = status
    this.code = code ?? (status === 422 ? 602 : status)
  }
}

type Json = Readonly<Record<string, unknown>>

function parseBody(body: string, what: string): unknown {
  if (body.trim() === '') throw new RequestError(`${what} in body is required`)
  try {
    return JSON.parse(body)
  } catch (error) {
    throw new RequestError(`parsing ${what} body from "" failed, because ${(error as Error).message}`, 400)
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function stringMap(value: unknown, where: string): Record<string, string> {
  if (value === undefined || value === null) return {}
  if (!isObject(value)) throw new RequestError(`${where} in body must be of type object`)
  for (const [name, text] of Object.entries(value))
    if (typeof text !== 'string')
      throw new RequestError(`${where}.${name} in body must be of type string: "${typeof text}"`, 400)
  return value as Record<string, string>
}

function timeOf(value: unknown, where: string): number | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms))
    throw new RequestError(`${where} in body must be of type date-time: ${JSON.stringify(value)}`, 400)
  // Go's zero time stands for absent.
  return ms <= -62_135_596_800_000 ? undefined : ms
}

/**
 * Alerts as `POST /api/v2/alerts` (and v1) takes them; missing times are filled in. Long bodies are read in turns of the
 * event loop. Rejects with RequestError.
 */
export async function parseAlerts(
  body: string,
  nowMs: number,
  resolveTimeoutMs: number,
): Promise<AlertFields[]> {
  // Times of ours are whole milliseconds, as those of the API are.
  const now = Math.floor(nowMs)
  const alerts: AlertFields[] = []
  const slice = new TimeSlice()
  for (const part of jsonListParts(body)) {
    const list = parseBody(part, 'alerts')
    if (list === null) continue
    if (!Array.isArray(list))
      throw new RequestError(
        'parsing alerts body from "" failed, because json: cannot unmarshal into Go value of type models.PostableAlerts',
        400,
      )
    for (const item of list as unknown[]) {
      alerts.push(parseAlert(item, alerts.length, now, resolveTimeoutMs))
      if (slice.isOver) await slice.pause()
    }
  }
  return alerts
}

function parseAlert(item: unknown, i: number, nowMs: number, resolveTimeoutMs: number): AlertFields {
  if (!isObject(item)) throw new RequestError(`${i} in body must be of type object`)
  if (item.labels === undefined) throw new RequestError(`${i}.labels in body is required`)
  const startsAt = timeOf(item.startsAt, `${i}.startsAt`)
  const endsAt = timeOf(item.endsAt, `${i}.endsAt`)
  if (item.generatorURL !== undefined && typeof item.generatorURL !== 'string')
    throw new RequestError(`${i}.generatorURL in body must be of type string`, 400)
  const generatorUrl = item.generatorURL ?? ''
  if (generatorUrl !== '' && !isUri(generatorUrl))
    throw new RequestError(
      `${i}.generatorURL in body must be of type uri: ${JSON.stringify(generatorUrl)}`,
      422,
      601,
    )
  return {
    labels: Labels.from(stringMap(item.labels, `${i}.labels`)),
    annotations: Labels.from(stringMap(item.annotations, `${i}.annotations`)),
    startsAtMs: startsAt ?? endsAt ?? nowMs,
    endsAtMs: endsAt ?? nowMs + resolveTimeoutMs,
    generatorUrl,
    updatedAtMs: nowMs,
    timeout: endsAt === undefined,
  }
}

/** An absolute URL or path, as Go's `url.ParseRequestURI` takes it. */
function isUri(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) return false
  return text.startsWith('/') || /^[a-z][a-z0-9+.-]*:/i.test(text)
}

/** A silence as `POST /api/v2/silences` takes it. @throws RequestError */
export function parseSilence(body: string, nowMs: number): SilenceRequest {
  const item = parseBody(body, 'silence')
  if (!isObject(item))
    throw new RequestError('parsing silence body from "" failed, because it is not an object', 400)
  for (const field of ['comment', 'createdBy', 'endsAt', 'matchers', 'startsAt'])
    if (item[field] === undefined || item[field] === null)
      throw new RequestError(`${field} in body is required`)
  const text = (field: string): string => {
    const value = item[field]
    if (typeof value !== 'string') throw new RequestError(`${field} in body must be of type string`, 400)
    return value
  }
  const startsAtMs = timeOf(item.startsAt, 'startsAt') ?? nowMs
  const endsAtMs = timeOf(item.endsAt, 'endsAt')
  if (endsAtMs === undefined) throw new RequestError('endsAt in body is required')
  return {
    ...(typeof item.id === 'string' && item.id !== '' ? { id: item.id } : {}),
    matchers: matchersOf(item.matchers),
    startsAtMs,
    endsAtMs,
    createdBy: text('createdBy'),
    comment: text('comment'),
    annotations: stringMap(item.annotations, 'annotations'),
  }
}

function matchersOf(value: unknown): SilenceMatcher[] {
  if (!Array.isArray(value)) throw new RequestError('matchers in body must be of type array', 400)
  if (value.length === 0) throw new RequestError('matchers in body should have at least 1 items', 422, 612)
  return value.map((item: unknown, i) => {
    if (!isObject(item)) throw new RequestError(`matchers.${i} in body must be of type object`)
    for (const field of ['isRegex', 'name', 'value'])
      if (item[field] === undefined) throw new RequestError(`matchers.${i}.${field} in body is required`)
    const { name, value: pattern, isRegex, isEqual = true } = item
    if (
      typeof name !== 'string' ||
      typeof pattern !== 'string' ||
      typeof isRegex !== 'boolean' ||
      typeof isEqual !== 'boolean'
    )
      throw new RequestError(`matchers.${i} in body has a field of the wrong type`, 400)
    return { name, value: pattern, isRegex, isEqual }
  })
}
