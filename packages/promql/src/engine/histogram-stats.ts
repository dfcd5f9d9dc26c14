import type { SampleColumns } from '@promontory/model'
import { FloatHistogram, isCounterReset } from '@promontory/model'
import type { Expr } from '../parser/ast.ts'
import { walk } from '../parser/ast.ts'

const STATS_ONLY: ReadonlySet<string> = new Set(['histogram_count', 'histogram_sum', 'histogram_avg'])
const NEEDS_BUCKETS: ReadonlySet<string> = new Set([
  'histogram_quantile',
  'histogram_quantiles',
  'histogram_fraction',
])

/** Selectors of whose histograms only count and sum reach the result, so that buckets need not be carried along. */
export function statsOnlySelectors(expr: Expr): Set<Expr> {
  const found = new Set<Expr>()
  walk(expr, (node, ancestors) => {
    if (node.type === 'vectorSelector' && needsStatsOnly(ancestors)) found.add(node)
  })
  return found
}

function needsStatsOnly(ancestors: readonly Expr[]): boolean {
  let found = false
  for (const node of [...ancestors].reverse()) {
    // Resets between the points of a subquery can only be told by the buckets.
    if (node.type === 'subquery') return false
    if (node.type === 'binary' && (node.op === '</' || node.op === '>/')) return false
    if (node.type !== 'call') continue
    if (NEEDS_BUCKETS.has(node.func.name)) return false
    if (STATS_ONLY.has(node.func.name)) found = true
  }
  return found
}

/** Takes the buckets out of the histograms, and puts what they tell of counter resets into the hints. */
export function keepStatsOnly(samples: SampleColumns): void {
  const { histograms, length } = samples
  if (histograms === undefined) return
  let previous: FloatHistogram | undefined
  samples.histograms = histograms.slice(0, length).map((histogram) => {
    if (histogram === undefined) return undefined
    const { schema, count, sum } = histogram
    let hint = histogram.counterResetHint
    if (hint === 'unknown' && previous !== undefined)
      hint = isCounterReset(previous, histogram) ? 'reset' : 'not_reset'
    previous = histogram
    return new FloatHistogram({ schema, count, sum, counterResetHint: hint })
  })
}
