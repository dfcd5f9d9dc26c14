import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Instrument } from '@promontory/instrument'
import { type Incident, TABLES } from './world.ts'

/** Size of the imagined pool; SQLite itself has no connections to wait for. */
export const POOL_SIZE = 20

/** SQLite with the kit's metrics around each query. */
export class Store {
  readonly #kit: Instrument
  readonly #incidents: ReadonlySet<Incident>
  readonly #database = new DatabaseSync(':memory:')
  #active = 0

  constructor(kit: Instrument, incidents: ReadonlySet<Incident>) {
    this.#kit = kit
    this.#incidents = incidents
    for (const table of TABLES) {
      this.#database.exec(`CREATE TABLE ${table} (id INTEGER PRIMARY KEY, body TEXT)`)
      const insert = this.#database.prepare(`INSERT INTO ${table} (body) VALUES (?)`)
      for (let i = 0; i < 200; i++) insert.run(`${table} ${i}`)
    }
    this.#report()
  }

  ping(): void {
    this.#database.prepare('SELECT 1').get()
  }

  async read(table: (typeof TABLES)[number], id: number): Promise<unknown> {
    return this.#run('select', table, true, () =>
      this.#database.prepare(`SELECT * FROM ${table} WHERE id = ?`).get(id),
    )
  }
  async list(table: (typeof TABLES)[number]): Promise<unknown[]> {
    return this.#run('select', table, false, () =>
      this.#database.prepare(`SELECT * FROM ${table} WHERE body LIKE '%7%' LIMIT 20`).all(),
    )
  }
  async add(table: (typeof TABLES)[number], body: string): Promise<void> {
    await this.#run('insert', table, true, () =>
      this.#database.prepare(`INSERT INTO ${table} (body) VALUES (?)`).run(body),
    )
  }

  async #run<T>(operation: string, table: string, usesIndex: boolean, query: () => T): Promise<T> {
    this.#active++
    this.#report()
    try {
      return await this.#kit.database.query({ operation, table, usesIndex }, async () => {
        await sleep(
          this.#incidents.has('slow-database') ? 1200 + Math.random() * 600 : 1 + Math.random() * 12,
        )
        return query()
      })
    } finally {
      this.#active--
      this.#report()
    }
  }

  #report(): void {
    this.#kit.database.pool('main', { active: this.#active, max: POOL_SIZE })
    const { page_count } = this.#database.prepare('PRAGMA page_count').get() as { page_count: number }
    this.#kit.database.size('main', page_count * 4096)
  }
}
