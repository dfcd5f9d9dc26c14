import type { Clock } from '@promontory/base'
import { insertRow, isUniqueViolation, type Kysely, type StateDatabase } from '@promontory/state'
import { AccessError } from './errors.ts'
import type { Role } from './identity.ts'
import type { Passwords } from './passwords.ts'
import type { AccessTables, AccountRow } from './tables.ts'

export interface AccountInput {
  readonly login: string
  readonly email: string
  readonly name: string
  /** Undefined: nobody can log in with a password. */
  readonly password: string | undefined
  readonly role: Role
  readonly isAdmin: boolean
}

export type AccountChange = Partial<Pick<AccountInput, 'login' | 'email' | 'name' | 'role' | 'isAdmin'>> & {
  readonly isDisabled?: boolean
}

/** The people who may come in. */
export class AccountStore {
  readonly #state: StateDatabase
  readonly #clock: Clock
  readonly #passwords: Passwords

  constructor(state: StateDatabase, clock: Clock, passwords: Passwords) {
    this.#state = state
    this.#clock = clock
    this.#passwords = passwords
  }

  list(): Promise<AccountRow[]> {
    return this.#db().selectFrom('account').selectAll().orderBy('login').execute()
  }

  find(id: number): Promise<AccountRow | undefined> {
    return this.#db().selectFrom('account').selectAll().where('id', '=', id).executeTakeFirst()
  }

  /** @throws AccessError `not-found` */
  async get(id: number): Promise<AccountRow> {
    const row = await this.find(id)
    if (row === undefined) throw new AccessError('not-found', 'user not found')
    return row
  }

  /** By login, or by e-mail when no login fits. */
  async findByLogin(text: string): Promise<AccountRow | undefined> {
    const select = this.#db().selectFrom('account').selectAll()
    return (
      (await select.where('login', '=', text).executeTakeFirst()) ??
      (text.includes('@') ? await select.where('email', '=', text).executeTakeFirst() : undefined)
    )
  }

  /** @returns the id. @throws AccessError `exists`, `invalid` */
  async create(input: AccountInput): Promise<number> {
    const login = input.login || input.email
    if (login === '' || login.length > 190 || input.email.length > 190)
      throw new AccessError('invalid', 'a login or e-mail of 1 to 190 characters is needed')
    const password_hash = input.password === undefined ? '' : await this.#passwords.hash(input.password)
    const now = this.#clock.nowMs()
    try {
      return await insertRow(this.#state, this.#db(), 'account', {
        login,
        email: input.email,
        name: input.name,
        password_hash,
        role: input.role,
        is_admin: input.isAdmin ? 1 : 0,
        is_disabled: 0,
        created_ms: now,
        updated_ms: now,
        seen_ms: 0,
      })
    } catch (error) {
      if (isUniqueViolation(error))
        throw new AccessError('exists', `User with login '${login}' already exists`)
      throw error
    }
  }

  /** @throws AccessError `not-found`, `exists`; `forbidden` when no administrator would be left */
  async change(id: number, change: AccountChange): Promise<void> {
    const old = await this.get(id)
    const losesAdmin = change.isAdmin === false || change.isDisabled === true
    if (losesAdmin) await this.#keepAnAdmin(old)
    try {
      await this.#db()
        .updateTable('account')
        .set({
          ...(change.login === undefined ? {} : { login: change.login }),
          ...(change.email === undefined ? {} : { email: change.email }),
          ...(change.name === undefined ? {} : { name: change.name }),
          ...(change.role === undefined ? {} : { role: change.role }),
          ...(change.isAdmin === undefined ? {} : { is_admin: change.isAdmin ? 1 : 0 }),
          ...(change.isDisabled === undefined ? {} : { is_disabled: change.isDisabled ? 1 : 0 }),
          updated_ms: this.#clock.nowMs(),
        })
        .where('id', '=', id)
        .execute()
    } catch (error) {
      if (isUniqueViolation(error)) throw new AccessError('exists', 'a user with that login already exists')
      throw error
    }
  }

  /** @throws AccessError `not-found`, `invalid` */
  async setPassword(id: number, password: string): Promise<void> {
    await this.get(id)
    const password_hash = await this.#passwords.hash(password)
    await this.#db()
      .updateTable('account')
      .set({ password_hash, updated_ms: this.#clock.nowMs() })
      .where('id', '=', id)
      .execute()
  }

  async noteSeen(id: number): Promise<void> {
    await this.#db()
      .updateTable('account')
      .set({ seen_ms: this.#clock.nowMs() })
      .where('id', '=', id)
      .execute()
  }

  /** With the account's sessions. @throws AccessError `forbidden` when no administrator would be left */
  async delete(id: number): Promise<void> {
    await this.#keepAnAdmin(await this.get(id))
    await this.#state.transaction<AccessTables, void>(async (db) => {
      await db.deleteFrom('session').where('account_id', '=', id).execute()
      await db.deleteFrom('account').where('id', '=', id).execute()
    })
  }

  /** Whether anybody can log in with a password. */
  async hasPasswords(): Promise<boolean> {
    const row = await this.#db()
      .selectFrom('account')
      .select('id')
      .where('password_hash', '<>', '')
      .where('is_disabled', '=', 0)
      .executeTakeFirst()
    return row !== undefined
  }

  async #keepAnAdmin(row: AccountRow): Promise<void> {
    if (row.is_admin === 0) return
    const others = (await this.list()).filter(
      (other) => other.id !== row.id && other.is_admin === 1 && other.is_disabled === 0,
    )
    if (others.length === 0) throw new AccessError('forbidden', 'the last administrator cannot be taken away')
  }

  #db(): Kysely<AccessTables> {
    return this.#state.tables<AccessTables>()
  }
}
