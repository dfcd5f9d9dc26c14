import { AnchoredRegex, RegexError, type Labels, type Matcher } from '@promontory/model'
import type { Alertmanager } from '../alertmanager.ts'
import type { Alert } from '../alerts/alert.ts'
import { MatcherSyntaxError, parseMatcher, type MatcherMode } from '../matchers/alert-matcher.ts'
import { operatorOf, silenceState, type Silence } from '../silence/silence.ts'
import { SilenceError, SilenceNotFoundError } from '../silence/silences.ts'
import {
  gettableAlert,
  gettableSilence,
  sortedObject,
  sortSilences,
  statusView,
  type GettableAlert,
  type VersionInfo,
} from './json-shapes.ts'
import type { AlertGroup } from '../dispatch/alert-group.ts'
import { parseAlerts, parseSilence, RequestError } from './requests.ts'
import { sortInTurns } from '../sort-in-turns.ts'
import { TimeSlice } from '../time-slice.ts'

/** What of an HTTP request the API looks at. `path` is below the prefix: `/api/v2/alerts`. */
export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: string
  /** Undefined where nobody looks at it: bodies are JSON then. */
  readonly contentType?: string
}

export interface ApiAnswer {
  readonly status: number
  /** Undefined: no body. */
  readonly json?: unknown
  /** In place of `json`: a JSON text in pieces, made as they are fetched. */
  readonly pieces?: AsyncIterable<string>
}

/** Longer lists are answered in pieces. */
const WHOLE_LIST_MAX = 2000

/** Alerts looked at between two looks at the clock. */
const LOOKED_AT_MAX = 64

/** Methods of each path, as refusals name them. */
const ALLOWED: Readonly<Record<string, string>> = {
  status: 'GET',
  receivers: 'GET',
  alerts: 'GET,POST',
  'alerts/groups': 'GET',
  silences: 'GET,POST',
}

function notAllowed(method: string, allowed: string): ApiAnswer {
  return {
    status: 405,
    json: { code: 405, message: `method ${method} is not allowed, but [${allowed}] are` },
  }
}

const empty = (status: number): ApiAnswer => ({ status })

/** Handles requests below `/api/v2`, as upstream answers them. */
export class ApiV2 {
  readonly #alertmanager: Alertmanager
  readonly #version: VersionInfo

  constructor(alertmanager: Alertmanager, version: VersionInfo) {
    this.#alertmanager = alertmanager
    this.#version = version
  }

  /** Never rejects for what a client can do wrong. */
  async handle(request: ApiRequest): Promise<ApiAnswer> {
    try {
      return await this.#route(request)
    } catch (error) {
      if (error instanceof RequestError)
        return { status: error.status, json: { code: error.code, message: error.message } }
      if (error instanceof MatcherSyntaxError) return { status: 400, json: error.message }
      throw error
    }
  }

