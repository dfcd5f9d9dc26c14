import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import type { DataSourceRow, DataSourceStore } from '@promontory/dashboards'
import { Sources, targetUrl } from './sources.ts'

const source = { name: 'S', url: 'http://prom:9090/base/' }

test.each([
  ['/api/v1/query', 'http://prom:9090/base/api/v1/query?q=1'],
  ['/api/v1/label/a%2Fb/values', 'http://prom:9090/base/api/v1/label/a%2Fb/values?q=1'],
])('%s goes to %s', (path, url) => expect(targetUrl(source, { path, query: 'q=1' }).href).toBe(url))

test.each(['/../admin', '/%2e%2e/admin', '/a/..%2f..%2fadmin', '/%252e%252e/x', '/a\\..\\b', '/..'])(
  '%s would leave the source and is refused',
  (path) => expect(() => targetUrl(source, { path, query: '' })).toThrow(/leaves the data source/),
)

test.each(['file:///etc/passwd', 'gopher://x'])('a source at %s is not asked', (url) =>
  expect(() => targetUrl({ name: 'S', url }, { path: '/x', query: '' })).toThrow(/not asked over HTTP/),
)

/** A source of ours with everything that matters to the question. */
function row(url: string, more: Partial<DataSourceRow> = {}): DataSourceRow {
  return {
    id: 1, uid: 'u', name: 'S', type: 'prometheus', access: 'proxy', url, user_name: '', database_name: '', basic_auth: 1,
    basic_auth_user: 'me', with_credentials: 0, is_default: 0, read_only: 0, version: 1, secure_json_data: '{}', created_ms: 0, updated_ms: 0,
    json_data: '{"httpHeaderName1":"X-Scope-OrgID"}',
    ...more,
  } // prettier-ignore
}

const store = {
  list: async () => [],
  secrets: () => ({ basicAuthPassword: 'pw', httpHeaderValue1: 'tenant' }),
} as unknown as DataSourceStore
const sources = (): Sources =>
  new Sources({ store, ownPorts: [], ownUrls: [], own: () => Promise.reject(new Error('not us')) })
const question = {
  method: 'GET',
  path: '/api/v1/query',
  query: 'query=up',
  body: undefined,
  signal: AbortSignal.timeout(5000),
}

test('a source sees the stored credentials, never those of the client', async () => {
  let seen: Record<string, unknown> = {}
  const server = createServer((request, response) => {
    seen = { ...request.headers, url: request.url }
    response.writeHead(200, { 'set-cookie': 'a=b', 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const asking = sources()
  try {
    const { port } = server.address() as AddressInfo
    const headers = { authorization: 'Bearer mine', cookie: 'grafana_session=x', accept: 'application/json' }
    const answer = await asking.ask(row(`http://127.0.0.1:${port}`), { ...question, headers })
    expect(answer.headers).toEqual({ 'content-type': 'application/json' })
    expect(seen).toMatchObject({
      url: '/api/v1/query?query=up',
      authorization: `Basic ${Buffer.from('me:pw').toString('base64')}`,
      'x-scope-orgid': 'tenant',
      accept: 'application/json',
    })
    expect(seen['cookie']).toBeUndefined()
    ;(answer.body as Readable).resume()
  } finally {
    await asking.close()
    server.close()
  }
})

test('what cannot be asked is said by name', async () => {
  const asking = sources()
  const headers = {}
  await expect(
    asking.ask(row('http://x', { type: 'mysql' }), { ...question, headers }),
  ).rejects.toMatchObject({ status: 501 })
  await expect(asking.ask(row('http://127.0.0.1:1'), { ...question, headers })).rejects.toMatchObject({
    status: 502,
  })
  const push = { ...question, headers, method: 'POST', path: '/loki/api/v1/push' }
  const loki = row('http://127.0.0.1:1', { type: 'loki' })
  await expect(asking.ask(loki, push)).rejects.toMatchObject({ status: 403 })
  await expect(asking.ask(loki, { ...push, method: 'GET' })).rejects.toMatchObject({ status: 502 })
  const write = { ...question, headers, method: 'POST', path: '/api/v1/admin/tsdb/delete_series' }
  await expect(asking.ask(row('http://127.0.0.1:1'), write)).rejects.toMatchObject({ status: 403 })
  await asking.close()
})
