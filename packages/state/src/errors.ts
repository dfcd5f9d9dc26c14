/** The store cannot be opened or used; the message says which store, why, and what to do. */
export class StateError extends Error {
  override readonly name = 'StateError'
}

/** Whether a statement failed because a unique key exists already, in any of the databases. */
export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as Error & { code?: unknown }
  // PostgreSQL: SQLSTATE 23505. MySQL: ER_DUP_ENTRY. SQLite: extended codes UNIQUE and PRIMARYKEY.
  return (
    code === '23505' ||
    code === 'ER_DUP_ENTRY' ||
    /^(UNIQUE|PRIMARY KEY) constraint failed/.test(error.message)
  )
}