  #route({ method, path, query, body, contentType }: ApiRequest): ApiAnswer | Promise<ApiAnswer> {
    if (method === 'POST' && contentType !== undefined && !/^application\/json\b/i.test(contentType))
      throw new RequestError(
        `unsupported media type "${contentType.split(';')[0]}", only [application/json] are allowed`,
        415,
      )
    const silence = /^\/api\/v2\/silence\/([^/]+)$/.exec(path)
    if (silence !== null) return this.#silence(method, silence[1]!)
    switch (`${method} ${path}`) {
      case 'GET /api/v2/status':
        return { status: 200, json: statusView(this.#alertmanager, this.#version) }
      case 'GET /api/v2/receivers':
        return this.#receivers(query)
      case 'GET /api/v2/alerts':
        return this.#alerts(query)
      case 'POST /api/v2/alerts':
        return this.#postAlerts(body)
      case 'GET /api/v2/alerts/groups':
        return this.#groups(query)
      case 'GET /api/v2/silences':
        return this.#silences(query)
      case 'POST /api/v2/silences':
        return this.#postSilence(body)
    }
    const allowed = ALLOWED[path.slice('/api/v2/'.length)]
    return allowed === undefined
      ? { status: 404, json: { code: 404, message: `path ${path} was not found` } }
      : notAllowed(method, allowed)
  }

  // Alerts

  async #alerts(query: URLSearchParams): Promise<ApiAnswer> {
    const filter = readFilter(query, this.#alertmanager.matcherMode)
    if ('fault' in filter) return { status: 400, json: filter.fault }
    const wanted = await this.#wantedAlerts(filter.matchers)
    const viewOf = (alert: Alert): GettableAlert | undefined => {
      const receivers = this.#alertmanager.routesOf(alert.labels).map(({ receiver }) => receiver)
      if (!receivers.some((name) => this.#isWanted(name, filter))) return undefined
      return this.#view(alert, receivers, [], query)
    }
    return this.#listed(wanted, viewOf)
  }

  /** In order of their fingerprints. */
  async #wantedAlerts(matchers: readonly Matcher[]): Promise<Alert[]> {
    const slice = new TimeSlice()
    const wanted: Alert[] = []
    const isEach = matchers.length === 0
    let seen = 0
    for (const alert of isEach
      ? this.#alertmanager.eachActiveAlert()
      : this.#alertmanager.eachActiveUnsorted()) {
      if (isEach || matchesFilter(matchers, alert.labels)) wanted.push(alert)
      if (++seen % LOOKED_AT_MAX === 0 && slice.isOver) await slice.pause()
    }
    if (isEach) return wanted
    // One that changed during a pause may have been met twice.
    const once = new Map(wanted.map((alert) => [alert.fingerprint, alert]))
    return sortInTurns([...once.values()], (a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
  }

  /** What has a view; long lists in pieces. */
  async #listed<T>(items: readonly T[], viewOf: (item: T) => unknown): Promise<ApiAnswer> {
    if (items.length > WHOLE_LIST_MAX) return { status: 200, pieces: listPieces(items, viewOf) }
    const slice = new TimeSlice()
    const views: unknown[] = []
    for (const item of items) {
      const view = viewOf(item)
      if (view !== undefined) views.push(view)
      if (slice.isOver) await slice.pause()
    }
    return { status: 200, json: views }
  }

  #view(
    alert: Alert,
    receivers: readonly string[],
    mutedBy: readonly string[],
    query: URLSearchParams,
  ): GettableAlert | undefined {
    const status = this.#alertmanager.statusOf(alert, mutedBy)
    const unmuted = mutedBy.length === 0 ? status : this.#alertmanager.statusOf(alert)
    if (!flag(query, 'active') && unmuted.state === 'active') return undefined
    if (!flag(query, 'silenced') && status.silencedBy.length > 0) return undefined
    if (!flag(query, 'inhibited') && status.inhibitedBy.length > 0) return undefined
    if (!flag(query, 'unprocessed') && status.state === 'unprocessed') return undefined
    return gettableAlert(alert, status, receivers)
  }

  #isWanted(receiver: string, filter: Filter): boolean {
    if (filter.receiver !== undefined && !filter.receiver.matches(receiver)) return false
    if (filter.receiverMatchers.length === 0) return true
    const labels = this.#alertmanager.config?.config.receivers.find(({ name }) => name === receiver)?.labels
    return labels !== undefined && matchesRecord(filter.receiverMatchers, labels)
  }

  async #postAlerts(body: string): Promise<ApiAnswer> {
    const resolveTimeoutMs = this.#alertmanager.config?.config.global.resolve_timeout ?? 300_000
    const alerts = await parseAlerts(body, this.#alertmanager.nowMs, resolveTimeoutMs)
    const faults = await this.#alertmanager.receive(alerts)
    return faults.length === 0 ? empty(200) : { status: 400, json: faults.join('\n') }
  }

  async #groups(query: URLSearchParams): Promise<ApiAnswer> {
    const filter = readFilter(query, this.#alertmanager.matcherMode)
    if ('fault' in filter) return { status: 400, json: filter.fault }
    const { nowMs } = this.#alertmanager
    const receivers = new Map<string, string[]>()
    const slice = new TimeSlice()
    const groups: { group: AlertGroup; alerts: Alert[] }[] = []
    for (const group of await this.#alertmanager.groupsInTurns()) {
      if (slice.isOver) await slice.pause()
      if (!this.#isWanted(group.route.receiver, filter)) continue
      const alerts = group.alerts.filter(
        (alert) => alert.endsAtMs > nowMs && matchesFilter(filter.matchers, alert.labels),
      )
      for (const { fingerprint } of alerts)
        receivers.set(fingerprint, [...(receivers.get(fingerprint) ?? []), group.route.receiver].sort())
      groups.push({ group, alerts })
    }
    const viewOf = ({ group, alerts }: (typeof groups)[0]): object | undefined => {
      if (!flag(query, 'muted') && group.mutedBy.length > 0) return undefined
      const views = alerts
        .map((alert) => this.#view(alert, receivers.get(alert.fingerprint)!, group.mutedBy, query))
        .filter((view) => view !== undefined)
      if (views.length === 0) return undefined
      return {
        alerts: views,
        labels: sortedObject(group.labels),
        receiver: { name: group.route.receiver },
        routeLabels: sortedObject(Object.entries(this.#alertmanager.routeLabelsOf(group))),
      }
    }
    const count = groups.reduce((sum, { alerts }) => sum + alerts.length, 0)
    return count > WHOLE_LIST_MAX
      ? { status: 200, pieces: listPieces(groups, viewOf) }
      : this.#listed(groups, viewOf)
  }

  #receivers(query: URLSearchParams): ApiAnswer {
    const matchers = receiverMatchers(query, this.#alertmanager.matcherMode)
    const receivers = this.#alertmanager.config?.config.receivers ?? []
    const json = receivers
      .filter(({ labels }) => matchesRecord(matchers, labels))
      .map(({ name, labels }) => ({ labels: sortedObject(Object.entries(labels)), name }))
    return { status: 200, json }
  }

  // Silences

  #silences(query: URLSearchParams): ApiAnswer {
    const matchers = query.getAll('filter').map((text) => parseMatcher(text, this.#alertmanager.matcherMode))
    const { nowMs, silences } = this.#alertmanager
    const wanted = silences
      .all()
      .filter((silence) => flag(query, silenceState(silence, nowMs)) && hasMatchers(silence, matchers))
    return {
      status: 200,
      json: sortSilences(wanted, nowMs).map((silence) => gettableSilence(silence, nowMs)),
    }
  }

  async #postSilence(body: string): Promise<ApiAnswer> {
    const { nowMs, silences } = this.#alertmanager
    const request = parseSilence(body, nowMs)
    if (request.startsAtMs >= request.endsAtMs)
      return { status: 400, json: 'Failed to create silence: start time must be before end time' }
    if (request.endsAtMs < nowMs)
      return { status: 400, json: "Failed to create silence: end time can't be in the past" }
    try {
      return { status: 200, json: { silenceID: await silences.set(request) } }
    } catch (error) {
      if (!(error instanceof SilenceError)) throw error
      return { status: error instanceof SilenceNotFoundError ? 404 : 400, json: error.message }
    }
  }

  async #silence(method: string, id: string): Promise<ApiAnswer> {
    const { silences, nowMs } = this.#alertmanager
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id))
      return { status: 422, json: { code: 601, message: `silenceID in path must be of type uuid: "${id}"` } }
    if (method === 'GET') {
      const silence = silences.get(id)
      return silence === undefined ? empty(404) : { status: 200, json: gettableSilence(silence, nowMs) }
    }
    if (method !== 'DELETE') return notAllowed(method, 'DELETE,GET')
    try {
      await silences.expire(id)
      return empty(200)
    } catch (error) {
      if (error instanceof SilenceNotFoundError) return empty(404)
      if (error instanceof SilenceError) return { status: 500, json: error.message }
      throw error
    }
  }
}

interface Filter {
  readonly matchers: readonly Matcher[]
  readonly receiver: AnchoredRegex | undefined
  readonly receiverMatchers: readonly Matcher[]
}

function readFilter(query: URLSearchParams, mode: MatcherMode): Filter | { readonly fault: string } {
  const receiver = query.get('receiver')
  try {
    return {
      matchers: query.getAll('filter').map((text) => parseMatcher(text, mode)),
      receiver: receiver === null ? undefined : new AnchoredRegex(receiver),
      receiverMatchers: receiverMatchers(query, mode),
    }
  } catch (error) {
    if (error instanceof RegexError) return { fault: `failed to parse receiver param: ${error.message}` }
    throw error
  }
}

/** What counts as true, as upstream's framework reads it; any other word is false. */
const TRUE = new Set(['true', '1', 'yes', 'ok', 'y', 'on', 'selected', 'checked', 't', 'enabled'])

/** Flags are on unless said otherwise. */
function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  return value === null || TRUE.has(value.toLowerCase())
}

/** `receiver_matchers`. @throws MatcherSyntaxError */
function receiverMatchers(query: URLSearchParams, mode: MatcherMode): Matcher[] {
  try {
    return query.getAll('receiver_matchers').map((text) => parseMatcher(text, mode))
  } catch (error) {
    if (!(error instanceof MatcherSyntaxError)) throw error
    throw new MatcherSyntaxError(`failed to parse receiver_matchers param: ${error.message}`)
  }
}

function matchesFilter(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matches(labels.get(matcher.name)))
}

function matchesRecord(matchers: readonly Matcher[], labels: Readonly<Record<string, string>>): boolean {
  return matchers.every((matcher) => matcher.matches(labels[matcher.name] ?? ''))
}

/** Whether a silence has each of these matchers among its own, letter for letter. */
function hasMatchers(silence: Silence, matchers: readonly Matcher[]): boolean {
  return matchers.every((wanted) =>
    silence.matchers.some(
      (own) => own.name === wanted.name && own.value === wanted.value && operatorOf(own) === wanted.operator,
    ),
  )
}

/** A JSON list of the views, piece by piece: each piece is one turn of the event loop. */
async function* listPieces<T>(items: readonly T[], viewOf: (item: T) => unknown): AsyncGenerator<string> {
  const slice = new TimeSlice()
  let piece = '['
  let isFirst = true
  for (const item of items) {
    const view = viewOf(item)
    if (view !== undefined) {
      piece += (isFirst ? '' : ',') + JSON.stringify(view)
      isFirst = false
    }
    if (!slice.isOver) continue
    yield piece
    piece = ''
    await slice.pause()
  }
  yield `${piece}]\n`
}
