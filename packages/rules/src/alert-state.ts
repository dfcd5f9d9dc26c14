import { Labels } from '@promontory/model'
import { annotationsFrom, type Alert, type AlertState } from './alert.ts'

/** An alert as it is kept over a restart. */
export interface SavedAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly state: AlertState
  readonly value: string
  readonly activeAtMs: number
  readonly firedAtMs?: number
  readonly resolvedAtMs?: number
  readonly lastSentAtMs?: number
  readonly validUntilMs?: number
  readonly keepFiringSinceMs?: number
}

/** The alerts of one group, by rule: name and labels, with a number when several rules share them. */
export interface SavedGroup {
  /** Time of the evaluation after which this was saved. */
  readonly evaluatedAtMs: number
  readonly rules: Readonly<Record<string, readonly SavedAlert[]>>
}

/** Where alert state lives between two runs of the program. */
export interface AlertStateStore {
  /** Everything that was saved, by group key (`file;group`). */
  load(): ReadonlyMap<string, SavedGroup>
  /**
   * Replaces a group's state; undefined forgets it. A save that is asked for while one of the same group is under way
   * may be folded with later ones. Rejects when it cannot be written.
   */
  save(groupKey: string, state: SavedGroup | undefined): Promise<void>
}

const TIMES = ['firedAtMs', 'resolvedAtMs', 'lastSentAtMs', 'validUntilMs', 'keepFiringSinceMs'] as const

export function saveAlert(alert: Alert): SavedAlert {
  const times = Object.fromEntries(
    TIMES.flatMap((key) => (alert[key] === undefined ? [] : [[key, alert[key]]])),
  )
  return {
    labels: alert.labels.toObject(),
    annotations: alert.annotations.toObject(),
    state: alert.state,
    // JSON has no NaN and no infinities.
    value: String(alert.value),
    activeAtMs: alert.activeAtMs,
    ...times,
  }
}

export function loadAlert(saved: SavedAlert): Alert {
  return {
    labels: Labels.from(saved.labels),
    annotations: annotationsFrom(saved.annotations),
    state: saved.state,
    value: Number(saved.value),
    activeAtMs: saved.activeAtMs,
    firedAtMs: saved.firedAtMs,
    resolvedAtMs: saved.resolvedAtMs,
    lastSentAtMs: saved.lastSentAtMs,
    validUntilMs: saved.validUntilMs,
    keepFiringSinceMs: saved.keepFiringSinceMs,
  }
}
