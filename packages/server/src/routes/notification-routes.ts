import type { Context, Hono } from 'hono'
import {
  type Alertmanager,
  explain,
  explainRoutes,
  findAlerts,
  MaintenanceError,
  MatcherSyntaxError,
  type MaintenanceWindow,
  overviewOfGroups,
  parseMatcher,
  REPEATS,
  type SilenceMatcher,
  testNotification,
  UnknownReceiverError,
  viewRoute,
} from '@promontory/alertmanager'
import { isJsonObject, type JsonObject } from '@promontory/dashboards'
import { AnchoredRegex, Labels, type Matcher, parseDuration, RegexError } from '@promontory/model'
import { acknowledgeGroups } from '../alerting/acknowledge-groups.ts'
import type { AlertFanout } from '../alerting/fanout.ts'
import { actorOf } from '../http/actor.ts'
import { failure, failureOf, success } from '../http/answer.ts'
import { BadRequest } from '../http/params.ts'
import { readText } from './environment.ts'

const BODY_BYTES_MAX = 1024 * 1024
const TEXT_MAX = 10_000

/** Why, where to and what if: explanations, routing, tests, acknowledgements, maintenance windows. */
export function notificationRoutes(app: Hono, { alertmanager }: AlertFanout): void {
  const base = '/api/v1/notifications'
  const answer = (work: (c: Context) => Promise<unknown>) => (c: Context) => answered(c, work)
  app.get(`${base}/explain`, answer(async (c) => {
    const fingerprint = c.req.query('fingerprint') ?? ''
    if (!/^[0-9a-f]{1,16}$/.test(fingerprint)) throw new BadRequest(`invalid parameter "fingerprint": "${fingerprint}"`)
    const { alert, ...explained } = await explain(alertmanager, fingerprint)
    return { ...explained, alert: alert && { ...alert, labels: alert.labels.toObject(), annotations: alert.annotations.toObject() } }
  })) // prettier-ignore
  app.get(`${base}/routes`, answer(async (c) => {
    const root = alertmanager.rootRoute
    const time = c.req.query('time') ?? ''
    const labels = c.req.query('labels')
    const tree = root === undefined ? null : viewRoute(root)
    if (labels === undefined || labels === '') return { tree, matched: [] }
    return { tree, matched: explainRoutes(alertmanager, labelsParam(labels), time === '' ? alertmanager.nowMs : timeOf('time', time)) }
  })) // prettier-ignore
  app.get(
    `${base}/receivers`,
    answer(async () => ({ receivers: receiversOf(alertmanager) })),
  )
  app.get(`${base}/groups`, answer(async (c) => {
    const standing = c.req.query('standing') || 'all'
    if (standing !== 'all' && standing !== 'told' && standing !== 'held')
      throw new BadRequest(`invalid parameter "standing": "${standing}" is none of all, told, held`)
    const groupsMax = countParam(c, 'limit', 50)
    return overviewOfGroups(alertmanager, { matchers: filterParam(c), ...receiverParam(c), standing, groupsMax, alertsMax: countParam(c, 'alert_limit', 10) })
  })) // prettier-ignore
  app.get(`${base}/alerts`, answer(async (c) => {
    const search = c.req.query('search') ?? ''
    return findAlerts(alertmanager, { matchers: filterParam(c), search, alertsMax: countParam(c, 'limit', 50) })
  })) // prettier-ignore
  app.post(`${base}/test`, answer(async (c) => {
    const body = await objectOf(c)
    const status = text(body, 'status') || 'firing'
    if (status !== 'firing' && status !== 'resolved') throw new BadRequest(`status: "${status}" is neither firing nor resolved`)
    const receiver = text(body, 'receiver')
    const results = await testNotification(alertmanager, {
      ...(receiver === '' ? {} : { receiver }),
      labels: texts(body, 'labels'), annotations: texts(body, 'annotations'), status, isPreview: body['preview'] === true,
    })
    return { results }
  })) // prettier-ignore
  app.get(
    `${base}/acknowledgements`,
    answer(async () => ({ acknowledgements: alertmanager.acknowledgements.all() })),
  )
  app.post(`${base}/acknowledgements`, answer(async (c) => {
    const body = await objectOf(c)
    const [fingerprint, groupKey, receiver] = [text(body, 'fingerprint'), text(body, 'groupKey'), text(body, 'receiver')]
    if (fingerprint === '' && groupKey === '') throw new BadRequest('fingerprint or groupKey: one of them is needed')
    const acknowledgements = await acknowledgeGroups(alertmanager, {
      fingerprints: [fingerprint], groupKey: groupKey || undefined, receiver: receiver || undefined,
      owner: actorOf(c, text(body, 'owner')), comment: text(body, 'comment'),
    })
    if (acknowledgements.length === 0) throw new NotFound('no group with firing alerts fits')
    return { acknowledgements }
  })) // prettier-ignore
  app.delete(`${base}/acknowledgements/:id`, answer(async (c) => {
    if (!(await alertmanager.acknowledgements.withdraw(c.req.param('id')!))) throw new NotFound('there is no such acknowledgement')
    return {}
  })) // prettier-ignore
  app.get(
    `${base}/maintenance`,
    answer(async () => ({ windows: alertmanager.maintenance.all() })),
  )
  app.post(`${base}/maintenance`, answer(async (c) => {
    const body = await objectOf(c)
    return { window: await alertmanager.maintenance.add(windowOf(body, actorOf(c, text(body, 'createdBy')))) }
  })) // prettier-ignore
  app.delete(`${base}/maintenance/:id`, answer(async (c) => {
    if (!(await alertmanager.maintenance.remove(c.req.param('id')!))) throw new NotFound('there is no such maintenance window')
    return {}
  })) // prettier-ignore
}

