import type { Labels } from '@promontory/model'
import type { Alert } from './alerts/alert.ts'
import type { Alertmanager, AlertStatus } from './alertmanager.ts'
import { containsTime } from './config/time-interval.ts'
import type { Route } from './dispatch/route.ts'
import type { HistoryEvent } from './history/history.ts'
import { alertWords, timeWords, silenceWords } from './plain-words.ts'
import { formatMatchers } from './matchers/alert-matcher.ts'

/** Where one route stands with an alert. Times in Unix milliseconds. */
export interface RouteExplanation {
  readonly routeId: string
  readonly receiver: string
  readonly groupKey: string
  /** Undefined while the group has no alert. */
  readonly nextFlushMs: number | undefined
  /** Names of time intervals that hold the route back at the time asked for. */
  readonly mutedBy: readonly string[]
  readonly acknowledgedBy: string | undefined
  readonly integrations: readonly {
    readonly name: string
    readonly toldAtMs: number | undefined
    /** When it is told again if nothing changes. */
    readonly repeatsAtMs: number | undefined
    /** The newest decision about the alert. */
    readonly decision: string | undefined
  }[]
}

/** Why somebody was told, or not. */
export interface Explanation {
  /** In one sentence. */
  readonly verdict: string
  readonly alert: Alert | undefined
  readonly status: AlertStatus | undefined
  readonly routes: readonly RouteExplanation[]
  /** What happened, newest first. */
  readonly events: readonly HistoryEvent[]
}

const EVENTS_MAX = 200

/** Where an alert with these labels goes at a time, and what holds it back then. */
export function explainRoutes(
  alertmanager: Alertmanager,
  labels: Labels,
  timeMs: number,
): RouteExplanation[] {
  return alertmanager.routesOf(labels).map((route) => {
    const groupLabels = route.groupLabels(labels)
    const groupKey = `${route.key}:${groupLabels}`
    const group = alertmanager.group(route, groupLabels)
    return {
      routeId: route.id,
      receiver: route.receiver,
      groupKey,
      nextFlushMs: group?.nextFlushMs,
      mutedBy: mutedBy(alertmanager, route, timeMs),
      acknowledgedBy: alertmanager.acknowledgements.of(groupKey, route.receiver)?.owner,
      integrations: alertmanager.integrations(route.receiver).map(({ kind, index }) => {
        const name = `${route.receiver}/${kind}/${index}`
        const entry = alertmanager.notificationLog.query(groupKey, name)
        const isFiring = entry !== undefined && entry.firing.length > 0
        return {
          name,
          toldAtMs: entry?.timestampMs,
          repeatsAtMs: isFiring ? entry.timestampMs + route.repeatIntervalMs : undefined,
          decision: alertmanager.history.events({ groupKey, integration: name, limit: 1 })[0]?.detail,
        }
      }),
    }
  })
}

/** Everything that is known about one alert's notifications. */
export async function explain(alertmanager: Alertmanager, fingerprint: string): Promise<Explanation> {
  const events = await alertmanager.history.search({ fingerprint, limit: EVENTS_MAX })
  const alert = alertmanager.alert(fingerprint)
  const routes = alert === undefined ? [] : explainRoutes(alertmanager, alert.labels, alertmanager.nowMs)
  const status = alert === undefined ? undefined : alertmanager.statusOf(alert)
  return { verdict: verdictOf(alertmanager, alert, status, routes, events), alert, status, routes, events }
}

function mutedBy(alertmanager: Alertmanager, route: Route, timeMs: number): readonly string[] {
  const intervals = new Map(
    alertmanager.config?.config.time_intervals.map((one) => [one.name, one.time_intervals]),
  )
  const holds = (name: string): boolean =>
    intervals.get(name)?.some((interval) => containsTime(interval, timeMs)) ?? false
  const { activeTimeIntervals: active, muteTimeIntervals: mute } = route
  if (active.length > 0 && !active.some(holds)) return active.map((name) => `outside of ${name}`)
  return mute.filter(holds)
}

