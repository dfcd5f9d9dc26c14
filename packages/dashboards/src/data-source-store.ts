import type { Clock } from '@promontory/base'
import { insertRow, isUniqueViolation, type Kysely, type StateDatabase } from '@promontory/state'
import { DashboardError } from './errors.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { checkUid, newUid } from './names.ts'
import type { SecretBox } from './secret-box.ts'
import type { DashboardTables, DataSourceRow } from './tables.ts'

/** Our own data as a data source: always there, answered inside the process. */
export const OWN_SOURCE_UID = 'promontory'
/** The built-in Alertmanager as a data source. */
export const OWN_ALERTMANAGER_UID = 'alertmanager'

export interface DataSourceInput {
  readonly uid: string | undefined
  readonly name: string
  readonly type: string
  readonly access: string
  readonly url: string
  readonly user: string
  readonly database: string
  readonly basicAuth: boolean
  readonly basicAuthUser: string
  readonly withCredentials: boolean
  readonly isDefault: boolean
  readonly jsonData: JsonObject
  /** Texts in the clear; those that are stored and not named here stay. */
  readonly secureJsonData: Readonly<Record<string, string>>
  readonly readOnly: boolean
}

/** Where dashboards get their data from. Passwords go in and never come out, except to the proxy. */
export class DataSourceStore {
  readonly #state: StateDatabase
  readonly #clock: Clock
  readonly #secrets: SecretBox

  constructor(state: StateDatabase, clock: Clock, secrets: SecretBox) {
    this.#state = state
    this.#clock = clock
    this.#secrets = secrets
  }

  list(): Promise<DataSourceRow[]> {
    return this.#db().selectFrom('data_source').selectAll().orderBy('name').execute()
  }

  /** @throws DashboardError `not-found` */
  async get(by: 'uid' | 'name' | 'id', value: string | number): Promise<DataSourceRow> {
    const row = await this.find(by, value)
    if (row === undefined) throw new DashboardError('not-found', 'Data source not found')
    return row
  }

  find(by: 'uid' | 'name' | 'id', value: string | number): Promise<DataSourceRow | undefined> {
    return this.#db()
      .selectFrom('data_source')
      .selectAll()
      .where(by, '=', value as never)
      .executeTakeFirst()
  }

  /** The source that panels without one use. */
  async default(): Promise<DataSourceRow> {
    const all = await this.list()
    return all.find((row) => row.is_default === 1) ?? (await this.get('uid', OWN_SOURCE_UID))
  }

  /** Names of the secrets that are stored. */
  secretNames(row: DataSourceRow): string[] {
    return Object.keys(JSON.parse(row.secure_json_data) as object)
  }

  /** The secrets in the clear: for the request to the source only. */
  secrets(row: DataSourceRow): Record<string, string> {
    const sealed = JSON.parse(row.secure_json_data) as Record<string, string>
    return Object.fromEntries(Object.entries(sealed).map(([name, text]) => [name, this.#secrets.open(text)]))
  }

  /** @throws DashboardError `name-exists`, `uid-exists`, `invalid` */
  async create(input: DataSourceInput): Promise<DataSourceRow> {
    checkInput(input)
    const uid = input.uid === undefined || input.uid === '' ? newUid() : input.uid
    checkUid(uid)
    if ((await this.find('name', input.name)) !== undefined)
      throw new DashboardError('name-exists', 'data source with the same name already exists')
    try {
      await this.#state.transaction<DashboardTables, void>(async (db) => {
        if (input.isDefault) await this.#clearDefault(db)
        const now = this.#clock.nowMs()
        await insertRow(this.#state, db, 'data_source', {
          ...this.#columns(input, {}),
          uid,
          version: 1,
          created_ms: now,
          updated_ms: now,
        })
      })
    } catch (error) {
      if (isUniqueViolation(error))
        throw new DashboardError('uid-exists', 'data source with the same uid already exists', {
          cause: error,
        })
      throw error
    }
    return this.get('uid', uid)
  }

