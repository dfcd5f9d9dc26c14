import { UsageError } from '../serve-flags.ts'
import { checkConfigFiles } from './check-config.ts'
import { checkMetrics } from './check-metrics.ts'
import { checkRuleFiles } from './check-rules.ts'

/** `promontory check config|rules|metrics …`: exit code 1 for a fault, 3 for a finding. */
export async function check([kind, ...rest]: readonly string[]): Promise<number> {
  switch (kind) {
    case 'config':
      if (rest.length > 0) return checkConfigFiles(rest)
      break
    case 'rules':
      if (rest.length > 0) return checkRuleFiles(rest)
      break
    case 'metrics':
      if (rest.length === 0) return checkMetrics()
  }
  throw new UsageError('usage: promontory check config FILE… | rules FILE… | metrics < FILE')
}
