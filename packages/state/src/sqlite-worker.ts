import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { FromSqlite, SqliteWorkerData, ToSqlite } from './sqlite-protocol.ts'

/*
 * Thread entry: owns the synchronous SQLite connection, so that a slow disk or a locked file never holds up the main
 * thread. Statements run one after another in the order in which they arrive.
 */

/** Prepared statements that are kept by their text; the program has some hundred. */
const STATEMENTS_MAX = 500

const port = parentPort!
const { file, busyTimeoutMs } = workerData as SqliteWorkerData
const statements = new Map<string, StatementSync>()

function open(): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs })
  // FULL: what was answered is on the disk, also when the power fails. Writes are few.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
  return database
}

function prepare(database: DatabaseSync, sql: string): StatementSync {
  const known = statements.get(sql)
  if (known !== undefined) return known
  const statement = database.prepare(sql)
  if (statements.size >= STATEMENTS_MAX) statements.delete(statements.keys().next().value!)
  statements.set(sql, statement)
  return statement
}

function run(database: DatabaseSync, { id, sql, parameters }: ToSqlite): FromSqlite {
  // A statement on the schema makes prepared ones stale: their column lists would be the old ones.
  if (/^\s*(create|alter|drop)\b/i.test(sql)) statements.clear()
  const statement = prepare(database, sql)
  if (statement.columns().length > 0)
    return { id, rows: statement.all(...parameters), changes: undefined, insertId: undefined }
  const { changes, lastInsertRowid } = statement.run(...parameters)
  return { id, rows: [], changes, insertId: lastInsertRowid }
}

function failed(id: number, error: unknown): FromSqlite {
  const { message, code } = error as Error & { code?: string }
  return { id, error: { message, code } }
}

let database: DatabaseSync | undefined
try {
  database = open()
  port.postMessage({ id: 0, rows: [], changes: undefined, insertId: undefined } satisfies FromSqlite)
} catch (error) {
  port.postMessage(failed(0, error))
}

port.on('message', (message: ToSqlite | 'close') => {
  if (message === 'close') {
    database?.close()
    port.close()
    return
  }
  let answer: FromSqlite
  try {
    answer = run(database!, message)
  } catch (error) {
    answer = failed(message.id, error)
  }
  port.postMessage(answer)
})