class NotFound extends Error {}

async function answered(c: Context, work: (c: Context) => Promise<unknown>): Promise<Response> {
  try {
    return success(c, await work(c))
  } catch (error) {
    if (error instanceof NotFound || error instanceof UnknownReceiverError)
      return failure(c, 'not_found', error.message)
    if (error instanceof MaintenanceError) return failure(c, 'bad_data', error.message)
    if (error instanceof BadRequest) return failureOf(c, error)
    throw error
  }
}

function receiversOf(alertmanager: Alertmanager): object[] {
  return (alertmanager.config?.config.receivers ?? []).map(({ name, labels }) => ({
    name,
    labels,
    integrations: alertmanager
      .integrations(name)
      .map(({ kind, index, sendResolved }) => ({ name: `${name}/${kind}/${index}`, kind, sendResolved })),
  }))
}

function windowOf(
  body: JsonObject,
  createdBy: string,
): Omit<MaintenanceWindow, 'id' | 'updatedAtMs' | 'isDeleted'> {
  const { matchers, weekdays } = body
  if (!Array.isArray(matchers)) throw new BadRequest('matchers: expected a list such as ["job=db"]')
  const repeat = REPEATS.find((one) => one === (text(body, 'repeat') || 'once'))
  if (repeat === undefined) throw new BadRequest(`repeat: expected one of ${REPEATS.join(', ')}`)
  const until = text(body, 'until')
  return {
    name: text(body, 'name'),
    matchers: matchers.map((matcher) => matcherOf(matcher)),
    comment: text(body, 'comment'),
    createdBy,
    startsAtMs: timeOf('startsAt', text(body, 'startsAt')),
    durationMs: durationOf(text(body, 'duration')),
    repeat,
    weekdays: Array.isArray(weekdays) ? weekdays.map(Number) : [],
    timeZone: text(body, 'timeZone') || 'UTC',
    untilMs: until === '' ? undefined : timeOf('until', until),
  }
}

/** Groups or alerts in one answer at most. */
const LISTED_MAX = 10_000

function countParam(c: Context, name: string, otherwise: number): number {
  const source = c.req.query(name) ?? ''
  if (source === '') return otherwise
  if (!/^\d{1,9}$/.test(source)) throw new BadRequest(`invalid parameter "${name}": "${source}" is no count`)
  return Math.min(Number(source), LISTED_MAX)
}

function receiverParam(c: Context): { receiver?: AnchoredRegex } {
  const source = c.req.query('receiver') ?? ''
  try {
    return source === '' ? {} : { receiver: new AnchoredRegex(source) }
  } catch (error) {
    if (error instanceof RegexError) throw new BadRequest(`invalid parameter "receiver": ${error.message}`)
    throw error
  }
}

/** `filter`, repeated: matchers as Alertmanager's API takes them. */
function filterParam(c: Context): Matcher[] {
  try {
    return (c.req.queries('filter') ?? []).map((source) => parseMatcher(source))
  } catch (error) {
    if (error instanceof MatcherSyntaxError)
      throw new BadRequest(`invalid parameter "filter": ${error.message}`)
    throw error
  }
}

function matcherOf(source: unknown): SilenceMatcher {
  try {
    const { name, value, operator } = parseMatcher(String(source))
    return { name, value, isRegex: operator.endsWith('~'), isEqual: operator.startsWith('=') }
  } catch (error) {
    throw new BadRequest(`matchers: ${(error as Error).message}`)
  }
}

function durationOf(source: string): number {
  try {
    return parseDuration(source)
  } catch (error) {
    throw new BadRequest(`duration: ${(error as Error).message}`)
  }
}

function timeOf(field: string, source: string): number {
  const timeMs = /^\d+(\.\d+)?$/.test(source) ? Number(source) * 1000 : Date.parse(source)
  if (Number.isNaN(timeMs))
    throw new BadRequest(`${field}: "${source}" is no time such as 2026-05-01T22:00:00Z`)
  return timeMs
}

function labelsParam(source: string): Labels {
  let value: unknown
  try {
    value = JSON.parse(source)
  } catch (error) {
    throw new BadRequest(`invalid parameter "labels": ${(error as Error).message}`)
  }
  if (!isJsonObject(value))
    throw new BadRequest('invalid parameter "labels": expected a JSON object of texts')
  return Labels.from(Object.entries(value).map(([name, one]) => [name, String(one)] as [string, string]))
}

async function objectOf(c: Context): Promise<JsonObject> {
  let value: unknown
  try {
    value = JSON.parse(await readText(c, BODY_BYTES_MAX))
  } catch (error) {
    if (error instanceof BadRequest) throw error
    throw new BadRequest(`the body is no JSON: ${(error as Error).message}`)
  }
  if (!isJsonObject(value)) throw new BadRequest('the body is not a JSON object')
  return value
}

function text(body: JsonObject, field: string): string {
  const value = body[field] ?? ''
  if (typeof value !== 'string') throw new BadRequest(`${field}: expected a text`)
  if (value.length > TEXT_MAX) throw new BadRequest(`${field}: longer than ${TEXT_MAX} characters`)
  return value
}

function texts(body: JsonObject, field: string): Record<string, string> {
  const value = body[field] ?? {}
  if (!isJsonObject(value)) throw new BadRequest(`${field}: expected an object of texts`)
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, String(one)]))
}
