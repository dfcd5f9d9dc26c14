import { isClassicLabelName, type Labels } from '@promontory/model'
import { fingerprintOf } from './fingerprint.ts'

/** An alert as the Alertmanager keeps it. Times in Unix milliseconds. Immutable. */
export interface Alert {
  readonly fingerprint: string
  readonly labels: Labels
  readonly annotations: Labels
  readonly startsAtMs: number
  /** Past: resolved. Future: resolves by itself then. */
  readonly endsAtMs: number
  readonly generatorUrl: string
  readonly updatedAtMs: number
  /** The end is a guess of ours (`resolve_timeout`), since the sender named none. */
  readonly timeout: boolean
}

export type AlertFields = Omit<Alert, 'fingerprint'>

export function createAlert(fields: AlertFields): Alert {
  return { ...fields, fingerprint: fingerprintOf(fields.labels) }
}

export function isResolvedAt(alert: Alert, timeMs: number): boolean {
  return alert.endsAtMs <= timeMs
}

/** What is wrong with an alert, in upstream's words; undefined when nothing is. */
export function alertFault(alert: AlertFields, utf8Names: boolean): string | undefined {
  if (alert.startsAtMs > alert.endsAtMs) return 'start time must be before end time'
  if (alert.labels.size === 0) return 'at least one label pair required'
  for (const [kind, pairs] of [
    ['label', alert.labels],
    ['annotation', alert.annotations],
  ] as const)
    for (const [name, value] of pairs) {
      const isName = utf8Names ? name !== '' && name.isWellFormed() : isClassicLabelName(name)
      if (!isName) return `invalid ${kind} set: invalid name "${name}"`
      if (!value.isWellFormed()) return `invalid ${kind} set: invalid value "${value}"`
    }
  return undefined
}

/** Joins two reports of one alert whose times overlap. */
export function mergeAlerts(a: Alert, b: Alert, nowMs: number): Alert {
  const [older, younger] = b.updatedAtMs < a.updatedAtMs ? [b, a] : [a, b]
  const startsAtMs = Math.min(older.startsAtMs, younger.startsAtMs)
  let { endsAtMs } = younger
  if (isResolvedAt(younger, nowMs)) {
    // Of two explicit ends the later one counts.
    if (isResolvedAt(older, nowMs)) endsAtMs = Math.max(endsAtMs, older.endsAtMs)
  } else if (older.endsAtMs > endsAtMs && !older.timeout) endsAtMs = older.endsAtMs
  return { ...younger, startsAtMs, endsAtMs }
}

export function overlaps(a: Alert, old: Alert): boolean {
  return (
    (a.endsAtMs > old.startsAtMs && a.endsAtMs < old.endsAtMs) ||
    (a.startsAtMs > old.startsAtMs && a.startsAtMs < old.endsAtMs)
  )
}