  /** @throws DashboardError `not-found`, `name-exists`, `read-only` unless `evenReadOnly` */
  async update(old: DataSourceRow, input: DataSourceInput, evenReadOnly = false): Promise<DataSourceRow> {
    checkInput(input)
    if (old.read_only === 1 && !evenReadOnly)
      throw new DashboardError('read-only', 'Cannot update read-only data source')
    const namesake = await this.find('name', input.name)
    if (namesake !== undefined && namesake.id !== old.id)
      throw new DashboardError('name-exists', 'data source with the same name already exists')
    const uid = input.uid === undefined || input.uid === '' ? old.uid : input.uid
    checkUid(uid)
    await this.#state.transaction<DashboardTables, void>(async (db) => {
      if (input.isDefault) await this.#clearDefault(db)
      await db
        .updateTable('data_source')
        .set({
          ...this.#columns(input, JSON.parse(old.secure_json_data) as Record<string, string>),
          uid,
          version: old.version + 1,
          updated_ms: this.#clock.nowMs(),
        })
        .where('id', '=', old.id)
        .execute()
    })
    return this.get('uid', uid)
  }

  /** @throws DashboardError `read-only` unless `evenReadOnly` */
  async delete(row: DataSourceRow, evenReadOnly = false): Promise<void> {
    if (row.read_only === 1 && !evenReadOnly)
      throw new DashboardError('read-only', 'Cannot delete read-only data source')
    await this.#db().deleteFrom('data_source').where('id', '=', row.id).execute()
  }

  /** Sees to it that our own data is there as a source. */
  async ensureOwn(): Promise<void> {
    const own: readonly (readonly [
      uid: string,
      name: string,
      type: string,
      isDefault: boolean,
      jsonData: JsonObject,
    ])[] = [
      [OWN_SOURCE_UID, 'Promontory', 'prometheus', true, { httpMethod: 'POST' }],
      [
        OWN_ALERTMANAGER_UID,
        'Alertmanager (built-in)',
        'alertmanager',
        false,
        { implementation: 'prometheus' },
      ],
    ]
    for (const [uid, name, type, isDefault, jsonData] of own) {
      if ((await this.find('uid', uid)) !== undefined) continue
      const plain = { access: 'proxy', url: '', user: '', database: '', basicAuth: false, basicAuthUser: '' }
      const input = {
        ...plain,
        uid,
        name,
        type,
        isDefault,
        jsonData,
        withCredentials: false,
        secureJsonData: {},
        readOnly: true,
      }
      await this.create(input).catch((error: unknown) => {
        // Another instance on the same database was faster.
        if (!(error instanceof DashboardError)) throw error
      })
    }
  }

  #columns(input: DataSourceInput, stored: Readonly<Record<string, string>>) {
    const sealed = Object.entries(input.secureJsonData).map(([name, text]) => [
      name,
      this.#secrets.seal(text),
    ])
    return {
      name: input.name,
      type: input.type,
      access: input.access,
      url: input.url,
      user_name: input.user,
      database_name: input.database,
      basic_auth: input.basicAuth ? 1 : 0,
      basic_auth_user: input.basicAuthUser,
      with_credentials: input.withCredentials ? 1 : 0,
      is_default: input.isDefault ? 1 : 0,
      read_only: input.readOnly ? 1 : 0,
      json_data: JSON.stringify(input.jsonData),
      secure_json_data: JSON.stringify({ ...stored, ...Object.fromEntries(sealed) }),
    }
  }

  async #clearDefault(db: Kysely<DashboardTables>): Promise<void> {
    await db.updateTable('data_source').set({ is_default: 0 }).where('is_default', '=', 1).execute()
  }

  #db(): Kysely<DashboardTables> {
    return this.#state.tables<DashboardTables>()
  }
}

function checkInput(input: DataSourceInput): void {
  if (input.name.trim() === '') throw new DashboardError('invalid', 'name is required')
  if (input.name.length > 190) throw new DashboardError('invalid', 'name is longer than 190 characters')
  if (input.type === '') throw new DashboardError('invalid', 'type is required')
  if (input.url !== '' && !URL.canParse(withScheme(input.url)))
    throw new DashboardError('invalid', `invalid URL "${input.url}", expected http://host:port`)
  if (!isJsonObject(input.jsonData)) throw new DashboardError('invalid', 'jsonData has to be an object')
}

/** Grafana takes `host:9090` for `http://host:9090`. */
export function withScheme(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`
}
