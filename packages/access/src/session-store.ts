import type { Clock } from '@promontory/base'
import { insertRow, type Kysely, type StateDatabase } from '@promontory/state'
import type { AccessTables, SessionRow } from './tables.ts'
import { hashToken, randomToken } from './token-hash.ts'

/** How long a session lives after it was last used, and at most: Grafana's defaults. */
export const SESSION_IDLE_MS: number = 7 * 24 * 3_600_000
const SESSION_LIFE_MS = 30 * 24 * 3_600_000
/** The time of last use is written at most this often. */
const SEEN_EVERY_MS = 60_000

/** Browsers that are logged in. The cookie's value is known to the browser only; we keep its hash. */
export class SessionStore {
  readonly #state: StateDatabase
  readonly #clock: Clock

  constructor(state: StateDatabase, clock: Clock) {
    this.#state = state
    this.#clock = clock
  }

  /** @returns the cookie's value */
  async create(accountId: number, client: string, agent: string): Promise<string> {
    const token = randomToken()
    const now = this.#clock.nowMs()
    await insertRow(this.#state, this.#db(), 'session', {
      token_hash: hashToken(token),
      account_id: accountId,
      created_ms: now,
      seen_ms: now,
      expires_ms: now + SESSION_IDLE_MS,
      client,
      agent: agent.slice(0, 300),
    })
    await this.#db().deleteFrom('session').where('expires_ms', '<', now).execute()
    return token
  }

  /** The session of a cookie, prolonged; undefined when there is none or it has ended. */
  async use(token: string): Promise<SessionRow | undefined> {
    const now = this.#clock.nowMs()
    const row = await this.#db()
      .selectFrom('session')
      .selectAll()
      .where('token_hash', '=', hashToken(token))
      .executeTakeFirst()
    if (row === undefined || row.expires_ms <= now) return undefined
    if (now - row.seen_ms > SEEN_EVERY_MS)
      await this.#db()
        .updateTable('session')
        .set({ seen_ms: now, expires_ms: Math.min(now + SESSION_IDLE_MS, row.created_ms + SESSION_LIFE_MS) })
        .where('id', '=', row.id)
        .execute()
    return row
  }

  async end(token: string): Promise<void> {
    await this.#db().deleteFrom('session').where('token_hash', '=', hashToken(token)).execute()
  }

  list(accountId: number): Promise<SessionRow[]> {
    return this.#db()
      .selectFrom('session')
      .selectAll()
      .where('account_id', '=', accountId)
      .orderBy('seen_ms', 'desc')
      .execute()
  }

  /** @param id one session, undefined for all of the account */
  async revoke(accountId: number, id?: number): Promise<void> {
    let remove = this.#db().deleteFrom('session').where('account_id', '=', accountId)
    if (id !== undefined) remove = remove.where('id', '=', id)
    await remove.execute()
  }

  #db(): Kysely<AccessTables> {
    return this.#state.tables<AccessTables>()
  }
}
