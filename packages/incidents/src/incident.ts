import type { EventRow, IncidentRow } from './tables.ts'

/** The gravest first. */
export const SEVERITIES = ['critical', 'high', 'warning', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

export const ROLES = ['commander', 'communications', 'operations', 'scribe'] as const
export type IncidentRole = (typeof ROLES)[number]

export type IncidentState = 'open' | 'acknowledged' | 'resolved'

/** What happened, as the timeline says it. */
export type EventKind =
  | 'opened'
  | 'reopened'
  | 'alerts'
  | 'severity'
  | 'acknowledged'
  | 'role'
  | 'note'
  | 'deployment'
  | 'resolved'

export interface IncidentEvent {
  readonly id: number
  readonly timeMs: number
  readonly kind: EventKind
  /** Login, receiver, or `''` for the program itself. */
  readonly actor: string
  readonly text: string
}

/** An alert of an incident as it was reported last. */
export interface IncidentAlert {
  readonly fingerprint: string
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAtMs: number
  /** Undefined while it fires. */
  readonly endsAtMs?: number
}

/** Times in Unix milliseconds. */
export interface Incident {
  readonly id: number
  readonly title: string
  readonly state: IncidentState
  readonly severity: Severity
  /** The Alertmanager of this process, another one's webhook, or a person. */
  readonly source: 'alerts' | 'webhook' | 'manual'
  readonly openedBy: string
  readonly openedAtMs: number
  readonly acknowledgedAtMs: number | undefined
  readonly acknowledgedBy: string | undefined
  readonly resolvedAtMs: number | undefined
  readonly resolvedBy: string | undefined
  readonly summary: string
  readonly labels: Readonly<Record<string, string>>
  readonly roles: Readonly<Partial<Record<IncidentRole, string>>>
  readonly alerts: readonly IncidentAlert[]
  readonly annotationId: number | undefined
}

/** What a caller asked for cannot be done; `refusal` says why. */
export class IncidentError extends Error {
  override readonly name = 'IncidentError'
  readonly refusal: 'not-found' | 'invalid' | 'conflict'
  constructor(refusal: IncidentError['refusal'], message: string) {
    super(message)
    this.refusal = refusal
  }
}

const WORDS: Readonly<Record<string, Severity>> = {
  critical: 'critical', crit: 'critical', page: 'critical', emergency: 'critical', disaster: 'critical', fatal: 'critical', p1: 'critical', sev1: 'critical',
  high: 'high', error: 'high', major: 'high', p2: 'high', sev2: 'high',
  warning: 'warning', warn: 'warning', minor: 'warning', medium: 'warning', p3: 'warning', sev3: 'warning',
  info: 'info', low: 'info', none: 'info', p4: 'info', p5: 'info', sev4: 'info',
} // prettier-ignore

/** The severity that a label's value means; `warning` for words that nobody knows. */
export function severityOf(text: string | undefined): Severity {
  return WORDS[text?.toLowerCase() ?? ''] ?? 'warning'
}

/** @throws IncidentError naming the words that are taken */
export function parseSeverity(text: string): Severity {
  const found = SEVERITIES.find((severity) => severity === text)
  if (found === undefined)
    throw new IncidentError('invalid', `severity "${text}" is none of ${SEVERITIES.join(', ')}`)
  return found
}

/** @throws IncidentError naming the words that are taken */
export function parseRole(text: string): IncidentRole {
  const found = ROLES.find((role) => role === text)
  if (found === undefined) throw new IncidentError('invalid', `role "${text}" is none of ${ROLES.join(', ')}`)
  return found
}

/** The graver of two. */
export function graver(a: Severity, b: Severity): Severity {
  return SEVERITIES.indexOf(a) <= SEVERITIES.indexOf(b) ? a : b
}

export function incidentFromRow(row: IncidentRow): Incident {
  const resolved = row.resolved_ms !== null
  return {
    id: row.id,
    title: row.title,
    state: resolved ? 'resolved' : row.acknowledged_ms === null ? 'open' : 'acknowledged',
    severity: row.severity as Severity,
    source: row.source as Incident['source'],
    openedBy: row.opened_by,
    openedAtMs: row.opened_ms,
    acknowledgedAtMs: row.acknowledged_ms ?? undefined,
    acknowledgedBy: row.acknowledged_by ?? undefined,
    resolvedAtMs: row.resolved_ms ?? undefined,
    resolvedBy: row.resolved_by ?? undefined,
    summary: row.summary,
    labels: JSON.parse(row.labels) as Record<string, string>,
    roles: JSON.parse(row.roles) as Incident['roles'],
    alerts: JSON.parse(row.alerts) as IncidentAlert[],
    annotationId: row.annotation_id ?? undefined,
  }
}

export function eventFromRow(row: EventRow): IncidentEvent {
  return {
    id: row.id,
    timeMs: row.time_ms,
    kind: row.kind as EventKind,
    actor: row.actor,
    text: row.text,
  }
}
