import { createHash } from 'node:crypto'
import type { Clock } from '@promontory/base'
import type { RecordLog } from '../record-log.ts'

/** Somebody takes care of a group at one receiver. Times in Unix milliseconds. */
export interface Acknowledgement {
  /** Of group and receiver. */
  readonly id: string
  readonly groupKey: string
  readonly receiver: string
  readonly owner: string
  readonly comment: string
  /** What fired at that time; another alert makes it worse. */
  readonly fingerprints: readonly string[]
  readonly acknowledgedAtMs: number
  readonly updatedAtMs: number
  /** Undefined while it holds. */
  readonly ended: 'worse' | 'resolved' | 'withdrawn' | undefined
}

/** Ended ones are forgotten after this time. */
const RETENTION_MS = 24 * 3_600_000

/**
 * Acknowledgements stop the repeats of a group. One ends when an alert fires that it does not know (it got worse), when
 * nothing fires any more, or when it is withdrawn.
 */
export class Acknowledgements {
  readonly #clock: Clock
  readonly #log: RecordLog<Acknowledgement>
  readonly #held = new Map<string, Acknowledgement>()

  constructor(clock: Clock, log: RecordLog<Acknowledgement>) {
    this.#clock = clock
    this.#log = log
    for (const record of log.load()) this.adopt(record)
  }

  /** Those that hold. */
  all(): Acknowledgement[] {
    return [...this.#held.values()].filter(({ ended }) => ended === undefined)
  }

  of(groupKey: string, receiver: string): Acknowledgement | undefined {
    const found = this.#held.get(idOf(groupKey, receiver))
    return found?.ended === undefined ? found : undefined
  }

  /** Rejects when it cannot be written. */
  async set(
    fresh: Omit<Acknowledgement, 'id' | 'acknowledgedAtMs' | 'updatedAtMs' | 'ended'>,
  ): Promise<Acknowledgement> {
    const nowMs = this.#clock.nowMs()
    const record: Acknowledgement = {
      ...fresh,
      id: idOf(fresh.groupKey, fresh.receiver),
      acknowledgedAtMs: nowMs,
      updatedAtMs: nowMs,
      ended: undefined,
    }
    await this.#write(record)
    return record
  }

  /** @returns whether there was one */
  async withdraw(id: string): Promise<boolean> {
    return this.#end(this.#held.get(id), 'withdrawn')
  }

  /** Ends it where the alerts that fire now say so. @returns the one that still holds */
  async review(
    groupKey: string,
    receiver: string,
    firing: readonly string[],
  ): Promise<Acknowledgement | undefined> {
    const held = this.of(groupKey, receiver)
    if (held === undefined) return undefined
    const known = new Set(held.fingerprints)
    if (firing.length > 0 && firing.every((fingerprint) => known.has(fingerprint))) return held
    await this.#end(held, firing.length === 0 ? 'resolved' : 'worse')
    return undefined
  }

  /** Takes what another instance wrote; the newer one wins. */
  adopt(record: Acknowledgement): void {
    const known = this.#held.get(record.id)
    if (known === undefined || known.updatedAtMs <= record.updatedAtMs) this.#held.set(record.id, record)
  }

  /** Drops what ended long ago and writes the rest afresh. */
  async maintain(): Promise<void> {
    const beforeMs = this.#clock.nowMs() - RETENTION_MS
    for (const [id, { ended, updatedAtMs }] of this.#held)
      if (ended !== undefined && updatedAtMs < beforeMs) this.#held.delete(id)
    await this.#log.rewrite([...this.#held.values()])
  }

  async #end(held: Acknowledgement | undefined, ended: 'worse' | 'resolved' | 'withdrawn'): Promise<boolean> {
    if (held === undefined || held.ended !== undefined) return false
    await this.#write({ ...held, ended, updatedAtMs: this.#clock.nowMs() })
    return true
  }

  async #write(record: Acknowledgement): Promise<void> {
    this.#held.set(record.id, record)
    await this.#log.append(record)
  }
}

function idOf(groupKey: string, receiver: string): string {
  return createHash('sha256').update(`${receiver}\0${groupKey}`).digest('hex').slice(0, 32)
}
