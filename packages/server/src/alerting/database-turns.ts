import { randomUUID } from 'node:crypto'
import type { Clock, Timer } from '@promontory/base'
import type { NotificationEntry, Turn, Turns } from '@promontory/alertmanager'
import { isUniqueViolation } from '@promontory/state'
import { hash, type SharedRecords } from './shared-records.ts'

/** A turn that is not renewed for this long is free: its instance has died. */
const LEASE_MS = 15_000
const RENEW_MS = 5000
const RETRY_MS = 200

export const NOTIFICATIONS = 'notification'

/** The name of what was told to one integration about one group. */
export function notificationName({
  integration,
  groupKey,
}: {
  integration: string
  groupKey: string
}): string {
  return `${integration}\0${groupKey}`
}

/** Turns as rows of the state database: who has the row tells, the others wait and then see that it was told. */
export class DatabaseTurns implements Turns {
  readonly #records: SharedRecords
  readonly #clock: Clock
  readonly #owner: string = randomUUID()

  constructor(records: SharedRecords, clock: Clock) {
    this.#records = records
    this.#clock = clock
  }

  refresh(): Promise<void> {
    return this.#records.refresh()
  }

  async take(groupKey: string, integration: string, signal: AbortSignal): Promise<Turn | undefined> {
    const name = notificationName({ integration, groupKey })
    const row = hash(name)
    try {
      while (!(await this.#claim(row))) {
        if (signal.aborted) return undefined
        await new Promise<void>((resolve) => void this.#clock.setTimer(RETRY_MS, resolve))
      }
      await this.#records.refresh()
      const entry = (await this.#records.newest(NOTIFICATIONS, name)) as NotificationEntry | undefined
      const renewal = this.#keep(row)
      return { entry, finish: () => this.#finish(row, renewal) }
    } catch {
      // The database does not answer: a duplicate rather than silence.
      return undefined
    }
  }

  async #claim(name: string): Promise<boolean> {
    const nowMs = Math.floor(this.#clock.nowMs())
    const until_ms = nowMs + LEASE_MS
    const db = this.#records.tables()
    try {
      await this.#records.attempt(() =>
        db.insertInto('alert_turn').values({ name, owner: this.#owner, until_ms }).execute(),
      )
      return true
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
    }
    const taken = await this.#records.attempt(() =>
      db
        .updateTable('alert_turn')
        .set({ owner: this.#owner, until_ms })
        .where('name', '=', name)
        .where('until_ms', '<', nowMs)
        .executeTakeFirst(),
    )
    return Number(taken.numUpdatedRows) > 0
  }

  #keep(name: string): { timer: Timer | undefined } {
    const renewal: { timer: Timer | undefined } = { timer: undefined }
    const renew = (): void => {
      renewal.timer = this.#clock.setTimer(RENEW_MS, () => {
        const until_ms = Math.floor(this.#clock.nowMs()) + LEASE_MS
        this.#records
          .attempt(() =>
            this.#records
              .tables()
              .updateTable('alert_turn')
              .set({ until_ms })
              .where('name', '=', name)
              .where('owner', '=', this.#owner)
              .execute(),
          )
          .then(
            () => renewal.timer !== undefined && renew(),
            () => renewal.timer !== undefined && renew(),
          )
      })
    }
    renew()
    return renewal
  }

  async #finish(name: string, renewal: { timer: Timer | undefined }): Promise<void> {
    renewal.timer?.cancel()
    renewal.timer = undefined
    try {
      await this.#records.attempt(() =>
        this.#records
          .tables()
          .deleteFrom('alert_turn')
          .where('name', '=', name)
          .where('owner', '=', this.#owner)
          .execute(),
      )
    } catch {
      // The lease ends by itself.
    }
  }
}
