import { FAMILIES, instrument, type Instrument } from '@promontory/instrument'
import {
  AGENTS,
  around,
  dayShape,
  MODELS,
  PERSONAS,
  pick,
  randomFrom,
  ROUTES,
  TABLES,
  TEAMS,
  TOOLS,
} from './world.ts'

/** A series of the past: times in milliseconds, oldest first. */
export interface PastSeries {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly timesMs: number[]
  readonly values: number[]
}

/** One in so many requests is played; what grows is multiplied. */
const SCALE = 4
const CACHE_BYTES = 64 * 1024
/** The last hours are as fine as scrapes are, what lies before is coarser. */
const FINE_MS = 7 * 3_600_000
const FINE_STEP_MS = 15_000
const COARSE_STEP_MS = 60_000

/**
 * Plays what the backend would have published in the past, with the kit's own metrics, so that names and labels are those
 * of the live service. An outage of a provider and a slow database happened on the way.
 * @param window  called with the series of each two hours
 */
export function playHistory(
  fromMs: number,
  toMs: number,
  window: (series: readonly PastSeries[], fromMs: number, toMs: number) => void,
): void {
  const kit = instrument({
    service: 'agentic-backend',
    version: '1.3.0',
    http: ['http', 'api', 'project_ai'],
  })
  const random = randomFrom(7)
  const current = new Window()
  const windowMs = 2 * 3_600_000
  let windowStart = Math.floor(fromMs / windowMs) * windowMs
  const cut = (end: number): void => {
    const series = current.take()
    if (series.length > 0) window(series, windowStart, end)
    windowStart = end
  }
  for (let timeMs = fromMs; timeMs < toMs;) {
    if (timeMs >= windowStart + windowMs) cut(windowStart + windowMs)
    const stepMs = timeMs >= toMs - FINE_MS ? FINE_STEP_MS : COARSE_STEP_MS
    playStep(kit, timeMs, stepMs / 1000, toMs - timeMs, random)
    current.add(kit, timeMs)
    timeMs += stepMs
  }
  cut(toMs)
  void kit.close()
}

function playStep(
  kit: Instrument,
  timeMs: number,
  seconds: number,
  agoMs: number,
  random: () => number,
): void {
  const isOutage = agoMs > 3.2 * 3_600_000 && agoMs < 3.5 * 3_600_000
  const isSlow = agoMs > 4.9 * 3_600_000 && agoMs < 5.2 * 3_600_000
  const shape = dayShape(timeMs)
  for (const { method, route, perSecond, seconds: median } of ROUTES) {
    const wanted = (perSecond * shape * seconds) / SCALE
    const count = Math.floor(wanted) + (random() < wanted % 1 ? 1 : 0)
    for (let i = 0; i < count; i++) playRequest(kit, method, route, median, random, isOutage, isSlow)
  }
  const users = Math.round(18 * shape + 3 * random())
  kit.domain.sessions(users + Math.round(4 * random()))
  kit.domain.activeUsers(users)
  kit.database.pool('main', { active: Math.round((isSlow ? 16 : 2) * shape + random()), max: 20 })
  kit.database.size('main', 4096 * (30 + Math.floor((timeMs / 3_600_000) % 200)))
  kit.cache.size(CACHE_BYTES * (0.9 + 0.1 * random()), CACHE_BYTES)
  kit.cache.redisMemory(CACHE_BYTES * (0.9 + 0.1 * random()), CACHE_BYTES)
  kit.llm.budget({ scope: 'all', name: '', period: 'daily', dollars: 600 })
  kit.llm.budget({ scope: 'team', name: 'support', period: 'monthly', dollars: 6000 })
}

function playRequest(
  kit: Instrument,
  method: string,
  route: string,
  median: number,
  random: () => number,
  isOutage: boolean,
  isSlow: boolean,
): void {
  let status = random() < 0.004 ? 500 : 200
  if (route === '/api/login') {
    status = random() < 0.85 ? 200 : 401
    kit.domain.authAttempt('password', status === 200)
    if (random() < 0.1) kit.domain.event('signup')
  } else if (route === '/api/admin/users') {
    status = random() < 0.4 ? 200 : 403
    kit.domain.permissionCheck('users:read', status === 200)
  } else if (route === '/api/documents/:id') {
    const isHit = random() < 0.62
    kit.cache.read(isHit, 'document')
    if (!isHit) {
      kit.cache.wrote()
      if (random() < 0.5) kit.cache.evicted()
    }
  } else if (route !== '/api/messages') playModel(kit, random, isOutage)
  if (route.startsWith('/api/agents')) {
    const agent_type = pick(AGENTS, random)
    kit.metrics.inc('agent_queries_total', { agent_type, status: 'success' })
    kit.metrics.observe('agent_query_duration_seconds', { agent_type }, around(median, random))
    kit.metrics.observe(
      'plugin_execution_duration_seconds',
      { plugin: pick(TOOLS, random) },
      around(0.01, random),
    )
    kit.domain.feature('agents')
  }
  if (route === '/api/chat') {
    kit.domain.feature('chat')
    kit.domain.persona(pick(PERSONAS, random))
    if (random() < 0.05) kit.domain.commandOverride(random() < 0.3 ? 'allowed' : 'denied')
  }
  if (route === '/api/generate') {
    kit.domain.feature('image_generation')
    kit.metrics.observe('generate_duration', {}, around(median, random))
  }
  playQuery(kit, random, isSlow)
  kit.http.begin()
  kit.http.end(method, route, status, around(median, random))
}

