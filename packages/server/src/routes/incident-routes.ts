import type { Context, Hono } from 'hono'
import {
  type Incident,
  IncidentError,
  type Incidents,
  type IncidentState,
  parseRole,
  parseSeverity,
  parseWebhookMessage,
  postmortem,
  type TimelineMark,
} from '@promontory/incidents'
import { isJsonObject, type JsonObject } from '@promontory/dashboards'
import { acknowledgeGroups } from '../alerting/acknowledge-groups.ts'
import type { AlertFanout } from '../alerting/fanout.ts'
import { failure, send, success } from '../http/answer.ts'
import { actorOf } from '../http/actor.ts'
import { readText } from './environment.ts'
import type { Backend } from './grafana/backend.ts'

const BODY_BYTES_MAX = 4 * 1024 * 1024
/** Deployments so long before an incident may have to do with it. */
const MARKS_BEFORE_MS = 3_600_000
const STATES = ['open', 'acknowledged', 'resolved', 'active']
/** Tags of annotations that belong into the timeline. */
const MARK_TAGS = ['deployment', 'deploy', 'release']

/** `/api/v1/incidents*` */
export function incidentRoutes(app: Hono, incidents: Incidents, backend: Backend, fanout: AlertFanout): void {
  const path = '/api/v1/incidents'
  const answer = (work: (c: Context) => Promise<unknown>) => (c: Context) => answered(c, work)
  app.get(
    path,
    answer(async (c) => {
      const filter = listFilter(c)
      const [found, count] = [await incidents.list(filter), await incidents.count(filter.state)]
      // A list of names needs no alerts, of which an incident may have a thousand.
      const isShort = c.req.query('alerts') === 'false'
      return { incidents: isShort ? found.map((incident) => ({ ...incident, alerts: [] })) : found, count }
    }),
  )
  app.post(path, answer(async (c) => {
    const body = await objectOf(c)
    const severity = parseSeverity(text(body, 'severity') || 'warning')
    const fresh = { title: text(body, 'title'), severity, summary: text(body, 'summary'), labels: texts(body, 'labels'), key: text(body, 'key') }
    return { incident: await incidents.create(fresh, actorOf(c, text(body, 'actor'))) }
  })) // prettier-ignore
  app.post(`${path}/webhook`, answer(async (c) => {
    const report = parseWebhookMessage(await readText(c, BODY_BYTES_MAX))
    return { incident: (await incidents.report(report)) ?? null }
  })) // prettier-ignore
  app.get(`${path}/:id`, answer(async (c) => {
    const incident = await incidents.get(idOf(c))
    const [events, marks] = [await incidents.events(incident.id), await marksOf(backend, incident)]
    return { incident, events, marks }
  })) // prettier-ignore
  app.patch(`${path}/:id`, answer(async (c) => {
    const body = await objectOf(c)
    const given = (name: string): Record<string, string> => (body[name] === undefined ? {} : { [name]: text(body, name) })
    const severity = body['severity'] === undefined ? {} : { severity: parseSeverity(text(body, 'severity')) }
    const changes = { ...given('title'), ...given('summary'), ...severity }
    return { incident: await incidents.change(idOf(c), changes, actorOf(c, text(body, 'actor'))) }
  })) // prettier-ignore
  app.post(`${path}/:id/acknowledge`, answer(async (c) => {
    const body = await objectOf(c)
    const actor = actorOf(c, text(body, 'actor'))
    const incident = await incidents.acknowledge(idOf(c), actor, text(body, 'comment'))
    if (incident.source === 'alerts')
      await acknowledgeGroups(fanout.alertmanager, {
        fingerprints: incident.alerts.map(({ fingerprint }) => fingerprint),
        receiver: incident.openedBy, owner: actor, comment: `incident ${incident.id}`,
      })
    return { incident }
  })) // prettier-ignore
  app.post(`${path}/:id/notes`, answer(async (c) => {
    const body = await objectOf(c)
    const kind = text(body, 'kind') || 'note'
    if (kind !== 'note' && kind !== 'deployment') throw new IncidentError('invalid', `kind: "${kind}" is neither note nor deployment`)
    return { incident: await incidents.addNote(idOf(c), actorOf(c, text(body, 'actor')), text(body, 'text'), kind) }
  })) // prettier-ignore
  app.post(`${path}/:id/roles`, answer(async (c) => {
    const body = await objectOf(c)
    const role = parseRole(text(body, 'role'))
    return { incident: await incidents.assign(idOf(c), role, text(body, 'who'), actorOf(c, text(body, 'actor'))) }
  })) // prettier-ignore
  app.post(`${path}/:id/resolve`, answer(async (c) => {
    const body = await objectOf(c)
    return { incident: await incidents.resolve(idOf(c), actorOf(c, text(body, 'actor')), text(body, 'comment')) }
  })) // prettier-ignore
  app.get(`${path}/:id/postmortem`, async (c) => {
    try {
      const incident = await incidents.get(idOf(c))
      const events = await incidents.events(incident.id)
      const document = postmortem(incident, events, await marksOf(backend, incident))
      return send(c, document, 'text/markdown; charset=utf-8')
    } catch (error) {
      return refusal(c, error)
    }
  })
}

