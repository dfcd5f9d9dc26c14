import type { Kysely, StateDatabase } from '@promontory/state'
import { isJsonObject, type JsonObject } from './json.ts'
import type { DashboardTables } from './tables.ts'

/** Preferences of the organisation (`org`) and of users (`user:7`): theme, home dashboard, time zone, week start. */
export class PreferenceStore {
  readonly #state: StateDatabase

  constructor(state: StateDatabase) {
    this.#state = state
  }

  async get(scope: string): Promise<JsonObject> {
    const row = await this.#db()
      .selectFrom('preference')
      .select('data')
      .where('scope', '=', scope)
      .executeTakeFirst()
    const value: unknown = row === undefined ? {} : JSON.parse(row.data)
    return isJsonObject(value) ? value : {}
  }

  async set(scope: string, value: JsonObject): Promise<void> {
    const data = JSON.stringify(value)
    await this.#state.transaction<DashboardTables, void>(async (db) => {
      const updated = await db
        .updateTable('preference')
        .set({ data })
        .where('scope', '=', scope)
        .executeTakeFirst()
      if (updated.numUpdatedRows === 0n) await db.insertInto('preference').values({ scope, data }).execute()
    })
  }

  #db(): Kysely<DashboardTables> {
    return this.#state.tables<DashboardTables>()
  }
}
