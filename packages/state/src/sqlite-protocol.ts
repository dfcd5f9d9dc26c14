/** What the SQLite thread is started with. */
export interface SqliteWorkerData {
  /** A path, or `:memory:`. */
  readonly file: string
  /** How long a statement waits for a lock of another process; the thread stands still meanwhile. */
  readonly busyTimeoutMs: number
}

export type SqliteParameter = string | number | bigint | null | Uint8Array

/** One statement to run. */
export interface ToSqlite {
  readonly id: number
  readonly sql: string
  readonly parameters: readonly SqliteParameter[]
}

/** Its answer; the first one, with id 0, says whether the database is open. */
export type FromSqlite =
  | {
      readonly id: number
      readonly rows: readonly unknown[]
      readonly changes: number | bigint | undefined
      readonly insertId: number | bigint | undefined
    }
  | { readonly id: number; readonly error: { readonly message: string; readonly code: string | undefined } }
