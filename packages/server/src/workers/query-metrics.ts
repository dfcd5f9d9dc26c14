import type { Counter, Registry, Summary } from '@promontory/base'
import type { CacheUse } from '@promontory/promql'
import type { QueryPool } from './query-pool.ts'

/** The metrics of queries under Prometheus's names and HELP. */
export class QueryMetrics {
  readonly #duration: Summary
  readonly #cache: Counter
  readonly #samples: Counter

  constructor(registry: Registry, pools: readonly QueryPool[], maxConcurrency: number) {
    this.#duration = registry.summary({
      name: 'prometheus_engine_query_duration_seconds',
      help: 'Query timings',
      labels: ['slice'],
      quantiles: [0.5, 0.9, 0.99],
    })
    for (const slice of ['inner_eval', 'prepare_time', 'queue_time', 'result_sort'])
      this.#duration.touch(slice)
    const running = registry.gauge({
      name: 'prometheus_engine_queries',
      help: 'The current number of queries being executed or waiting.',
    })
    registry
      .gauge({
        name: 'prometheus_engine_queries_concurrent_max',
        help: 'The max number of concurrent queries.',
      })
      .set(maxConcurrency)
    this.#samples = registry.counter({
      name: 'prometheus_engine_query_samples_total',
      help: 'The total number of samples loaded by all queries.',
    })
    this.#cache = registry.counter({
      name: 'promontory_query_result_cache_total',
      help: 'Queries by how much of their answer came from the result cache: hit (all), partial, miss, bypass (cannot be cached).',
      labels: ['use'],
    })
    for (const use of ['hit', 'partial', 'miss', 'bypass']) this.#cache.add(0, use)
    registry.onCollect(() => running.set(pools.reduce((sum, pool) => sum + pool.running + pool.waiting, 0)))
  }

  /** A query was answered after so many milliseconds. */
  answered(
    durationMs: number,
    { samples, cacheUse }: { readonly samples: number; readonly cacheUse: CacheUse | undefined },
  ): void {
    this.#duration.observe(durationMs / 1000, 'inner_eval')
    this.#samples.add(samples)
    if (cacheUse !== undefined) this.#cache.inc(cacheUse)
  }
}
