import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Labels, type Queryable } from '@promontory/model'
import { Engine, parseSelector, QueryBatch, writeResult } from '@promontory/promql'

const DIST = join(dirname(fileURLToPath(import.meta.url)), '../../packages/ui/dist')
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.html': 'text/html',
}

/** What the pages are shown: a dashboard, and a storage for its queries. */
export interface Shown {
  dashboard: unknown
  storage: Queryable
}

/** Serves the built pages with one dashboard at `/d/shown`, its queries answered by our own engine in this process. */
export async function serveDashboards(
  shown: Shown,
): Promise<{ readonly server: Server; readonly origin: string }> {
  const engine = new Engine()
  // Read once: a build that runs meanwhile changes the files' names.
  const files = new Map(
    readdirSync(DIST, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.(br|gz)$/.test(entry.name))
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        return [path.slice(DIST.length), readFileSync(path)] as const
      }),
  )
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    let body = ''
    request.on('data', (chunk: Buffer) => (body += String(chunk)))
    request.on('end', () => {
      const parameters = request.method === 'POST' ? new URLSearchParams(body) : url.searchParams
      void answer(engine, shown, files, url.pathname, parameters).then(
        ({ type, content }) => {
          response.writeHead(200, {
            'content-type': type,
            'content-security-policy':
              "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
          })
          response.end(content)
        },
        (error: Error) => {
          response.writeHead(400, { 'content-type': 'application/json' })
          response.end(JSON.stringify({ status: 'error', errorType: 'bad_data', error: error.message }))
        },
      )
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

interface Content {
  readonly type: string
  readonly content: string | Uint8Array
}

async function answer(
  engine: Engine,
  shown: Shown,
  files: ReadonlyMap<string, Uint8Array>,
  path: string,
  parameters: URLSearchParams,
): Promise<Content> {
  if (path === '/api/v1/query_batch')
    return { type: 'application/octet-stream', content: await batch(engine, shown.storage, parameters) }
  if (path.startsWith('/api/v1/'))
    return json(await prometheus(engine, shown.storage, path.slice('/api/v1/'.length), parameters))
  if (path.startsWith('/api/dashboards/uid/'))
    return json({ dashboard: shown.dashboard, meta: { canEdit: true } })
  if (path.startsWith('/api/')) return json([])
  const file = files.get(path)
  if (file !== undefined) return { type: TYPES[extname(path)] ?? 'application/octet-stream', content: file }
  const depth = path.split('/').length - 2
  const page = new TextDecoder().decode(files.get('/index.html'))
  return { type: 'text/html', content: depth > 0 ? page.replaceAll('"./', `"${'../'.repeat(depth)}`) : page }
}

function json(value: unknown): Content {
  return { type: 'application/json', content: typeof value === 'string' ? value : JSON.stringify(value) }
}

/** Each answer behind a line that says whose it is and how long. */
async function batch(engine: Engine, storage: Queryable, parameters: URLSearchParams): Promise<Uint8Array> {
  const asks = parameters.getAll('ask').map((text) => text.split('?') as [string, string])
  const ranges = asks.filter(([endpoint]) => endpoint === 'query_range')
  const queries = ranges.map(([, search]) => new URLSearchParams(search).get('query') ?? '')
  const together = new QueryBatch(queries, engine.parserOptions)
  const parts: Buffer[] = []
  for (const [ask, [endpoint, search]] of asks.entries()) {
    let text: string
    try {
      text = String(await prometheus(engine, storage, endpoint, new URLSearchParams(search), together))
    } catch (error) {
      text = JSON.stringify({ status: 'error', errorType: 'bad_data', error: (error as Error).message })
    }
    const body = Buffer.from(text)
    parts.push(Buffer.from(`${JSON.stringify({ ask, status: 200, length: body.length })}\n`), body)
  }
  return Buffer.concat(parts)
}

async function prometheus(
  engine: Engine,
  storage: Queryable,
  endpoint: string,
  parameters: URLSearchParams,
  batch?: QueryBatch,
): Promise<unknown> {
  const ms = (name: string): number => Math.round(Number(parameters.get(name)) * 1000)
  const query = parameters.get('query') ?? ''
  const range = { startMs: 0, endMs: Number.MAX_SAFE_INTEGER }
  if (endpoint === 'query_range') {
    const steps = { startMs: ms('start'), endMs: ms('end'), stepMs: ms('step') }
    const { value } = await engine.range(storage, query, steps, batch === undefined ? {} : { batch })
    return `{"status":"success","data":${new TextDecoder().decode(writeResult(value))}}`
  }
  if (endpoint === 'query') {
    const { value } = await engine.instant(storage, query, ms('time'))
    return `{"status":"success","data":${new TextDecoder().decode(writeResult(value))}}`
  }
  const selectors = parameters.getAll('match[]')
  const querier = storage.querier(range)
  const matchers = selectors.length === 0 ? [] : parseSelector(selectors[0]!)
  const request = { ...range, matchers }
  const values = /^label\/(.+)\/values$/.exec(endpoint)
  if (values !== null)
    return { status: 'success', data: await querier.labelValues(decodeURIComponent(values[1]!), request) }
  if (endpoint === 'labels') return { status: 'success', data: await querier.labelNames(request) }
  if (endpoint === 'series') {
    const [set] = await querier.select([request])
    return {
      status: 'success',
      data: Array.from({ length: set!.length }, (_, i) =>
        Object.fromEntries([...(set!.labels(i) as Labels)]),
      ),
    }
  }
  if (endpoint === 'rules/overview')
    return {
      status: 'success',
      data: {
        rules: [],
        ruleCount: 0,
        states: { firing: 0, pending: 0, inactive: 0 },
        alerts: { firing: 0, pending: 0 },
      },
    }
  return { status: 'success', data: endpoint === 'alerts' ? { alerts: [] } : {} }
}
