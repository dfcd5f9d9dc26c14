import { graver, type Incident, type IncidentAlert } from './incident.ts'
import type { Change, FreshIncident, Note } from './incident-records.ts'
import type { GroupReport } from './webhook-message.ts'

/** Alerts that an incident remembers; the newest. */
const ALERTS_MAX = 1000
/** Alerts that one line of the timeline names. */
const NAMED_MAX = 10
const SUMMARY_MAX = 10_000

/** The incident that a group of alerts opens; undefined when none of them fires. */
export function opening(key: string, report: GroupReport): FreshIncident | undefined {
  const alerts = report.alerts.filter(({ status }) => status === 'firing')
  if (alerts.length === 0) return undefined
  const { source, reporter, title, severity, labels } = report
  return {
    key, title, severity, source, openedBy: reporter, summary: summaryOf(alerts), labels, alerts,
    text: `opened by ${counted(alerts)}: ${names(alerts)}`,
  }
} // prettier-ignore

/**
 * What a report does to the incident of its group: alerts come and go, the severity rises, and without a firing alert
 * it is over. One that was over goes on when alerts fire. Undefined when nothing has changed.
 */
export function following(
  incident: Incident,
  key: string,
  report: GroupReport,
  nowMs: number,
): Change | undefined {
  const { reporter } = report
  const isReopened = incident.state === 'resolved'
  if (isReopened && !report.alerts.some(({ status }) => status === 'firing')) return undefined
  const changed = changedAlerts(incident, report)
  if (changed.length === 0 && !isReopened) return undefined
  const known = new Map(incident.alerts.map((alert) => [alert.fingerprint, alert]))
  for (const alert of changed) known.set(alert.fingerprint, alert)
  const alerts = [...known.values()].slice(-ALERTS_MAX)
  const severity = graver(incident.severity, report.severity)
  const isOver = alerts.every(({ status }) => status === 'resolved')
  const notes: Note[] = [
    ...(isReopened ? [{ kind: 'reopened', actor: reporter, text: 'its alerts fire again' } as const] : []),
    ...alertNotes(changed, reporter),
    ...(severity === incident.severity
      ? []
      : [{ kind: 'severity', actor: reporter, text: `${incident.severity} → ${severity}` } as const]),
    ...(isOver ? [{ kind: 'resolved', actor: '', text: 'all alerts have resolved' } as const] : []),
  ]
  const state = isOver ? 'resolved' : incident.acknowledgedAtMs === undefined ? 'open' : 'acknowledged'
  return {
    notes,
    values: {
      alerts: JSON.stringify(alerts),
      severity,
      ...(isReopened ? { open_key: key, resolved_ms: null, resolved_by: null } : {}),
      ...(isOver ? { open_key: null, resolved_ms: nowMs, resolved_by: '' } : {}),
    },
    after: {
      ...incident,
      alerts,
      severity,
      state,
      resolvedAtMs: isOver ? nowMs : undefined,
      resolvedBy: isOver ? '' : undefined,
    },
  }
}

/** New ones that fire, and known ones that have resolved or fire again. */
function changedAlerts(incident: Incident, report: GroupReport): IncidentAlert[] {
  const before = new Map(incident.alerts.map(({ fingerprint, status }) => [fingerprint, status]))
  return report.alerts.filter(({ fingerprint, status }) => {
    const known = before.get(fingerprint)
    return known === undefined ? status === 'firing' : known !== status
  })
}

function alertNotes(changed: readonly IncidentAlert[], actor: string): Note[] {
  return (['firing', 'resolved'] as const).flatMap((status) => {
    const some = changed.filter((alert) => alert.status === status)
    if (some.length === 0) return []
    return [{ kind: 'alerts' as const, actor, text: `${counted(some)} ${status}: ${names(some)}` }]
  })
}

function counted(alerts: readonly IncidentAlert[]): string {
  return `${alerts.length} ${alerts.length === 1 ? 'alert' : 'alerts'}`
}

function names(alerts: readonly IncidentAlert[]): string {
  const texts = alerts.slice(0, NAMED_MAX).map(({ labels }) => {
    const { alertname = '' } = labels
    const where = labels['instance'] ?? labels['job'] ?? ''
    return where === '' ? alertname : `${alertname} ${where}`
  })
  return texts.join(', ') + (alerts.length > NAMED_MAX ? ` and ${alerts.length - NAMED_MAX} more` : '')
}

function summaryOf([first]: readonly IncidentAlert[]): string {
  const { summary = '', description = '' } = first?.annotations ?? {}
  return (summary || description).slice(0, SUMMARY_MAX)
}
