import type { Clock } from '@promontory/base'
import { insertRow, isUniqueViolation, type Kysely, type StateDatabase } from '@promontory/state'
import { AccessError } from './errors.ts'
import type { Role } from './identity.ts'
import { slug } from './slug.ts'
import type { AccessTables, ApiTokenRow, ServiceAccountRow } from './tables.ts'
import { hashToken, randomToken } from './token-hash.ts'

/** How tokens begin, as Grafana's do: secret scanners know them. */
export const TOKEN_PREFIX = 'glsa_'
/** The time of last use is written at most this often. */
const USED_EVERY_MS = 60_000

export interface TokenOwner {
  readonly token: ApiTokenRow
  readonly account: ServiceAccountRow
}

/** Programs that may come in, each with tokens that may expire. A token is shown once; we keep its hash. */
export class ServiceAccountStore {
  readonly #state: StateDatabase
  readonly #clock: Clock

  constructor(state: StateDatabase, clock: Clock) {
    this.#state = state
    this.#clock = clock
  }

  list(): Promise<ServiceAccountRow[]> {
    return this.#db().selectFrom('service_account').selectAll().orderBy('name').execute()
  }

  /** @throws AccessError `not-found` */
  async get(id: number): Promise<ServiceAccountRow> {
    const row = await this.#db()
      .selectFrom('service_account')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    if (row === undefined) throw new AccessError('not-found', 'service account not found')
    return row
  }

  /** @throws AccessError `exists`, `invalid` */
  async create(name: string, role: Role, isDisabled: boolean): Promise<ServiceAccountRow> {
    if (name.trim() === '' || name.length > 150)
      throw new AccessError('invalid', 'a name of 1 to 150 characters is needed')
    const now = this.#clock.nowMs()
    try {
      const id = await insertRow(this.#state, this.#db(), 'service_account', {
        name,
        login: `sa-1-${slug(name)}`,
        role,
        is_disabled: isDisabled ? 1 : 0,
        created_ms: now,
        updated_ms: now,
      })
      return await this.get(id)
    } catch (error) {
      if (isUniqueViolation(error)) throw new AccessError('exists', 'service account already exists')
      throw error
    }
  }

  async change(
    id: number,
    change: {
      readonly name?: string | undefined
      readonly role?: Role | undefined
      readonly isDisabled?: boolean | undefined
    },
  ): Promise<ServiceAccountRow> {
    await this.get(id)
    await this.#db()
      .updateTable('service_account')
      .set({
        ...(change.name === undefined ? {} : { name: change.name }),
        ...(change.role === undefined ? {} : { role: change.role }),
        ...(change.isDisabled === undefined ? {} : { is_disabled: change.isDisabled ? 1 : 0 }),
        updated_ms: this.#clock.nowMs(),
      })
      .where('id', '=', id)
      .execute()
    return this.get(id)
  }

  async delete(id: number): Promise<void> {
    await this.get(id)
    await this.#state.transaction<AccessTables, void>(async (db) => {
      await db.deleteFrom('api_token').where('service_account_id', '=', id).execute()
      await db.deleteFrom('service_account').where('id', '=', id).execute()
    })
  }

  tokens(accountId: number): Promise<ApiTokenRow[]> {
    return this.#db()
      .selectFrom('api_token')
      .selectAll()
      .where('service_account_id', '=', accountId)
      .orderBy('id')
      .execute()
  }

  /** @param lifeSeconds 0: does not expire. @returns the token, which nobody can see again */
  async createToken(
    accountId: number,
    name: string,
    lifeSeconds: number,
  ): Promise<{ id: number; key: string }> {
    await this.get(accountId)
    if (name.trim() === '' || name.length > 190)
      throw new AccessError('invalid', 'a name of 1 to 190 characters is needed')
    if (!Number.isSafeInteger(lifeSeconds) || lifeSeconds < 0)
      throw new AccessError('invalid', `secondsToLive is ${lifeSeconds}, expected a whole number from 0`)
    if ((await this.tokens(accountId)).some((token) => token.name === name))
      throw new AccessError(
        'exists',
        'service account token with given name already exists in the organization',
      )
    const key = `${TOKEN_PREFIX}${randomToken()}`
    const now = this.#clock.nowMs()
    const id = await insertRow(this.#state, this.#db(), 'api_token', {
      service_account_id: accountId,
      name,
      token_hash: hashToken(key),
      created_ms: now,
      expires_ms: lifeSeconds === 0 ? 0 : now + lifeSeconds * 1000,
      used_ms: 0,
    })
    return { id, key }
  }

  /** @throws AccessError `not-found` */
  async deleteToken(accountId: number, id: number): Promise<void> {
    const deleted = await this.#db()
      .deleteFrom('api_token')
      .where('service_account_id', '=', accountId)
      .where('id', '=', id)
      .executeTakeFirst()
    if (deleted.numDeletedRows === 0n) throw new AccessError('not-found', 'service account token not found')
  }

  /** Whose token it is; undefined for unknown, expired and disabled ones. */
  async owner(key: string): Promise<TokenOwner | undefined> {
    const token = await this.#db()
      .selectFrom('api_token')
      .selectAll()
      .where('token_hash', '=', hashToken(key))
      .executeTakeFirst()
    const now = this.#clock.nowMs()
    if (token === undefined || (token.expires_ms !== 0 && token.expires_ms <= now)) return undefined
    const account = await this.get(token.service_account_id)
    if (account.is_disabled === 1) return undefined
    if (now - token.used_ms > USED_EVERY_MS)
      await this.#db().updateTable('api_token').set({ used_ms: now }).where('id', '=', token.id).execute()
    return { token, account }
  }

  #db(): Kysely<AccessTables> {
    return this.#state.tables<AccessTables>()
  }
}
