import type { MetricSet } from './metric-set.ts'

export interface DatabaseQuery {
  /** `select`, `insert`, …: becomes `operation` and `query_type`. */
  readonly operation: string
  readonly table: string
  /** Whether an index was used, where that is known. */
  readonly usesIndex?: boolean
}

/** From here on a query counts as slow, in seconds. */
const SLOW_S = 1

/** Database metrics under both names that the documents have for them. */
export class DatabaseMetrics {
  readonly #metrics: MetricSet

  constructor(metrics: MetricSet) {
    this.#metrics = metrics
  }

  /** Runs a query and reports how it went. */
  async query<T>(query: DatabaseQuery, run: () => Promise<T> | T): Promise<T> {
    const started = performance.now()
    try {
      const result = await run()
      this.#report(query, 'success', (performance.now() - started) / 1000)
      return result
    } catch (error) {
      this.#report(query, 'error', (performance.now() - started) / 1000)
      throw error
    }
  }

  /** State of a pool. */
  pool(database: string, { active, max }: { readonly active: number; readonly max?: number }): void {
    this.#metrics.set('database_connections_active', { database }, active)
    this.#metrics.set('active_db_connections', {}, active)
    if (max !== undefined) this.#metrics.set('db_connections_max', {}, max)
  }

  size(database: string, bytes: number): void {
    this.#metrics.set('database_size_bytes', { database }, bytes)
  }

  #report({ operation, table, usesIndex }: DatabaseQuery, status: string, seconds: number): void {
    this.#metrics.observe('database_query_duration_seconds', { query_type: operation, table }, seconds)
    this.#metrics.observe('db_query_duration_seconds', { operation }, seconds)
    this.#metrics.inc('db_queries_total', { operation, status })
    if (seconds > SLOW_S) this.#metrics.inc('db_slow_queries_total', { operation, table })
    if (usesIndex !== undefined)
      this.#metrics.inc('db_index_scans_total', { table, uses_index: String(usesIndex) })
  }
}

/** Cache metrics, and Redis's memory where the application knows it. */
export class CacheMetrics {
  readonly #metrics: MetricSet

  constructor(metrics: MetricSet) {
    this.#metrics = metrics
  }

  /** @param group  of keys, such as `user`: never a key itself */
  read(isHit: boolean, group?: string): void {
    this.#metrics.inc('cache_operations_total', { operation: 'get', result: isHit ? 'hit' : 'miss' })
    this.#metrics.inc(isHit ? 'cache_hits_total' : 'cache_misses_total')
    if (group !== undefined) this.#metrics.inc('cache_key_requests_total', { key: group })
  }
  wrote(result: 'ok' | 'error' = 'ok'): void {
    this.#metrics.inc('cache_operations_total', { operation: 'set', result })
  }
  evicted(count = 1): void {
    this.#metrics.inc('cache_evictions_total', {}, count)
  }
  size(bytes: number, maxBytes?: number): void {
    this.#metrics.set('cache_size_bytes', {}, bytes)
    if (maxBytes !== undefined) this.#metrics.set('cache_max_bytes', {}, maxBytes)
  }
  redisMemory(usedBytes: number, maxBytes: number): void {
    this.#metrics.set('redis_memory_used_bytes', {}, usedBytes)
    this.#metrics.set('redis_memory_max_bytes', {}, maxBytes)
  }
}

/** Queues, security, agents and the business. */
export class DomainMetrics {
  readonly #metrics: MetricSet

  constructor(metrics: MetricSet) {
    this.#metrics = metrics
  }

  queueDepth(queue: string, depth: number): void {
    this.#metrics.set('queue_depth', { queue }, depth)
  }
  /** Runs a job of a queue. */
  async job<T>(queue: string, run: () => Promise<T> | T): Promise<T> {
    const report = (status: string, seconds: number): void => {
      this.#metrics.inc('queue_jobs_total', { queue, status })
      this.#metrics.observe('queue_job_duration_seconds', { queue }, seconds)
    }
    return timed(run, report)
  }
  authAttempt(method: string, isSuccess: boolean): void {
    this.#metrics.inc('auth_attempts_total', { method, result: isSuccess ? 'success' : 'failure' })
  }
  permissionCheck(permission: string, isAllowed: boolean): void {
    this.#metrics.inc('permission_checks_total', { permission, result: isAllowed ? 'allowed' : 'denied' })
  }
  sessions(active: number): void {
    this.#metrics.set('active_sessions', {}, active)
  }
  activeUsers(count: number): void {
    this.#metrics.set('project_ai_active_users', {}, count)
  }
  /** Runs an agent's query. */
  async agentQuery<T>(agentType: string, run: () => Promise<T> | T): Promise<T> {
    return timed(run, (status, seconds) => {
      this.#metrics.inc('agent_queries_total', { agent_type: agentType, status })
      this.#metrics.observe('agent_query_duration_seconds', { agent_type: agentType }, seconds)
    })
  }
  /** Runs a plugin. */
  async plugin<T>(plugin: string, run: () => Promise<T> | T): Promise<T> {
    return timed(run, (_, seconds) =>
      this.#metrics.observe('plugin_execution_duration_seconds', { plugin }, seconds),
    )
  }
  /** Runs the making of an image. */
  async generate<T>(run: () => Promise<T> | T): Promise<T> {
    return timed(run, (_, seconds) => this.#metrics.observe('generate_duration', {}, seconds))
  }
  kpi(kpi: string, value: number): void {
    this.#metrics.set('business_kpi', { kpi }, value)
  }
  event(event: string, count = 1): void {
    this.#metrics.inc('business_events_total', { event }, count)
  }
  feature(feature: string): void {
    this.#metrics.inc('feature_usage_total', { feature })
  }
  persona(persona: string): void {
    this.#metrics.inc('persona_interactions_total', { persona })
  }
  commandOverride(result: 'allowed' | 'denied'): void {
    this.#metrics.inc('command_override_attempts_total', { result })
  }
}

async function timed<T>(
  run: () => Promise<T> | T,
  report: (status: 'success' | 'error', seconds: number) => void,
): Promise<T> {
  const started = performance.now()
  try {
    const result = await run()
    report('success', (performance.now() - started) / 1000)
    return result
  } catch (error) {
    report('error', (performance.now() - started) / 1000)
    throw error
  }
}
