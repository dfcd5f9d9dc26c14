import { createHash, randomUUID } from 'node:crypto'
import type { Clock, Logger } from '@promontory/base'
import type { RecordLog } from '../record-log.ts'
import { silenceState, type Silence } from '../silence/silence.ts'
import type { Silences } from '../silence/silences.ts'
import { occurrences, windowFault, type MaintenanceWindow } from './maintenance-window.ts'

/** A window that cannot be; the message names the field. */
export class MaintenanceError extends Error {
  override readonly name = 'MaintenanceError'
}

/** Annotation of silences that a window made. */
export const MAINTENANCE_ANNOTATION = 'promontory.maintenance'
/** How far ahead silences are made, so that everybody sees what comes. */
const AHEAD_MS = 24 * 3_600_000

/**
 * Scheduled and recurring maintenance windows. Each of their times becomes a silence, a day ahead: API, pages and other
 * instances need not know of windows. A silence that somebody ended is not made again.
 */
export class Maintenance {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #log: RecordLog<MaintenanceWindow>
  readonly #silences: Silences
  readonly #held = new Map<string, MaintenanceWindow>()

  constructor(clock: Clock, logger: Logger, log: RecordLog<MaintenanceWindow>, silences: Silences) {
    this.#clock = clock
    this.#logger = logger
    this.#log = log
    this.#silences = silences
    for (const record of log.load()) this.adopt(record)
  }

  all(): MaintenanceWindow[] {
    return [...this.#held.values()]
      .filter(({ isDeleted }) => !isDeleted)
      .sort((a, b) => a.startsAtMs - b.startsAtMs)
  }

  /** @throws MaintenanceError */
  async add(fresh: Omit<MaintenanceWindow, 'id' | 'updatedAtMs' | 'isDeleted'>): Promise<MaintenanceWindow> {
    const window = { ...fresh, id: randomUUID(), updatedAtMs: this.#clock.nowMs(), isDeleted: false }
    const fault = windowFault(window)
    if (fault !== undefined) throw new MaintenanceError(fault)
    await this.#log.append(window)
    this.#held.set(window.id, window)
    await this.makeSilences()
    return window
  }

  /** Takes a window away and ends its silences. @returns whether there was one */
  async remove(id: string): Promise<boolean> {
    const window = this.#held.get(id)
    if (window === undefined || window.isDeleted) return false
    const removed = { ...window, isDeleted: true, updatedAtMs: this.#clock.nowMs() }
    await this.#log.append(removed)
    this.#held.set(id, removed)
    const nowMs = this.#clock.nowMs()
    for (const silence of this.#silences.all())
      if (silence.annotations[MAINTENANCE_ANNOTATION] === id && silenceState(silence, nowMs) !== 'expired')
        await this.#silences.expire(silence.id)
    return true
  }

  /** Makes the silences of the next day that are not there yet. */
  async makeSilences(): Promise<void> {
    const nowMs = this.#clock.nowMs()
    for (const window of this.all())
      for (const { startsAtMs, endsAtMs } of occurrences(window, nowMs, nowMs + AHEAD_MS)) {
        const silence: Silence = {
          id: occurrenceId(window.id, startsAtMs),
          matchers: window.matchers,
          startsAtMs,
          endsAtMs,
          updatedAtMs: nowMs,
          createdBy: window.createdBy,
          comment: `${window.name}${window.comment === '' ? '' : `: ${window.comment}`}`,
          annotations: { [MAINTENANCE_ANNOTATION]: window.id },
        }
        try {
          await this.#silences.addIfUnknown(silence)
        } catch (error) {
          this.#logger.error('The silence of a maintenance window cannot be made', {
            window: window.name,
            err: error,
          })
        }
      }
  }

  /** Takes what another instance wrote; the newer one wins. */
  adopt(record: MaintenanceWindow): void {
    const known = this.#held.get(record.id)
    if (known === undefined || known.updatedAtMs <= record.updatedAtMs) this.#held.set(record.id, record)
  }

  async maintain(): Promise<void> {
    await this.#log.rewrite([...this.#held.values()].filter(({ isDeleted }) => !isDeleted))
  }
}

/** The same in every instance: a UUID made of window and time. */
function occurrenceId(window: string, startsAtMs: number): string {
  const hex = createHash('sha256').update(`${window} ${startsAtMs}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
