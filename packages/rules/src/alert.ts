import { compareUtf8, Labels } from '@promontory/model'

export type AlertState = 'inactive' | 'pending' | 'firing'

/** One alert of a rule: an element of the expression's answer, followed through its life. Times in Unix milliseconds. */
export interface Alert {
  readonly labels: Labels
  annotations: Labels
  state: AlertState
  /** At the last evaluation that gave it. */
  value: number
  activeAtMs: number
  firedAtMs: number | undefined
  resolvedAtMs: number | undefined
  lastSentAtMs: number | undefined
  /** When it ends by itself at the receiver, unless sent again. */
  validUntilMs: number | undefined
  keepFiringSinceMs: number | undefined
}

/** Annotations in the order of their names. Unlike labels they may be empty, and empty ones stay. */
export function annotationsFrom(texts: Readonly<Record<string, string>>): Labels {
  const entries = Object.entries(texts).sort(([a], [b]) => compareUtf8(a, b))
  return Labels.fromSorted(entries.flat())
}

/** How long a resolved alert is kept and sent again, so that a lost message or a restart does not lose the news. */
export const RESOLVED_RETENTION_MS: number = 15 * 60_000

/** Whether a message about the alert is due at `timeMs`. */
export function needsSending(alert: Alert, timeMs: number, resendDelayMs: number): boolean {
  if (alert.state === 'pending') return false
  const { lastSentAtMs = -Infinity } = alert
  if (alert.resolvedAtMs !== undefined && alert.resolvedAtMs > lastSentAtMs) return true
  // Sent in the future: the clock was set back, and other machines' clocks were not.
  return lastSentAtMs > timeMs || lastSentAtMs + resendDelayMs < timeMs
}