async function answered(c: Context, work: (c: Context) => Promise<unknown>): Promise<Response> {
  try {
    return success(c, await work(c))
  } catch (error) {
    return refusal(c, error)
  }
}

function refusal(c: Context, error: unknown): Response {
  if (!(error instanceof IncidentError)) throw error
  return failure(c, error.refusal === 'not-found' ? 'not_found' : 'bad_data', error.message)
}

/** Deployments around the incident, from the dashboards' annotations. */
async function marksOf(backend: Backend, incident: Incident): Promise<TimelineMark[]> {
  const rows = await backend.annotations.query({
    fromMs: incident.openedAtMs - MARKS_BEFORE_MS,
    toMs: incident.resolvedAtMs,
    tags: MARK_TAGS,
    matchAny: true,
    dashboardUid: undefined,
    panelId: undefined,
    limit: 100,
  })
  return rows.map((row) => ({ timeMs: row.time_ms, text: row.text }))
}

function listFilter(c: Context): { state?: IncidentState | 'active'; limit?: number } {
  const state = c.req.query('state') ?? ''
  if (state !== '' && !STATES.includes(state))
    throw new IncidentError('invalid', `state: "${state}" is none of ${STATES.join(', ')}`)
  const limit = Number(c.req.query('limit') ?? '0')
  if (!Number.isSafeInteger(limit) || limit < 0)
    throw new IncidentError('invalid', `limit: "${c.req.query('limit')}" is no number`)
  return {
    ...(state === '' ? {} : { state: state as IncidentState | 'active' }),
    ...(limit === 0 ? {} : { limit }),
  }
}

function idOf(c: Context): number {
  const id = Number(c.req.param('id'))
  if (!Number.isSafeInteger(id) || id < 1)
    throw new IncidentError('not-found', `there is no incident ${c.req.param('id')}`)
  return id
}

async function objectOf(c: Context): Promise<JsonObject> {
  const source = await readText(c, BODY_BYTES_MAX)
  if (source.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(source)
  } catch (error) {
    throw new IncidentError('invalid', `the body is no JSON: ${(error as Error).message}`)
  }
  if (!isJsonObject(value)) throw new IncidentError('invalid', 'the body is not a JSON object')
  return value
}

function text(body: JsonObject, field: string): string {
  const value = body[field]
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new IncidentError('invalid', `${field}: expected a text`)
  return value
}

function texts(body: JsonObject, field: string): Record<string, string> {
  const value = body[field]
  if (value === undefined || value === null) return {}
  if (!isJsonObject(value)) throw new IncidentError('invalid', `${field}: expected an object of texts`)
  for (const [name, one] of Object.entries(value))
    if (typeof one !== 'string') throw new IncidentError('invalid', `${field}.${name}: expected a text`)
  return value as Record<string, string>
}
