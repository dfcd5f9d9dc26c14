import type { Hono } from 'hono'
import { type JsonObject, parseLossless, usageOf, type UsageInput } from '@promontory/dashboards'
import type { Backend } from './backend.ts'
import { allow, Denied, json } from './exchange.ts'
import type { OwnApi } from './own-api.ts'

/** Labels whose values are counted; each is a question to the index. */
const LABELS_MAX = 200

/** `/api/v1/usage`: which metrics, labels and dashboards nobody uses, and what they cost. */
export function usageRoutes(app: Hono, backend: Backend, own: OwnApi): void {
  app.get('/api/v1/usage', async (c) => {
    allow(c, 'Viewer')
    const ask = askerOf(own, c.req.raw.signal)
    const [dashboards, views, rules, series, labels] = await Promise.all([
      backend.dashboards.all(),
      backend.dashboards.views(),
      rulesOf(ask),
      seriesOf(ask),
      labelsOf(ask),
    ])
    const models = dashboards.map(({ uid, title, data }) => ({
      uid,
      title,
      model: parseLossless(data) as JsonObject,
    }))
    return json(c, { status: 'success', data: usageOf({ dashboards: models, rules, series, labels, views }) })
  })
}

type Ask = <T>(path: string, query?: string) => Promise<T>

function askerOf(own: OwnApi, signal: AbortSignal): Ask {
  return async <T>(path: string, query = ''): Promise<T> => {
    const { body } = await own({ method: 'GET', path, query, form: '', signal })
    const answer = JSON.parse(Buffer.from(body).toString()) as { status: string; data: T; error?: string }
    if (answer.status !== 'success') throw new Denied(422, `${path}: ${answer.error ?? 'no answer'}`)
    return answer.data
  }
}

async function rulesOf(ask: Ask): Promise<UsageInput['rules']> {
  const { groups } = await ask<{ groups: { name: string; rules: { name: string; query: string }[] }[] }>(
    '/api/v1/rules',
  )
  return groups.flatMap((group) => group.rules.map(({ name, query }) => ({ name, query, group: group.name })))
}

async function seriesOf(ask: Ask): Promise<UsageInput['series']> {
  const query = new URLSearchParams({ query: 'count by (__name__) ({__name__!=""})' }).toString()
  const { result } = await ask<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
    '/api/v1/query',
    query,
  )
  return new Map(result.map(({ metric, value }) => [metric['__name__'] ?? '', Number(value[1])]))
}

async function labelsOf(ask: Ask): Promise<UsageInput['labels']> {
  const names = (await ask<string[]>('/api/v1/labels')).slice(0, LABELS_MAX)
  const counts = await Promise.all(
    names.map(
      async (name) => (await ask<string[]>(`/api/v1/label/${encodeURIComponent(name)}/values`)).length,
    ),
  )
  return new Map(names.map((name, index) => [name, counts[index]!]))
}
