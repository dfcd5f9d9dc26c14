import { Readable } from 'node:stream'
import type { Context, Hono } from 'hono'
import {
  DashboardError,
  type DataSourceInput,
  type DataSourceRow,
  isJsonObject,
  type JsonObject,
  textOf,
} from '@promontory/dashboards'
import { readBytes } from '../environment.ts'
import type { Backend } from './backend.ts'
import { audit } from './dashboard-routes.ts'
import { allow, idParam, json, message, readObject } from './exchange.ts'
import { type Sources, unsupported } from './sources.ts'

const PROXY_BODY_BYTES_MAX = 10 * 1024 * 1024

/** `/api/datasources*` */
export function dataSourceRoutes(app: Hono, backend: Backend, sources: Sources): void {
  const { dataSources } = backend
  app.get('/api/datasources', async (c) => {
    allow(c, 'Viewer')
    return json(
      c,
      (await dataSources.list()).map((row) => brief(backend, row)),
    )
  })
  app.post('/api/datasources', async (c) => {
    const identity = allow(c, 'Admin')
    const body = await readObject(c)
    try {
      const row = await dataSources.create(inputOf(body))
      await sources.refresh()
      await audit(backend, c, identity, 'create', `datasource/${row.uid}`, { name: row.name })
      return message(c, 'Datasource added', { id: row.id, name: row.name, datasource: full(backend, row) })
    } catch (error) {
      return taken(c, error)
    }
  })
  app.get('/api/datasources/id/:name', async (c) => {
    allow(c, 'Viewer')
    return json(c, { id: (await dataSources.get('name', c.req.param('name'))).id })
  })
  // Proxy paths come before those with an id: `/proxy/7/…` is none.
  app.all('/api/datasources/proxy/uid/:uid/*', async (c) => {
    allow(c, 'Viewer')
    const uid = c.req.param('uid')
    return proxy(
      c,
      sources,
      await dataSources.get('uid', uid),
      `/api/datasources/proxy/uid/${encodeURIComponent(uid)}`,
    )
  })
  app.all('/api/datasources/proxy/:id/*', async (c) => {
    allow(c, 'Viewer')
    const id = idParam(c, 'id')
    return proxy(c, sources, await dataSources.get('id', id), `/api/datasources/proxy/${id}`)
  })
  app.all('/api/datasources/uid/:uid/resources/*', async (c) => {
    allow(c, 'Viewer')
    const uid = c.req.param('uid')
    const row = await dataSources.get('uid', uid)
    return proxy(c, sources, row, `/api/datasources/uid/${encodeURIComponent(uid)}/resources`)
  })
  app.get('/api/datasources/uid/:uid/health', async (c) => {
    allow(c, 'Viewer')
    return health(c, sources, await dataSources.get('uid', c.req.param('uid')))
  })
  const places = [
    ['/api/datasources/uid/:key', (c: Context) => dataSources.get('uid', c.req.param('key')!)],
    ['/api/datasources/name/:key', (c: Context) => dataSources.get('name', c.req.param('key')!)],
    ['/api/datasources/:key{[0-9]+}', (c: Context) => dataSources.get('id', idParam(c, 'key'))],
  ] as const
  for (const [path, find] of places) {
    app.get(path, async (c) => {
      allow(c, 'Viewer')
      return json(c, full(backend, await find(c)))
    })
    app.put(path, async (c) => {
      const identity = allow(c, 'Admin')
      try {
        const row = await dataSources.update(await find(c), inputOf(await readObject(c)))
        await sources.refresh()
        await audit(backend, c, identity, 'save', `datasource/${row.uid}`, { name: row.name })
        return message(c, 'Datasource updated', {
          id: row.id,
          name: row.name,
          datasource: full(backend, row),
        })
      } catch (error) {
        return taken(c, error)
      }
    })
    app.delete(path, async (c) => {
      const identity = allow(c, 'Admin')
      const row = await find(c)
      try {
        await dataSources.delete(row)
      } catch (error) {
        return taken(c, error)
      }
      await sources.refresh()
      await audit(backend, c, identity, 'delete', `datasource/${row.uid}`, { name: row.name })
      return message(c, 'Data source deleted', { id: row.id })
    })
  }
}

/** Of data sources, a name that is taken is 409, and one that a file provides 403. */
function taken(c: Context, error: unknown): Response {
  if (error instanceof DashboardError) {
    if (error.refusal === 'name-exists' || error.refusal === 'uid-exists')
      return message(c, error.message, {}, 409)
    if (error.refusal === 'read-only') return message(c, error.message, {}, 403)
  }
  throw error
}

