import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { decodeYaml } from '@promontory/base/yaml'
import { afterEach, describe, expect, test } from 'vitest'
import { BODY_PADDING } from './body-pool.ts'
import { HttpClient } from './client.ts'
import { httpClientConfig } from './config-check.ts'
import { BodyTooLargeError, HttpRequestError } from './errors.ts'

const cleanups: (() => void)[] = []
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()))

async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => (server.closeAllConnections(), server.close()))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function client(yaml = '{}', environment: Record<string, string> = {}): HttpClient {
  const { value } = decodeYaml(yaml, { file: '/c.yml' }, httpClientConfig)
  const made = new HttpClient(value, { userAgent: 'Promontory/test', environment })
  cleanups.push(() => made.close())
  return made
}

const signal = (): AbortSignal => AbortSignal.timeout(5000)
const textOf = ({ bytes, length }: { bytes: Uint8Array; length: number }): string =>
  Buffer.from(bytes.subarray(0, length)).toString()

const echo = (request: IncomingMessage, response: ServerResponse): void => {
  response.end(JSON.stringify({ url: request.url, method: request.method, ...request.headers }))
}

async function echoed(made: HttpClient, url: string, headers = {}): Promise<Record<string, string>> {
  return JSON.parse(textOf(await made.request({ url, headers, signal: signal() })))
}

describe('credentials', () => {
  test('basic auth, bearer, headers', async () => {
    const url = await serve(echo)
    expect(await echoed(client('{basic_auth: {username: u, password: p}}'), url)).toMatchObject({ authorization: 'Basic dTpw', 'user-agent': 'Promontory/test' })
    expect(await echoed(client('{authorization: {type: Token, credentials: x}}'), url)).toMatchObject({ authorization: 'Token x' })
    expect(await echoed(client('{http_headers: {X-A: {values: [b], secrets: [c]}}}'), url, { accept: 'z' })).toMatchObject({ 'x-a': 'b, c', accept: 'z' })
    expect(await echoed(client(), url.replace('//', '//a:b@'))).toMatchObject({ authorization: 'Basic YTpi' })
  }) // prettier-ignore
  test('a secret file is read again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'promontory-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'token')
    const url = await serve(echo)
    const made = client(`{authorization: {credentials_file: ${file}}}`)
    await expect(made.request({ url, signal: signal() })).rejects.toThrow(
      `unable to read authorization credentials file ${file}`,
    )
    writeFileSync(file, 'one\n')
    expect((await echoed(made, url))['authorization']).toBe('Bearer one')
    writeFileSync(file, 'two\n')
    expect((await echoed(made, url))['authorization']).toBe('Bearer two')
  })
  test('a redirect to another host drops them, one to the same host keeps them', async () => {
    const other = await serve(echo)
    const url = await serve((request, response) => {
      if (request.url === '/same') return void response.writeHead(302, { location: '/here' }).end()
      if (request.url === '/other') return void response.writeHead(307, { location: `${other}/there` }).end()
      if (request.url === '/loop') return void response.writeHead(302, { location: '/loop' }).end()
      echo(request, response)
    })
    const made = client('{basic_auth: {username: u, password: p}, http_headers: {X-Key: {values: [k]}}}')
    expect(await echoed(made, `${url}/same`)).toMatchObject({
      url: '/here',
      authorization: 'Basic dTpw',
      'x-key': 'k',
    })
    const there = await echoed(made, `${url}/other`)
    expect([there['url'], there['authorization'], there['x-key']]).toEqual(['/there', undefined, undefined])
    await expect(made.request({ url: `${url}/loop`, signal: signal() })).rejects.toThrow(
      'stopped after 10 redirects',
    )
    const still = client('{follow_redirects: false}')
    expect((await still.request({ url: `${url}/same`, signal: signal() })).statusText).toBe('302 Found')
  })
  test('OAuth 2.0: a token is fetched once and kept', async () => {
    let fetched = 0
    const forms: string[] = []
    const url = await serve((request, response) => {
      if (request.url !== '/token') return echo(request, response)
      if (request.headers.authorization !== undefined) return void response.writeHead(401).end('form please')
      request.on('data', (chunk) => forms.push(String(chunk)))
      request.on('end', () =>
        response.end(
          JSON.stringify({ access_token: `t${++fetched}`, token_type: 'bearer', expires_in: 3600 }),
        ),
      )
    })
    const made = client(
      `{oauth2: {client_id: i, client_secret: s, token_url: "${url}/token", scopes: [a, b], endpoint_params: {x: y}}}`,
    )
    expect((await echoed(made, url))['authorization']).toBe('Bearer t1')
    expect((await echoed(made, url))['authorization']).toBe('Bearer t1')
    expect(forms).toEqual(['grant_type=client_credentials&x=y&scope=a+b&client_id=i&client_secret=s'])
  })
})

