import type { Hono } from 'hono'
import { type Access, type AccountRow, parseRole, type Role, type SessionRow } from '@promontory/access'
import { type JsonObject, textOf } from '@promontory/dashboards'
import type { Backend } from './backend.ts'
import { audit } from './dashboard-routes.ts'
import {
  allow,
  allowServerAdmin,
  Denied,
  idParam,
  json,
  message,
  numberParam,
  readObject,
  timeText,
} from './exchange.ts'

const ORG = { id: 1, name: 'Main Org.' }

/** `/api/user*`, `/api/users*`, `/api/admin/users*`, `/api/org*`, `/api/orgs*`, preferences. */
export function accountRoutes(app: Hono, backend: Backend): void {
  ownAccountRoutes(app, backend)
  userRoutes(app, backend)
  adminUserRoutes(app, backend)
  orgRoutes(app, backend)
  preferenceRoutes(app, backend)
}

function ownAccountRoutes(app: Hono, { access, preferences }: Backend): void {
  app.get('/api/user', async (c) => {
    const identity = allow(c, 'Viewer')
    const row =
      identity.kind === 'user' || identity.kind === 'local'
        ? await access.accounts.find(identity.id)
        : undefined
    return json(c, {
      id: identity.id,
      uid: `u${identity.id}`,
      email: identity.email,
      name: identity.name,
      login: identity.login,
      theme: textOf(await preferences.get(`user:${identity.id}`), 'theme'),
      orgId: ORG.id,
      isGrafanaAdmin: identity.isServerAdmin,
      isDisabled: false,
      isExternal: false,
      authLabels: [],
      updatedAt: timeText(row?.updated_ms ?? 0),
      createdAt: timeText(row?.created_ms ?? 0),
      avatarUrl: '',
      // Beyond Grafana's answer: what pages need to know of who is there.
      role: identity.role,
      kind: identity.kind,
    })
  })
  app.put('/api/user', async (c) => {
    const identity = allow(c, 'Viewer')
    const body = await readObject(c)
    const { login, email, name } = texts(body, ['login', 'email', 'name'])
    await access.accounts.change(identity.id, {
      ...(login === undefined ? {} : { login }),
      ...(email === undefined ? {} : { email }),
      ...(name === undefined ? {} : { name }),
    })
    await access.changed()
    return message(c, 'User updated')
  })
  app.put('/api/user/password', async (c) => {
    const identity = allow(c, 'Viewer')
    if (identity.kind !== 'user') throw new Denied(403, 'only users have passwords')
    const body = await readObject(c)
    const client = { client: 'password change', isLoopback: true, agent: '' }
    const { token } = await access.login(identity.login, textOf(body, 'oldPassword'), client)
    await access.accounts.setPassword(identity.id, textOf(body, 'newPassword'))
    await access.logout(token)
    await access.sessions.revoke(identity.id)
    await access.changed()
    return message(c, 'User password changed')
  })
  app.get('/api/user/orgs', (c) => {
    const { role } = allow(c, 'Viewer')
    return json(c, [{ orgId: ORG.id, name: ORG.name, role }])
  })
  app.get('/api/user/teams', (c) => (allow(c, 'Viewer'), json(c, [])))
  app.post('/api/user/using/:org', (c) => {
    allow(c, 'Viewer')
    if (c.req.param('org') !== '1') throw new Denied(401, 'Not a valid organization')
    return message(c, 'Active organization changed')
  })
  app.get('/api/user/auth-tokens', async (c) => {
    const { id } = allow(c, 'Viewer')
    return json(c, (await access.sessions.list(id)).map(sessionAnswer))
  })
  app.post('/api/user/revoke-auth-token', async (c) => {
    const { id } = allow(c, 'Viewer')
    const { authTokenId } = await readObject(c)
    if (typeof authTokenId !== 'number') throw new Denied(400, 'authTokenId is missing')
    await access.sessions.revoke(id, authTokenId)
    await access.changed()
    return message(c, 'User auth token revoked')
  })
}

