import { METRIC_NAME } from '@promontory/model'
import type { Expr, VectorSelector } from '../parser/ast.ts'
import { walk } from '../parser/ast.ts'

/** The metric that a selector names by `=`; undefined when it names none or by a pattern. */
export function metricOf({ matchers }: VectorSelector): string | undefined {
  const name = matchers.find((m) => m.name === METRIC_NAME && m.operator === '=')?.value
  return name === '' ? undefined : name
}

/** All selectors of an expression. */
export function selectorsOf(expr: Expr): VectorSelector[] {
  const found: VectorSelector[] = []
  walk(expr, (node, ancestors) => {
    const parent = ancestors.at(-1)
    // The second argument of info() holds label matchers of other metrics.
    if (parent?.type === 'call' && parent.func.name === 'info' && parent.args[1] === node) return
    if (node.type === 'vectorSelector') found.push(node)
  })
  return found
}

/** Suffixes of series that belong to a counter, or to the counters that a histogram or summary consists of. */
const COUNTER_SUFFIX = /_(?:total|count|sum|bucket)$/

/** A name that looks like a counter's. */
export function namedLikeCounter(metric: string): boolean {
  return COUNTER_SUFFIX.test(metric)
}

/** Suffixes that gauges have by convention: sizes, limits, states, temperatures. */
const GAUGE_NAME =
  /(?:^|_)(?:(?:used|free|available|limit|max|usage|resident|working_set)_bytes|ratio|percent|celsius|info|connections|queue_size|queue_length|usage|utilization|temperature|current|max|min|avg|limit|free|used|available|active|pending|threads|goroutines|load\d*|age_seconds)$|^up$|^(?:active|current|available|free|used|open|pending|max|min)_/

/** A name that looks like a gauge's. */
export function namedLikeGauge(metric: string): boolean {
  return !namedLikeCounter(metric) && GAUGE_NAME.test(metric)
}

/** The selector without `offset`, `@` and its like, which stand behind the brackets when it is part of a range. */
export function withoutModifiers(selector: VectorSelector): VectorSelector {
  return {
    ...selector,
    offsetMs: 0,
    offsetExpr: undefined,
    atMs: undefined,
    atBound: undefined,
    anchored: false,
    smoothed: false,
  }
}
