import { monitorEventLoopDelay } from 'node:perf_hooks'
import { totalmem } from 'node:os'
import { collectDefaultMetrics, type Registry } from 'prom-client'
import type { MetricSet } from './metric-set.ts'

/** Gauges called like counters, which promtool refuses; each is the sum of the gauge without `_total` over its types. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/** Publishes the process: prom-client's default families (garbage collection included), memory pressure, event-loop lag. */
export function watchRuntime(metrics: MetricSet, registry: Registry): () => void {
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  metrics.track('event_loop_lag_seconds', () => {
    const seconds = Number.isFinite(delay.percentile(99)) ? delay.percentile(99) / 1e9 : 0
    delay.reset()
    return seconds
  })
  const limit = memoryLimit()
  metrics.track('memory_pressure_ratio', () => process.memoryUsage.rss() / limit)
  return () => delay.disable()
}

/** What the container or the machine leaves to this process, in bytes. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory()
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem()
}