function playModel(kit: Instrument, random: () => number, isOutage: boolean): void {
  const { provider, model, seconds } = pick(MODELS.flatMap((each) => Array.from({ length: each.weight }, () => each)), random) // prettier-ignore
  const took = around(seconds, random)
  if (random() < (isOutage && provider === 'openai' ? 0.95 : 0.006)) {
    kit.llm.record({ provider, model, seconds: took * 0.3, errorType: 'server_error' })
    kit.llm.fallback(provider, 'anthropic')
    return
  }
  const usage = { input: 40 + Math.floor(random() * 900), output: 30 + Math.floor(random() * 500) }
  const finishReason = random() < 0.04 ? 'length' : 'stop'
  kit.llm.record({
    provider,
    model,
    team: pick(TEAMS, random),
    seconds: took,
    usage,
    finishReason,
    firstTokenSeconds: took * 0.35,
  })
}

function playQuery(kit: Instrument, random: () => number, isSlow: boolean): void {
  const table = pick(TABLES, random)
  const operation = random() < 0.85 ? 'select' : 'insert'
  const seconds = around(isSlow ? 1.4 : 0.007, random)
  kit.metrics.observe('database_query_duration_seconds', { query_type: operation, table }, seconds)
  kit.metrics.observe('db_query_duration_seconds', { operation }, seconds)
  kit.metrics.inc('db_queries_total', { operation, status: 'success' })
  kit.metrics.inc('db_index_scans_total', { table, uses_index: String(random() < 0.7) })
  if (seconds > 1) kit.metrics.inc('db_slow_queries_total', { operation, table })
}

interface Held {
  readonly name: string
  readonly type: string
  /** By label values. */
  readonly hashMap: Readonly<Record<string, HeldValue & Partial<HeldHistogram>>>
}
interface HeldValue {
  readonly value: number
  readonly labels: Labels
}
interface HeldHistogram {
  /** By upper bound, each bucket for itself. */
  readonly bucketValues: Readonly<Record<string, number>>
  readonly sum: number
  readonly count: number
}
type Labels = Readonly<Record<string, string | number>>

/** The series of a window by metric and label values; a histogram has several for one set of label values. */
class Window {
  readonly #bounds = new Map<string, readonly string[]>()
  #series = new Map<string, Map<string, readonly PastSeries[]>>()

  /** All of them, and begins anew. */
  take(): PastSeries[] {
    const all = [...this.#series.values()].flatMap((ofMetric) => [...ofMetric.values()].flat())
    this.#series = new Map()
    return all
  }

  /** Adds the metrics as they are now, one sample each. Read without promises: nothing here waits. */
  add(kit: Instrument, timeMs: number): void {
    for (const metric of kit.registry.getMetricsAsArray() as unknown as Held[]) {
      if (!(metric.name in FAMILIES) || metric.name === 'event_loop_lag_seconds') continue
      let series = this.#series.get(metric.name)
      if (series === undefined) this.#series.set(metric.name, (series = new Map()))
      for (const hash in metric.hashMap) this.#addHeld(metric, hash, series, timeMs)
    }
  }

  #addHeld(metric: Held, hash: string, series: Map<string, readonly PastSeries[]>, timeMs: number): void {
    const held = metric.hashMap[hash]!
    const values =
      held.bucketValues === undefined
        ? [held.value]
        : [...cumulative(held.bucketValues, this.#boundsOf(metric.name, held.bucketValues)), held.count!, held.sum!, held.count!] // prettier-ignore
    let past = series.get(hash)
    if (past === undefined) {
      const bounds = this.#bounds.get(metric.name)
      series.set(hash, (past = emptySeries(metric.name, held.labels, bounds)))
    }
    const scale = metric.type === 'gauge' ? 1 : SCALE
    for (let i = 0; i < values.length; i++) {
      past[i]!.timesMs.push(timeMs)
      past[i]!.values.push(values[i]! * scale)
    }
  }

  /** By rising bound: an object lists 1 before 0.5. */
  #boundsOf(name: string, buckets: Readonly<Record<string, number>>): readonly string[] {
    let bounds = this.#bounds.get(name)
    if (bounds === undefined)
      this.#bounds.set(name, (bounds = Object.keys(buckets).sort((a, b) => Number(a) - Number(b))))
    return bounds
  }
}

function emptySeries(name: string, labels: Labels, bounds: readonly string[] | undefined): PastSeries[] {
  const texts = Object.fromEntries(Object.entries(labels).map(([label, text]) => [label, String(text)]))
  const series = (suffix: string, more?: Labels): PastSeries => ({
    name: name + suffix,
    labels: { ...texts, ...more } as Record<string, string>,
    timesMs: [],
    values: [],
  })
  if (bounds === undefined) return [series('')]
  const buckets = [...bounds, '+Inf'].map((le) => series('_bucket', { le }))
  return [...buckets, series('_sum'), series('_count')]
}

function cumulative(buckets: Readonly<Record<string, number>>, bounds: readonly string[]): number[] {
  let below = 0
  return bounds.map((le) => (below += buckets[le]!))
}
