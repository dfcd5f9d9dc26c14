import type { Clock } from '@promontory/base'
import { insertRow, isUniqueViolation, type Kysely, type StateDatabase } from '@promontory/state'
import { checkDashboard } from './dashboard-model.ts'
import { DashboardError } from './errors.ts'
import { isJsonObject, type JsonObject, parseLossless, textOf, textsOf } from './json.ts'
import { checkUid, newUid, slugOf } from './names.ts'
import type { DashboardRow, DashboardTables, VersionRow } from './tables.ts'

/** Versions of a dashboard that are kept, as Grafana's default. */
const VERSIONS_KEPT = 20

/** A dashboard without its JSON: what lists show. */
export type DashboardSummary = Omit<DashboardRow, 'data'>

export interface SaveRequest {
  readonly model: JsonObject
  readonly folderUid: string | undefined
  readonly message: string
  readonly overwrite: boolean
  /** Login of who saves. */
  readonly by: string
  /** Set when a version is brought back. */
  readonly restoredFrom?: number
  /** Set when a file provides the dashboard. */
  readonly provided?: { readonly provider: string; readonly file: string; readonly hash: string }
}

/** Dashboards with their versions. The JSON of a dashboard is kept as it came; `id`, `uid` and `version` are ours. */
export class DashboardStore {
  readonly #state: StateDatabase
  readonly #clock: Clock
  /** Whether a provider lets its dashboards be changed in the pages. */
  #allowsUiUpdates: (provider: string) => boolean = () => true

  constructor(state: StateDatabase, clock: Clock) {
    this.#state = state
    this.#clock = clock
  }

  setProviderRule(allowsUiUpdates: (provider: string) => boolean): void {
    this.#allowsUiUpdates = allowsUiUpdates
  }

  /** Whether saving is allowed at all. */
  isWritable(row: Pick<DashboardRow, 'provider'>): boolean {
    return row.provider === '' || this.#allowsUiUpdates(row.provider)
  }

  find(uid: string): Promise<DashboardRow | undefined> {
    return this.#db().selectFrom('dashboard').selectAll().where('uid', '=', uid).executeTakeFirst()
  }

  /** @throws DashboardError `not-found` */
  async get(uid: string): Promise<DashboardRow> {
    const row = await this.find(uid)
    if (row === undefined) throw new DashboardError('not-found', 'Dashboard not found')
    return row
  }

  /** By uid, slug, title or number: what a person may take for a dashboard's name. @throws DashboardError `not-found` */
  async getByName(name: string): Promise<DashboardRow> {
    const all = await this.summaries()
    const found =
      all.find((row) => row.uid === name) ??
      all.find((row) => row.title === name) ??
      all.find((row) => row.slug === name || row.slug === slugOf(name)) ??
      all.find((row) => row.title.toLowerCase() === name.toLowerCase())
    if (found === undefined) throw new DashboardError('not-found', 'Dashboard not found')
    return this.get(found.uid)
  }

  async findById(id: number): Promise<DashboardSummary | undefined> {
    return this.#db().selectFrom('dashboard').select(SUMMARY).where('id', '=', id).executeTakeFirst()
  }

  /** All dashboards by title, without their JSON. */
  summaries(): Promise<DashboardSummary[]> {
    return this.#db().selectFrom('dashboard').select(SUMMARY).orderBy('title').orderBy('id').execute()
  }

  /** All dashboards with their JSON, for jobs that look at every panel. */
  all(): Promise<DashboardRow[]> {
    return this.#db().selectFrom('dashboard').selectAll().orderBy('title').execute()
  }

  /**
   * Creates or changes a dashboard and keeps the version.
   * @throws DashboardError `version-mismatch`, `name-exists`, `not-found`, `read-only`, `empty-name`, `too-large`
   */
  async save(request: SaveRequest): Promise<DashboardRow> {
    const { model } = request
    const text = JSON.stringify(model)
    checkDashboard(model, Buffer.byteLength(text))
    const existing = await this.#existing(model, request)
    if (existing === undefined) return this.#create(request)
    if (request.provided === undefined && !this.isWritable(existing))
      throw new DashboardError('read-only', 'Cannot save provisioned dashboard')
    const claimed = model['version']
    const agrees = typeof claimed === 'number' && claimed === existing.version
    if (!request.overwrite && request.provided === undefined && !agrees)
      throw new DashboardError('version-mismatch', 'The dashboard has been changed by someone else')
    return this.#change(existing, request)
  }

