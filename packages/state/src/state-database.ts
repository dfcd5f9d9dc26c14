import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Dialect, Kysely, MysqlDialect, PostgresDialect, sql, type Transaction } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { errorText } from '@promontory/base'
import { columnsFor, type PortableColumns } from './columns.ts'
import { type DatabaseKind, type DatabasePlace, describePlace } from './database-url.ts'
import { StateError } from './errors.ts'
import { SqliteThreadDialect } from './sqlite-dialect.ts'
import { TABLE_PREFIX, TablePrefixPlugin } from './table-prefix.ts'

/** How long a statement waits for a lock of another process on the SQLite file. */
const BUSY_TIMEOUT_MS = 2000
/** Connections to a database server at most. */
const POOL_CONNECTIONS = 10
const CONNECT_TIMEOUT_MS = 10_000

/** One step of a package's schema. It runs once per database, in the order of names. */
export interface SchemaStep {
  // The tables of a step are those of its time, not of the program: hence untyped.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly up: (db: Kysely<any>, columns: PortableColumns) => Promise<void>
}

/**
 * The SQL store of everything that is not samples: SQLite in a thread by default, PostgreSQL or MySQL by URL. Each
 * package brings its own tables and steps; they share the connection and may share a transaction.
 */
export class StateDatabase {
  readonly kind: DatabaseKind
  /** For messages; without passwords. */
  readonly place: string
  /** Without the prefix: for the migrator, which looks its own tables up. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly #db: Kysely<any>
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly #prefixed: Kysely<any>

  // oxlint-disable-next-line typescript/no-explicit-any
  private constructor(kind: DatabaseKind, place: string, db: Kysely<any>) {
    this.kind = kind
    this.place = place
    this.#db = db
    this.#prefixed = db.withPlugin(new TablePrefixPlugin())
  }

  /** Opens and tries the store. @throws StateError when it cannot be reached */
  static async open(place: DatabasePlace): Promise<StateDatabase> {
    const described = describePlace(place)
    const db = new Kysely<object>({ dialect: await dialectOf(place) })
    try {
      if (place.kind === 'sqlite' && place.file !== ':memory:')
        mkdirSync(dirname(place.file), { recursive: true })
      await sql`select 1`.execute(db)
      return new StateDatabase(place.kind, described, db)
    } catch (error) {
      await db.destroy().catch(() => undefined)
      if (error instanceof StateError) throw error
      throw new StateError(`cannot use the state database ${described}: ${errorText(error)}`, {
        cause: error,
      })
    }
  }

  /** The same connection, seen with a package's own tables. */
  tables<Tables>(): Kysely<Tables> {
    return this.#prefixed as Kysely<Tables>
  }

  /** All or nothing. */
  transaction<Tables, T>(work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.#prefixed.transaction().execute((transaction) => work(transaction as Transaction<Tables>))
  }

  /**
   * Brings one package's tables up to date. Instances that start together wait for each other.
   * @param steps by name, `001-users`; names sort in the order of time and never change
   * @throws StateError when a step fails, or when the database was made by a newer program
   */
  async migrate(owner: string, steps: Readonly<Record<string, SchemaStep>>): Promise<void> {
    const columns = columnsFor(this.kind)
    const migrations: Record<string, Migration> = Object.fromEntries(
      Object.entries(steps).map(([name, { up }]) => [
        name,
        { up: (db) => up(db.withPlugin(new TablePrefixPlugin()), columns) },
      ]),
    )
    const { error } = await new Migrator({
      db: this.#db,
      provider: { getMigrations: async () => migrations },
      migrationTableName: `${TABLE_PREFIX}migration_${owner}`,
      migrationLockTableName: `${TABLE_PREFIX}migration_${owner}_lock`,
    }).migrateToLatest()
    if (error !== undefined)
      throw new StateError(
        `the tables of ${owner} in ${this.place} cannot be brought up to date: ${errorText(error)}`,
        {
          cause: error,
        },
      )
  }

  /** Whether the store answers. */
  async isHealthy(): Promise<boolean> {
    try {
      await sql`select 1`.execute(this.#db)
      return true
    } catch {
      return false
    }
  }

  close(): Promise<void> {
    return this.#db.destroy()
  }
}

async function dialectOf(place: DatabasePlace): Promise<Dialect> {
  if (place.kind === 'sqlite')
    return new SqliteThreadDialect({ file: place.file, busyTimeoutMs: BUSY_TIMEOUT_MS })
  return place.kind === 'postgres' ? postgresDialect(place.url) : mysqlDialect(place.url)
}

/** PostgreSQL's number of the type int8 in answers. */
const INT8 = 20

async function postgresDialect(url: URL): Promise<Dialect> {
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({
    connectionString: url.href,
    max: POOL_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // Times in ms and ids stay below 2^53, so that they may be numbers.
    types: {
      getTypeParser: (type, format) => (type === INT8 ? Number : pg.types.getTypeParser(type, format)),
    },
  })
  // An idle connection that breaks is replaced at the next use; without a listener it would end the process.
  pool.on('error', () => undefined)
  // The same of one that is in use, between two statements of a transaction: the next statement rejects.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return new PostgresDialect({ pool })
}

async function mysqlDialect(url: URL): Promise<Dialect> {
  const { default: mysql } = await import('mysql2')
  return new MysqlDialect({
    pool: mysql.createPool({
      uri: url.href,
      connectionLimit: POOL_CONNECTIONS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      charset: 'utf8mb4',
      // As in the others: the count of rows that matched, not of those that changed.
      flags: ['FOUND_ROWS'],
    }),
  })
}
