import type { Context, Hono } from 'hono'
import { type Identity, includesRole } from '@promontory/access'
import { DashboardError, type FolderRow, textOf } from '@promontory/dashboards'
import type { Backend } from './backend.ts'
import { audit, folderUrl, ROLE_PERMISSIONS } from './dashboard-routes.ts'
import { allow, json, message, readObject, timeText } from './exchange.ts'

/** `/api/folders*` */
export function folderRoutes(app: Hono, backend: Backend): void {
  const { folders } = backend
  app.get('/api/folders', async (c) => {
    allow(c, 'Viewer')
    const parentUid = c.req.query('parentUid') ?? ''
    const rows = (await folders.list()).filter((folder) => folder.parent_uid === parentUid)
    return json(
      c,
      rows.map(({ id, uid, title }) => ({ id, uid, title, ...(parentUid === '' ? {} : { parentUid }) })),
    )
  })
  app.post('/api/folders', async (c) => {
    const identity = allow(c, 'Editor')
    const body = await readObject(c)
    try {
      const input = {
        title: textOf(body, 'title'),
        uid: textOf(body, 'uid'),
        parentUid: textOf(body, 'parentUid'),
      }
      const folder = await folders.create(input, identity.login)
      await audit(backend, c, identity, 'create', `folder/${folder.uid}`, { title: folder.title })
      return await full(c, backend, identity, folder)
    } catch (error) {
      return nameTaken(c, error)
    }
  })
  app.get('/api/folders/:uid', async (c) => {
    const identity = allow(c, 'Viewer')
    const uid = c.req.param('uid')
    if (uid === 'general')
      return json(c, { id: 0, uid: '', orgId: 1, title: 'Dashboards', url: '', version: 0 })
    return full(c, backend, identity, await folders.get(uid))
  })
  app.put('/api/folders/:uid', async (c) => {
    const identity = allow(c, 'Editor')
    const body = await readObject(c)
    const { version, overwrite } = body
    const update = {
      title: textOf(body, 'title'),
      version: typeof version === 'number' ? version : undefined,
      overwrite: overwrite === true,
    }
    try {
      const folder = await folders.update(c.req.param('uid'), update, identity.login)
      await audit(backend, c, identity, 'save', `folder/${folder.uid}`, { title: folder.title })
      return await full(c, backend, identity, folder)
    } catch (error) {
      return nameTaken(c, error)
    }
  })
  app.delete('/api/folders/:uid', async (c) => {
    const identity = allow(c, 'Editor')
    const { folder, dashboards } = await folders.delete(c.req.param('uid'))
    await audit(backend, c, identity, 'delete', `folder/${folder.uid}`, { title: folder.title, dashboards })
    return message(c, `Folder ${folder.title} deleted`, { id: folder.id, title: folder.title })
  })
  app.post('/api/folders/:uid/move', async (c) => {
    const identity = allow(c, 'Editor')
    const parentUid = textOf(await readObject(c), 'parentUid')
    const folder = await folders.move(c.req.param('uid'), parentUid, identity.login)
    await audit(backend, c, identity, 'move', `folder/${folder.uid}`, { parentUid })
    return full(c, backend, identity, folder)
  })
  app.get('/api/folders/:uid/counts', async (c) => {
    allow(c, 'Viewer')
    const below = await folders.subtree((await folders.get(c.req.param('uid'))).uid)
    const dashboards = (await backend.dashboards.summaries()).filter((row) => below.includes(row.folder_uid))
    return json(c, { folder: below.length - 1, dashboard: dashboards.length, librarypanel: 0, alertrule: 0 })
  })
  app.get('/api/folders/:uid/permissions', async (c) => {
    allow(c, 'Admin')
    await folders.get(c.req.param('uid'))
    return json(c, ROLE_PERMISSIONS)
  })
}

/** Of folders, a name that is taken is 409. */
function nameTaken(c: Context, error: unknown): Response {
  if (error instanceof DashboardError && error.refusal === 'name-exists')
    return message(c, error.message, {}, 409)
  throw error
}

async function full(c: Context, backend: Backend, identity: Identity, folder: FolderRow): Promise<Response> {
  const above = await backend.folders.parents(folder.parent_uid)
  const canEdit = includesRole(identity.role, 'Editor')
  return json(c, {
    id: folder.id,
    uid: folder.uid,
    orgId: 1,
    title: folder.title,
    url: folderUrl(folder),
    hasAcl: false,
    canSave: canEdit,
    canEdit,
    canAdmin: includesRole(identity.role, 'Admin'),
    canDelete: canEdit,
    createdBy: folder.created_by,
    created: timeText(folder.created_ms),
    updatedBy: folder.updated_by,
    updated: timeText(folder.updated_ms),
    version: folder.version,
    ...(folder.parent_uid === '' ? {} : { parentUid: folder.parent_uid }),
    ...(above.length === 0
      ? {}
      : {
          parents: above.map((parent) => ({
            id: parent.id,
            uid: parent.uid,
            title: parent.title,
            url: folderUrl(parent),
          })),
        }),
  })
}
