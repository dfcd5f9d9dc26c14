import type { Clock } from '@promontory/base'
import { insertRow, isUniqueViolation, type Kysely, type StateDatabase } from '@promontory/state'
import { DashboardError } from './errors.ts'
import { checkUid, newUid } from './names.ts'
import type { DashboardTables, FolderRow } from './tables.ts'

/** How deep folders lie inside of folders at most. */
const FOLDER_DEPTH_MAX = 4

export interface FolderInput {
  readonly title: string
  readonly uid?: string | undefined
  readonly parentUid?: string | undefined
}

export interface FolderUpdate {
  readonly title: string
  readonly version: number | undefined
  readonly overwrite: boolean
}

/** Folders of dashboards; the root has the uid `''`. */
export class FolderStore {
  readonly #state: StateDatabase
  readonly #clock: Clock

  constructor(state: StateDatabase, clock: Clock) {
    this.#state = state
    this.#clock = clock
  }

  /** All folders, by title. */
  async list(): Promise<FolderRow[]> {
    return this.#db().selectFrom('folder').selectAll().orderBy('title').orderBy('id').execute()
  }

  find(uid: string): Promise<FolderRow | undefined> {
    return this.#db().selectFrom('folder').selectAll().where('uid', '=', uid).executeTakeFirst()
  }

  /** @throws DashboardError `not-found` */
  async get(uid: string): Promise<FolderRow> {
    const row = await this.find(uid)
    if (row === undefined) throw new DashboardError('not-found', 'folder not found')
    return row
  }

  /** @throws DashboardError for a name or uid that is taken, an unknown parent, or too much depth */
  async create(input: FolderInput, by: string): Promise<FolderRow> {
    const title = input.title.trim()
    if (title === '') throw new DashboardError('empty-name', 'folder title cannot be empty')
    const uid = input.uid === undefined || input.uid === '' ? newUid() : input.uid
    checkUid(uid)
    const parentUid = input.parentUid ?? ''
    await this.#checkPlace(title, parentUid, uid)
    const now = this.#clock.nowMs()
    try {
      await insertRow(this.#state, this.#db(), 'folder', {
        uid,
        title,
        parent_uid: parentUid,
        version: 1,
        created_ms: now,
        updated_ms: now,
        created_by: by,
        updated_by: by,
      })
    } catch (error) {
      if (isUniqueViolation(error))
        throw new DashboardError('uid-exists', 'a folder with the same uid already exists', { cause: error })
      throw error
    }
    return this.get(uid)
  }

  /** The folder of that title in the root, made when it is not there: as provisioning names folders. */
  async ensure(title: string, uid: string | undefined, parentUid: string, by: string): Promise<FolderRow> {
    const found = (await this.list()).find(
      (folder) =>
        (uid !== undefined && folder.uid === uid) ||
        (folder.title === title && folder.parent_uid === parentUid),
    )
    return found ?? this.create({ title, uid, parentUid }, by)
  }

  /** @throws DashboardError `version-mismatch`, `name-exists`, `not-found` */
  async update(uid: string, update: FolderUpdate, by: string): Promise<FolderRow> {
    const old = await this.get(uid)
    if (!update.overwrite && update.version !== old.version)
      throw new DashboardError('version-mismatch', 'the folder has been changed by someone else')
    const title = update.title.trim()
    if (title === '') throw new DashboardError('empty-name', 'folder title cannot be empty')
    await this.#checkPlace(title, old.parent_uid, uid)
    await this.#db()
      .updateTable('folder')
      .set({ title, version: old.version + 1, updated_ms: this.#clock.nowMs(), updated_by: by })
      .where('uid', '=', uid)
      .execute()
    return this.get(uid)
  }

  /** @throws DashboardError when the folder would lie inside itself */
  async move(uid: string, parentUid: string, by: string): Promise<FolderRow> {
    const old = await this.get(uid)
    const above = await this.parents(parentUid)
    if (parentUid === uid || above.some((folder) => folder.uid === uid))
      throw new DashboardError('invalid', 'a folder cannot be moved into itself')
    await this.#checkPlace(old.title, parentUid, uid)
    await this.#db()
      .updateTable('folder')
      .set({
        parent_uid: parentUid,
        version: old.version + 1,
        updated_ms: this.#clock.nowMs(),
        updated_by: by,
      })
      .where('uid', '=', uid)
      .execute()
    return this.get(uid)
  }

  /** The folder and those above it, outermost first. */
  async parents(uid: string): Promise<FolderRow[]> {
    const chain: FolderRow[] = []
    for (let at = uid; at !== '' && chain.length < FOLDER_DEPTH_MAX + 1;) {
      const folder = await this.find(at)
      if (folder === undefined) break
      chain.unshift(folder)
      at = folder.parent_uid
    }
    return chain
  }

  /** Uids of the folder and of all below it. */
  async subtree(uid: string): Promise<string[]> {
    const all = await this.list()
    const found = [uid]
    for (const at of found)
      for (const folder of all)
        if (folder.parent_uid === at && !found.includes(folder.uid)) found.push(folder.uid)
    return found
  }

  /** Deletes the folder with everything in it. @throws DashboardError for dashboards that files provide */
  async delete(uid: string): Promise<{ readonly folder: FolderRow; readonly dashboards: readonly string[] }> {
    const folder = await this.get(uid)
    const folders = await this.subtree(uid)
    const dashboards = await this.#state.transaction<DashboardTables, string[]>(async (db) => {
      const inside = await db
        .selectFrom('dashboard')
        .select(['uid', 'provider'])
        .where('folder_uid', 'in', folders)
        .execute()
      if (inside.some(({ provider }) => provider !== ''))
        throw new DashboardError(
          'read-only',
          'folder contains provisioned dashboards; remove their files instead',
        )
      const uids = inside.map((row) => row.uid)
      if (uids.length > 0) {
        await db.deleteFrom('dashboard').where('uid', 'in', uids).execute()
        await db.deleteFrom('dashboard_version').where('dashboard_uid', 'in', uids).execute()
        await db.deleteFrom('star').where('dashboard_uid', 'in', uids).execute()
      }
      await db.deleteFrom('folder').where('uid', 'in', folders).execute()
      return uids
    })
    return { folder, dashboards }
  }

  async #checkPlace(title: string, parentUid: string, uid: string): Promise<void> {
    const above = parentUid === '' ? [] : await this.parents(parentUid)
    if (parentUid !== '' && above.length === 0)
      throw new DashboardError('not-found', 'parent folder not found')
    if (above.length >= FOLDER_DEPTH_MAX)
      throw new DashboardError('invalid', `folders lie at most ${FOLDER_DEPTH_MAX} deep`)
    const siblings = await this.#db()
      .selectFrom('folder')
      .select(['uid', 'title'])
      .where('parent_uid', '=', parentUid)
      .execute()
    if (siblings.some((folder) => folder.title === title && folder.uid !== uid))
      throw new DashboardError(
        'name-exists',
        'a folder with the same name already exists in the current location',
      )
  }

  #db(): Kysely<DashboardTables> {
    return this.#state.tables<DashboardTables>()
  }
}
