import type { Alertmanager, AlertStatus } from '../alertmanager.ts'
import type { Alert } from '../alerts/alert.ts'
import { silenceState, type Silence } from '../silence/silence.ts'

/** The shapes of API v2. Times have milliseconds, maps are sorted, as upstream prints them. */
export function apiTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

export function sortedObject(entries: Iterable<readonly [string, string]>): Record<string, string> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
}

export interface GettableAlert {
  readonly annotations: Readonly<Record<string, string>>
  readonly endsAt: string
  readonly fingerprint: string
  readonly receivers: readonly { readonly name: string }[]
  readonly startsAt: string
  readonly status: {
    readonly inhibitedBy: readonly string[]
    readonly mutedBy: readonly string[]
    readonly silencedBy: readonly string[]
    readonly state: string
  }
  readonly updatedAt: string
  readonly generatorURL?: string
  readonly labels: Readonly<Record<string, string>>
}

export function gettableAlert(
  alert: Alert,
  status: AlertStatus,
  receivers: readonly string[],
): GettableAlert {
  const { inhibitedBy, mutedBy, silencedBy, state } = status
  return {
    annotations: alert.annotations.toObject(),
    endsAt: apiTime(alert.endsAtMs),
    fingerprint: alert.fingerprint,
    receivers: receivers.map((name) => ({ name })),
    startsAt: apiTime(alert.startsAtMs),
    status: { inhibitedBy, mutedBy, silencedBy, state },
    updatedAt: apiTime(alert.updatedAtMs),
    ...(alert.generatorUrl === '' ? {} : { generatorURL: alert.generatorUrl }),
    labels: alert.labels.toObject(),
  }
}

export interface GettableSilence {
  readonly id: string
  readonly status: { readonly state: string }
  readonly updatedAt: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly comment: string
  readonly createdBy: string
  readonly endsAt: string
  readonly matchers: readonly {
    readonly isEqual: boolean
    readonly isRegex: boolean
    readonly name: string
    readonly value: string
  }[]
  readonly startsAt: string
}

export function gettableSilence(silence: Silence, nowMs: number): GettableSilence {
  return {
    id: silence.id,
    status: { state: silenceState(silence, nowMs) },
    updatedAt: apiTime(silence.updatedAtMs),
    ...(Object.keys(silence.annotations).length === 0 ? {} : { annotations: silence.annotations }),
    comment: silence.comment,
    createdBy: silence.createdBy,
    endsAt: apiTime(silence.endsAtMs),
    matchers: silence.matchers.map(({ isEqual, isRegex, name, value }) => ({
      isEqual,
      isRegex,
      name,
      value,
    })),
    startsAt: apiTime(silence.startsAtMs),
  }
}

/** Active ones that end soonest, then pending ones that begin soonest, then expired ones that ended last. */
export function sortSilences(silences: readonly Silence[], nowMs: number): Silence[] {
  const rank = { active: 0, pending: 1, expired: 2 }
  return [...silences].sort((a, b) => {
    const [stateA, stateB] = [silenceState(a, nowMs), silenceState(b, nowMs)]
    if (stateA !== stateB) return rank[stateA] - rank[stateB]
    if (stateA === 'pending') return a.startsAtMs - b.startsAtMs
    return stateA === 'active' ? a.endsAtMs - b.endsAtMs : b.endsAtMs - a.endsAtMs
  })
}

export function statusView(alertmanager: Alertmanager, version: VersionInfo): Record<string, unknown> {
  return {
    cluster: { peers: [], status: 'disabled' },
    config: { original: alertmanager.config?.original ?? '' },
    uptime: apiTime(alertmanager.startedAtMs),
    versionInfo: version,
  }
}

export interface VersionInfo {
  readonly branch: string
  readonly buildDate: string
  readonly buildUser: string
  readonly goVersion: string
  readonly revision: string
  readonly version: string
}