  async #existing(model: JsonObject, request: SaveRequest): Promise<DashboardRow | undefined> {
    const uid = textOf(model, 'uid')
    if (uid !== '') {
      checkUid(uid)
      const row = await this.find(uid)
      if (row !== undefined) return row
    }
    const id = model['id']
    if (typeof id === 'number' && id > 0 && request.provided === undefined) {
      const row = await this.findById(id)
      if (row !== undefined && uid === '') return this.get(row.uid)
      if (row === undefined) throw new DashboardError('not-found', 'Dashboard not found')
    }
    return undefined
  }

  async #create(request: SaveRequest): Promise<DashboardRow> {
    const { model, by } = request
    const uid = textOf(model, 'uid') || newUid()
    const folderUid = request.folderUid ?? ''
    await this.#checkFolder(folderUid)
    const namesake = await this.#namesake(textOf(model, 'title'), folderUid)
    if (namesake !== undefined && request.provided === undefined) {
      if (!request.overwrite)
        throw new DashboardError('name-exists', 'A dashboard with the same name in the folder already exists')
      return this.#change(namesake, request)
    }
    const now = this.#clock.nowMs()
    const title = textOf(model, 'title')
    try {
      await this.#state.transaction<DashboardTables, void>(async (db) => {
        const id = await insertRow(this.#state, db, 'dashboard', {
          uid,
          slug: slugOf(title),
          title,
          folder_uid: folderUid,
          version: 1,
          tags: JSON.stringify(textsOf(model, 'tags')),
          data: '',
          created_ms: now,
          updated_ms: now,
          created_by: by,
          updated_by: by,
          provider: request.provided?.provider ?? '',
          provider_file: request.provided?.file ?? '',
          provider_hash: request.provided?.hash ?? '',
        })
        const data = JSON.stringify({ ...model, id, uid, version: 1 })
        await db.updateTable('dashboard').set({ data }).where('id', '=', id).execute()
        await this.#keepVersion(db, uid, 1, 0, request, data, now)
      })
    } catch (error) {
      if (isUniqueViolation(error))
        throw new DashboardError('uid-exists', 'A dashboard with the same uid already exists', {
          cause: error,
        })
      throw error
    }
    return this.get(uid)
  }

  async #change(existing: DashboardRow, request: SaveRequest): Promise<DashboardRow> {
    const { model, by, provided } = request
    const folderUid = request.folderUid ?? existing.folder_uid
    await this.#checkFolder(folderUid)
    const title = textOf(model, 'title')
    const namesake = await this.#namesake(title, folderUid)
    const moved = title !== existing.title || folderUid !== existing.folder_uid
    if (moved && namesake !== undefined && namesake.uid !== existing.uid && provided === undefined)
      throw new DashboardError('name-exists', 'A dashboard with the same name in the folder already exists')
    const version = existing.version + 1
    const now = this.#clock.nowMs()
    const data = JSON.stringify({ ...model, id: existing.id, uid: existing.uid, version })
    await this.#state.transaction<DashboardTables, void>(async (db) => {
      const changed = await db
        .updateTable('dashboard')
        .set({
          slug: slugOf(title),
          title,
          folder_uid: folderUid,
          version,
          tags: JSON.stringify(textsOf(model, 'tags')),
          data,
          updated_ms: now,
          updated_by: by,
          ...(provided === undefined
            ? {}
            : { provider: provided.provider, provider_file: provided.file, provider_hash: provided.hash }),
        })
        .where('id', '=', existing.id)
        // Somebody else, perhaps another instance, may have saved since we looked.
        .where('version', '=', existing.version)
        .executeTakeFirst()
      if (changed.numUpdatedRows !== 1n)
        throw new DashboardError('version-mismatch', 'The dashboard has been changed by someone else')
      await this.#keepVersion(db, existing.uid, version, existing.version, request, data, now)
    })
    return this.get(existing.uid)
  }

  async #keepVersion(
    db: Kysely<DashboardTables>,
    uid: string,
    version: number,
    parent: number,
    request: SaveRequest,
    data: string,
    now: number,
  ): Promise<void> {
    await insertRow(this.#state, db, 'dashboard_version', {
      dashboard_uid: uid,
      version,
      parent_version: parent,
      restored_from: request.restoredFrom ?? 0,
      created_ms: now,
      created_by: request.by,
      message: request.message,
      data,
    })
    await db
      .deleteFrom('dashboard_version')
      .where('dashboard_uid', '=', uid)
      .where('version', '<=', version - VERSIONS_KEPT)
      .execute()
  }

  /** @throws DashboardError `not-found`, `read-only` */
  async delete(uid: string, options: { readonly evenProvided?: boolean } = {}): Promise<DashboardRow> {
    const row = await this.get(uid)
    if (row.provider !== '' && options.evenProvided !== true)
      throw new DashboardError('read-only', 'provisioned dashboard cannot be deleted')
    await this.#state.transaction<DashboardTables, void>(async (db) => {
      await db.deleteFrom('dashboard').where('uid', '=', uid).execute()
      await db.deleteFrom('dashboard_version').where('dashboard_uid', '=', uid).execute()
      await db.deleteFrom('star').where('dashboard_uid', '=', uid).execute()
      await db.deleteFrom('dashboard_view').where('dashboard_uid', '=', uid).execute()
    })
    return row
  }

  /** The dashboard stays, its file no longer counts: the provider is gone or keeps what it provided. */
  async release(uid: string): Promise<void> {
    await this.#db()
      .updateTable('dashboard')
      .set({ provider: '', provider_file: '', provider_hash: '' })
      .where('uid', '=', uid)
      .execute()
  }

  /** Newest first, without their JSON. @throws DashboardError `not-found` */
  async versions(uid: string, limit: number, start: number): Promise<Omit<VersionRow, 'data'>[]> {
    await this.get(uid)
    return this.#db()
      .selectFrom('dashboard_version')
      .select([
        'id',
        'dashboard_uid',
        'version',
        'parent_version',
        'restored_from',
        'created_ms',
        'created_by',
        'message',
      ])
      .where('dashboard_uid', '=', uid)
      .orderBy('version', 'desc')
      .limit(limit)
      .offset(start)
      .execute()
  }

  /** @throws DashboardError `not-found` */
  async version(uid: string, version: number): Promise<VersionRow> {
    const row = await this.#db()
      .selectFrom('dashboard_version')
      .selectAll()
      .where('dashboard_uid', '=', uid)
      .where('version', '=', version)
      .executeTakeFirst()
    if (row === undefined) throw new DashboardError('not-found', 'Dashboard version not found')
    return row
  }

  /** Saves an old version as the newest. */
  async restore(uid: string, version: number, by: string): Promise<DashboardRow> {
    const { data } = await this.version(uid, version)
    const model = parseLossless(data)
    if (!isJsonObject(model)) throw new Error(`BUG: version ${version} of ${uid} is no object`)
    const message = `Restored from version ${version}`
    return this.save({ model, folderUid: undefined, message, overwrite: true, by, restoredFrom: version })
  }

  /** Counts that somebody opened the dashboard. */
  async noteView(uid: string): Promise<void> {
    const now = this.#clock.nowMs()
    await this.#state.transaction<DashboardTables, void>(async (db) => {
      const updated = await db
        .updateTable('dashboard_view')
        .set((row) => ({ views: row('views', '+', 1), last_ms: now }))
        .where('dashboard_uid', '=', uid)
        .executeTakeFirst()
      if (updated.numUpdatedRows === 0n)
        await db.insertInto('dashboard_view').values({ dashboard_uid: uid, views: 1, last_ms: now }).execute()
    })
  }

  /** How often each dashboard was opened, and when last; those that nobody opened are missing. */
  async views(): Promise<ReadonlyMap<string, { readonly views: number; readonly lastMs: number }>> {
    const rows = await this.#db().selectFrom('dashboard_view').selectAll().execute()
    return new Map(rows.map((row) => [row.dashboard_uid, { views: row.views, lastMs: row.last_ms }]))
  }

  async #checkFolder(uid: string): Promise<void> {
    if (uid === '') return
    const folder = await this.#db()
      .selectFrom('folder')
      .select('id')
      .where('uid', '=', uid)
      .executeTakeFirst()
    if (folder === undefined) throw new DashboardError('not-found', 'folder not found')
  }

  #namesake(title: string, folderUid: string): Promise<DashboardRow | undefined> {
    return this.#db()
      .selectFrom('dashboard')
      .selectAll()
      .where('title', '=', title)
      .where('folder_uid', '=', folderUid)
      .executeTakeFirst()
  }

  #db(): Kysely<DashboardTables> {
    return this.#state.tables<DashboardTables>()
  }
}

const SUMMARY = [
  'id', 'uid', 'slug', 'title', 'folder_uid', 'version', 'tags', 'created_ms', 'updated_ms', 'created_by', 'updated_by',
  'provider', 'provider_file', 'provider_hash',
] as const // prettier-ignore
