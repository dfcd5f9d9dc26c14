import type { Context, Hono } from 'hono'
import type { ContentfulStatusCode, StatusCode } from 'hono/utils/http-status'
import {
  ApiV2,
  openApiDocument,
  type ApiAnswer,
  type HistoryEvent,
  type HistoryFilter,
} from '@promontory/alertmanager'
import type { AlertFanout } from '../alerting/fanout.ts'
import { INBOX_BYTES_MAX } from '../alerting/inbox.ts'
import { failure, failureOf, send, success } from '../http/answer.ts'
import { BadRequest } from '../http/params.ts'
import { VERSION } from '../version.ts'
import { type RouteEnvironment, readText } from './environment.ts'

/** Bodies of the Alertmanager's API longer than this are refused. */
const ALERTS_BYTES_MAX = 64 * 1024 * 1024

/** The Alertmanager's API version 2, discovered Alertmanagers, the history of decisions, the inbox. */
export function alertingRoutes(app: Hono, environment: RouteEnvironment, fanout: AlertFanout): void {
  const api = new ApiV2(fanout.alertmanager, alertmanagerVersion())
  openApiRoute(app)
  app.all('/api/v2/*', (c) =>
    fanout.apiLimits.run(c, async (onSent) => toResponse(c, await api.handle(await toRequest(c)), onSent)),
  )
  app.get('/api/v1/alertmanagers', (c) => {
    const { active } = fanout.external.view()
    return success(c, { activeAlertmanagers: active.map((url) => ({ url })), droppedAlertmanagers: [] })
  })
  app.get('/api/v1/notifications/history', async (c) => {
    try {
      const events = await fanout.alertmanager.history.search(historyFilter(c))
      return success(c, {
        events,
        ...(c.req.query('labels') === 'true' ? { labels: labelsOf(fanout, events) } : {}),
      })
    } catch (error) {
      return failureOf(c, error)
    }
  })
  app.get('/api/v1/inbox', (c) => success(c, { messages: fanout.inbox.messages }))
  app.post('/api/v1/inbox', async (c) => {
    try {
      fanout.inbox.receive(await readText(c, INBOX_BYTES_MAX), environment.clock.nowMs())
      return success(c, {})
    } catch (error) {
      return failure(c, 'bad_data', (error as Error).message)
    }
  })
}

/** Labels of the first alert of each event, by fingerprint, where it is known: for who shows them. */
function labelsOf({ alertmanager }: AlertFanout, events: readonly HistoryEvent[]): Record<string, object> {
  const labels: Record<string, object> = {}
  for (const { alerts: [first] } of events) {
    const alert = first === undefined || first in labels ? undefined : alertmanager.alert(first)
    if (alert !== undefined) labels[first!] = alert.labels.toObject()
  }
  return labels
} // prettier-ignore

/** Decisions in one answer, when no limit is given and at most. */
const EVENTS_MAX = 10_000

/** `fingerprint`, `group_key`, `receiver`, `kind` (repeated), `start`, `end`, `limit`. @throws BadRequest */
function historyFilter(c: Context): HistoryFilter {
  const limit = c.req.query('limit') ?? ''
  if (limit !== '' && !/^\d{1,9}$/.test(limit)) throw new BadRequest(`invalid parameter "limit": "${limit}"`)
  return {
    startMs: timeParam(c, 'start'),
    endMs: timeParam(c, 'end'),
    limit: Math.min(Number(limit) || EVENTS_MAX, EVENTS_MAX),
    fingerprint: c.req.query('fingerprint'),
    groupKey: c.req.query('group_key'),
    receiver: c.req.query('receiver'),
    kinds: c.req.queries('kind'),
  }
}

function timeParam(c: Context, name: string): number | undefined {
  const text = c.req.query(name) ?? ''
  if (text === '') return undefined
  const timeMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  if (Number.isNaN(timeMs))
    throw new BadRequest(`invalid parameter "${name}": cannot parse "${text}" to a valid timestamp`)
  return timeMs
}

/** The description of the Alertmanager's API. */
export function openApiRoute(app: Hono): void {
  app.get('/api/v2/openapi.yaml', (c) =>
    send(c, openApiDocument(alertmanagerVersion().version), 'application/yaml; charset=utf-8'),
  )
}

export function alertmanagerVersion(): ConstructorParameters<typeof ApiV2>[1] {
  return {
    version: '0.34.0',
    revision: 'promontory',
    branch: 'main',
    buildUser: '',
    buildDate: '',
    goVersion: `node ${process.version}, promontory ${VERSION}`,
  }
}

export async function toRequest(c: Context): Promise<Parameters<ApiV2['handle']>[0]> {
  const url = new URL(c.req.url)
  const body = c.req.method === 'POST' || c.req.method === 'PUT' ? await readText(c, ALERTS_BYTES_MAX) : ''
  const contentType = c.req.header('content-type') ?? 'application/octet-stream'
  return { method: c.req.method, path: url.pathname, query: url.searchParams, body, contentType }
}

/** @param onSent called when a list in pieces was sent or given up, or at once */
export function toResponse(
  c: Context,
  { status, json, pieces }: ApiAnswer,
  onSent: () => void = () => undefined,
): Response {
  const code = status as ContentfulStatusCode
  if (pieces !== undefined)
    return c.body(bytesOf(pieces, onSent), code, { 'content-type': 'application/json' })
  onSent()
  return json === undefined
    ? c.body(null, code as StatusCode)
    : send(c, `${JSON.stringify(json)}\n`, 'application/json', code)
}

/** Texts as a stream of bytes that makes the next piece when the last one was taken. */
function bytesOf(pieces: AsyncIterable<string>, onEnd: () => void): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await iterator.next()
          if (done !== true) return controller.enqueue(Buffer.from(value))
          controller.close()
          onEnd()
        } catch (error) {
          onEnd()
          throw error
        }
      },
      async cancel() {
        onEnd()
        await iterator.return?.()
      },
    },
    { highWaterMark: 1 },
  )
}
