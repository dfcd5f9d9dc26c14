import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { Context, Hono } from 'hono'
import { type Identity, includesRole } from '@promontory/access'
import {
  countTags,
  type DashboardRow,
  type DashboardSummary,
  fillInputs,
  type FolderRow,
  isJsonObject,
  type JsonObject,
  parseLossless,
  search,
  textOf,
  unwrap,
} from '@promontory/dashboards'
import { isDirectLoopback } from '../../http/gate.ts'
import type { Backend } from './backend.ts'
import { allow, clientOf, idParam, json, message, numberParam, readObject, timeText } from './exchange.ts'

const ORG_ID = 1
const SEARCH_DEFAULT = 1000
const SEARCH_MAX = 5000
const VERSIONS_DEFAULT = 50

export interface DashboardRouteOptions {
  /** `dashboards.default_home_dashboard_path` of Grafana's configuration. */
  readonly homeFile: string | undefined
}

/** `/api/dashboards/*`, `/api/search`, `/api/user/stars/*`. */
export function dashboardRoutes(app: Hono, backend: Backend, options: DashboardRouteOptions): void {
  const { dashboards, access } = backend
  app.post('/api/dashboards/db', async (c) => {
    const identity = allow(c, 'Editor')
    const body = await readObject(c)
    const model = body['dashboard']
    if (!isJsonObject(model)) return message(c, 'bad request data: there is no dashboard in it', {}, 400)
    const saved = await dashboards.save({
      model,
      folderUid: await folderUidOf(backend, body),
      message: textOf(body, 'message'),
      overwrite: body['overwrite'] === true,
      by: identity.login,
    })
    await audit(backend, c, identity, 'save', `dashboard/${saved.uid}`, {
      version: saved.version,
      title: saved.title,
    })
    return json(c, savedAnswer(saved))
  })
  app.post('/api/dashboards/import', async (c) => {
    const identity = allow(c, 'Editor')
    const body = await readObject(c)
    const model = unwrap(body['dashboard'])
    if (model === undefined) return message(c, 'bad request data: there is no dashboard in it', {}, 400)
    const saved = await dashboards.save({
      // Its number was another server's.
      model: { ...fillInputs(model, inputValues(body['inputs'])), id: null },
      folderUid: await folderUidOf(backend, body),
      message: 'Imported',
      overwrite: body['overwrite'] === true,
      by: identity.login,
    })
    await audit(backend, c, identity, 'import', `dashboard/${saved.uid}`, { title: saved.title })
    const { uid, title, slug } = saved
    return json(c, {
      uid,
      pluginId: '',
      title,
      imported: true,
      importedUri: `db/${slug}`,
      importedUrl: `/d/${uid}/${slug}`,
      slug,
      dashboardId: saved.id,
      folderId: 0,
      folderUid: saved.folder_uid,
      importedRevision: 1,
      revision: 1,
      description: '',
      path: '',
      removed: false,
    })
  })
  app.get('/api/dashboards/home', async (c) => home(c, backend, options))
  app.get('/api/dashboards/tags', async (c) => {
    allow(c, 'Viewer')
    return json(c, countTags(await dashboards.summaries()))
  })
  app.get('/api/dashboards/uid/:uid', async (c) => {
    const identity = allow(c, 'Viewer')
    const row = await dashboards.get(c.req.param('uid'))
    // Nobody waits for the count, and one that is lost harms nobody.
    void dashboards.noteView(row.uid).catch(() => undefined)
    return full(c, backend, identity, row)
  })
  app.delete('/api/dashboards/uid/:uid', async (c) => {
    const identity = allow(c, 'Editor')
    const row = await dashboards.delete(c.req.param('uid'))
    await audit(backend, c, identity, 'delete', `dashboard/${row.uid}`, { title: row.title })
    return message(c, `Dashboard ${row.title} deleted`, { title: row.title, id: row.id, uid: row.uid })
  })
  // Printed in documents although Grafana never had it: the model alone, by slug, title or uid.
  app.get('/api/dashboards/db/:name/json', async (c) => {
    const { incoming } = c.env as { incoming: IncomingMessage }
    // On this machine the printed line works without a login, as those of Prometheus do.
    if (access.hasPasswords && !isDirectLoopback(incoming)) allow(c, 'Viewer')
    const row = await dashboards.getByName(c.req.param('name'))
    c.header('content-disposition', `attachment; filename="${row.slug.replace(/[^\w.-]/g, '_')}.json"`)
    return json(c, parseLossless(row.data))
  })
  app.get('/api/dashboards/db/:slug', async (c) => {
    const identity = allow(c, 'Viewer')
    return full(c, backend, identity, await dashboards.getByName(c.req.param('slug')))
  })
  versionRoutes(app, backend)
  searchRoutes(app, backend)
}