function userRoutes(app: Hono, backend: Backend): void {
  const { access } = backend
  app.get('/api/users', async (c) => {
    allowServerAdmin(c)
    return json(
      c,
      page(
        await access.accounts.list(),
        c.req.query('query'),
        numberParam(c, 'perpage'),
        numberParam(c, 'page'),
      ).rows.map(userAnswer),
    )
  })
  app.get('/api/users/search', async (c) => {
    allowServerAdmin(c)
    const { rows, total, number, size } = page(
      await access.accounts.list(),
      c.req.query('query'),
      numberParam(c, 'perpage'),
      numberParam(c, 'page'),
    )
    return json(c, { totalCount: total, users: rows.map(userAnswer), page: number, perPage: size })
  })
  app.get('/api/users/lookup', async (c) => {
    allowServerAdmin(c)
    const row = await access.accounts.findByLogin(c.req.query('loginOrEmail') ?? '')
    if (row === undefined) throw new Denied(404, 'user not found')
    return json(c, userDetails(row))
  })
  app.get('/api/users/:id', async (c) => {
    allowServerAdmin(c)
    return json(c, userDetails(await access.accounts.get(idParam(c, 'id'))))
  })
  app.put('/api/users/:id', async (c) => {
    const identity = allowServerAdmin(c)
    const id = idParam(c, 'id')
    await access.accounts.change(id, texts(await readObject(c), ['login', 'email', 'name']))
    await access.changed()
    await audit(backend, c, identity, 'save', `user/${id}`)
    return message(c, 'User updated')
  })
  app.get('/api/users/:id/orgs', async (c) => {
    allowServerAdmin(c)
    const { role } = await access.accounts.get(idParam(c, 'id'))
    return json(c, [{ orgId: ORG.id, name: ORG.name, role }])
  })
}

function adminUserRoutes(app: Hono, backend: Backend): void {
  const { access } = backend
  app.post('/api/admin/users', async (c) => {
    const identity = allowServerAdmin(c)
    const body = await readObject(c)
    refuseBeforeSetup(access)
    const password = textOf(body, 'password')
    if (password === '') throw new Denied(400, 'Password is missing or too short')
    const id = await access.accounts.create({
      login: textOf(body, 'login'),
      email: textOf(body, 'email'),
      name: textOf(body, 'name'),
      password,
      role: roleOf(textOf(body, 'role') || 'Viewer'),
      isAdmin: false,
    })
    await access.changed()
    await audit(backend, c, identity, 'create', `user/${id}`, { login: textOf(body, 'login') })
    return message(c, 'User created', { id })
  })
  app.put('/api/admin/users/:id/password', async (c) => {
    const identity = allowServerAdmin(c)
    const id = idParam(c, 'id')
    await access.accounts.setPassword(id, textOf(await readObject(c), 'password'))
    await access.sessions.revoke(id)
    await access.changed()
    await audit(backend, c, identity, 'password', `user/${id}`)
    return message(c, 'User password updated')
  })
  app.put('/api/admin/users/:id/permissions', async (c) => {
    const identity = allowServerAdmin(c)
    const id = idParam(c, 'id')
    const isAdmin = (await readObject(c))['isGrafanaAdmin'] === true
    await access.accounts.change(id, { isAdmin })
    await access.changed()
    await audit(backend, c, identity, 'permissions', `user/${id}`, { isGrafanaAdmin: isAdmin })
    return message(c, 'User permissions updated')
  })
  for (const [name, isDisabled] of [
    ['disable', true],
    ['enable', false],
  ] as const)
    app.post(`/api/admin/users/:id/${name}`, async (c) => {
      const identity = allowServerAdmin(c)
      const id = idParam(c, 'id')
      await access.accounts.change(id, { isDisabled })
      if (isDisabled) await access.sessions.revoke(id)
      await access.changed()
      await audit(backend, c, identity, name, `user/${id}`)
      return message(c, `User ${name}d`)
    })
  app.post('/api/admin/users/:id/logout', async (c) => {
    const identity = allowServerAdmin(c)
    const id = idParam(c, 'id')
    await access.sessions.revoke(id)
    await access.changed()
    await audit(backend, c, identity, 'logout', `user/${id}`)
    return message(c, 'User logged out')
  })
  app.delete('/api/admin/users/:id', async (c) => {
    const identity = allowServerAdmin(c)
    const id = idParam(c, 'id')
    await access.accounts.delete(id)
    await access.changed()
    await audit(backend, c, identity, 'delete', `user/${id}`)
    return message(c, 'User deleted')
  })
}

