import { TimeSlice } from '../time-slice.ts'
import { isResolvedAt, mergeAlerts, overlaps, type Alert } from './alert.ts'

/** All alerts by fingerprint. */
export class AlertStore {
  readonly #alerts = new Map<string, Alert>()
  /** Fingerprints in order; those that came since are in `#added`. */
  #order: string[] = []
  #added: string[] = []
  readonly #perName = new Map<string, number>()
  /** Most active alerts of one alertname; 0 for any number. */
  readonly #perNameLimit: number

  constructor(perNameLimit = 0) {
    this.#perNameLimit = perNameLimit
  }

  get size(): number {
    return this.#alerts.size
  }

  get(fingerprint: string): Alert | undefined {
    return this.#alerts.get(fingerprint)
  }

  values(): IterableIterator<Alert> {
    return this.#alerts.values()
  }

  /** The alerts in order of their fingerprints, as they are when each is taken; those that came since are left out. */
  *sorted(): IterableIterator<Alert> {
    if (this.#added.length > 0) {
      this.#order = merge(this.#order, this.#added.sort())
      this.#added = []
    }
    for (const fingerprint of this.#order) {
      const alert = this.#alerts.get(fingerprint)
      if (alert !== undefined) yield alert
    }
  }

  /**
   * Stores an alert, joined with what is known of it unless another instance has done that (by its clock); undefined when
   * the limit of its name is reached.
   */
  put(
    alert: Alert,
    nowMs: number,
    { isJoined = false }: { readonly isJoined?: boolean } = {},
  ): Alert | undefined {
    const old = this.#alerts.get(alert.fingerprint)
    if (old === undefined) {
      const name = alert.labels.get('alertname')
      const count = this.#perName.get(name) ?? 0
      if (this.#perNameLimit > 0 && count >= this.#perNameLimit) return undefined
      this.#perName.set(name, count + 1)
      this.#added.push(alert.fingerprint)
    }
    const stored =
      old !== undefined && !isJoined && overlaps(alert, old) ? mergeAlerts(alert, old, nowMs) : alert
    this.#alerts.set(stored.fingerprint, stored)
    return stored
  }

  /** Forgets resolved alerts, in turns of the event loop; each is handed to `onGone`. */
  async collectGarbage(nowMs: number, onGone: (alert: Alert) => void): Promise<void> {
    const slice = new TimeSlice()
    let gone = 0
    for (const alert of this.#alerts.values()) {
      if (slice.isOver) await slice.pause()
      // It may have changed during a pause.
      if (!isResolvedAt(alert, nowMs) || this.#alerts.get(alert.fingerprint) !== alert) continue
      gone++
      onGone(alert)
      this.#alerts.delete(alert.fingerprint)
      const name = alert.labels.get('alertname')
      const left = this.#perName.get(name)! - 1
      if (left === 0) this.#perName.delete(name)
      else this.#perName.set(name, left)
    }
    if (gone === 0) return
    this.#order = this.#order.filter((fingerprint) => this.#alerts.has(fingerprint))
    this.#added = this.#added.filter((fingerprint) => this.#alerts.has(fingerprint))
  }
}

/** Two sorted lists as one; what is in both comes once. */
function merge(a: readonly string[], b: readonly string[]): string[] {
  const merged: string[] = []
  let k = 0
  for (const one of a) {
    while (k < b.length && b[k]! < one) merged.push(b[k++]!)
    if (b[k] === one) k++
    merged.push(one)
  }
  while (k < b.length) merged.push(b[k++]!)
  return merged
}
