import { Readable } from 'node:stream'
import type { Context, Hono } from 'hono'
import { type DataSourceRow, isJsonObject, type JsonObject, textOf } from '@promontory/dashboards'
import type { Backend } from './backend.ts'
import { allow, Denied, json, readObject } from './exchange.ts'
import { framesOf, type PrometheusResult } from './frames.ts'
import { parseRangeTime } from './range-time.ts'
import type { Sources } from './sources.ts'

const QUERIES_MAX = 100
/** More points per series are refused by every Prometheus. */
const POINTS_MAX = 11_000
const ANSWER_BYTES_MAX = 256 * 1024 * 1024

/** `POST /api/ds/query`: Prometheus queries, answered as data frames. */
export function dsQueryRoutes(app: Hono, backend: Backend, sources: Sources): void {
  app.post('/api/ds/query', async (c) => {
    allow(c, 'Viewer')
    const body = await readObject(c)
    const { queries } = body
    if (!Array.isArray(queries) || queries.length === 0)
      throw new Denied(400, 'bad request data: no queries found')
    if (queries.length > QUERIES_MAX)
      throw new Denied(400, `${queries.length} queries, at most ${QUERIES_MAX} are taken`)
    const now = Date.now()
    const range = { fromMs: parseRangeTime(body['from'], now), toMs: parseRangeTime(body['to'], now) }
    const asked = queries.filter(isJsonObject)
    const answered = await Promise.all(asked.map((query) => answer(c, backend, sources, query, range)))
    const results = Object.fromEntries(
      asked.map((query, index) => [textOf(query, 'refId') || 'A', answered[index]]),
    )
    const failed = answered.find((one) => 'error' in one)
    return json(c, { results }, failed === undefined ? 200 : (failed['status'] as 400))
  })
}

interface Range {
  readonly fromMs: number
  readonly toMs: number
}

async function answer(
  c: Context,
  backend: Backend,
  sources: Sources,
  query: JsonObject,
  range: Range,
): Promise<JsonObject> {
  try {
    const row = await sourceOf(backend, query)
    const wantsInstant = query['instant'] === true
    const wantsRange = query['range'] === true || !wantsInstant
    const frames: unknown[] = []
    const stepMs = stepOf(query, range)
    const params: [string, string][] = [['query', textOf(query, 'expr')]]
    if (wantsRange) {
      const step = String(stepMs / 1000)
      const at = (timeMs: number): string => String((Math.floor(timeMs / stepMs) * stepMs) / 1000)
      const all = [...params, ['start', at(range.fromMs)], ['end', at(range.toMs)], ['step', step]]
      frames.push(...framesOf(await ask(c, sources, row, 'query_range', all), query, stepMs))
    }
    if (wantsInstant) {
      const all = [...params, ['time', String(range.toMs / 1000)]]
      frames.push(...framesOf(await ask(c, sources, row, 'query', all), query, stepMs))
    }
    return { status: 200, frames }
  } catch (error) {
    const status = error instanceof Denied ? error.status : 400
    return { status, error: (error as Error).message, errorSource: 'downstream' }
  }
}

async function sourceOf(backend: Backend, query: JsonObject): Promise<DataSourceRow> {
  const { datasource, datasourceId } = query
  const uid = isJsonObject(datasource)
    ? textOf(datasource, 'uid')
    : typeof datasource === 'string'
      ? datasource
      : ''
  if (uid !== '') return (await backend.dataSources.find('uid', uid)) ?? backend.dataSources.get('name', uid)
  if (typeof datasourceId === 'number') return backend.dataSources.get('id', datasourceId)
  return backend.dataSources.default()
}

async function ask(
  c: Context,
  sources: Sources,
  row: DataSourceRow,
  name: string,
  params: readonly (readonly string[])[],
): Promise<PrometheusResult> {
  const form = new URLSearchParams(params as [string, string][]).toString()
  const { status, body } = await sources.ask(row, {
    method: 'POST',
    path: `/api/v1/${name}`,
    query: '',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form),
    signal: c.req.raw.signal,
  })
  const text = Buffer.from(body instanceof Readable ? await readAll(body) : body).toString()
  let parsed: { status?: string; error?: string; data?: PrometheusResult }
  try {
    parsed = JSON.parse(text) as typeof parsed
  } catch {
    throw new Denied(502, `${row.name} answered with status ${status} and no JSON`)
  }
  if (parsed.status !== 'success' || parsed.data === undefined)
    throw new Denied(400, parsed.error ?? `${row.name} answered with status ${status}`)
  return parsed.data
}

async function readAll(stream: Readable): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of stream as AsyncIterable<Buffer>) {
    length += part.length
    if (length > ANSWER_BYTES_MAX)
      throw new Denied(502, `the answer is longer than ${ANSWER_BYTES_MAX} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** The step that the panel asks for, wide enough for the points that may be answered. */
function stepOf(query: JsonObject, { fromMs, toMs }: Range): number {
  const { intervalMs } = query
  const wanted = typeof intervalMs === 'number' && intervalMs >= 1 ? Math.round(intervalMs) : 15_000
  return Math.max(wanted, Math.ceil((toMs - fromMs) / POINTS_MAX))
}
