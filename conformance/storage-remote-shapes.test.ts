// Mimir and Thanos are on no machine of ours: a server here checks what reaches it against their documents, and answers as they do.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  compressSnappy,
  decodeReadRequest,
  decodeWriteRequest,
  encodeReadResponse,
  type OutgoingSeries,
  uncompressSnappy,
} from '@promontory/wire'
import { startPromontory, until, Workspace } from './support/program.ts'

interface Seen {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  readonly query: URLSearchParams
}

const DAY_MS = 86_400_000
const oldMs = Date.now() - DAY_MS
const HISTORY: OutgoingSeries = {
  labels: ['__name__', 'old_metric', 'job', 'gone', 'replica', 'a'],
  samples: [{ timeMs: oldMs, low: 0, high: 0x40450000 }],
  histograms: [],
  exemplars: [],
}

/** An engine that wants a tenant and a password, and remembers what it was asked. */
class Engine {
  readonly seen: Seen[] = []
  url = ''
  readonly #server: Server

  constructor() {
    this.#server = createServer(async (request, response) => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      const url = new URL(request.url!, 'http://engine')
      const body = Buffer.concat(parts)
      const isForm = request.headers['content-type'] === 'application/x-www-form-urlencoded'
      const query = isForm ? new URLSearchParams(body.toString()) : url.searchParams
      this.seen.push({ path: url.pathname, headers: request.headers, body, query })
      const wanted = `Basic ${Buffer.from('tenant:s3cret').toString('base64')}`
      if (request.headers.authorization !== wanted || request.headers['x-scope-orgid'] !== 'team-7')
        response.writeHead(401).end('no org id')
      else answer(url.pathname, response)
    })
  }

  async listen(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done))
    this.url = `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  at(path: string): Seen[] {
    return this.seen.filter((one) => one.path === path)
  }
}

function answer(path: string, response: import('node:http').ServerResponse): void {
  const json = (data: unknown): void => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ status: 'success', data }))
  }
  const metric = { __name__: 'old_metric', job: 'gone', replica: 'a' }
  if (path.endsWith('/push') || path.endsWith('/receive')) response.writeHead(200).end()
  else if (path.endsWith('/read')) {
    response.writeHead(200, { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' })
    response.end(compressSnappy(encodeReadResponse([[HISTORY]])))
  } else if (path.endsWith('/query'))
    json({ resultType: 'matrix', result: [{ metric, values: [[oldMs / 1000, '42']] }] })
  else if (path.endsWith('/labels')) json(['__name__', 'job', 'replica'])
  else if (path.endsWith('/label/job/values')) json(['gone'])
  else if (path.endsWith('/series')) json([metric])
  else response.writeHead(404).end()
}

describe.each([
  ['mimir', '/api/v1/push', '/prometheus/api/v1/read', '/prometheus/api/v1'],
  ['thanos', '/api/v1/receive', '/api/v1/query', '/api/v1'],
])('--storage.remote=%s against a server that checks what comes', (name, writePath, readPath, api) => {
  const workspace = new Workspace()
  const engine = new Engine()
  let server: Awaited<ReturnType<typeof startPromontory>>

  beforeAll(async () => {
    await engine.listen()
    mkdirSync(workspace.directory, { recursive: true })
    writeFileSync(join(workspace.directory, 'password'), 's3cret\n')
    const client = join(workspace.directory, 'client.yml')
    writeFileSync(
      client,
      'headers: { X-Scope-OrgID: team-7 }\nbasic_auth: { username: tenant, password_file: password }\n',
    )
    const config = `global: { scrape_interval: 1s, scrape_timeout: 1s, external_labels: { replica: a } }
scrape_configs: [{ job_name: nothing, static_configs: [{ targets: ['127.0.0.1:9'] }] }]
`
    const url = name === 'thanos' ? `${engine.url} ${engine.url}/` : engine.url
    server = workspace.keep(
      await startPromontory({
        config,
        dataDirectory: workspace.data,
        flags: [`--storage.remote=${name} ${url}`, `--storage.remote.client=${client}`],
      }),
    )
  })
  afterAll(async () => {
    await workspace.clean()
    engine.close()
  })

  test('samples are pushed with the tenant, the password and the external labels', async () => {
    const [push] = await until(
      'a push',
      () => Promise.resolve(engine.at(writePath)),
      (all) => all.length > 0,
    )
    expect(push!.headers).toMatchObject({
      'content-encoding': 'snappy',
      'content-type': 'application/x-protobuf',
      'x-prometheus-remote-write-version': '0.1.0',
    })
    const series: string[] = []
    decodeWriteRequest(uncompressSnappy(push!.body, 1e7), {
      series: (_key, labels) => series.push(labels().join(',')),
      sample: () => {},
      histogram: () => {},
      exemplar: () => {},
      metadata: () => {},
    })
    expect(series).toContain('__name__,up,instance,127.0.0.1:9,job,nothing,replica,a')
  })

  test('older samples come back without the external labels', async () => {
    await until(
      'local data',
      () => server.query('up'),
      (found) => found.length > 0,
    )
    const found = await server.query('old_metric', oldMs / 1000 + 1)
    expect(found).toEqual([
      { metric: { __name__: 'old_metric', job: 'gone' }, value: [oldMs / 1000 + 1, '42'] },
    ])
    const asked = engine.at(readPath).at(-1)!
    if (name === 'mimir') {
      const { queries } = decodeReadRequest(uncompressSnappy(asked.body, 1e7))
      expect(queries[0]!.matchers).toEqual([
        { operator: '=', name: '__name__', value: 'old_metric' },
        { operator: '=', name: 'replica', value: 'a' },
      ])
    } else expect(asked.query.get('query')).toMatch(/^\{__name__="old_metric",replica="a"\}\[\d+ms\]$/)
  })

  test('and so do names and values of labels, and series', async () => {
    const range = `start=${oldMs / 1000 - 60}&end=${oldMs / 1000 + 60}`
    expect(await server.data<string[]>(`/api/v1/labels?${range}`)).toEqual(expect.arrayContaining(['job']))
    expect(await server.data<string[]>(`/api/v1/labels?${range}`)).not.toContain('replica')
    expect(await server.data<string[]>(`/api/v1/label/job/values?${range}`)).toContain('gone')
    expect(await server.data(`/api/v1/series?match[]=old_metric&${range}`)).toEqual([
      { __name__: 'old_metric', job: 'gone' },
    ])
    const asked = engine.at(`${api}/series`).at(-1)!
    expect(asked.query.getAll('match[]')).toEqual(['{__name__="old_metric",replica="a"}'])
    expect(engine.at(`${api}/labels`)).not.toEqual([])
  })

  test('every request carried the tenant and the password', () => {
    expect(engine.seen.length).toBeGreaterThan(4)
    expect(engine.seen.filter(({ headers }) => headers['x-scope-orgid'] !== 'team-7')).toEqual([])
  })
})
