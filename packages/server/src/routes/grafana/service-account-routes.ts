import type { Hono } from 'hono'
import type { ServiceAccountRow } from '@promontory/access'
import { type JsonObject, textOf } from '@promontory/dashboards'
import { roleOf } from './account-routes.ts'
import type { Backend } from './backend.ts'
import { audit } from './dashboard-routes.ts'
import { allow, Denied, idParam, json, message, numberParam, readObject, timeText } from './exchange.ts'

/** `/api/serviceaccounts*` and the old `/api/auth/keys`. */
export function serviceAccountRoutes(app: Hono, backend: Backend): void {
  const { access } = backend
  const accounts = access.serviceAccounts
  const answer = async (row: ServiceAccountRow): Promise<JsonObject> => ({
    id: row.id,
    uid: `sa${row.id}`,
    name: row.name,
    login: row.login,
    orgId: 1,
    isDisabled: row.is_disabled === 1,
    role: row.role,
    tokens: (await accounts.tokens(row.id)).length,
    avatarUrl: '',
    isExternal: false,
    createdAt: timeText(row.created_ms),
    updatedAt: timeText(row.updated_ms),
  })
  app.get('/api/serviceaccounts/search', async (c) => {
    allow(c, 'Admin')
    const text = (c.req.query('query') ?? '').toLowerCase()
    const rows = (await accounts.list()).filter((row) => row.name.toLowerCase().includes(text))
    const size = numberParam(c, 'perpage') || 1000
    const number = numberParam(c, 'page') || 1
    const shown = rows.slice((number - 1) * size, number * size)
    return json(c, {
      totalCount: rows.length,
      serviceAccounts: await Promise.all(shown.map(answer)),
      page: number,
      perPage: size,
    })
  })
  app.post('/api/serviceaccounts', async (c) => {
    const identity = allow(c, 'Admin')
    const body = await readObject(c)
    const row = await accounts.create(
      textOf(body, 'name'),
      roleOf(textOf(body, 'role') || 'None'),
      body['isDisabled'] === true,
    )
    await audit(backend, c, identity, 'create', `serviceaccount/${row.id}`, {
      name: row.name,
      role: row.role,
    })
    return json(c, await answer(row), 201)
  })
  app.get('/api/serviceaccounts/:id', async (c) => {
    allow(c, 'Admin')
    return json(c, await answer(await accounts.get(idParam(c, 'id'))))
  })
  app.on('PATCH', '/api/serviceaccounts/:id', async (c) => {
    const identity = allow(c, 'Admin')
    const id = idParam(c, 'id')
    const body = await readObject(c)
    const row = await accounts.change(id, {
      name: typeof body['name'] === 'string' ? body['name'] : undefined,
      role: typeof body['role'] === 'string' ? roleOf(body['role']) : undefined,
      isDisabled: typeof body['isDisabled'] === 'boolean' ? body['isDisabled'] : undefined,
    })
    await access.changed()
    await audit(backend, c, identity, 'save', `serviceaccount/${id}`, body)
    const serviceaccount = await answer(row)
    return message(c, 'Service account updated', { id, name: row.name, serviceaccount })
  })
  app.delete('/api/serviceaccounts/:id', async (c) => {
    const identity = allow(c, 'Admin')
    const id = idParam(c, 'id')
    await accounts.delete(id)
    await access.changed()
    await audit(backend, c, identity, 'delete', `serviceaccount/${id}`)
    return message(c, 'Service account deleted')
  })
  tokenRoutes(app, backend)
  oldKeyRoutes(app)
}

function tokenRoutes(app: Hono, backend: Backend): void {
  const { access } = backend
  const accounts = access.serviceAccounts
  app.get('/api/serviceaccounts/:id/tokens', async (c) => {
    allow(c, 'Admin')
    const { id } = await accounts.get(idParam(c, 'id'))
    const now = Date.now()
    return json(
      c,
      (await accounts.tokens(id)).map((row) => {
        const left = row.expires_ms === 0 ? 0 : Math.max(0, Math.round((row.expires_ms - now) / 1000))
        return {
          id: row.id,
          name: row.name,
          created: timeText(row.created_ms),
          lastUsedAt: row.used_ms === 0 ? null : timeText(row.used_ms),
          expiration: row.expires_ms === 0 ? null : timeText(row.expires_ms),
          secondsUntilExpiration: left,
          hasExpired: row.expires_ms !== 0 && row.expires_ms <= now,
          isRevoked: false,
        }
      }),
    )
  })
  app.post('/api/serviceaccounts/:id/tokens', async (c) => {
    const identity = allow(c, 'Admin')
    const id = idParam(c, 'id')
    const body = await readObject(c)
    const name = textOf(body, 'name')
    const { secondsToLive = 0 } = body
    if (typeof secondsToLive !== 'number') throw new Denied(400, 'secondsToLive is no number')
    const token = await accounts.createToken(id, name, secondsToLive)
    await audit(backend, c, identity, 'create', `serviceaccount/${id}/token/${token.id}`, {
      name,
      secondsToLive,
    })
    return json(c, { id: token.id, name, key: token.key })
  })
  app.delete('/api/serviceaccounts/:id/tokens/:token', async (c) => {
    const identity = allow(c, 'Admin')
    const id = idParam(c, 'id')
    const token = idParam(c, 'token')
    await accounts.deleteToken(id, token)
    await access.changed()
    await audit(backend, c, identity, 'delete', `serviceaccount/${id}/token/${token}`)
    return message(c, 'Service account token deleted')
  })
}

/** API keys are gone from Grafana 12 too; scripts that still make them are told what to do. */
function oldKeyRoutes(app: Hono): void {
  app.all('/api/auth/keys', (c) => {
    allow(c, 'Admin')
    return message(
      c,
      'API keys are gone: make a service account at /api/serviceaccounts and a token of it',
      {},
      410,
    )
  })
}