describe('bodies', () => {
  test.each([
    ['identity', (text: string) => Buffer.from(text)],
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const)('%s', async (encoding, compress) => {
    const url = await serve((_request, response) => {
      response.setHeader('content-encoding', encoding)
      response.end(compress('hello '.repeat(1000)))
    })
    const body = await client().request({ url, signal: signal() })
    expect(textOf(body)).toBe('hello '.repeat(1000))
    expect(body.bytes.length).toBeGreaterThanOrEqual(body.length + BODY_PADDING)
    await expect(client().request({ url, signal: signal(), bodyBytesMax: 5999 })).rejects.toThrow(
      BodyTooLargeError,
    )
  })
  test('an endless body and a decompression bomb end at the limit', async () => {
    const endless = await serve((_request, response) => {
      const write = (): void =>
        void (response.destroyed || (response.write(Buffer.alloc(65536)), setImmediate(write)))
      write()
    })
    await expect(client().request({ url: endless, signal: signal(), bodyBytesMax: 1e6 })).rejects.toThrow(
      'body size limit exceeded',
    )
    const bomb = await serve((_request, response) => {
      response.setHeader('content-encoding', 'gzip')
      response.end(gzipSync(Buffer.alloc(5e6)))
    })
    await expect(client().request({ url: bomb, signal: signal(), bodyBytesMax: 1e6 })).rejects.toThrow(
      BodyTooLargeError,
    )
  })
})

describe('faults in Go words', () => {
  test('refused, time-out, no HTTP, silence', async () => {
    const gone = createTcpServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => gone.once('listening', resolve))
    const port = (gone.address() as AddressInfo).port
    await new Promise((resolve) => gone.close(resolve))
    await expect(client().request({ url: `http://127.0.0.1:${port}/m`, signal: signal() })).rejects.toThrow(
      `Get "http://127.0.0.1:${port}/m": dial tcp 127.0.0.1:${port}: connect: connection refused`,
    )
    const slow = await serve(() => {})
    await expect(client().request({ url: slow, signal: AbortSignal.timeout(30) })).rejects.toThrow(
      'context deadline exceeded',
    )
    const foreign = createTcpServer(
      (socket) =>
        void socket.once('data', () => socket.end("-ERR wrong number of arguments for 'get' command\r\n")),
    )
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => void foreign.close())
    const error = await client()
      .request({ url: `http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`, signal: signal() })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(HttpRequestError)
    expect((error as HttpRequestError).foreignBytes).toContain('-ERR wrong number')
    const silent = createTcpServer((socket) => void socket.once('data', () => socket.end()))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => void silent.close())
    const quiet = await client()
      .request({ url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`, signal: signal() })
      .catch((thrown: unknown) => thrown)
    expect((quiet as HttpRequestError).message).toContain(': EOF')
    expect((quiet as HttpRequestError).closedSilently).toBe(true)
  })
})

test('a proxy takes the request', async () => {
  const proxy = await serve((request, response) => response.end(`proxied ${request.url}`))
  const made = client(`{proxy_url: "${proxy}"}`)
  expect(textOf(await made.request({ url: 'http://nowhere.invalid/m?a=b', signal: signal() }))).toBe(
    'proxied http://nowhere.invalid/m?a=b',
  )
})
