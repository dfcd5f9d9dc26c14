import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { Gate, newToken } from './gate.ts'

interface Asked {
  readonly method?: string
  readonly url?: string
  readonly local?: string
  readonly remote?: string
  readonly headers?: Record<string, string>
}

function judge(asked: Asked, options: Partial<ConstructorParameters<typeof Gate>[0]> = {}): number {
  const gate = new Gate({ externalUrl: undefined, anonymousRead: false, token: 'secret', ...options })
  const verdict = gate.judge({
    method: asked.method ?? 'GET',
    url: asked.url ?? '/api/v1/query',
    headers: asked.headers ?? {},
    socket: { localAddress: asked.local ?? '127.0.0.1', remoteAddress: asked.remote ?? '127.0.0.1' },
  } as unknown as IncomingMessage)
  return verdict.admitted ? 200 : verdict.status
}

const outside = { local: '192.0.2.1', remote: '192.0.2.9' }
const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`

describe('on loopback', () => {
  test.each([
    ['localhost:9090', 200],
    ['127.0.0.1:9090', 200],
    ['[::1]:9090', 200],
    ['app.localhost:9090', 200],
    ['evil.example', 403],
    ['localhost.evil.example', 403],
  ])('the Host %s gets %i', (host, status) => expect(judge({ headers: { host } })).toBe(status))

  test.each(['x-forwarded-for', 'forwarded', 'x-real-ip'])(
    'what a proxy hands on (%s) comes from elsewhere',
    (name) => {
      expect(judge({ headers: { host: 'localhost', [name]: '192.0.2.9' } })).toBe(401)
      expect(
        judge({ headers: { host: 'localhost', [name]: '192.0.2.9', authorization: 'Bearer secret' } }),
      ).toBe(200)
    },
  )

  test('the host of the external URL is ours', () => {
    expect(judge({ headers: { host: 'mon.example' } }, { externalUrl: 'https://mon.example/prom' })).toBe(200)
  })

  test.each([
    ['http://localhost:9090', 200],
    ['http://evil.example', 403],
    ['null', 403],
  ])('a writing request of a page of %s gets %i', (origin, status) =>
    expect(judge({ method: 'POST', url: '/-/reload', headers: { host: 'localhost:9090', origin } })).toBe(
      status,
    ),
  )
})

describe('off loopback', () => {
  test.each([
    ['nothing', {}, 401],
    ['the token', { authorization: 'Bearer secret' }, 200],
    ['another token', { authorization: 'Bearer public' }, 401],
    ['the token as password', { authorization: basic('anybody:secret') }, 200],
    ['a password with a colon that is not the token', { authorization: basic('a:b:secret') }, 401],
    ['another scheme', { authorization: 'Digest secret' }, 401],
  ])('reading with %s', (_name, headers, status) => expect(judge({ ...outside, headers })).toBe(status))

  test('anonymous reading opens queries, also by POST, and nothing that writes', () => {
    const open = { anonymousRead: true }
    expect(judge(outside, open)).toBe(200)
    expect(judge({ ...outside, method: 'POST', url: '/api/v1/query_range' }, open)).toBe(200)
    expect(judge({ ...outside, method: 'POST', url: '/-/reload' }, open)).toBe(401)
    expect(judge({ ...outside, method: 'POST', url: '/api/v2/silences' }, open)).toBe(401)
  })

  test('probes need nothing', () => {
    for (const url of ['/-/healthy', '/-/ready']) expect(judge({ ...outside, url })).toBe(200)
  })
})

test('tokens differ and are long', () => {
  expect(newToken()).not.toBe(newToken())
  expect(newToken().length).toBeGreaterThanOrEqual(32)
})