function versionRoutes(app: Hono, backend: Backend): void {
  const { dashboards } = backend
  app.get('/api/dashboards/uid/:uid/versions', async (c) => {
    allow(c, 'Viewer')
    const uid = c.req.param('uid')
    const rows = await dashboards.versions(
      uid,
      numberParam(c, 'limit') || VERSIONS_DEFAULT,
      numberParam(c, 'start') ?? 0,
    )
    const { id } = await dashboards.get(uid)
    return json(c, {
      continueToken: '',
      versions: rows.map((row) => ({
        id: row.id,
        dashboardId: id,
        dashboardUID: uid,
        uid,
        parentVersion: row.parent_version,
        restoredFrom: row.restored_from,
        version: row.version,
        created: timeText(row.created_ms),
        createdBy: row.created_by,
        message: row.message,
      })),
    })
  })
  app.get('/api/dashboards/uid/:uid/versions/:version', async (c) => {
    allow(c, 'Viewer')
    const uid = c.req.param('uid')
    const row = await dashboards.version(uid, idParam(c, 'version'))
    const { id } = await dashboards.get(uid)
    return json(c, {
      id: row.id,
      dashboardId: id,
      dashboardUID: uid,
      uid,
      parentVersion: row.parent_version,
      restoredFrom: row.restored_from,
      version: row.version,
      created: timeText(row.created_ms),
      createdBy: row.created_by,
      message: row.message,
      data: parseLossless(row.data),
    })
  })
  app.post('/api/dashboards/uid/:uid/restore', async (c) => {
    const identity = allow(c, 'Editor')
    const uid = c.req.param('uid')
    const { version } = await readObject(c)
    if (typeof version !== 'number') return message(c, 'bad request data: version is missing', {}, 400)
    const saved = await dashboards.restore(uid, version, identity.login)
    await audit(backend, c, identity, 'restore', `dashboard/${uid}`, { version })
    return json(c, savedAnswer(saved))
  })
  app.get('/api/dashboards/uid/:uid/permissions', async (c) => {
    allow(c, 'Admin')
    await dashboards.get(c.req.param('uid'))
    return json(c, ROLE_PERMISSIONS)
  })
}

/** What the roles may, which is the same for every dashboard and folder. */
export const ROLE_PERMISSIONS: readonly JsonObject[] = [
  { role: 'Viewer', permission: 1, permissionName: 'View', inherited: true },
  { role: 'Editor', permission: 2, permissionName: 'Edit', inherited: true },
  { role: 'Admin', permission: 4, permissionName: 'Admin', inherited: true },
]

