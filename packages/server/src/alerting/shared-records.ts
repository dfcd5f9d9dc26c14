import { createHash } from 'node:crypto'
import { errorText, type Clock, type Logger, type Timer } from '@promontory/base'
import type { RecordLog } from '@promontory/alertmanager'
import { SharedAlerts } from './shared-alerts.ts'
import { isUniqueViolation, type Kysely, type SchemaStep, type StateDatabase } from '@promontory/state'

/** The tables of what instances share about alerts. */
export interface SharedTables {
  alert_record: { id: number; kind: string; name: string; data: string; written_ms: number }
  alert_batch: { id: number; origin: string; data: string; written_ms: number }
  alert_turn: { name: string; owner: string; until_ms: number }
}

/** Steps of the schema, for `StateDatabase.migrate('alerting', …)`. */
export const sharedSteps: Readonly<Record<string, SchemaStep>> = {
  '001-records': {
    up: async (db, { key, text, integer, withId }) => {
      // A changed record gets a new number: who has seen all up to one number asks for those behind it.
      await withId(db.schema.createTable('alert_record'))
        .addColumn('kind', key, (column) => column.notNull())
        .addColumn('name', key, (column) => column.notNull())
        .addColumn('data', text, (column) => column.notNull())
        .addColumn('written_ms', integer, (column) => column.notNull())
        .execute()
      await db.schema
        .createIndex('alert_record_name')
        .on('alert_record')
        .columns(['kind', 'name'])
        .unique()
        .execute()
      await db.schema
        .createTable('alert_turn')
        .addColumn('name', key, (column) => column.primaryKey())
        .addColumn('owner', key, (column) => column.notNull())
        .addColumn('until_ms', integer, (column) => column.notNull())
        .execute()
    },
  },
  '002-alerts': {
    up: async (db, { key, text, integer, withId }) => {
      await withId(db.schema.createTable('alert_batch'))
        .addColumn('origin', key, (column) => column.notNull())
        .addColumn('data', text, (column) => column.notNull())
        .addColumn('written_ms', integer, (column) => column.notNull())
        .execute()
    },
  },
}

/** How often the others' changes are looked for. */
const POLL_MS = 1000
/** A statement that takes longer counts as failed: alerts do not wait for a database. */
const STATEMENT_MAX_MS = 3000
/** After a failure the database is left alone for this time. */
const REST_MS = 5000
/** Transactions end in another order than they began: numbers just behind the last one are read again. */
const OVERLAP = 200
const ROWS_MAX = 10_000

/** One kind of record: how it is named, and who hears of the others' ones. */
interface Kind<T> {
  readonly nameOf: (record: T) => string
  readonly local: RecordLog<T>
  adopt: ((record: T) => void) | undefined
  /** Written here and not yet in the database, by name. */
  readonly pending: Map<string, T>
}

/**
 * Records that several instances share by the state database. Each instance keeps all of them in a file of its own as
 * well: when the database does not answer it goes on with those, and hands on later what it wrote meanwhile.
 */
export class SharedRecords {
  readonly #state: StateDatabase
  readonly #clock: Clock
  readonly #logger: Logger
  // Records of any shape: each kind's functions know theirs.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly #kinds = new Map<string, Kind<any>>()
  readonly #initial = new Map<string, unknown[]>()
  /** Alerts, which must be known before what was told about them. */
  readonly alerts: SharedAlerts
  #refreshing: Promise<void> | undefined
  #nextRefresh: Promise<void> | undefined
  #last = 0
  #restUntilMs = 0
  #timer: Timer | undefined
  #isStopped = false

  private constructor(state: StateDatabase, clock: Clock, logger: Logger) {
    this.#state = state
    this.#clock = clock
    this.#logger = logger
    this.alerts = new SharedAlerts(this, clock, logger)
  }

  /** Reads what the others wrote. @throws StateError when the tables cannot be made */
  static async open(state: StateDatabase, clock: Clock, logger: Logger): Promise<SharedRecords> {
    await state.migrate('alerting', sharedSteps)
    const records = new SharedRecords(state, clock, logger)
    const rows = await records.#db().selectFrom('alert_record').selectAll().orderBy('id').execute()
    for (const { id, kind, data } of rows) {
      const list = records.#initial.get(kind) ?? []
      list.push(JSON.parse(data))
      records.#initial.set(kind, list)
      records.#last = id
    }
    records.#schedule()
    return records
  }

