import type { Hono } from 'hono'
import {
  type AnnotationInput,
  type AnnotationRow,
  isJsonObject,
  type JsonObject,
  textOf,
  textsOf,
} from '@promontory/dashboards'
import type { Backend } from './backend.ts'
import { audit } from './dashboard-routes.ts'
import { allow, idParam, json, message, numberParam, readObject } from './exchange.ts'

const LIMIT_DEFAULT = 100

/** `/api/annotations*` */
export function annotationRoutes(app: Hono, backend: Backend): void {
  const { annotations } = backend
  app.get('/api/annotations', async (c) => {
    allow(c, 'Viewer')
    const dashboardId = numberParam(c, 'dashboardId')
    const byId =
      dashboardId === undefined || dashboardId === 0
        ? undefined
        : await backend.dashboards.findById(dashboardId)
    const rows = await annotations.query({
      fromMs: numberParam(c, 'from'),
      toMs: numberParam(c, 'to'),
      tags: c.req.queries('tags') ?? [],
      matchAny: c.req.query('matchAny') === 'true',
      dashboardUid: c.req.query('dashboardUID') ?? byId?.uid,
      panelId: numberParam(c, 'panelId'),
      limit: numberParam(c, 'limit') || LIMIT_DEFAULT,
    })
    // Alerts write no annotations here: their history is the notifications' own.
    return json(c, c.req.query('type') === 'alert' ? [] : await answers(backend, rows))
  })
  app.post('/api/annotations', async (c) => {
    const identity = allow(c, 'Editor')
    const body = await readObject(c)
    const input = await inputOf(backend, body)
    if (input.text === undefined || input.text === '')
      return message(c, 'Failed to save annotation', { error: 'text field should not be empty' }, 400)
    const id = await annotations.add(
      {
        timeMs: undefined,
        timeEndMs: undefined,
        dashboardUid: '',
        panelId: 0,
        tags: [],
        data: '{}',
        ...input,
        text: input.text,
      },
      identity,
    )
    await audit(backend, c, identity, 'create', `annotation/${id}`)
    return message(c, 'Annotation added', { id })
  })
  app.post('/api/annotations/graphite', async (c) => {
    const identity = allow(c, 'Editor')
    const body = await readObject(c)
    const what = textOf(body, 'what')
    if (what === '')
      return message(
        c,
        'Failed to save Graphite annotation',
        { error: 'what field should not be empty' },
        400,
      )
    const { when, tags } = body
    const data = textOf(body, 'data')
    const id = await annotations.add(
      {
        dashboardUid: '',
        panelId: 0,
        timeMs: typeof when === 'number' ? when * 1000 : undefined,
        timeEndMs: undefined,
        text: data === '' ? what : `${what}\n${data}`,
        tags: typeof tags === 'string' ? tags.split(' ').filter((tag) => tag !== '') : textsOf(body, 'tags'),
        data: '{}',
      },
      identity,
    )
    return message(c, 'Graphite annotation added', { id })
  })
  app.get('/api/annotations/tags', async (c) => {
    allow(c, 'Viewer')
    const tags = await annotations.tags(c.req.query('tag') ?? '', numberParam(c, 'limit') || LIMIT_DEFAULT)
    return json(c, { result: { tags } })
  })
  app.post('/api/annotations/mass-delete', async (c) => {
    const identity = allow(c, 'Editor')
    const body = await readObject(c)
    const { annotationId, dashboardId, panelId } = body
    if (typeof annotationId === 'number' && annotationId > 0) await annotations.delete(annotationId)
    else {
      const byId =
        typeof dashboardId === 'number' ? await backend.dashboards.findById(dashboardId) : undefined
      const uid = textOf(body, 'dashboardUID') || byId?.uid
      if (uid === undefined || typeof panelId !== 'number')
        return message(c, 'bad request data: annotationId, or dashboardUID and panelId, are needed', {}, 400)
      await annotations.deleteOfPanel(uid, panelId)
    }
    await audit(backend, c, identity, 'delete', 'annotations', body)
    return message(c, 'Annotations deleted')
  })
  app.get('/api/annotations/:id', async (c) => {
    allow(c, 'Viewer')
    const [answer] = await answers(backend, [await annotations.get(idParam(c, 'id'))])
    return json(c, answer)
  })
  for (const [method, done] of [
    ['PUT', 'Annotation updated'],
    ['PATCH', 'Annotation patched'],
  ] as const)
    app.on(method, '/api/annotations/:id', async (c) => {
      const identity = allow(c, 'Editor')
      const id = idParam(c, 'id')
      await annotations.change(id, await inputOf(backend, await readObject(c)))
      await audit(backend, c, identity, 'save', `annotation/${id}`)
      return message(c, done, { id })
    })
  app.delete('/api/annotations/:id', async (c) => {
    const identity = allow(c, 'Editor')
    const id = idParam(c, 'id')
    await annotations.delete(id)
    await audit(backend, c, identity, 'delete', `annotation/${id}`)
    return message(c, 'Annotation deleted')
  })
}

async function inputOf(backend: Backend, body: JsonObject): Promise<Partial<AnnotationInput>> {
  const { time, timeEnd, panelId, dashboardId, data } = body
  const byId =
    typeof dashboardId === 'number' && dashboardId > 0
      ? await backend.dashboards.findById(dashboardId)
      : undefined
  const dashboardUid = textOf(body, 'dashboardUID') || byId?.uid
  return {
    ...(dashboardUid === undefined ? {} : { dashboardUid }),
    ...(typeof panelId === 'number' ? { panelId } : {}),
    ...(typeof time === 'number' && time > 0 ? { timeMs: time } : {}),
    ...(typeof timeEnd === 'number' && timeEnd > 0 ? { timeEndMs: timeEnd } : {}),
    ...(typeof body['text'] === 'string' ? { text: body['text'] } : {}),
    ...(Array.isArray(body['tags']) ? { tags: textsOf(body, 'tags') } : {}),
    ...(isJsonObject(data) ? { data: JSON.stringify(data) } : {}),
  }
}

async function answers(backend: Backend, rows: readonly AnnotationRow[]): Promise<JsonObject[]> {
  const ids = new Map((await backend.dashboards.summaries()).map((row) => [row.uid, row.id]))
  return rows.map((row) => ({
    id: row.id,
    alertId: 0,
    alertName: '',
    dashboardId: ids.get(row.dashboard_uid) ?? 0,
    dashboardUID: row.dashboard_uid,
    panelId: row.panel_id,
    userId: row.user_id,
    newState: '',
    prevState: '',
    created: row.created_ms,
    updated: row.updated_ms,
    time: row.time_ms,
    timeEnd: row.time_end_ms,
    text: row.text,
    tags: JSON.parse(row.tags) as string[],
    login: row.login,
    email: '',
    avatarUrl: '',
    data: JSON.parse(row.data) as JsonObject,
  }))
}
