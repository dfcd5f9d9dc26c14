import { createServer, type RequestListener, type Server } from 'node:http'
import { serve } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { Router } from '@koa/router'
import { afterEach, expect, test } from 'vitest'
import { instrument } from '../instrument.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** Starts a server on a free port. @returns its URL */
async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

const newKit = (): ReturnType<typeof instrument> => {
  const kit = instrument({ service: 'test', log: { write: () => {} } })
  closers.push(() => kit.close())
  return kit
}

interface Case {
  readonly name: string
  /** A server with `/users/:id`, which answers "user", and `/fail`, which answers 500. */
  readonly start: (kit: ReturnType<typeof instrument>) => Promise<string>
}
const cases: readonly Case[] = [
  {
    name: 'express',
    start: (kit) => {
      const app = express()
      app.use(kit.express())
      const router = express.Router()
      router.get('/:id', (_, response) => void response.send('user'))
      app.use('/users', router)
      app.get('/fail', (_, response) => void response.status(500).send('no'))
      return listen(createServer(app as RequestListener))
    },
  },
  {
    name: 'fastify',
    start: async (kit) => {
      const app = fastify()
      kit.fastify()(app)
      app.get('/users/:id', async () => 'user')
      app.get('/fail', async (_, reply) => reply.code(500).send('no'))
      closers.push(() => app.close())
      return app.listen({ port: 0, host: '127.0.0.1' })
    },
  },
  {
    name: 'hono',
    start: (kit) => {
      const app = new Hono()
      app.use(kit.hono() as never)
      app.get('/users/:id', (c) => c.text('user'))
      app.get('/fail', (c) => c.text('no', 500))
      return new Promise((done) => {
        const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
          done(`http://127.0.0.1:${port}`),
        )
        closers.push(() => server.close())
      })
    },
  },
  {
    name: 'koa',
    start: (kit) => {
      const app = new Koa()
      const routeOf = (path: string): string | undefined =>
        path === '/fail' ? '/fail' : path.startsWith('/users/') ? '/users/:id' : undefined
      app.use(kit.koa((context) => routeOf(new URL(context.req.url!, 'http://x').pathname)) as never)
      app.use((context) => {
        const route = routeOf(context.path)
        context.status = route === '/fail' ? 500 : route === undefined ? 404 : 200
        context.body = route === '/users/:id' ? 'user' : 'no'
      })
      return listen(createServer(app.callback()))
    },
  },
  {
    name: 'koa with @koa/router',
    start: (kit) => {
      const app = new Koa()
      const users = new Router({ prefix: '/users' })
      users.get('/:id', (context) => void (context.body = 'user'))
      const router = new Router()
      router.use(async (_context, next) => next())
      router.get('/fail', (context) => void Object.assign(context, { status: 500, body: 'no' }))
      router.use(users.routes())
      app.use(kit.koa() as never)
      app.use(router.routes()).use(router.allowedMethods())
      return listen(createServer(app.callback()))
    },
  },
  {
    name: 'plain http',
    start: (kit) => {
      const routeOf = (path: string): string | undefined =>
        path === '/fail' ? '/fail' : path.startsWith('/users/') ? '/users/:id' : undefined
      const listener: RequestListener = (request, response) => {
        const route = routeOf(request.url!)
        response
          .writeHead(route === '/fail' ? 500 : route === undefined ? 404 : 200)
          .end(route === '/users/:id' ? 'user' : 'no')
      }
      return listen(createServer(kit.listener(listener, (request) => routeOf(request.url!))))
    },
  },
]

test.each(cases)('$name: requests by route template, never by path', async ({ start }) => {
  const kit = newKit()
  const url = await start(kit)
  expect(await (await fetch(`${url}/users/1`)).text()).toBe('user')
  expect(await (await fetch(`${url}/users/2`)).text()).toBe('user')
  expect((await fetch(`${url}/fail`)).status).toBe(500)
  expect((await fetch(`${url}/made-up/path`)).status).toBe(404)
  const response = await fetch(`${url}/metrics`)
  const text = await response.text()
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
  expect(text).toContain('http_requests_total{method="GET",route="/users/:id",status_code="200"} 2')
  expect(text).toContain('http_requests_total{method="GET",route="/fail",status_code="500"} 1')
  expect(text).toContain('http_requests_total{method="GET",route="unmatched",status_code="404"} 1')
  expect(text).toContain(
    'http_request_duration_seconds_count{method="GET",route="/users/:id",status_code="200"} 2',
  )
  expect(text).not.toContain('made-up')
  expect(text).toMatch(/^active_requests 1$/m)
})

test.each(cases)('$name: a correlation id comes back', async ({ start }) => {
  const url = await start(newKit())
  const response = await fetch(`${url}/users/1`, { headers: { 'x-correlation-id': 'abc-1' } })
  expect(response.headers.get('x-correlation-id')).toBe('abc-1')
})
