import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Clock, Logger } from '@promontory/base'
import type { StateDatabase } from '@promontory/state'
import { AccountStore } from './account-store.ts'
import { AuditLog } from './audit-log.ts'
import { AccessError } from './errors.ts'
import { type Identity, parseRole, type Role } from './identity.ts'
import { LoginLimiter } from './login-limiter.ts'
import { Passwords } from './passwords.ts'
import { ServiceAccountStore, TOKEN_PREFIX } from './service-account-store.ts'
import { SessionStore } from './session-store.ts'
import { type AccountRow, STEPS } from './tables.ts'

export interface AccessOptions {
  readonly state: StateDatabase
  readonly clock: Clock
  readonly logger: Logger
  readonly adminLogin: string
  /** Given at the start: becomes the administrator's, unless there is one already. */
  readonly adminPassword: string | undefined
  /** Role of those who show no credential; undefined: they stay outside. */
  readonly anonymousRole: Role | undefined
}

/** What a request shows of who sends it. */
export interface Credentials {
  readonly authorization: string | undefined
  /** Value of the session cookie. */
  readonly session: string | undefined
  readonly client: string
  readonly isLoopback: boolean
}

/** The password that everybody knows: good on this machine only. */
const DEFAULT_PASSWORD = 'admin'
/** Identities that were found are believed for so long, so that a page with thirty requests asks the database once. */
const CACHE_MS = 5000
const CACHE_ENTRIES = 5000
/** How often we look whether another instance has made accounts. */
const REFRESH_MS = 10_000

/**
 * Who may come in. As long as nobody has a password, this machine is trusted and everybody on it is the local
 * administrator; nobody else comes in without the token that is printed at the start.
 */
export class Access {
  readonly accounts: AccountStore
  readonly serviceAccounts: ServiceAccountStore
  readonly sessions: SessionStore
  readonly audit: AuditLog
  readonly #options: AccessOptions
  readonly #passwords: Passwords
  readonly #limiter: LoginLimiter
  readonly #known = new LRUCache<string, Identity>({ max: CACHE_ENTRIES, ttl: CACHE_MS })
  #hasPasswords = false
  #refresh: ReturnType<typeof setInterval> | undefined

