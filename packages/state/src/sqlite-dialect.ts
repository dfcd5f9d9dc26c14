import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import {
  CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { StateError } from './errors.ts'
import type { FromSqlite, SqliteParameter, SqliteWorkerData, ToSqlite } from './sqlite-protocol.ts'

/** Kysely on the SQLite thread. One connection; Kysely's own mutex keeps transactions apart. */
export class SqliteThreadDialect implements Dialect {
  readonly #driver: SqliteThreadDriver

  constructor(data: SqliteWorkerData) {
    this.#driver = new SqliteThreadDriver(data)
  }

  createDriver(): Driver {
    return this.#driver
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler()
  }

  createAdapter(): DialectAdapter {
    return new SqliteAdapter()
  }

  // oxlint-disable-next-line typescript/no-explicit-any
  createIntrospector(db: Kysely<any>): DatabaseIntrospector {
    return new SqliteIntrospector(db)
  }
}

class SqliteThreadDriver implements Driver {
  readonly #data: SqliteWorkerData
  #connection: SqliteThreadConnection | undefined

  constructor(data: SqliteWorkerData) {
    this.#data = data
  }

  async init(): Promise<void> {
    const connection = new SqliteThreadConnection(this.#data)
    await connection.opened
    this.#connection = connection
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection!
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // "immediate": a transaction that reads first and then writes must not lose against another process in between.
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#connection?.close()
  }
}

interface Pending {
  readonly resolve: (answer: Extract<FromSqlite, { rows: unknown }>) => void
  readonly reject: (error: Error) => void
}

/** An error of SQLite as the thread told it. */
class SqliteError extends Error {
  override readonly name = 'SqliteError'
  readonly code: string | undefined
  constructor(message: string, code: string | undefined) {
    super(message)
    this.code = code
  }
}

class SqliteThreadConnection implements DatabaseConnection {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  readonly #ended: Promise<void>
  readonly opened: Promise<void>
  #lastId = 0
  #failure: Error | undefined

  constructor(data: SqliteWorkerData) {
    this.#worker = new Worker(workerFile(), { workerData: data })
    this.opened = new Promise((resolve, reject) => {
      this.#pending.set(0, {
        resolve: () => resolve(),
        reject: (error) =>
          reject(new StateError(`cannot open ${data.file}: ${error.message}`, { cause: error })),
      })
    })
    this.#worker.on('message', (answer: FromSqlite) => this.#settle(answer))
    this.#worker.on('error', (error) => this.#fail(error as Error))
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#fail(new StateError('the thread of the state database has ended'))
        resolve()
      })
    })
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#failure !== undefined) throw this.#failure
    const id = ++this.#lastId
    const message: ToSqlite = { id, sql: query.sql, parameters: query.parameters.map(toParameter) }
    const answer = await new Promise<Extract<FromSqlite, { rows: unknown }>>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#worker.postMessage(message)
    })
    return {
      rows: answer.rows as R[],
      ...(answer.changes === undefined ? {} : { numAffectedRows: BigInt(answer.changes) }),
      ...(answer.insertId === undefined ? {} : { insertId: BigInt(answer.insertId) }),
    }
  }

  // oxlint-disable-next-line require-yield
  async *streamQuery(): AsyncGenerator<never> {
    throw new Error('BUG: the state database does not stream')
  }

  close(): Promise<void> {
    this.#worker.postMessage('close')
    return this.#ended
  }

  #settle(answer: FromSqlite): void {
    const pending = this.#pending.get(answer.id)
    this.#pending.delete(answer.id)
    if ('error' in answer) pending?.reject(new SqliteError(answer.error.message, answer.error.code))
    else pending?.resolve(answer)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#pending.values()) reject(this.#failure)
    this.#pending.clear()
  }
}

function toParameter(value: unknown): SqliteParameter {
  if (value === undefined || value === null) return null
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
  if (value instanceof Uint8Array) return value
  throw new Error(`BUG: a ${typeof value} cannot be stored`)
}

/** Beside this file when run from sources, beside the program when bundled. */
function workerFile(): string {
  const bundled = fileURLToPath(new URL('./sqlite-worker.js', import.meta.url))
  return existsSync(bundled) ? bundled : fileURLToPath(new URL('./sqlite-worker.ts', import.meta.url))
}
