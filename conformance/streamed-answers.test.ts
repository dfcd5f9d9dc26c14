import http from 'node:http'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Program, startPromontory, Workspace } from './support/program.ts'
import { remoteWrite } from './support/remote-writer.ts'

/*
 * Answers of megabytes leave while they are being written, from memory that is used again: nobody may get a byte of somebody else's.
 */

const workspace = new Workspace()
let server: Program
const START_S = Math.floor(Date.now() / 60_000) * 60 - 3 * 3600
const SERIES = 600

beforeAll(async () => {
  server = workspace.keep(
    await startPromontory({
      dataDirectory: workspace.data,
      config: 'storage:\n  tsdb:\n    out_of_order_time_window: 6h\n',
      flags: ['--web.enable-remote-write-receiver', '--content.rules=none'],
    }),
  )
  const series = Array.from({ length: SERIES }, (_, i) => ({
    labels: { __name__: 'm', i: `${i}` },
    samples: Array.from({ length: 121 }, (_, k) => [(START_S + 60 * k) * 1000, i + k / 7] as const),
  }))
  await remoteWrite(server.url, series)
})
afterAll(() => workspace.clean())

/** Two hours in steps of half a minute, of which each `salt` has its own. */
function pathOf(query: string, salt: number, steps = 240): string {
  const start = START_S + 60 + salt / 1000
  const asked = { query, start: `${start}`, end: `${start + 30 * (steps - 1)}`, step: '30', nocache: '1' }
  return `/api/v1/query_range?${new URLSearchParams(asked)}`
}

interface Reply {
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

/** @param onFirst  called with the response when the first bytes are there */
function get(
  path: string,
  headers: http.OutgoingHttpHeaders = {},
  onFirst?: (response: http.IncomingMessage) => void,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = http.get(`${server.url}${path}`, { headers, agent: false }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => {
        if (parts.length === 0) onFirst?.(response)
        parts.push(part)
      })
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(parts) }))
      response.on('close', () => reject(new Error('closed before its end')))
      response.on('error', reject)
    })
    request.on('error', reject)
  })
}

/** What series i has at the first step, whatever the salt. */
function check({ body }: Reply, factor = 1): void {
  const { data } = JSON.parse(body.toString()) as {
    data: { result: { metric: { i: string }; values: [number, string][] }[] }
  }
  expect(data.result.length).toBe(SERIES)
  for (const { metric, values } of data.result) {
    expect(values.length).toBe(240)
    expect(Number(values[0]![1])).toBeCloseTo(factor * (Number(metric.i) + 1 / 7), 9)
  }
}

test('a big answer comes in chunks, a small one with its length', async () => {
  const big = await get(pathOf('m', 1))
  expect(big.headers['transfer-encoding']).toBe('chunked')
  expect(big.body.length).toBeGreaterThan(3_000_000)
  check(big)
  const small = await get(pathOf('count(m)', 1))
  expect(small.headers['content-length']).toBe(String(small.body.length))
})

test('compressed it is the same', async () => {
  const plain = await get(pathOf('m', 2))
  const packed = await get(pathOf('m', 2), { 'accept-encoding': 'gzip' })
  expect(packed.headers['content-encoding']).toBe('gzip')
  expect(gunzipSync(packed.body).equals(plain.body)).toBe(true)
})

test('clients that leave in the middle harm nobody', async () => {
  for (let round = 0; round < 12; round++) {
    const left = Array.from({ length: 4 }, (_, i) =>
      get(pathOf('m * -1', 10 * round + i), {}, (response) => response.destroy()).catch(() => undefined),
    )
    const stayed = get(pathOf(`m * ${round + 2}`, round))
    check(await stayed, round + 2)
    await Promise.all(left)
  }
})

test('a client that reads slowly gets its own answer, and others theirs meanwhile', async () => {
  let resume = (): void => {}
  const paused = new Promise<void>((begun) => {
    resume = begun
  })
  const slow = Array.from({ length: 3 }, (_, i) =>
    get(pathOf(`m * ${i + 100}`, 300 + i), {}, (response) => {
      response.pause()
      void paused.then(() => response.resume())
    }),
  )
  for (let i = 0; i < 12; i++) check(await get(pathOf(`m * ${i + 7}`, 400 + i)), i + 7)
  resume()
  for (const [i, reply] of slow.entries()) check(await reply, i + 100)
})

test('who asks the same at once gets the same', async () => {
  const path = pathOf('m', 999).replace('&nocache=1', '')
  for (const reply of await Promise.all(Array.from({ length: 6 }, () => get(path)))) check(reply)
})