  private constructor(options: AccessOptions) {
    const { state, clock } = options
    this.#options = options
    this.#passwords = new Passwords()
    this.#limiter = new LoginLimiter(clock)
    this.accounts = new AccountStore(state, clock, this.#passwords)
    this.serviceAccounts = new ServiceAccountStore(state, clock)
    this.sessions = new SessionStore(state, clock)
    this.audit = new AuditLog(state, clock, options.logger)
  }

  /** Brings the tables up to date and makes the administrator. @throws StateError, AccessError */
  static async open(options: AccessOptions): Promise<Access> {
    await options.state.migrate('access', STEPS)
    const access = new Access(options)
    await access.#ensureAdmin()
    await access.#look()
    access.#refresh = setInterval(() => void access.#look(), REFRESH_MS).unref()
    return access
  }

  /** Whether logging in is needed to be somebody. */
  get hasPasswords(): boolean {
    return this.#hasPasswords
  }

  /** Whether the first visit may still choose the administrator's password. */
  get needsSetup(): boolean {
    return !this.#hasPasswords
  }

  /**
   * Who sends the request; undefined for nobody.
   * @throws AccessError `wrong-password` for credentials that are shown and wrong, `too-many` after guessing
   */
  async identify(credentials: Credentials): Promise<Identity | undefined> {
    const shown = await this.#identifyShown(credentials)
    if (shown !== undefined) return shown
    if (credentials.isLoopback && !this.#hasPasswords) return this.#local()
    const role = this.#options.anonymousRole
    if (role === undefined) return undefined
    return { kind: 'anonymous', id: 0, login: '', name: 'Anonymous', email: '', role, isServerAdmin: false }
  }

  async #identifyShown(credentials: Credentials): Promise<Identity | undefined> {
    const [scheme = '', value = ''] = (credentials.authorization ?? '').split(/ +/, 2)
    if (/^bearer$/i.test(scheme) && value.startsWith(TOKEN_PREFIX)) return this.#byToken(value)
    if (/^basic$/i.test(scheme) && this.#hasPasswords) {
      const pair = Buffer.from(value, 'base64').toString()
      const colon = pair.indexOf(':')
      return this.#byPassword(pair.slice(0, Math.max(0, colon)), pair.slice(colon + 1), credentials)
    }
    return credentials.session === undefined ? undefined : this.#bySession(credentials.session)
  }

  async #byToken(token: string): Promise<Identity> {
    return this.#cached(`token ${token}`, async () => {
      const owner = await this.serviceAccounts.owner(token)
      if (owner === undefined) throw new AccessError('wrong-password', 'Invalid API key')
      const { id, login, name, role } = owner.account
      return {
        kind: 'service',
        id,
        login,
        name,
        email: '',
        role: parseRole(role) ?? 'None',
        isServerAdmin: false,
      }
    })
  }

  async #byPassword(login: string, password: string, credentials: Credentials): Promise<Identity> {
    return this.#cached(`basic ${login}:${password} ${credentials.isLoopback}`, async () =>
      toIdentity(await this.#checkPassword(login, password, credentials)),
    )
  }

  async #bySession(token: string): Promise<Identity | undefined> {
    const known = this.#known.get(keyOf(`session ${token}`))
    if (known !== undefined) return known
    const session = await this.sessions.use(token)
    const account = session === undefined ? undefined : await this.accounts.find(session.account_id)
    if (account === undefined || account.is_disabled === 1) return undefined
    const identity = toIdentity(account)
    this.#known.set(keyOf(`session ${token}`), identity)
    return identity
  }

  /**
   * Opens a session. @returns the cookie's value and who it is
   * @throws AccessError `wrong-password`, `too-many`
   */
  async login(
    login: string,
    password: string,
    client: Pick<Credentials, 'client' | 'isLoopback'> & { readonly agent: string },
  ): Promise<{ readonly token: string; readonly identity: Identity }> {
    if (!this.#hasPasswords) {
      const row = await this.#adminRow()
      const isDefault = login === row.login && password === DEFAULT_PASSWORD
      if (!client.isLoopback || !isDefault)
        throw new AccessError('wrong-password', 'Invalid username or password')
      return {
        token: await this.sessions.create(row.id, client.client, client.agent),
        identity: toIdentity(row),
      }
    }
    try {
      const row = await this.#checkPassword(login, password, client)
      const token = await this.sessions.create(row.id, client.client, client.agent)
      await this.accounts.noteSeen(row.id)
      await this.audit.write({
        login: row.login,
        action: 'login',
        resource: `user/${row.id}`,
        result: 'success',
        client: client.client,
      })
      return { token, identity: toIdentity(row) }
    } catch (error) {
      if (error instanceof AccessError)
        await this.audit.write({
          login,
          action: 'login',
          resource: 'session',
          result: 'failure',
          client: client.client,
        })
      throw error
    }
  }

  async logout(token: string): Promise<void> {
    this.#known.clear()
    await this.sessions.end(token)
  }

  /** The first visit chooses the administrator's password. @throws AccessError `forbidden` when there is one */
  async setUp(password: string): Promise<void> {
    if (this.#hasPasswords) throw new AccessError('forbidden', 'the administrator has a password already')
    if (password === DEFAULT_PASSWORD)
      throw new AccessError(
        'invalid',
        `"${DEFAULT_PASSWORD}" is what everybody would try first; choose another password`,
      )
    const { id } = await this.#adminRow()
    await this.accounts.setPassword(id, password)
    await this.sessions.revoke(id)
    await this.changed()
  }

  /** Forgets what was believed of anybody: after any change of accounts, roles, tokens. */
  async changed(): Promise<void> {
    this.#known.clear()
    await this.#look()
  }

  async close(): Promise<void> {
    clearInterval(this.#refresh)
    await this.#passwords.close()
  }

  async #checkPassword(
    login: string,
    password: string,
    { client, isLoopback }: Pick<Credentials, 'client' | 'isLoopback'>,
  ): Promise<AccountRow> {
    this.#limiter.check(login, client)
    const row = await this.accounts.findByLogin(login)
    // A name that does not exist takes as long as one that does: nobody learns names from the time.
    const fits = await this.#passwords.fits(password, row?.password_hash || NOBODYS_HASH)
    if (row === undefined || !fits || row.is_disabled === 1) {
      this.#limiter.fail(login, client)
      throw new AccessError('wrong-password', 'Invalid username or password')
    }
    if (password === DEFAULT_PASSWORD && !isLoopback)
      throw new AccessError(
        'wrong-password',
        `the password "${DEFAULT_PASSWORD}" is good on the server's own machine only; set another one`,
      )
    this.#limiter.succeed(login)
    return row
  }

  async #cached(text: string, find: () => Promise<Identity>): Promise<Identity> {
    const key = keyOf(text)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const identity = await find()
    this.#known.set(key, identity)
    return identity
  }

  async #local(): Promise<Identity> {
    return this.#cached('local', async () => ({
      ...toIdentity(await this.#adminRow()),
      kind: 'local' as const,
    }))
  }

  async #adminRow(): Promise<AccountRow> {
    const row = (await this.accounts.list()).find((account) => account.is_admin === 1)
    if (row === undefined) throw new Error('BUG: there is no administrator')
    return row
  }

  async #ensureAdmin(): Promise<void> {
    const { adminLogin: login, adminPassword: password } = this.#options
    const existing = (await this.accounts.list()).find((account) => account.is_admin === 1)
    if (existing === undefined) {
      const input = {
        login,
        email: 'admin@localhost',
        name: '',
        password,
        role: 'Admin',
        isAdmin: true,
      } as const
      await this.accounts.create(input).catch((error: unknown) => {
        // Another instance on the same database was faster.
        if (!(error instanceof AccessError && error.refusal === 'exists')) throw error
      })
    } else if (existing.password_hash === '' && password !== undefined)
      await this.accounts.setPassword(existing.id, password)
  }

  async #look(): Promise<void> {
    try {
      this.#hasPasswords = await this.accounts.hasPasswords()
    } catch (error) {
      this.#options.logger.error('the accounts cannot be read', { error })
    }
  }
}

/** Fits no password that anybody could type: of 32 random bytes, thrown away. */
const NOBODYS_HASH = '$2b$10$CwTycUXWue0Thq9StjUM0uJ8zYhGb0l1JdW9pYh6jN0qPj1xq1q1q'

function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}

function toIdentity(row: AccountRow): Identity {
  return {
    kind: 'user',
    id: row.id,
    login: row.login,
    name: row.name,
    email: row.email,
    role: parseRole(row.role) ?? 'None',
    isServerAdmin: row.is_admin === 1,
  }
}