function verdictOf(
  alertmanager: Alertmanager,
  alert: Alert | undefined,
  status: AlertStatus | undefined,
  routes: readonly RouteExplanation[],
  events: readonly HistoryEvent[],
): string {
  const told = events.find(({ kind }) => kind === 'notified')
  const when = timeWords
  if (alert === undefined || status === undefined)
    return told === undefined
      ? 'No alert of this fingerprint is known: it never came, or it ended a while ago.'
      : `It has ended; ${told.integration} was told at ${when(told.timeMs)} (${told.detail}).`
  const { silencedBy, inhibitedBy } = status
  if (silencedBy.length > 0)
    return `Held back: silenced by ${silencedBy.map((id) => silenceWords(id, alertmanager.silences.get(id))).join(', and by ')}.`
  if (inhibitedBy.length > 0)
    return `Held back: inhibited by ${inhibitedBy.map((one) => alertWords(one, alertmanager.alert(one)?.labels)).join(', ')}, which fires.`
  const muted = routes.filter((route) => route.mutedBy.length > 0)
  if (muted.length > 0 && muted.length === routes.length)
    return `Held back by time: ${muted.map((route) => `${route.receiver} (${route.mutedBy.join(', ')})`).join('; ')}.`
  const next = routes.find(({ nextFlushMs }) => nextFlushMs !== undefined)?.nextFlushMs
  const last = events.find(({ kind }) => kind === 'failed' || kind === 'notified')
  if (last?.kind === 'failed') {
    const again = next === undefined ? '' : ` It is tried again at ${when(next)}.`
    return `The last delivery to ${last.integration} failed at ${when(last.timeMs)}: ${last.detail}.${again}`
  }
  if (told !== undefined)
    return `${told.integration} was told at ${when(told.timeMs)} (${told.detail}).${afterwards(routes)}`
  if (routes.every(({ integrations }) => integrations.length === 0))
    return `It goes to ${routes.map(({ receiver }) => receiver).join(', ')}, which deliver nowhere: nothing is configured there.`
  return next === undefined
    ? 'It is in no group at present.'
    : `It waits: the group's next notification is due at ${when(next)}.`
}

/** Why it is quiet since: somebody takes care, or the repeat is not due yet. */
function afterwards(routes: readonly RouteExplanation[]): string {
  const owner = routes.find(({ acknowledgedBy }) => acknowledgedBy !== undefined)?.acknowledgedBy
  if (owner !== undefined) return ` ${owner} takes care: no repeats until it gets worse or resolves.`
  const repeats = routes
    .flatMap(({ integrations }) => integrations.map(({ repeatsAtMs }) => repeatsAtMs))
    .filter((timeMs) => timeMs !== undefined)
  return repeats.length === 0
    ? ''
    : ` If nothing changes it is told again after ${timeWords(Math.min(...repeats))}.`
}

/** The routing tree for pages and `config routes`: what each node says, inherited things filled in. */
export interface RouteView {
  readonly id: string
  readonly matchers: string
  readonly receiver: string
  readonly continues: boolean
  readonly groupBy: readonly string[]
  readonly groupWaitMs: number
  readonly groupIntervalMs: number
  readonly repeatIntervalMs: number
  readonly muteTimeIntervals: readonly string[]
  readonly activeTimeIntervals: readonly string[]
  readonly routes: readonly RouteView[]
}

export function viewRoute(route: Route): RouteView {
  return {
    id: route.id,
    matchers: formatMatchers(route.matchers),
    receiver: route.receiver,
    continues: route.continues,
    groupBy: route.groupBy === undefined ? ['...'] : [...route.groupBy],
    groupWaitMs: route.groupWaitMs,
    groupIntervalMs: route.groupIntervalMs,
    repeatIntervalMs: route.repeatIntervalMs,
    muteTimeIntervals: route.muteTimeIntervals,
    activeTimeIntervals: route.activeTimeIntervals,
    routes: route.routes.map(viewRoute),
  }
}