function searchRoutes(app: Hono, backend: Backend): void {
  const { dashboards, folders, stars } = backend
  app.get('/api/search', async (c) => {
    const identity = allow(c, 'Viewer')
    const type = c.req.query('type')
    const numbers = (name: string): number[] => (c.req.queries(name) ?? []).map(Number)
    const starred = new Set(await stars.of(identity.id))
    const query = {
      text: (c.req.query('query') ?? '').trim(),
      tags: c.req.queries('tag') ?? [],
      type: type === 'dash-db' || type === 'dash-folder' ? type : undefined,
      uids: [...(c.req.queries('dashboardUIDs') ?? []), ...(c.req.queries('dashboardUID') ?? [])].flatMap(
        (text) => text.split(','),
      ),
      ids: numbers('dashboardIds'),
      folderUids: [
        ...(c.req.queries('folderUIDs') ?? []).flatMap((text) => text.split(',')),
        ...numbers('folderIds')
          .filter((id) => id === 0)
          .map(() => 'general'),
      ],
      starred: c.req.query('starred') === 'true',
      limit: Math.min(numberParam(c, 'limit') || SEARCH_DEFAULT, SEARCH_MAX),
      page: Math.max(1, numberParam(c, 'page') ?? 1),
      sort: c.req.query('sort') ?? '',
    } as const
    const allFolders = await folders.list()
    const hits = search(query, allFolders, await dashboards.summaries(), starred)
    const byUid = new Map(allFolders.map((folder) => [folder.uid, folder]))
    return json(
      c,
      hits.map((hit) =>
        hit.kind === 'folder'
          ? {
              ...hitOf(hit.folder, folderUrl(hit.folder), 'dash-folder', [], false),
              ...inFolder(byUid.get(hit.folder.parent_uid)),
            }
          : {
              ...hitOf(hit.dashboard, dashboardUrl(hit.dashboard), 'dash-db', hit.tags, hit.isStarred),
              ...inFolder(byUid.get(hit.dashboard.folder_uid)),
            },
      ),
    )
  })
  app.get('/api/search/sorting', (c) =>
    json(c, {
      sortOptions: [
        {
          name: 'alpha-asc',
          displayName: 'Alphabetically (A–Z)',
          description: 'Sort results in an alphabetically ascending order',
          meta: '',
        },
        {
          name: 'alpha-desc',
          displayName: 'Alphabetically (Z–A)',
          description: 'Sort results in an alphabetically descending order',
          meta: '',
        },
      ],
    }),
  )
  app.get('/api/user/stars', async (c) => json(c, await stars.of(allow(c, 'Viewer').id)))
  app.post('/api/user/stars/dashboard/uid/:uid', async (c) => {
    const identity = allow(c, 'Viewer')
    await dashboards.get(c.req.param('uid'))
    await stars.add(identity.id, c.req.param('uid'))
    return message(c, 'Dashboard starred!')
  })
  app.delete('/api/user/stars/dashboard/uid/:uid', async (c) => {
    await stars.remove(allow(c, 'Viewer').id, c.req.param('uid'))
    return message(c, 'Dashboard unstarred')
  })
}

function hitOf(
  row: DashboardSummary | FolderRow,
  url: string,
  type: string,
  tags: readonly string[],
  isStarred: boolean,
): JsonObject {
  const uri = 'slug' in row ? `db/${row.slug}` : `db/${row.uid}`
  return {
    id: row.id,
    uid: row.uid,
    orgId: ORG_ID,
    title: row.title,
    uri,
    url,
    slug: '',
    type,
    tags,
    isStarred,
    sortMeta: 0,
  }
}

function inFolder(folder: FolderRow | undefined): JsonObject {
  if (folder === undefined) return {}
  return {
    folderId: folder.id,
    folderUid: folder.uid,
    folderTitle: folder.title,
    folderUrl: folderUrl(folder),
  }
}

/** `/d/<uid>/<slug>` */
export function dashboardUrl(row: Pick<DashboardRow, 'uid' | 'slug'>): string {
  return `/d/${row.uid}/${row.slug}`
}

/** `/dashboards/f/<uid>` */
export function folderUrl(folder: Pick<FolderRow, 'uid'>): string {
  return `/dashboards/f/${folder.uid}`
}

function savedAnswer(row: DashboardRow): JsonObject {
  const { id, uid, slug, version } = row
  return { folderUid: row.folder_uid, id, slug, status: 'success', uid, url: dashboardUrl(row), version }
}

/** `folderUid`, or the older `folderId`. */
async function folderUidOf(backend: Backend, body: JsonObject): Promise<string | undefined> {
  const uid = body['folderUid']
  if (typeof uid === 'string') return uid === 'general' ? '' : uid
  const id = body['folderId']
  if (typeof id !== 'number') return undefined
  return id === 0 ? '' : (await backend.folders.list()).find((folder) => folder.id === id)?.uid
}

