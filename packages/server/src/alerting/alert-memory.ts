import { join } from 'node:path'
import type { Clock, Logger, Registry } from '@promontory/base'
import {
  HistoryJournal,
  JsonLinesLog,
  type Acknowledgement,
  type Alert,
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

export interface AlertMemoryInput {
  readonly state: StateDatabase
  /** `--promontory.path` */
  readonly directory: string
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  /** `--alertmanager.history.retention`; 0 for as long as there is room. */
  readonly historyRetentionMs: number
  /** `--alertmanager.history.size`; 0 for any size. */
  readonly historyBytesMax: number
}

/**
 * What the Alertmanager must not forget: files of this instance, and where the state database is one that several
 * instances reach, that as well.
 */
export class AlertMemory {
  readonly silences: RecordLog<Silence>
  readonly notifications: RecordLog<NotificationEntry>
  readonly acknowledgements: RecordLog<Acknowledgement>
  readonly maintenance: RecordLog<MaintenanceWindow>
  /** Of this instance alone. */
  readonly history: HistoryJournal
  /** Undefined where this is the only instance. */
  readonly turns: Turns | undefined
  readonly #shared: SharedRecords | undefined

  private constructor(input: AlertMemoryInput, shared: SharedRecords | undefined) {
    const { directory, clock, logger, registry } = input
    const log = <T>(kind: string, file: string, nameOf: (record: T) => string): RecordLog<T> => {
      const local = new JsonLinesLog<T>(join(directory, file), logger)
      return shared === undefined ? local : shared.log(kind, nameOf, local)
    }
    this.silences = log<Silence>('silence', 'silences.jsonl', ({ id }) => id)
    this.notifications = log<NotificationEntry>(NOTIFICATIONS, 'notifications.jsonl', notificationName)
    this.acknowledgements = log<Acknowledgement>('acknowledgement', 'acknowledgements.jsonl', ({ id }) => id)
    this.maintenance = log<MaintenanceWindow>('maintenance', 'maintenance.jsonl', ({ id }) => id)
    this.history = new HistoryJournal({
      directory: join(directory, 'history'),
      clock,
      logger,
      registry,
      retentionMs: input.historyRetentionMs,
      bytesMax: input.historyBytesMax,
    })
    this.#shared = shared
    this.turns = shared === undefined ? undefined : new DatabaseTurns(shared, clock)
  }

  /** @throws StateError */
  static async open(input: AlertMemoryInput): Promise<AlertMemory> {
    const { state, clock, logger } = input
    const shared = state.kind === 'sqlite' ? undefined : await SharedRecords.open(state, clock, logger)
    return new AlertMemory(input, shared)
  }

  /** What hears of each alert that this instance was sent; undefined where this is the only one. */
  get onAlert(): ((alert: Alert) => void) | undefined {
    const alerts = this.#shared?.alerts
    return alerts === undefined ? undefined : (alert) => alerts.note(alert)
  }

  /** From now on the Alertmanager hears what other instances write. */
  connect(alertmanager: Alertmanager): void {
    const shared = this.#shared
    if (shared === undefined) return
    shared.alerts.connect((alerts) => alertmanager.adopt(alerts))
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
