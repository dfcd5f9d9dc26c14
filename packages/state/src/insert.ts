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

/** Rows of one statement: with some twenty columns far below the bound on parameters of each database. */
const ROWS_PER_STATEMENT = 200

/**
 * Inserts many rows into a table that has a counted `id`, in few statements. @returns the ids, in the order of the rows
 *
 * @param db the store's connection or a transaction on it
 */
export async function insertRows(
  store: StateDatabase,
  // The table is named by a string: the types of all tables cannot be known here.
  // oxlint-disable-next-line typescript/no-explicit-any
  db: Kysely<any>,
  table: string,
  rows: readonly Readonly<Record<string, string | number | null>>[],
): Promise<number[]> {
  const ids: number[] = []
  // MySQL tells the first id only, and how far apart they are depends on its configuration.
  if (store.kind === 'mysql') for (const row of rows) ids.push(await insertRow(store, db, table, row))
  else
    for (let i = 0; i < rows.length; i += ROWS_PER_STATEMENT) {
      const some = await db
        .insertInto(table)
        .values(rows.slice(i, i + ROWS_PER_STATEMENT))
        .returning('id')
        .execute()
      // Ids are counted in the order of the rows; the order in which they are told is nobody's promise.
      ids.push(...some.map(({ id }) => Number(id)).sort((a, b) => a - b))
    }
  return ids
}
