import type { DirectHandler, DirectRequest } from '../http/direct.ts'
import { BadRequest, Params } from '../http/params.ts'
import { MAX_TIME_MS, type RouteEnvironment, MIN_TIME_MS } from './environment.ts'
import type { QueryTask, RangeTask, StatsWanted } from '../workers/protocol.ts'
import type { RunQuery } from './query-runner.ts'

/** More points than this per series are refused, as in Prometheus. */
const POINTS_MAX = 11_000

/** A path of its own for each kind of question about samples and series; undefined for other paths. */
export type QueryRoutes = (method: string, path: string) => DirectHandler | undefined

/** `/api/v1/query`, `query_range`, `series`, `labels`, label values, `/federate`, `/api/v1/status/tsdb`. */
export function queryRoutes(environment: RouteEnvironment, run: RunQuery): QueryRoutes {
  const answer = (
    taskOf: (request: DirectRequest) => QueryTask,
    type = 'application/json',
  ): DirectHandler => ({
    type,
    answer: async (request, sink) => {
      const task = taskOf(request)
      const { signal, encoding, params } = request
      await run(task, { signal, encoding, timeoutMs: params.duration('timeout') }, request, sink)
    },
  })
  const read = new Map<string, DirectHandler>([
    [
      '/federate',
      answer(
        ({ params }) => ({
          kind: 'federate',
          selectors: params.all('match[]'),
          timeMs: environment.clock.nowMs(),
          externalLabels: environment.externalLabels().pairs,
        }),
        FEDERATION_TYPE,
      ),
    ],
    ['/api/v1/status/tsdb', answer(({ params }) => ({ kind: 'tsdbStatus', limit: statusLimit(params) }))],
  ])
  const readOrPosted = new Map<string, DirectHandler>([
    ['/api/v1/query', answer(({ params }) => instantTask(params, environment.clock.nowMs()))],
    ['/api/v1/query_range', answer(({ params }) => rangeTask(params))],
    ['/api/v1/series', answer(({ params }) => ({ kind: 'series', ...matching(params, true) }))],
    ['/api/v1/labels', answer(({ params }) => ({ kind: 'labelNames', ...matching(params, false) }))],
  ])
  const labelValues = answer(({ path, params }) => ({
    kind: 'labelValues',
    name: labelName(LABEL_VALUES.exec(path)![1]!),
    ...matching(params, false),
  }))
  return (method, path) => {
    if (method !== 'GET' && method !== 'POST') return undefined
    const handler = readOrPosted.get(path)
    if (handler !== undefined || method === 'POST') return handler
    return read.get(path) ?? (LABEL_VALUES.test(path) ? labelValues : undefined)
  }
}

const LABEL_VALUES = /^\/api\/v1\/label\/([^/]*)\/values$/

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

/** The task of an instant query. @throws BadRequest */
export function instantTask(params: Params, nowMs: number): QueryTask {
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

/** The task of a range query. @throws BadRequest */
export function rangeTask(params: Params): RangeTask {
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
  if (segment === '') throw new BadRequest('invalid label name: ""')
  const name = decoded(segment)
  if (!name.startsWith('U__')) return name
  return name
    .slice(3)
    .replace(/__|_([0-9a-fA-F]{1,6})_/g, (whole, hex: string | undefined) =>
      hex === undefined ? (whole === '__' ? '_' : whole) : String.fromCodePoint(Number.parseInt(hex, 16)),
    )
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new BadRequest(`invalid label name: ${JSON.stringify(segment)}`)
  }
}
