import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DEFAULT_HTTP_CLIENT } from '@promontory/http-client'
import { decodeReadResponse, encodeReadRequest } from '@promontory/wire'
import { afterEach, expect, test } from 'vitest'
import { EngineClient, type EngineApi } from './engine-client.ts'

const cleanups: (() => void)[] = []
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()))

const QUERY = { startMs: 1_000_000, endMs: 1_060_000, matchers: [{ operator: '=', name: '__name__', value: 'up' }, { operator: '=~', name: 'job', value: 'a|"b"' }] } as const // prettier-ignore

/** What is read from an answer, and the form that was sent. */
async function read(api: EngineApi, answer: string, status = 200): Promise<{ form: Record<string, string>; series: [string[], [number, number | 'stale'][]][] }> {
  let form = ''
  const server = createServer((request, response) => {
    request.on('data', (data: Buffer) => (form += data.toString()))
    request.on('end', () => response.writeHead(status).end(answer))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  cleanups.push(() => (server.closeAllConnections(), server.close()))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`
  const client = new EngineClient({ ...DEFAULT_HTTP_CLIENT, url, remote_timeout: 5000, headers: {} }, api, 'test')
  cleanups.push(() => client.close())
  const message = await client.read(encodeReadRequest([QUERY]))
  const series: [string[], [number, number | 'stale'][]][] = []
  decodeReadResponse(message, {
    series: (_query, labels) => void series.push([[...labels], []]),
    sample: (timeMs, bytes, at) =>
      void series.at(-1)![1].push([timeMs, bytes.readUInt32LE(at) === 2 ? 'stale' : bytes.readDoubleLE(at)]),
    histogram: () => expect.unreachable(),
  })
  return { form: Object.fromEntries(new URLSearchParams(form)), series }
} // prettier-ignore

test('VictoriaMetrics: its export, stale markers and infinities', async () => {
  const { form, series } = await read(
    'export',
    '{"metric":{"job":"a","__name__":"up"},"values":[1,null,"Infinity"],"timestamps":[1000000,1015000,1030000]}\n{"metric":{"__name__":"up","job":"b"},"values":[0.5],"timestamps":[1060000]}\n',
  )
  expect(form).toMatchObject({
    'match[]': '{__name__="up",job=~"a|\\"b\\""}',
    start: '1000.000',
    end: '1060.000',
  })
  expect(series).toEqual([
    [['__name__', 'up', 'job', 'a'], [[1000000, 1], [1015000, 'stale'], [1030000, Infinity]]],
    [['__name__', 'up', 'job', 'b'], [[1060000, 0.5]]],
  ]) // prettier-ignore
})

test('others: an instant query over the range, whose start is open', async () => {
  const { form, series } = await read(
    'query',
    '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up"},"values":[[1000,"1"],[1015.25,"-Inf"]]}]}}',
  )
  expect(form).toEqual({ query: '{__name__="up",job=~"a|\\"b\\""}[60001ms]', time: '1060.000' })
  expect(series).toEqual([[['__name__', 'up'], [[1000000, 1], [1015250, -Infinity]]]]) // prettier-ignore
})

test('a refusal names the server and what it said', async () => {
  await expect(read('export', 'too many series', 422)).rejects.toThrow(
    /returned http status 422 .*: too many series/,
  )
})
