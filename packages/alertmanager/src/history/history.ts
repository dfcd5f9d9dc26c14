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
  /** In words: who silenced it until when and why, the inhibiting alert, the interval's name, the error, when the group is flushed. */
  readonly detail: string
}

/** Which events are asked for; all conditions must hold. */
export interface HistoryFilter {
  readonly fingerprint?: string | undefined
  readonly groupKey?: string | undefined
  readonly integration?: string | undefined
  readonly receiver?: string | undefined
  readonly kinds?: readonly string[] | undefined
  /** Unix milliseconds, both inclusive. */
  readonly startMs?: number | undefined
  readonly endMs?: number | undefined
  readonly limit?: number | undefined
}

/** Where events outlive the process. */
export interface HistoryStore {
  /** The newest events, oldest first, and whether there are older ones. */
  load(countMax: number): { readonly events: readonly HistoryEvent[]; readonly hasOlder: boolean }
  /** Keeps an event. Never throws: what cannot be written is counted and told to the log. */
  append(event: HistoryEvent): void
  /** Newest first, at most `filter.limit`. Never rejects for what cannot be read: that is left out, with a log line. */
  search(filter: HistoryFilter & { readonly limit: number }): Promise<HistoryEvent[]>
  /** Forgets what is older than its time or beyond its size. */
  maintain(): Promise<void>
  close(): Promise<void>
}

/** Alerts named in one event; a group may have 100,000. */
export const EVENT_ALERTS_MAX = 100

/** The newest decisions in a ring of fixed size; all of them in the store, where there is one. */
export class History {
  readonly #events: HistoryEvent[] = []
  readonly #capacity: number
  readonly #store: HistoryStore | undefined
  #next = 0
  /** Whether the store has events that the ring has not. */
  #hasOlder = false
  readonly #listeners = new Set<(event: HistoryEvent) => void>()

  constructor(capacity = 10_000, store?: HistoryStore) {
    this.#capacity = capacity
    this.#store = store
    if (store === undefined) return
    const { events, hasOlder } = store.load(capacity)
    for (const event of events) this.#keep(event)
    this.#hasOlder = hasOlder
  }

  add(event: Omit<HistoryEvent, 'alertCount' | 'alerts'> & { readonly alerts: readonly string[] }): void {
    const stored = {
      ...event,
      alertCount: event.alerts.length,
      alerts: event.alerts.slice(0, EVENT_ALERTS_MAX),
    }
    this.#keep(stored)
    this.#store?.append(stored)
    for (const listener of this.#listeners) listener(stored)
  }

  #keep(event: HistoryEvent): void {
    if (this.#events.length === this.#capacity) this.#hasOlder = true
    this.#events[this.#next] = event
    this.#next = (this.#next + 1) % this.#capacity
  }

  /** Called with each event as it happens; returns the way out. */
  subscribe(listener: (event: HistoryEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** What the ring has, newest first. */
  events(filter: HistoryFilter = {}): HistoryEvent[] {
    const { limit = this.#capacity } = filter
    const found: HistoryEvent[] = []
    const { length } = this.#events
    for (let i = 1; i <= length && found.length < limit; i++) {
      const event = this.#events[(this.#next - i + length) % length]!
      if (matchesHistory(event, filter)) found.push(event)
    }
    return found
  }

  /** Newest first; goes on in the store where the ring ends. At most the ring's size unless a limit says otherwise. */
  async search(filter: HistoryFilter = {}): Promise<HistoryEvent[]> {
    const limit = filter.limit ?? this.#capacity
    const near = this.events({ ...filter, limit })
    if (this.#store === undefined || !this.#hasOlder || near.length >= limit) return near
    const all = await this.#store.search({ ...filter, limit })
    // Fewer than the ring knows: the store cannot be written or read at present.
    return all.length < near.length ? near : all
  }

  async maintain(): Promise<void> {
    await this.#store?.maintain()
  }

  async close(): Promise<void> {
    await this.#store?.close()
  }
}

/** Whether all conditions but the limit hold. */
export function matchesHistory(event: HistoryEvent, filter: HistoryFilter): boolean {
  const { fingerprint, groupKey, integration, receiver, kinds, startMs, endMs } = filter
  if (fingerprint !== undefined && !event.alerts.includes(fingerprint)) return false
  if (groupKey !== undefined && event.groupKey !== groupKey) return false
  if (integration !== undefined && event.integration !== integration) return false
  if (receiver !== undefined && event.receiver !== receiver) return false
  if (kinds !== undefined && !kinds.includes(event.kind)) return false
  if (startMs !== undefined && event.timeMs < startMs) return false
  return endMs === undefined || event.timeMs <= endMs
}