async function proxy(c: Context, sources: Sources, row: DataSourceRow, prefix: string): Promise<Response> {
  const url = new URL(c.req.url)
  const at = url.pathname.indexOf(prefix)
  const path = at < 0 ? '/' : url.pathname.slice(at + prefix.length) || '/'
  const { method } = c.req
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const answer = await sources.ask(row, {
    method,
    path,
    query: url.search.slice(1),
    headers: c.req.header(),
    body: hasBody ? await readBytes(c, PROXY_BODY_BYTES_MAX) : undefined,
    signal: c.req.raw.signal,
  })
  const body =
    answer.body instanceof Readable
      ? (Readable.toWeb(answer.body) as ReadableStream)
      : (answer.body as Uint8Array<ArrayBuffer>)
  // What a foreign server answers must not run as a page of ours.
  return new Response(answer.status === 204 || answer.status === 304 ? null : body, {
    status: answer.status,
    headers: { ...answer.headers, 'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff' },
  })
}

/** What a source of a type is asked to see whether it is there: path and query. */
const SIMPLEST: Readonly<Record<string, readonly [path: string, query: string]>> = {
  prometheus: ['/api/v1/query', 'query=1%2B1'],
  alertmanager: ['/api/v2/status', ''],
  loki: ['/loki/api/v1/labels', ''],
  jaeger: ['/api/services', ''],
  tempo: ['/api/echo', ''],
  zipkin: ['/api/v2/services', ''],
}

/** The connection test: asks the source the simplest question that it knows. */
async function health(c: Context, sources: Sources, row: DataSourceRow): Promise<Response> {
  const failed = (text: string, status: 400 | 501 = 400): Response =>
    message(c, text, { status: 'ERROR' }, status)
  const asked = Object.hasOwn(SIMPLEST, row.type) ? SIMPLEST[row.type]! : undefined
  if (asked === undefined) return failed(unsupported(row), 501)
  try {
    const answer = await sources.ask(row, {
      method: 'GET',
      path: asked[0],
      query: asked[1],
      headers: {},
      body: undefined,
      signal: AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(10_000)]),
    })
    if (answer.body instanceof Readable) answer.body.resume()
    if (answer.status === 200)
      return message(c, `Successfully queried the ${TYPE_NAMES[row.type] ?? row.type} API.`, {
        status: 'OK',
      })
    return failed(`${row.name} answered with status ${answer.status}`)
  } catch (error) {
    return failed((error as Error).message)
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  prometheus: 'Prometheus',
  alertmanager: 'Alertmanager',
  loki: 'Loki',
  jaeger: 'Jaeger',
  tempo: 'Tempo',
  zipkin: 'Zipkin',
}

function brief({ provisioner }: Backend, row: DataSourceRow): JsonObject {
  const file = provisioner?.fileOfSource(row.name)
  return {
    id: row.id,
    uid: row.uid,
    orgId: 1,
    name: row.name,
    type: row.type,
    typeName: TYPE_NAMES[row.type] ?? row.type,
    typeLogoUrl: '',
    access: row.access,
    url: row.url,
    user: row.user_name,
    database: row.database_name,
    basicAuth: row.basic_auth === 1,
    isDefault: row.is_default === 1,
    jsonData: JSON.parse(row.json_data) as JsonObject,
    readOnly: row.read_only === 1,
    // Beyond Grafana's answer: for the page of data sources.
    ...(file === undefined ? {} : { provisionedBy: file }),
  }
}

function full(backend: Backend, row: DataSourceRow): JsonObject {
  const { typeName: _name, ...rest } = brief(backend, row)
  return {
    ...rest,
    basicAuthUser: row.basic_auth_user,
    withCredentials: row.with_credentials === 1,
    secureJsonFields: Object.fromEntries(backend.dataSources.secretNames(row).map((name) => [name, true])),
    version: row.version,
    accessControl: {},
  }
}

/** A data source as the API takes it. */
export function inputOf(body: JsonObject): DataSourceInput {
  const { jsonData, secureJsonData } = body
  const secrets = isJsonObject(secureJsonData) ? Object.entries(secureJsonData) : []
  return {
    uid: textOf(body, 'uid'),
    name: textOf(body, 'name'),
    type: textOf(body, 'type'),
    access: textOf(body, 'access') || 'proxy',
    url: textOf(body, 'url'),
    user: textOf(body, 'user'),
    database: textOf(body, 'database'),
    basicAuth: body['basicAuth'] === true,
    basicAuthUser: textOf(body, 'basicAuthUser'),
    withCredentials: body['withCredentials'] === true,
    isDefault: body['isDefault'] === true,
    jsonData: isJsonObject(jsonData) ? jsonData : {},
    secureJsonData: Object.fromEntries(
      secrets.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    ),
    readOnly: false,
  }
}