  /** A log of one kind, whose file is `local`. @param nameOf what stays the same when a record changes */
  log<T>(kind: string, nameOf: (record: T) => string, local: RecordLog<T>): RecordLog<T> {
    const own: Kind<T> = { nameOf, local, adopt: undefined, pending: new Map() }
    this.#kinds.set(kind, own)
    return {
      load: () => [...local.load(), ...((this.#initial.get(kind) ?? []) as T[])],
      append: async (record) => {
        await local.append(record)
        own.pending.set(nameOf(record), record)
        await this.#push(kind, own)
      },
      rewrite: async (records) => {
        await local.rewrite(records)
        await this.#dropOthers(kind, new Set(records.map((record) => hash(nameOf(record)))))
      },
    }
  }

  /** Who hears of records of other instances. */
  onRecord<T>(kind: string, adopt: (record: T) => void): void {
    this.#kinds.get(kind)!.adopt = adopt
  }

  /** The newest record of a name as the database has it. Undefined: there is none. Rejects when nobody answers. */
  async newest(kind: string, name: string): Promise<unknown> {
    const row = await this.attempt(() =>
      this.#db()
        .selectFrom('alert_record')
        .select('data')
        .where('kind', '=', kind)
        .where('name', '=', hash(name))
        .executeTakeFirst(),
    )
    return row === undefined ? undefined : JSON.parse(row.data)
  }

  /** Runs a statement within its time. Rejects at once while the database is left alone. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    if (this.#clock.monotonicMs() < this.#restUntilMs)
      throw new Error('the state database did not answer a moment ago')
    let timer: Timer | undefined
    const late = new Promise<never>((_, reject) => {
      timer = this.#clock.setTimer(STATEMENT_MAX_MS, () =>
        reject(new Error('the state database does not answer')),
      )
    })
    try {
      return await Promise.race([work(), late])
    } catch (error) {
      if (!isUniqueViolation(error)) {
        this.#restUntilMs = this.#clock.monotonicMs() + REST_MS
        this.#logger.error('Alerts go on without the state database: other instances may tell the same', {
          err: errorText(error),
        })
      }
      throw error
    } finally {
      timer?.cancel()
    }
  }

  tables(): Kysely<SharedTables> {
    return this.#db()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  /** Hands pending records on; those that cannot be stay pending. Never rejects. */
  async #push<T>(kind: string, own: Kind<T>): Promise<void> {
    for (const [name, record] of [...own.pending]) {
      try {
        await this.attempt(() => this.#store(kind, name, record))
        if (own.pending.get(name) === record) own.pending.delete(name)
      } catch {
        return
      }
    }
  }

  async #store(kind: string, name: string, record: unknown): Promise<void> {
    const row = {
      kind,
      name: hash(name),
      data: JSON.stringify(record),
      written_ms: Math.floor(this.#clock.nowMs()),
    }
    for (let attempt = 0; ; attempt++)
      try {
        await this.#state.transaction<SharedTables, void>(async (db) => {
          await db.deleteFrom('alert_record').where('kind', '=', kind).where('name', '=', row.name).execute()
          await db
            .insertInto('alert_record')
            .values(row as never)
            .execute()
        })
        return
      } catch (error) {
        // Another instance wrote the same in between.
        if (!isUniqueViolation(error) || attempt > 3) throw error
      }
  }

  /** Forgets records that no instance needs: gone here and not written lately. */
  async #dropOthers(kind: string, kept: ReadonlySet<string>): Promise<void> {
    const beforeMs = Math.floor(this.#clock.nowMs()) - 3_600_000
    try {
      await this.attempt(async () => {
        const rows = await this.#db()
          .selectFrom('alert_record')
          .select(['id', 'name'])
          .where('kind', '=', kind)
          .where('written_ms', '<', beforeMs)
          .execute()
        const gone = rows.filter(({ name }) => !kept.has(name)).map(({ id }) => id)
        if (gone.length > 0)
          await this.#db().deleteFrom('alert_record').where('id', 'in', gone.slice(0, 1000)).execute()
      })
    } catch {
      // Said already; the next time will do.
    }
  }

  #schedule(): void {
    if (this.#isStopped) return
    this.#timer = this.#clock.setTimer(POLL_MS, () => {
      this.refresh().finally(() => this.#schedule())
    })
  }

  /**
   * Hands on what is new here and takes over what the others have written before this call. Never rejects: without the
   * database everything stays as it is.
   */
  refresh(): Promise<void> {
    if (this.#refreshing === undefined) {
      this.#refreshing = this.#poll().finally(() => (this.#refreshing = undefined))
      return this.#refreshing
    }
    // The one under way may have asked already: everybody who comes now shares the one behind it.
    this.#nextRefresh ??= this.#refreshing.then(() => {
      this.#nextRefresh = undefined
      return this.refresh()
    })
    return this.#nextRefresh
  }

  async #poll(): Promise<void> {
    if (this.#clock.monotonicMs() < this.#restUntilMs) return
    try {
      await this.alerts.push()
      for (const [kind, own] of this.#kinds) if (own.pending.size > 0) await this.#push(kind, own)
      const rows = await this.attempt(() =>
        this.#db()
          .selectFrom('alert_record')
          .selectAll()
          .where('id', '>', this.#last - OVERLAP)
          .orderBy('id')
          .limit(ROWS_MAX)
          .execute(),
      )
      // Asked for second and used first: what was told is told of alerts that are known by then.
      await this.alerts.poll()
      for (const { id, kind, data } of rows) {
        this.#last = Math.max(this.#last, id)
        this.#kinds.get(kind)?.adopt?.(JSON.parse(data))
      }
    } catch {
      // Said already; the next poll will do.
    }
  }

  #db(): Kysely<SharedTables> {
    return this.#state.tables<SharedTables>()
  }
}

/** Names may be longer than a key. */
export function hash(name: string): string {
  return createHash('sha256').update(name).digest('hex')
}
