import type { Expr, TimeModifiers } from '../parser/ast.ts'
import { walk } from '../parser/ast.ts'

/** Their value depends on the borders of the query, or on more than the samples up to the step. */
const DEPENDS_ON_QUERY: ReadonlySet<string> = new Set(['start', 'end', 'range', 'step', 'info'])

/**
 * Whether the value of a query at one step depends on nothing but that step and the samples up to it. Only then does what was
 * evaluated for one range hold for another, and only then can new samples change no step before them.
 */
export function isCacheable(expr: Expr): boolean {
  let cacheable = true
  walk(expr, (node) => {
    if (dependsOnMore(node)) cacheable = false
  })
  return cacheable
}

function dependsOnMore(node: Expr): boolean {
  switch (node.type) {
    case 'vectorSelector':
      return isFixedOrAhead(node) || node.smoothed
    case 'matrixSelector':
      return node.rangeExpr !== undefined || isFixedOrAhead(node.selector) || node.selector.smoothed
    case 'subquery':
      return isFixedOrAhead(node) || node.rangeExpr !== undefined || node.stepExpr !== undefined
    case 'call':
      return DEPENDS_ON_QUERY.has(node.func.name)
    case 'aggregate':
      // limitk takes the series that come first, and which those are depends on the range.
      return node.op === 'limitk' || node.op === 'limit_ratio'
    default:
      return false
  }
}

function isFixedOrAhead({ offsetMs, offsetExpr, atMs, atBound }: TimeModifiers): boolean {
  return atMs !== undefined || atBound !== undefined || offsetExpr !== undefined || offsetMs < 0
}
