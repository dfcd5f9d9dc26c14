import { ApiError } from './api.ts'
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

export interface NewSilence extends Omit<Silence, 'id' | 'status'> {}

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

export interface AlertGroup {
  readonly labels: Readonly<Record<string, string>>
  readonly receiver: { readonly name: string }
  readonly alerts: readonly GroupedAlert[]
}

const prefix = routePrefix()

export function silences(signal?: AbortSignal): Promise<readonly Silence[]> {
  return call('silences', signal === undefined ? {} : { signal })
}

/** The alerts that the Alertmanager holds at present. */
export function knownAlerts(signal?: AbortSignal): Promise<readonly KnownAlert[]> {
  return call('alerts', signal === undefined ? {} : { signal })
}

/** The Alertmanager's groups with the alerts that fit all matchers. */
export function alertGroups(
  matchers: readonly string[],
  signal?: AbortSignal,
): Promise<readonly AlertGroup[]> {
  const query = matchers.map((matcher) => `filter=${encodeURIComponent(matcher)}`).join('&')
  return call(`alerts/groups?${query}`, signal === undefined ? {} : { signal })
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
