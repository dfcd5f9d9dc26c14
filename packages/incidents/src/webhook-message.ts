import { IncidentError, severityOf, type IncidentAlert, type Severity } from './incident.ts'

/** Alerts of one group as somebody reports them: a message of an Alertmanager, or a group of the one in this process. */
export interface GroupReport {
  readonly source: 'alerts' | 'webhook'
  /** What stays the same over the group's life; with the source it tells incidents apart. */
  readonly key: string
  /** Who reports: the receiver's name. */
  readonly reporter: string
  readonly title: string
  readonly severity: Severity
  readonly labels: Readonly<Record<string, string>>
  readonly alerts: readonly IncidentAlert[]
}

/** Alerts of one message that are looked at. */
export const REPORT_ALERTS_MAX = 1000

/** Reads a webhook message of any Alertmanager, version 4. @throws IncidentError naming the field */
export function parseWebhookMessage(body: string): GroupReport {
  let message: unknown
  try {
    message = JSON.parse(body)
  } catch (error) {
    throw new IncidentError('invalid', `the body is no JSON: ${(error as Error).message}`)
  }
  if (!isObject(message)) throw new IncidentError('invalid', 'the body is not a JSON object')
  const { version, groupKey, receiver, alerts } = message
  if (version !== '4')
    throw new IncidentError(
      'invalid',
      `version: ${JSON.stringify(version)} instead of "4": not a webhook message of an Alertmanager`,
    )
  if (typeof groupKey !== 'string' || groupKey === '')
    throw new IncidentError('invalid', 'groupKey: expected a text that is not empty')
  if (!Array.isArray(alerts) || alerts.length === 0)
    throw new IncidentError('invalid', 'alerts: expected a list with at least one alert')
  const origin = typeof message['externalURL'] === 'string' ? message['externalURL'] : ''
  return groupReport({
    source: 'webhook',
    // Two Alertmanagers may have groups of the same key.
    key: `${origin} ${String(receiver ?? '')} ${groupKey}`,
    reporter: String(receiver ?? ''),
    groupLabels: textMap(message['groupLabels'], 'groupLabels'),
    alerts: alerts.slice(0, REPORT_ALERTS_MAX).map(alertOf),
  })
}

/** A report with the title, the labels and the severity that its alerts suggest. */
export function groupReport(group: {
  readonly source: GroupReport['source']
  readonly key: string
  readonly reporter: string
  readonly groupLabels: Readonly<Record<string, string>>
  readonly alerts: readonly IncidentAlert[]
}): GroupReport {
  const { source, key, reporter, groupLabels } = group
  const alerts = group.alerts.slice(0, REPORT_ALERTS_MAX)
  const grave = alerts.map(({ labels }) => severityOf(labels['severity']))
  const severity = (['critical', 'high', 'warning', 'info'] as const).find((one) => grave.includes(one))
  return {
    source,
    key,
    reporter,
    title: titleOf(groupLabels, alerts),
    severity: severity ?? 'warning',
    labels: commonLabels(alerts),
    alerts,
  }
}

function titleOf(groupLabels: Readonly<Record<string, string>>, alerts: readonly IncidentAlert[]): string {
  const names = [...new Set(alerts.map(({ labels }) => labels['alertname'] ?? ''))].filter(
    (name) => name !== '',
  )
  const name = groupLabels['alertname'] ?? names.slice(0, 3).join(', ')
  const others = Object.entries(groupLabels)
    .filter(([label]) => label !== 'alertname')
    .map(([, value]) => value)
  return [name === '' ? 'Alerts' : name, ...(others.length === 0 ? [] : [`(${others.join(', ')})`])].join(' ')
}

function commonLabels(alerts: readonly IncidentAlert[]): Record<string, string> {
  const [first, ...rest] = alerts
  return Object.fromEntries(
    Object.entries(first?.labels ?? {}).filter(([name, value]) =>
      rest.every(({ labels }) => labels[name] === value),
    ),
  )
}

function alertOf(value: unknown, index: number): IncidentAlert {
  const where = `alerts[${index}]`
  if (!isObject(value)) throw new IncidentError('invalid', `${where}: expected an object`)
  const labels = textMap(value['labels'], `${where}.labels`)
  const { fingerprint, status } = value
  if (status !== 'firing' && status !== 'resolved')
    throw new IncidentError(
      'invalid',
      `${where}.status: ${JSON.stringify(status)} is neither firing nor resolved`,
    )
  const startsAtMs = Date.parse(String(value['startsAt']))
  if (Number.isNaN(startsAtMs))
    throw new IncidentError('invalid', `${where}.startsAt: ${JSON.stringify(value['startsAt'])} is no time`)
  const endsAtMs = Date.parse(String(value['endsAt']))
  return {
    // Old Alertmanagers send none: then the labels tell alerts apart.
    fingerprint:
      typeof fingerprint === 'string' && fingerprint !== ''
        ? fingerprint
        : JSON.stringify(Object.entries(labels).sort()),
    status,
    labels,
    annotations: textMap(value['annotations'], `${where}.annotations`),
    startsAtMs,
    ...(status === 'resolved' && endsAtMs > 0 ? { endsAtMs } : {}),
  }
}

function textMap(value: unknown, where: string): Record<string, string> {
  if (value === undefined || value === null) return {}
  if (!isObject(value)) throw new IncidentError('invalid', `${where}: expected an object of texts`)
  for (const [name, text] of Object.entries(value))
    if (typeof text !== 'string') throw new IncidentError('invalid', `${where}.${name}: expected a text`)
  return value as Record<string, string>
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
