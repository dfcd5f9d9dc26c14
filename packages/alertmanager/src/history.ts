/** One decision about alerts, or a change of theirs: what answers "why was I (not) notified?". */
export interface HistoryEvent {
  readonly timeMs: number
  readonly kind:
    | 'received'
    | 'resolved'
    | 'grouped'
    | 'notified'
    | 'nothing new'
    | 'repeated too early'
    | 'inhibited'
    | 'silenced'
    | 'muted'
    | 'acknowledged'
    | 'inactive'
    | 'failed'
  /** Fingerprints of the alerts concerned; at most {@link EVENT_ALERTS_MAX}. */
  readonly alerts: readonly string[]
  readonly alertCount: number
  readonly groupKey?: string
  readonly receiver?: string
  /** `receiver/integration/index` */
  readonly integration?: string
  /** In words: the silence's id, the inhibiting alert, the interval's name, the error, when the group is flushed. */
  readonly detail: string
}

/** Which events are asked for; all conditions must hold. */
export interface HistoryFilter {
  readonly fingerprint?: string | undefined
  readonly groupKey?: string | undefined
  readonly integration?: string | undefined
  readonly receiver?: string | undefined
  readonly kinds?: readonly string[] | undefined
  readonly limit?: number | undefined
}

/** Alerts named in one event; a group may have 100,000. */
export const EVENT_ALERTS_MAX = 100

/** The newest decisions, in a ring of fixed size. */
export class History {
  readonly #events: HistoryEvent[] = []
  readonly #capacity: number
  #next = 0
  readonly #listeners = new Set<(event: HistoryEvent) => void>()

  constructor(capacity = 10_000) {
    this.#capacity = capacity
  }

  add(event: Omit<HistoryEvent, 'alertCount' | 'alerts'> & { readonly alerts: readonly string[] }): void {
    const stored = {
      ...event,
      alertCount: event.alerts.length,
      alerts: event.alerts.slice(0, EVENT_ALERTS_MAX),
    }
    this.#events[this.#next] = stored
    this.#next = (this.#next + 1) % this.#capacity
    for (const listener of this.#listeners) listener(stored)
  }

  /** Called with each event as it happens; returns the way out. */
  subscribe(listener: (event: HistoryEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Newest first; those of one alert or group when asked. */
  events(filter: HistoryFilter = {}): HistoryEvent[] {
    const { fingerprint, groupKey, integration, receiver, kinds, limit = this.#capacity } = filter
    const found: HistoryEvent[] = []
    const { length } = this.#events
    for (let i = 1; i <= length && found.length < limit; i++) {
      const event = this.#events[(this.#next - i + length) % length]!
      if (fingerprint !== undefined && !event.alerts.includes(fingerprint)) continue
      if (groupKey !== undefined && event.groupKey !== groupKey) continue
      if (integration !== undefined && event.integration !== integration) continue
      if (receiver !== undefined && event.receiver !== receiver) continue
      if (kinds !== undefined && !kinds.includes(event.kind)) continue
      found.push(event)
    }
    return found
  }

  /** All events, oldest first, one JSON document per line. */
  export(): string {
    return this.events()
      .reverse()
      .map((event) => `${JSON.stringify(event)}\n`)
      .join('')
  }
}