function orgRoutes(app: Hono, backend: Backend): void {
  const { access } = backend
  app.get('/api/org', (c) => (allow(c, 'Viewer'), json(c, ORG_ANSWER)))
  app.get('/api/orgs', (c) => (allowServerAdmin(c), json(c, [ORG])))
  app.get('/api/orgs/:id{[0-9]+}', (c) => {
    allowServerAdmin(c)
    if (c.req.param('id') !== '1') throw new Denied(404, 'Organization not found')
    return json(c, ORG_ANSWER)
  })
  for (const path of ['/api/org/users', '/api/orgs/1/users'])
    app.get(path, async (c) => {
      allow(c, 'Admin')
      return json(
        c,
        (await access.accounts.list()).map((row) => ({
          ...userAnswer(row),
          userId: row.id,
          orgId: ORG.id,
          role: row.role,
        })),
      )
    })
  for (const path of ['/api/org/users/:id', '/api/orgs/1/users/:id'])
    app.on('PATCH', path, async (c) => {
      const identity = allow(c, 'Admin')
      const id = idParam(c, 'id')
      const role = roleOf(textOf(await readObject(c), 'role'))
      await access.accounts.change(id, { role })
      await access.changed()
      await audit(backend, c, identity, 'role', `user/${id}`, { role })
      return message(c, 'Organization user updated')
    })
  app.get(
    '/api/teams/search',
    (c) => (allow(c, 'Viewer'), json(c, { totalCount: 0, teams: [], page: 1, perPage: 1000 })),
  )
}

const ORG_ANSWER = {
  ...ORG,
  address: { address1: '', address2: '', city: '', zipCode: '', state: '', country: '' },
}

function preferenceRoutes(app: Hono, backend: Backend): void {
  for (const [path, scopeOf, role] of [
    ['/api/user/preferences', (id: number) => `user:${id}`, 'Viewer'],
    ['/api/org/preferences', () => 'org', 'Admin'],
  ] as const) {
    app.get(path, async (c) => {
      const { id } = allow(c, 'Viewer')
      const empty = { theme: '', homeDashboardId: 0, homeDashboardUID: '', timezone: '', weekStart: '' }
      return json(c, { ...empty, ...(await backend.preferences.get(scopeOf(id))) })
    })
    app.on(['PUT', 'PATCH'], path, async (c) => {
      const { id } = allow(c, role)
      const body = await readObject(c)
      const old = c.req.method === 'PATCH' ? await backend.preferences.get(scopeOf(id)) : {}
      const uid = textOf(body, 'homeDashboardUID')
      if (uid !== '') await backend.dashboards.get(uid)
      await backend.preferences.set(scopeOf(id), { ...old, ...body })
      return message(c, 'Preferences updated')
    })
  }
}

/** The first password ends the time in which this machine is the administrator: it must be the administrator's own. */
function refuseBeforeSetup({ needsSetup }: Access): void {
  if (needsSetup)
    throw new Denied(412, 'the administrator has no password yet: choose it first (POST /api/login/setup)')
}

/** @throws Denied for what is no role */
export function roleOf(text: string): Role {
  const role = parseRole(text)
  if (role === undefined)
    throw new Denied(400, `Invalid role value: "${text}", expected Viewer, Editor, Admin or None`)
  return role
}

function texts<const N extends string>(body: JsonObject, names: readonly N[]): { [K in N]?: string } {
  return Object.fromEntries(
    names.flatMap((name) => (typeof body[name] === 'string' ? [[name, body[name]]] : [])),
  ) as { [K in N]?: string }
}

function page(
  rows: readonly AccountRow[],
  text = '',
  size = 1000,
  number = 1,
): { rows: AccountRow[]; total: number; number: number; size: number } {
  const wanted = rows.filter((row) =>
    `${row.login}\n${row.email}\n${row.name}`.toLowerCase().includes(text.toLowerCase()),
  )
  return { rows: wanted.slice((number - 1) * size, number * size), total: wanted.length, number, size }
}

function userAnswer(row: AccountRow): JsonObject {
  return {
    id: row.id,
    uid: `u${row.id}`,
    name: row.name,
    login: row.login,
    email: row.email,
    avatarUrl: '',
    isAdmin: row.is_admin === 1,
    isDisabled: row.is_disabled === 1,
    role: row.role,
    lastSeenAt: timeText(row.seen_ms),
    lastSeenAtAge: '',
    authLabels: [],
  }
}

function userDetails(row: AccountRow): JsonObject {
  return {
    id: row.id,
    uid: `u${row.id}`,
    email: row.email,
    name: row.name,
    login: row.login,
    theme: '',
    orgId: ORG.id,
    isGrafanaAdmin: row.is_admin === 1,
    isDisabled: row.is_disabled === 1,
    isExternal: false,
    authLabels: [],
    updatedAt: timeText(row.updated_ms),
    createdAt: timeText(row.created_ms),
    avatarUrl: '',
  }
}

function sessionAnswer(row: SessionRow): JsonObject {
  return {
    id: row.id,
    isActive: false,
    clientIp: row.client,
    browser: row.agent,
    createdAt: timeText(row.created_ms),
    seenAt: timeText(row.seen_ms),
  }
}
