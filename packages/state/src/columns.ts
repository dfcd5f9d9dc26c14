import { type CreateTableBuilder, type RawBuilder, sql } from 'kysely'
import type { DatabaseKind } from './database-url.ts'

/** Column types that mean the same in all databases. Truth values are integers 0 and 1; times are Unix ms. */
export interface PortableColumns {
  /** Up to 190 characters: what MySQL can index in four-byte characters. */
  readonly key: RawBuilder<unknown>
  /** Text without a bound worth naming. */
  readonly text: RawBuilder<unknown>
  /** 64 bits; values stay below 2^53. */
  readonly integer: RawBuilder<unknown>
  /** Adds the column `id`: a number that the database counts up and never gives twice. */
  readonly withId: <T extends string>(table: CreateTableBuilder<T, never>) => CreateTableBuilder<T, 'id'>
}

/** The column types of one database. */
export function columnsFor(kind: DatabaseKind): PortableColumns {
  return {
    key: sql.raw(
      kind === 'mysql' ? 'varchar(190) character set utf8mb4 collate utf8mb4_bin' : 'varchar(190)',
    ),
    text: sql.raw(kind === 'mysql' ? 'longtext character set utf8mb4 collate utf8mb4_bin' : 'text'),
    integer: sql.raw('bigint'),
    withId: (table) => {
      if (kind === 'postgres') return table.addColumn('id', 'bigserial', (column) => column.primaryKey())
      const type = kind === 'sqlite' ? 'integer' : 'bigint'
      return table.addColumn('id', type, (column) => column.primaryKey().autoIncrement())
    },
  }
}
