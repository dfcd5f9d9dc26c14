import type { Kysely } from 'kysely'
import type { StateDatabase } from './state-database.ts'

/**
 * Inserts one row into a table that has a counted `id`. @returns the id
 *
 * @param db the store's connection or a transaction on it
 */
export async function insertRow(
  store: StateDatabase,
  // The table is named by a string: the types of all tables cannot be known here.
  // oxlint-disable-next-line typescript/no-explicit-any
  db: Kysely<any>,
  table: string,
  values: Readonly<Record<string, string | number | null>>,
): Promise<number> {
  const insert = db.insertInto(table).values(values)
  if (store.kind === 'mysql') return Number((await insert.executeTakeFirstOrThrow()).insertId)
  const row = (await insert.returning('id').executeTakeFirstOrThrow()) as { id: number | bigint }
  return Number(row.id)
}
