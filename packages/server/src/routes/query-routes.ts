import type { Context, Hono } from 'hono'
import { acceptedEncoding, failureOf, sendEncoded, success } from '../http/answer.ts'
import { BadRequest, Params } from '../http/params.ts'
import { MAX_TIME_MS, type RouteEnvironment, MIN_TIME_MS, readParams } from './environment.ts'
import type { QueryTask, StatsWanted } from '../workers/protocol.ts'
import { SharedQueries } from '../workers/shared-queries.ts'

/** More points than this per series are refused, as in Prometheus. */
const POINTS_MAX = 11_000

/** `/api/v1/query`, `query_range`, `series`, `labels`, label values, `/federate`. */
export function queryRoutes(app: Hono, environment: RouteEnvironment): void {
  const shared = new SharedQueries(environment.queries)
  const answer = (task: (params: Params, c: Context) => QueryTask): ((c: Context) => Promise<Response>) => {
    return async (c) => {
      try {
        const params = await readParams(c)
        const started = performance.now()
        const wanted = task(params, c)
        const answered = await shared.run(wanted, {
          signal: c.req.raw.signal,
          timeoutMs: params.duration('timeout'),
          encoding: acceptedEncoding(c),
        })
        environment.queryMetrics.duration.observe((performance.now() - started) / 1000, 'inner_eval')
        if (answered.kind !== 'body') throw new Error('BUG: a query answered without a body')
        return sendEncoded(c, answered, wanted.kind === 'federate' ? FEDERATION_TYPE : 'application/json')
      } catch (error) {
        return failureOf(c, error)
      }
    }
  }
  app.on(
    ['GET', 'POST'],
    '/api/v1/query',
    answer((params) => instantTask(params, environment.clock.nowMs())),
  )
  app.on(['GET', 'POST'], '/api/v1/query_range', answer(rangeTask))
  app.on(
    ['GET', 'POST'],
    '/api/v1/series',
    answer((params) => ({ kind: 'series', ...matching(params, true) })),
  )
  app.on(
    ['GET', 'POST'],
    '/api/v1/labels',
    answer((params) => ({ kind: 'labelNames', ...matching(params, false) })),
  )
  app.get(
    '/api/v1/label/:name/values',
    answer((params, c) => ({
      kind: 'labelValues',
      name: labelName(c.req.param('name')!),
      ...matching(params, false),
    })),
  )
  app.get(
    '/federate',
    answer((params) => ({
      kind: 'federate',
      selectors: params.all('match[]'),
      timeMs: environment.clock.nowMs(),
      externalLabels: environment.externalLabels().pairs,
    })),
  )
  app.get(
    '/api/v1/status/tsdb',
    answer((params) => ({ kind: 'tsdbStatus', limit: statusLimit(params) })),
  )
  app.get('/api/v1/status/tsdb/blocks', (c) =>
    success(c, { blocks: environment.storage.maintenance.blocks.map(({ meta }) => meta) }),
  )
}

const FEDERATION_TYPE = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'

function statusLimit(params: Params): number {
  if (!params.has('limit')) return 10
  const limit = params.limit()
  if (limit < 1) throw new BadRequest('limit must be a positive number')
  if (limit > 10_000) throw new BadRequest('limit must not exceed 10000')
  return limit
}

function stats(params: Params): StatsWanted {
  const text = params.get('stats')
  return text === '' ? 'none' : text === 'all' ? 'all' : 'basic'
}

function lookback(params: Params): { lookbackMs?: number } {
  const lookbackMs = params.duration('lookback_delta')
  return lookbackMs === undefined ? {} : { lookbackMs }
}

function instantTask(params: Params, nowMs: number): QueryTask {
  return {
    kind: 'instant',
    expr: params.get('query'),
    timeMs: params.time('time', Math.round(nowMs)),
    stats: stats(params),
    limit: params.limit(),
    cached: !/^(1|t|true)$/i.test(params.get('nocache')),
    ...lookback(params),
  }
}

function rangeTask(params: Params): QueryTask {
  const startMs = params.time('start', undefined)
  const endMs = params.time('end', undefined)
  if (endMs < startMs)
    throw new BadRequest('invalid parameter "end": end timestamp must not be before start time')
  const stepMs = params.duration('step')
  if (stepMs === undefined)
    throw new BadRequest('invalid parameter "step": cannot parse "" to a valid duration')
  if (stepMs <= 0)
    throw new BadRequest(
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    )
  if ((endMs - startMs) / stepMs > POINTS_MAX)
    throw new BadRequest(
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    )
  return {
    kind: 'range',
    expr: params.get('query'),
    startMs,
    endMs,
    stepMs,
    stats: stats(params),
    limit: params.limit(),
    cached: !/^(1|t|true)$/i.test(params.get('nocache')),
    ...lookback(params),
  }
}

function matching(
  params: Params,
  required: boolean,
): { selectors: string[]; startMs: number; endMs: number; limit: number } {
  const selectors = params.all('match[]')
  if (required && selectors.length === 0) throw new BadRequest('no match[] parameter provided')
  const startMs = params.time('start', MIN_TIME_MS)
  const endMs = params.time('end', MAX_TIME_MS)
  if (endMs < startMs)
    throw new BadRequest('invalid parameter "end": end timestamp must not be before start time')
  return { selectors, startMs, endMs, limit: params.limit() }
}

/** `U__` opens Prometheus's escape for names outside the classic set: `_xx_` is a code point, `__` an underscore. */
function labelName(segment: string): string {
  if (!segment.startsWith('U__')) {
    if (segment === '') throw new BadRequest('invalid label name: ""')
    return segment
  }
  return segment
    .slice(3)
    .replace(/__|_([0-9a-fA-F]{1,6})_/g, (whole, hex: string | undefined) =>
      hex === undefined ? (whole === '__' ? '_' : whole) : String.fromCodePoint(Number.parseInt(hex, 16)),
    )
}
