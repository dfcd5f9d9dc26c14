import type { RecordLog } from '../record-log.ts'

/** What was last told to one integration about one group. */
export interface NotificationEntry {
  readonly groupKey: string
  /** `receiver/integration/index` */
  readonly integration: string
  readonly firing: readonly string[]
  readonly resolved: readonly string[]
  readonly timestampMs: number
  readonly expiresAtMs: number
  /** What the receiver wants to find again, e.g. a Slack message's id. */
  readonly data?: Readonly<Record<string, string>>
}

export type NotifyReason =
  | 'first notification'
  | 'new alerts added'
  | 'some alerts resolved'
  | 'all alerts resolved'
  | 'repeat interval elapsed'

/** The memory that keeps notifications from being repeated too early; survives restarts. */
export class NotificationLog {
  readonly #log: RecordLog<NotificationEntry>
  readonly #entries = new Map<string, NotificationEntry>()
  /** Whether some entries are in memory only. */
  #isBehind = false

  constructor(log: RecordLog<NotificationEntry>, nowMs: number) {
    this.#log = log
    for (const entry of log.load()) if (entry.expiresAtMs > nowMs) this.#entries.set(keyOf(entry), entry)
  }

  get size(): number {
    return this.#entries.size
  }

  query(groupKey: string, integration: string): NotificationEntry | undefined {
    return this.#entries.get(keyOf({ groupKey, integration }))
  }

  /** Takes what another instance told; the newer one wins. */
  adopt(entry: NotificationEntry): void {
    const known = this.#entries.get(keyOf(entry))
    if (known === undefined || known.timestampMs < entry.timestampMs) this.#entries.set(keyOf(entry), entry)
  }

  /** Notes a notification that was delivered. Rejects when it cannot be written; it counts in memory all the same. */
  async record(entry: NotificationEntry): Promise<void> {
    this.#entries.set(keyOf(entry), entry)
    try {
      await this.#log.append(entry)
    } catch (error) {
      this.#isBehind = true
      throw error
    }
    if (!this.#isBehind) return
    // There is room again: what could not be written before is written now.
    this.#isBehind = false
    await this.#rewrite()
  }

  async #rewrite(): Promise<void> {
    try {
      await this.#log.rewrite([...this.#entries.values()])
    } catch (error) {
      this.#isBehind = true
      throw error
    }
  }

  /** Drops what has expired and writes the rest afresh. */
  async maintain(nowMs: number): Promise<void> {
    for (const [key, entry] of this.#entries) if (entry.expiresAtMs <= nowMs) this.#entries.delete(key)
    await this.#rewrite()
  }
}

function keyOf({ groupKey, integration }: { groupKey: string; integration: string }): string {
  return `${integration}\u{0}${groupKey}`
}

/** Why a group must be told to an integration now; undefined when there is nothing to tell. */
export function reasonToNotify(
  entry: NotificationEntry | undefined,
  now: { firing: readonly string[]; resolved: readonly string[] },
  options: { sendResolved: boolean; repeatIntervalMs: number; nowMs: number },
): NotifyReason | undefined {
  if (entry === undefined) return now.firing.length > 0 ? 'first notification' : undefined
  const known = new Set(entry.firing)
  if (!now.firing.every((fingerprint) => known.has(fingerprint)))
    return known.size === 0 ? 'first notification' : 'new alerts added'
  if (now.firing.length === 0) return known.size > 0 ? 'all alerts resolved' : undefined
  const told = new Set(entry.resolved)
  if (options.sendResolved && !now.resolved.every((fingerprint) => told.has(fingerprint)))
    return 'some alerts resolved'
  return entry.timestampMs < options.nowMs - options.repeatIntervalMs ? 'repeat interval elapsed' : undefined
}
