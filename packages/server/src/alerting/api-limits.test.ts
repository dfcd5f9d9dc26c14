import { Hono } from 'hono'
import { Registry } from '@promontory/base'
import { expect, test } from 'vitest'
import { ApiLimits, type ApiLimitOptions } from './api-limits.ts'

/** An app whose `/slow` answers when `finish` is called, and whose `/pieces` has been sent when `sent` is. */
function world(options: Partial<ApiLimitOptions>) {
  const registry = new Registry()
  const limits = new ApiLimits(registry, { getConcurrency: 0, timeoutMs: 0, ...options })
  let finish = (): void => undefined
  const waiting = new Promise<void>((resolve) => (finish = resolve))
  let sent = (): void => undefined
  const app = new Hono()
  app.all('/slow', (c) =>
    limits.run(c, async (onSent) => {
      await waiting
      onSent()
      return c.text('slow')
    }),
  )
  app.get('/pieces', (c) =>
    limits.run(c, async (onSent) => {
      sent = onSent
      return c.text('pieces')
    }),
  )
  app.get('/api/v2/silence/:id', (c) =>
    limits.run(c, async (onSent) => {
      onSent()
      return c.text('one')
    }),
  )
  const values = (name: string): string[] =>
    registry
      .collect()
      .find((family) => family.name === name)!
      .samples.map(({ labels, value }) => `${labels.map(([, text]) => text).join(' ')}: ${value}`)
  return { app, values, finish: () => finish(), sent: () => sent() }
}

test('GETs beyond the bound are refused and counted; POSTs are not', async () => {
  const { app, values, finish, sent } = world({ getConcurrency: 1 })
  const first = app.request('/slow')
  const refused = await app.request('/pieces')
  expect(refused.status).toBe(503)
  expect(await refused.text()).toBe('Limit of concurrent GET requests reached (1), try again later.\n')
  expect(values('alertmanager_http_concurrency_limit_exceeded_total')).toEqual(['get: 1'])
  const posted = app.request('/slow', { method: 'POST' })
  expect(values('alertmanager_http_requests_in_flight')).toEqual(['get: 1'])
  finish()
  expect((await first).status).toBe(200)
  expect((await posted).status).toBe(200)
  // A list in pieces counts until it has been sent.
  expect((await app.request('/pieces')).status).toBe(200)
  expect((await app.request('/slow')).status).toBe(503)
  sent()
  sent()
  expect((await app.request('/slow')).status).toBe(200)
  expect(values('alertmanager_http_requests_in_flight')).toEqual(['get: 0'])
})

test('what takes too long is given up', async () => {
  const { app, finish } = world({ timeoutMs: 20 })
  const late = await app.request('/slow')
  expect(late.status).toBe(503)
  expect(await late.text()).toBe('Exceeded configured timeout of 0.02s.\n')
  finish()
})

test('durations are counted by path, ids left out', async () => {
  const { app, values } = world({})
  await app.request('/api/v2/silence/1d2f')
  const seen = values('alertmanager_http_request_duration_seconds').at(-1)
  expect(seen).toBe('/api/v2/silence/{silenceID} get 200: 1')
})
