import { ApiError, ask } from './api.ts'
import { routePrefix } from './prefix.ts'
import type { SilenceMatcher } from './silence-matchers.ts'

/** A silence in Alertmanager's API version 2. */
export interface Silence {
  readonly id: string
  readonly status: { readonly state: 'active' | 'pending' | 'expired' }
  readonly matchers: readonly SilenceMatcher[]
  readonly startsAt: string
  readonly endsAt: string
  readonly createdBy: string
  readonly comment: string
}

/** With an id: a change of that one. */
export interface NewSilence extends Omit<Silence, 'id' | 'status'> {
  readonly id?: string
}

export interface KnownAlert {
  readonly fingerprint: string
  readonly labels: Readonly<Record<string, string>>
}

/** An alert as it stands. */
export interface GroupedAlert extends KnownAlert {
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly status: {
    readonly state: 'active' | 'suppressed' | 'unprocessed'
    readonly silencedBy: readonly string[]
    readonly inhibitedBy: readonly string[]
    readonly mutedBy: readonly string[]
  }
}

/** A group with its first alerts. */
export interface AlertGroup {
  readonly key: string
  readonly labels: Readonly<Record<string, string>>
  readonly receiver: string
  readonly alertCount: number
  readonly alerts: readonly GroupedAlert[]
}

export interface GroupsOverview {
  readonly groups: readonly AlertGroup[]
  readonly groupCount: number
  readonly alertCount: number
  readonly standings: Readonly<Record<'told' | 'silenced' | 'inhibited' | 'muted', number>>
  /** Labels of alerts that inhibit others, by fingerprint. */
  readonly inhibiting: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export interface FoundAlerts {
  readonly alerts: readonly KnownAlert[]
  readonly count: number
  readonly total: number
}

const prefix = routePrefix()

export function silences(signal?: AbortSignal): Promise<readonly Silence[]> {
  return call('silences', signal === undefined ? {} : { signal })
}

/** The first of the alerts that the Alertmanager holds and that fit all matchers and the text. */
export async function findAlerts(
  wanted: { readonly matchers?: readonly string[]; readonly search?: string; readonly limit: number },
  signal?: AbortSignal,
): Promise<FoundAlerts> {
  const query = new URLSearchParams({ limit: String(wanted.limit), search: wanted.search ?? '' })
  for (const matcher of wanted.matchers ?? []) query.append('filter', matcher)
  return (await ask<FoundAlerts>(`notifications/alerts?${query}`, {}, signal)).data
}

/** The first of the Alertmanager's groups with alerts that fit all matchers. */
export async function alertGroups(
  wanted: {
    readonly matchers: readonly string[]
    /** A pattern of names; `''`: any. */
    readonly receiver: string
    readonly standing: 'all' | 'told' | 'held'
    readonly limit: number
    readonly alertLimit: number
  },
  signal?: AbortSignal,
): Promise<GroupsOverview> {
  const query = new URLSearchParams({
    standing: wanted.standing,
    receiver: wanted.receiver,
    limit: String(wanted.limit),
    alert_limit: String(wanted.alertLimit),
  })
  for (const matcher of wanted.matchers) query.append('filter', matcher)
  return (await ask<GroupsOverview>(`notifications/groups?${query}`, {}, signal)).data
}

export function createSilence(silence: NewSilence): Promise<{ silenceID: string }> {
  return call('silences', {
    method: 'POST',
    body: JSON.stringify(silence),
    headers: { 'content-type': 'application/json' },
  })
}

export function expireSilence(id: string): Promise<unknown> {
  return call(`silence/${encodeURIComponent(id)}`, { method: 'DELETE' })
}

/** @throws ApiError with the server's words, which are a JSON string or an object with a message */
async function call<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(`${prefix}/api/v2/${path}`, init)
  const text = await response.text()
  let json: unknown
  try {
    json = text === '' ? undefined : JSON.parse(text)
  } catch {
    json = text
  }
  if (response.ok) return json as T
  const said = typeof json === 'string' ? json : (json as { message?: string } | undefined)?.message
  throw new ApiError('bad_data', said ?? `${response.status} ${response.statusText}`)
}