async function full(c: Context, backend: Backend, identity: Identity, row: DashboardRow): Promise<Response> {
  const folder = row.folder_uid === '' ? undefined : await backend.folders.find(row.folder_uid)
  const isStarred = (await backend.stars.of(identity.id)).includes(row.uid)
  const canEdit = includesRole(identity.role, 'Editor')
  const canSave = canEdit && backend.dashboards.isWritable(row)
  const model = parseLossless(row.data) as JsonObject
  const meta = {
    type: 'db',
    canSave,
    canEdit,
    canAdmin: includesRole(identity.role, 'Admin'),
    canStar: identity.kind !== 'anonymous',
    canDelete: canEdit && row.provider === '',
    isStarred,
    slug: row.slug,
    url: dashboardUrl(row),
    expires: timeText(0),
    created: timeText(row.created_ms),
    updated: timeText(row.updated_ms),
    updatedBy: row.updated_by,
    createdBy: row.created_by,
    version: row.version,
    hasAcl: false,
    isFolder: false,
    folderId: folder?.id ?? 0,
    folderUid: row.folder_uid,
    folderTitle: folder?.title ?? 'Dashboards',
    folderUrl: folder === undefined ? '' : folderUrl(folder),
    provisioned: row.provider !== '',
    provisionedExternalId: row.provider_file,
    annotationsPermissions: {
      dashboard: { canAdd: canEdit, canEdit, canDelete: canEdit },
      organization: { canAdd: canEdit, canEdit, canDelete: canEdit },
    },
  }
  return json(c, { meta, dashboard: { ...model, id: row.id, uid: row.uid, version: row.version } })
}

/** The dashboard to begin with: the user's, the organisation's, the configured file's, or a list. */
async function home(c: Context, backend: Backend, { homeFile }: DashboardRouteOptions): Promise<Response> {
  const identity = allow(c, 'Viewer')
  for (const scope of [`user:${identity.id}`, 'org']) {
    const uid = textOf(await backend.preferences.get(scope), 'homeDashboardUID')
    const row = uid === '' ? undefined : await backend.dashboards.find(uid)
    if (row !== undefined) return json(c, { redirectUri: dashboardUrl(row) })
  }
  const model = homeFile === undefined ? HOME : unwrap(parseLossless(readFileSync(homeFile, 'utf8')))
  const meta = {
    isHome: true, type: 'db', canSave: false, canEdit: includesRole(identity.role, 'Editor'), canAdmin: false, canStar: false, canDelete: false,
    slug: '', url: '', expires: timeText(0), created: timeText(0), updated: timeText(0), updatedBy: '', createdBy: '',
    version: 0, hasAcl: false, isFolder: false, folderId: 0, folderUid: '', folderTitle: 'Dashboards', folderUrl: '', provisioned: false, provisionedExternalId: '',
  } // prettier-ignore
  return json(c, { meta, dashboard: model })
}

const HOME: JsonObject = {
  title: 'Home',
  editable: false,
  schemaVersion: 39,
  timezone: 'browser',
  time: { from: 'now-6h', to: 'now' },
  templating: { list: [] },
  annotations: { list: [] },
  panels: [
    {
      id: 1,
      type: 'dashlist',
      title: 'Dashboards',
      gridPos: { x: 0, y: 0, w: 24, h: 16 },
      options: {
        showStarred: true,
        showRecentlyViewed: true,
        showSearch: true,
        showHeadings: true,
        maxItems: 50,
        query: '',
        tags: [],
      },
    },
  ],
}

/** The values of the import dialog by name. */
function inputValues(inputs: unknown): ReadonlyMap<string, string> {
  const given = Array.isArray(inputs) ? inputs.filter(isJsonObject) : []
  return new Map(given.map((input) => [textOf(input, 'name'), textOf(input, 'value')]))
}

/** Writes down who changed what. */
export function audit(
  backend: Backend,
  c: Context,
  identity: Identity,
  action: string,
  resource: string,
  details: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  return backend.access.audit.write({
    login: identity.login,
    action,
    resource,
    result: 'success',
    client: clientOf(c),
    details,
  })
}
