import { join } from 'node:path'
import type { Clock, Logger } from '@promontory/base'
import {
  JsonLinesLog,
  type Acknowledgement,
  type Alertmanager,
  type MaintenanceWindow,
  type NotificationEntry,
  type RecordLog,
  type Silence,
  type Turns,
} from '@promontory/alertmanager'
import type { StateDatabase } from '@promontory/state'
import { DatabaseTurns, notificationName, NOTIFICATIONS } from './database-turns.ts'
import { SharedRecords } from './shared-records.ts'

/**
 * What the Alertmanager must not forget: files of this instance, and where the state database is one that several
 * instances reach, that as well.
 */
export class AlertMemory {
  readonly silences: RecordLog<Silence>
  readonly notifications: RecordLog<NotificationEntry>
  readonly acknowledgements: RecordLog<Acknowledgement>
  readonly maintenance: RecordLog<MaintenanceWindow>
  /** Undefined where this is the only instance. */
  readonly turns: Turns | undefined
  readonly #shared: SharedRecords | undefined

  private constructor(directory: string, clock: Clock, logger: Logger, shared: SharedRecords | undefined) {
    const log = <T>(kind: string, file: string, nameOf: (record: T) => string): RecordLog<T> => {
      const local = new JsonLinesLog<T>(join(directory, file), logger)
      return shared === undefined ? local : shared.log(kind, nameOf, local)
    }
    this.silences = log<Silence>('silence', 'silences.jsonl', ({ id }) => id)
    this.notifications = log<NotificationEntry>(NOTIFICATIONS, 'notifications.jsonl', notificationName)
    this.acknowledgements = log<Acknowledgement>('acknowledgement', 'acknowledgements.jsonl', ({ id }) => id)
    this.maintenance = log<MaintenanceWindow>('maintenance', 'maintenance.jsonl', ({ id }) => id)
    this.#shared = shared
    this.turns = shared === undefined ? undefined : new DatabaseTurns(shared, clock)
  }

  /** @throws StateError */
  static async open(
    state: StateDatabase,
    directory: string,
    clock: Clock,
    logger: Logger,
  ): Promise<AlertMemory> {
    const shared = state.kind === 'sqlite' ? undefined : await SharedRecords.open(state, clock, logger)
    return new AlertMemory(directory, clock, logger, shared)
  }

  /** From now on the Alertmanager hears what other instances write. */
  connect(alertmanager: Alertmanager): void {
    const shared = this.#shared
    if (shared === undefined) return
    shared.onRecord<Silence>('silence', (record) => alertmanager.silences.adopt(record))
    shared.onRecord<NotificationEntry>(NOTIFICATIONS, (record) => alertmanager.notificationLog.adopt(record))
    shared.onRecord<Acknowledgement>('acknowledgement', (record) =>
      alertmanager.acknowledgements.adopt(record),
    )
    shared.onRecord<MaintenanceWindow>('maintenance', (record) => alertmanager.maintenance.adopt(record))
  }

  stop(): void {
    this.#shared?.stop()
  }
}
