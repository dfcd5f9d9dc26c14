import type { IncomingMessage } from 'node:http'
import type { Context, Hono } from 'hono'
import { SESSION_IDLE_MS } from '@promontory/access'
import { textOf } from '@promontory/dashboards'
import { cookieOf, identityOf, SESSION_COOKIE } from '../../http/identity.ts'
import { isDirectLoopback } from '../../http/gate.ts'
import type { Backend } from './backend.ts'
import { allow, clientOf, Denied, json, message, readObject } from './exchange.ts'

/** `POST /login`, `/logout`, the first visit. */
export function loginRoutes(app: Hono, { access }: Backend): void {
  app.post('/login', async (c) => {
    const body = await readObject(c)
    const { incoming } = c.env as { incoming: IncomingMessage }
    const { token } = await access.login(textOf(body, 'user'), textOf(body, 'password'), {
      client: clientOf(c),
      isLoopback: isDirectLoopback(incoming),
      agent: c.req.header('user-agent') ?? '',
    })
    setCookie(c, token, SESSION_IDLE_MS / 1000)
    return message(c, 'Logged in', { redirectUrl: '/' })
  })
  app.on(['GET', 'POST'], '/logout', async (c) => {
    const { incoming } = c.env as { incoming: IncomingMessage }
    const token = cookieOf(incoming, SESSION_COOKIE)
    if (token !== undefined) await access.logout(token)
    setCookie(c, '', 0)
    return c.req.method === 'GET' ? c.redirect('login') : message(c, 'Logged out')
  })
  app.get('/api/login/ping', (c) => {
    allow(c, 'Viewer')
    return message(c, 'Logged in')
  })
  // What a page must know before anybody has logged in; says nothing about who exists.
  app.get('/api/login/state', (c) => {
    const { incoming } = c.env as { incoming: IncomingMessage }
    const identity = identityOf(incoming)
    return json(c, {
      isSignedIn: identity !== undefined && identity.kind !== 'anonymous',
      login: identity?.login ?? '',
      role: identity?.role ?? '',
      needsLogin: identity === undefined,
      needsSetup: access.needsSetup && isDirectLoopback(incoming),
    })
  })
  app.post('/api/login/setup', async (c) => {
    const { incoming } = c.env as { incoming: IncomingMessage }
    if (!isDirectLoopback(incoming))
      throw new Denied(403, "the first password is chosen on the server's own machine")
    await access.setUp(textOf(await readObject(c), 'password'))
    await access.audit.write({
      login: 'local',
      action: 'setup',
      resource: 'user/admin',
      result: 'success',
      client: clientOf(c),
    })
    return message(c, 'The administrator has a password now')
  })
}

function setCookie(c: Context, value: string, seconds: number): void {
  const { incoming } = c.env as { incoming: IncomingMessage & { socket: { encrypted?: boolean } } }
  const secure = incoming.socket.encrypted === true || c.req.header('x-forwarded-proto') === 'https'
  c.header(
    'set-cookie',
    `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`,
    { append: true },
  )
}
