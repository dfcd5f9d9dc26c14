import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { insertRow, insertRows } from './insert.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { isUniqueViolation, StateError } from './errors.ts'
import { type SchemaStep, StateDatabase } from './state-database.ts'

interface Tables {
  thing: { id: number; name: string; content: string; at: number }
}

const STEPS: Record<string, SchemaStep> = {
  '001-things': {
    up: async (db, { key, text, integer, withId }) => {
      await withId(db.schema.createTable('thing'))
        .addColumn('name', key, (column) => column.notNull().unique())
        .addColumn('content', text, (column) => column.notNull())
        .addColumn('at', integer, (column) => column.notNull())
        .execute()
    },
  },
}

async function withStore(work: (store: StateDatabase) => Promise<void>): Promise<void> {
  const store = await StateDatabase.open({ kind: 'sqlite', file: ':memory:' })
  try {
    await store.migrate('test', STEPS)
    await work(store)
  } finally {
    await store.close()
  }
}

test('rows come back as they were written', () =>
  withStore(async (store) => {
    const db = store.tables<Tables>()
    const content = JSON.stringify({ text: 'ü\u0000😀', deep: [1e300, -0.1] })
    const id = await insertRow(store, db, 'thing', { name: 'a', content, at: 2 ** 52 })
    expect(await db.selectFrom('thing').selectAll().executeTakeFirst()).toEqual({
      id,
      name: 'a',
      content,
      at: 2 ** 52,
    })
    const changed = await db.updateTable('thing').set({ name: 'b' }).where('id', '=', id).executeTakeFirst()
    expect(changed.numUpdatedRows).toBe(1n)
  }))

test('a failed transaction leaves nothing, and others wait for it', () =>
  withStore(async (store) => {
    const failing = store.transaction<Tables, void>(async (db) => {
      await insertRow(store, db, 'thing', { name: 'a', content: '', at: 0 })
      throw new Error('no')
    })
    const other = store.transaction<Tables, number>((db) =>
      insertRow(store, db, 'thing', { name: 'a', content: '', at: 1 }),
    )
    await expect(failing).rejects.toThrow('no')
    await other
    expect(await store.tables<Tables>().selectFrom('thing').select('at').execute()).toEqual([{ at: 1 }])
  }))

test('a key that exists is told apart from other errors', () =>
  withStore(async (store) => {
    const row = { name: 'a', content: '', at: 0 }
    await insertRow(store, store.tables(), 'thing', row)
    const error = await insertRow(store, store.tables(), 'thing', row).catch((reason: unknown) => reason)
    expect(isUniqueViolation(error)).toBe(true)
    const other = await insertRow(store, store.tables(), 'nothing', row).catch((reason: unknown) => reason)
    expect(isUniqueViolation(other)).toBe(false)
  }))

test('a file keeps its rows; steps run once; a newer database is refused', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'state-'))
  const place = parseDatabaseUrl('', directory)
  try {
    const first = await StateDatabase.open(place)
    await first.migrate('test', { ...STEPS, '002-later': { up: async () => {} } })
    await insertRow(first, first.tables(), 'thing', { name: 'kept', content: '', at: 0 })
    await first.close()
    const second = await StateDatabase.open(place)
    expect(await second.tables<Tables>().selectFrom('thing').select('name').execute()).toEqual([
      { name: 'kept' },
    ])
    await expect(second.migrate('test', STEPS)).rejects.toThrow(/002-later/)
    await second.close()
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('what cannot be opened is said without passwords', async () => {
  expect(() => parseDatabaseUrl('oracle://me:secret@host/db', '/x')).toThrow(/oracle:\/\/me:\*\*\*@host/)
  await expect(
    StateDatabase.open({ kind: 'sqlite', file: `${import.meta.filename}/state.db` }),
  ).rejects.toThrow()
  const place = parseDatabaseUrl('postgres://me:secret@127.0.0.1:1/db', '/x')
  const error = await StateDatabase.open(place).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(StateError)
  expect((error as Error).message).toMatch(/postgres:\/\/me:\*\*\*@127\.0\.0\.1:1\/db: .*ECONNREFUSED/)
})

test('many rows at once get their ids in order', () =>
  withStore(async (store) => {
    const db = store.tables<Tables>()
    const rows = Array.from({ length: 450 }, (_, i) => ({ name: `n${i}`, content: '', at: i }))
    const ids = await insertRows(store, db, 'thing', rows)
    const stored = await db.selectFrom('thing').select(['id', 'at']).orderBy('at').execute()
    expect(stored.map(({ id }) => id)).toEqual(ids)
    expect(await insertRows(store, db, 'thing', [])).toEqual([])
    await expect(insertRows(store, db, 'thing', [{ name: 'n0', content: '', at: 0 }])).rejects.toSatisfy(
      isUniqueViolation,
    )
  }))
