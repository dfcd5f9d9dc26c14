import type { Kysely, StateDatabase } from '@promontory/state'
import { isUniqueViolation } from '@promontory/state'
import type { DashboardTables } from './tables.ts'

/** Which user has starred which dashboards. */
export class StarStore {
  readonly #state: StateDatabase

  constructor(state: StateDatabase) {
    this.#state = state
  }

  async of(userId: number): Promise<string[]> {
    const rows = await this.#db()
      .selectFrom('star')
      .select('dashboard_uid')
      .where('user_id', '=', userId)
      .execute()
    return rows.map((row) => row.dashboard_uid)
  }

  async add(userId: number, uid: string): Promise<void> {
    try {
      await this.#db().insertInto('star').values({ user_id: userId, dashboard_uid: uid }).execute()
    } catch (error) {
      // Starred already: what was asked for holds.
      if (!isUniqueViolation(error)) throw error
    }
  }

  async remove(userId: number, uid: string): Promise<void> {
    await this.#db()
      .deleteFrom('star')
      .where('user_id', '=', userId)
      .where('dashboard_uid', '=', uid)
      .execute()
  }

  #db(): Kysely<DashboardTables> {
    return this.#state.tables<DashboardTables>()
  }
}
