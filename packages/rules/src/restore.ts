import { isStaleAt, Matcher, METRIC_NAME, SampleColumns, type Queryable } from '@promontory/model'
import type { AlertingRule } from './alerting-rule.ts'

export interface RestoreOptions {
  readonly queryable: Queryable
  readonly nowMs: number
  /** How far back ALERTS_FOR_STATE is looked for. */
  readonly outageToleranceMs: number
  /** Least time that a restored pending alert waits before it fires. */
  readonly forGracePeriodMs: number
}

/**
 * Prometheus's way to find pending alerts again after a restart: the series ALERTS_FOR_STATE holds since when they were
 * active. Used where no exact state was saved, e.g. on a data directory that Prometheus wrote.
 */
export async function restoreForState(rule: AlertingRule, options: RestoreOptions): Promise<void> {
  if (rule.config.forMs >= options.forGracePeriodMs) await restorePending(rule, options)
  rule.restored = true
}

async function restorePending(rule: AlertingRule, options: RestoreOptions): Promise<void> {
  const { nowMs, queryable, outageToleranceMs } = options
  const range = { startMs: nowMs - outageToleranceMs, endMs: nowMs }
  const identity = [
    [METRIC_NAME, 'ALERTS_FOR_STATE'],
    ['alertname', rule.config.name],
  ] as const
  // Labels with templates differ per alert and would match nothing.
  const plain = [...rule.config.labels].filter(([, value]) => !value.includes('{{'))
  const matchers = [...plain, ...identity].map(([name, value]) => new Matcher('=', name, value))
  const querier = queryable.querier(range)
  try {
    const [series] = await querier.select([{ ...range, matchers }])
    const alerts = new Map([...rule.alerts()].map((alert) => [alert.labels.key(), alert]))
    const columns = new SampleColumns()
    for (let i = 0; i < series!.length; i++) {
      const alert = alerts.get(series!.labels(i).without(METRIC_NAME).key())
      if (alert === undefined) continue
      series!.read(i, columns)
      const last = columns.length - 1
      if (last < 0 || isStaleAt(columns.bits, last)) continue
      const found = { downAtMs: columns.timesMs[last]!, activeAtMs: columns.values[last]! * 1000 }
      alert.activeAtMs = restoredActiveAt(found, rule.config.forMs, options)
    }
  } finally {
    querier.close()
  }
}

/** Since when the alert counts as active: the time that the program was down does not count. */
function restoredActiveAt(
  found: { downAtMs: number; activeAtMs: number },
  forMs: number,
  { nowMs, forGracePeriodMs }: RestoreOptions,
): number {
  const downAtMs = Math.floor(found.downAtMs / 1000) * 1000
  const leftMs = forMs - (downAtMs - found.activeAtMs)
  // It was firing: the next evaluation sets it firing again.
  if (leftMs <= 0) return found.activeAtMs
  if (leftMs < forGracePeriodMs) return nowMs + forGracePeriodMs - forMs
  return found.activeAtMs + (nowMs - downAtMs)
}
