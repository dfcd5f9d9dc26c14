/** Shapes of our own alerting API. Times in Unix milliseconds. */
export interface RouteNode {
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
  readonly routes: readonly RouteNode[]
}

/** Where one route stands with an alert. */
export interface RouteStanding {
  readonly routeId: string
  readonly receiver: string
  readonly groupKey: string
  readonly nextFlushMs?: number
  readonly mutedBy: readonly string[]
  readonly acknowledgedBy?: string
  readonly integrations: readonly {
    readonly name: string
    readonly toldAtMs?: number
    readonly repeatsAtMs?: number
    readonly decision?: string
  }[]
}

/** A decision of the built-in Alertmanager. */
export interface Decision {
  readonly timeMs: number
  readonly kind: string
  /** Fingerprints. */
  readonly alerts: readonly string[]
  readonly alertCount: number
  readonly groupKey?: string
  readonly receiver?: string
  readonly integration?: string
  readonly detail: string
}

export interface Explanation {
  readonly verdict: string
  readonly alert?: { readonly labels: Readonly<Record<string, string>> }
  readonly routes: readonly RouteStanding[]
  readonly events: readonly Decision[]
}

export interface Receiver {
  readonly name: string
  readonly integrations: readonly {
    readonly name: string
    readonly kind: string
    readonly sendResolved: boolean
  }[]
}

export interface TestResult {
  readonly integration: string
  readonly requests: readonly { readonly to: string; readonly contentType: string; readonly body: string }[]
  readonly error?: string
}

export interface MaintenanceWindow {
  readonly id: string
  readonly name: string
  readonly matchers: readonly {
    readonly name: string
    readonly value: string
    readonly isRegex: boolean
    readonly isEqual: boolean
  }[]
  readonly comment: string
  readonly createdBy: string
  readonly startsAtMs: number
  readonly durationMs: number
  readonly repeat: 'once' | 'daily' | 'weekly' | 'monthly'
  readonly weekdays: readonly number[]
  readonly timeZone: string
  readonly untilMs?: number
}

export interface Incident {
  readonly id: number
  readonly title: string
  readonly state: 'open' | 'acknowledged' | 'resolved'
  readonly severity: 'critical' | 'high' | 'warning' | 'info'
  readonly source: 'alerts' | 'webhook' | 'manual'
  readonly openedBy: string
  readonly openedAtMs: number
  readonly acknowledgedAtMs?: number
  readonly acknowledgedBy?: string
  readonly resolvedAtMs?: number
  readonly resolvedBy?: string
  readonly summary: string
  readonly labels: Readonly<Record<string, string>>
  readonly roles: Readonly<Record<string, string>>
  readonly alerts: readonly {
    readonly fingerprint: string
    readonly status: string
    readonly labels: Readonly<Record<string, string>>
  }[]
}

export interface IncidentDetail {
  readonly incident: Incident
  readonly events: readonly {
    readonly id: number
    readonly timeMs: number
    readonly kind: string
    readonly actor: string
    readonly text: string
  }[]
  readonly marks: readonly { readonly timeMs: number; readonly text: string }[]
}

export interface Backtest {
  readonly rule: { readonly name: string; readonly query: string }
  readonly evaluations: number
  readonly failures: readonly { readonly error: string; readonly count: number }[]
  readonly fired: number
  readonly firingSeries: number
  readonly periods: readonly {
    readonly labels: Readonly<Record<string, string>>
    readonly activeAtMs: number
    readonly firedAtMs?: number
    readonly endedAtMs?: number
    readonly lastValue: string
  }[]
  readonly notificationCount?: number
  readonly notifications?: readonly {
    readonly timeMs: number
    readonly receiver: string
    readonly status: string
    readonly reason: string
    readonly alerts: number
  }[]
}

const AUTHOR_KEY = 'promontory.author'

/** The name that was given last; browsers that keep nothing give none. */
export function lastAuthor(): string {
  try {
    return localStorage.getItem(AUTHOR_KEY) ?? ''
  } catch {
    return ''
  }
}

/** `a="b"` per line or between commas, as an object. @throws Error quoting what is no label */
export function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const part of text.split(/[\n,]/)) {
    if (part.trim() === '') continue
    const match = /^\s*([^=\s]+)\s*=\s*(?:"(.*)"|(.*?))\s*$/.exec(part)
    if (match === null) throw new Error(`"${part.trim()}" is no label, expected e.g. severity="page"`)
    labels[match[1]!] = match[2] ?? match[3] ?? ''
  }
  return labels
}
