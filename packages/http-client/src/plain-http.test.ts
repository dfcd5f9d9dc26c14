import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import * as fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { BODY_PADDING } from './body-pool.ts'
import { BodyPool } from './body-pool.ts'
import { BodyTooLargeError } from './errors.ts'
import { PlainHttp } from './plain-http.ts'
import { NotPlain, PlainResponse } from './plain-response.ts'

const BODY = '# HELP a b\na{x="\u00e9"} 1\n'.repeat(20)
const SIZED = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(BODY)}\r\n\r\n${BODY}`
const half = Buffer.from(BODY).subarray(0, 100)
const rest = Buffer.from(BODY).subarray(100)
const CHUNKED = Buffer.concat([
  Buffer.from('HTTP/1.1 200 OK\r\nX: 1\r\nx: 2\r\nTransfer-Encoding: chunked\r\n\r\n64;name=value\r\n'),
  half,
  Buffer.from(`\r\n${rest.length.toString(16)}\r\n`),
  rest,
  Buffer.from('\r\n0\r\nTrailer: t\r\n\r\n'),
])

function read(bytes: Uint8Array, cuts: readonly number[], limitBytes = 1e6): PlainResponse {
  const response = new PlainResponse(new BodyPool(), limitBytes)
  const places = [0, ...[...cuts].map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length]
  for (let i = 1; i < places.length; i++) response.read(bytes.subarray(places[i - 1], places[i]))
  return response
}

const text = ({ body, length }: PlainResponse): string =>
  Buffer.from(body.subarray(0, length)).toString('utf8')

test.each([
  ['sized', Buffer.from(SIZED)],
  ['chunked', CHUNKED],
])('a %s response is the same however it comes', (_, bytes) => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
      const response = read(bytes, cuts)
      expect([response.status, text(response), response.keepAlive]).toEqual([200, BODY, true])
      expect(response.body.length).toBeGreaterThanOrEqual(response.length + BODY_PADDING)
    }),
    { numRuns: 200 },
  )
  expect(read(CHUNKED, []).headers['x']).toBe('1, 2')
})

test.each([
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['a redirect', 'HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n'],
  ['an interim answer', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['no length', 'HTTP/1.1 200 OK\r\n\r\nabc'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na'],
  ['length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
  ['a folded header', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n'],
  ['a broken chunk size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
  ['bytes behind the body', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc'],
  ['a head without end', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(20_000)}`],
])('%s is not for us', (_, bytes) => {
  expect(() => read(Buffer.from(bytes), [])).toThrow(NotPlain)
})

test('no bytes make it hang or fail otherwise, and the limit holds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (noise, at) => {
      const bytes = Buffer.from(CHUNKED)
      bytes.set(noise.subarray(0, Math.max(0, bytes.length - (at % bytes.length))), at % bytes.length)
      try {
        expect(read(bytes, [at], 5000).length).toBeLessThanOrEqual(5000)
      } catch (error) {
        if (!(error instanceof NotPlain) && !(error instanceof BodyTooLargeError)) throw error
      }
    }),
    { numRuns: 500 },
  )
  expect(() => read(Buffer.from(SIZED), [], 10)).toThrow(BodyTooLargeError)
  expect(() => read(CHUNKED, [], 110)).toThrow(BodyTooLargeError)
})

const servers: Server[] = []
afterAll(() => servers.forEach((server) => server.close()))

async function serve(
  answer: (socket: Socket, request: string) => void,
): Promise<{ url: URL; connections: () => number }> {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.on('error', () => {})
    socket.on('data', (data) => answer(socket, data.toString()))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/m?a=b`),
    connections: () => connections,
  }
}

const get = (
  http: PlainHttp,
  url: URL,
  signal: AbortSignal = AbortSignal.timeout(5000),
): Promise<PlainResponse | undefined> =>
  http.get({ url, headers: { 'x-test': ['1', '2'] }, signal, limitBytes: 1e6 })

test('one connection serves requests that follow each other', async () => {
  const requests: string[] = []
  const { url, connections } = await serve((socket, request) => {
    requests.push(request)
    socket.write(SIZED)
  })
  const http = new PlainHttp()
  for (let i = 0; i < 3; i++) {
    const response = await get(http, url)
    expect(text(response!)).toBe(BODY)
    response!.release()
  }
  expect(connections()).toBe(1)
  expect(requests[0]).toBe(
    `GET /m?a=b HTTP/1.1\r\nconnection: keep-alive\r\nhost: ${url.host}\r\nx-test: 1\r\nx-test: 2\r\n\r\n`,
  )
  http.close()
})

test('what is not plain, and what breaks, is left to the whole client', async () => {
  const redirecting = await serve((socket) => socket.end('HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n'))
  const breaking = await serve((socket) => socket.destroy())
  const http = new PlainHttp()
  expect(await get(http, redirecting.url)).toBeUndefined()
  expect(await get(http, redirecting.url)).toBeUndefined()
  expect(redirecting.connections()).toBe(1)
  expect(await get(http, breaking.url)).toBeUndefined()
  expect(
    await http.get({
      url: breaking.url,
      headers: { a: 'b\r\nc: d' },
      signal: AbortSignal.timeout(5000),
      limitBytes: 1,
    }),
  ).toBeUndefined()
  http.close()
})

test('an abort ends the request with its reason', async () => {
  const { url } = await serve(() => {})
  const http = new PlainHttp()
  const abort = new AbortController()
  const answer = get(http, url, abort.signal)
  setTimeout(() => abort.abort(new Error('enough')), 20)
  await expect(answer).rejects.toThrow('enough')
  http.close()
})

test('buffers are used again, and only those that fit', () => {
  const pool = new BodyPool()
  const buffer = pool.take(5000)
  expect(buffer.length).toBe(8192)
  pool.give(buffer)
  expect(pool.take(8192)).toBe(buffer)
  expect(pool.take(8192)).not.toBe(buffer)
  expect(pool.take(100 * 1024 * 1024).length).toBe(100 * 1024 * 1024)
})
