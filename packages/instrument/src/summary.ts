import type { Registry } from 'prom-client'

interface Value {
  readonly value: number
  readonly labels: Readonly<Record<string, string | number | undefined>>
  readonly metricName?: string
}

/** The answer of `/api/v1/monitoring/summary`: totals since the start; `null` where nothing was measured. */
export interface Summary {
  readonly version: string
  readonly uptime_seconds: number
  readonly requests: { readonly total: number; readonly errors: number; readonly error_rate: number | null; readonly mean_seconds: number | null; readonly active: number } // prettier-ignore
  readonly agents: { readonly queries: number; readonly by_type: Readonly<Record<string, number>> }
  readonly costs: { readonly dollars: number; readonly by_model: Readonly<Record<string, number>> }
  readonly tokens: { readonly total: number; readonly by_type: Readonly<Record<string, number>> }
  readonly cache: { readonly hits: number; readonly misses: number; readonly hit_rate: number | null }
  readonly sessions: { readonly active: number }
}

/** Adds up what a registry holds. */
export async function summarise(registry: Registry, version: string): Promise<Summary> {
  const values = async (name: string): Promise<readonly Value[]> =>
    ((await registry.getSingleMetric(name)?.get())?.values ?? []) as Value[]
  const requests = await values('http_requests_total')
  const durations = await values('http_request_duration_seconds')
  const total = sum(requests)
  const errors = sum(
    requests.filter(({ labels }) => String(labels['status_code'] ?? labels['status']).startsWith('5')),
  )
  const count = sum(durations.filter(({ metricName }) => metricName?.endsWith('_count') === true))
  const seconds = sum(durations.filter(({ metricName }) => metricName?.endsWith('_sum') === true))
  const agents = await values('agent_queries_total')
  const costs = await values('api_cost_dollars_total')
  const tokens = await values('api_tokens_total')
  const hits = sum(await values('cache_hits_total'))
  const misses = sum(await values('cache_misses_total'))
  return {
    version,
    uptime_seconds: process.uptime(),
    requests: {
      total,
      errors,
      error_rate: share(errors, total),
      mean_seconds: share(seconds, count),
      active: sum(await values('active_requests')),
    },
    agents: { queries: sum(agents), by_type: by(agents, 'agent_type') },
    costs: { dollars: sum(costs), by_model: by(costs, 'model') },
    tokens: { total: sum(tokens), by_type: by(tokens, 'token_type') },
    cache: { hits, misses, hit_rate: share(hits, hits + misses) },
    sessions: { active: sum(await values('active_sessions')) },
  }
}

function sum(values: readonly Value[]): number {
  return values.reduce((total, { value }) => total + value, 0)
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}

function by(values: readonly Value[], label: string): Record<string, number> {
  const totals: Record<string, number> = {}
  for (const { labels, value } of values) {
    const name = String(labels[label] ?? '')
    totals[name] = (totals[name] ?? 0) + value
  }
  return totals
}
