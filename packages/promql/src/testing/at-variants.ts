import type { Expr } from '../parser/ast.ts'
import { walk } from '../parser/ast.ts'
import { printExpr } from '../parser/printer.ts'

/** Functions whose result depends on the time of evaluation, whatever their arguments are pinned to. */
const TIME_DEPENDENT = new Set([
  'time', 'timestamp', 'predict_linear', 'start', 'end', 'step', 'range', 'minute', 'hour',
  'day_of_week', 'day_of_month', 'day_of_year', 'days_in_month', 'month', 'year',
]) // prettier-ignore

/** An instant query that must give the same result as another one. */
export interface Variant {
  readonly query: string
  readonly timeMs: number
}

/** The query with all its selectors pinned to `timeMs` by `@`, at several other times. */
export function atVariants(expr: Expr, timeMs: number): Variant[] {
  let fixed = true
  walk(expr, (node) => {
    if (node.type === 'call' && TIME_DEPENDENT.has(node.func.name)) fixed = false
  })
  if (!fixed) return []
  const query = printExpr(pin(expr, timeMs))
  const times =
    timeMs === 0 ? [-1000, 0, 1000] : [-10 * timeMs, 0, Math.trunc(timeMs / 5), timeMs, 10 * timeMs]
  return times.map((time) => ({ query, timeMs: time }))
}

function pin(expr: Expr, timeMs: number): Expr {
  const inner = (part: Expr): Expr => pin(part, timeMs)
  const isPinned = (e: { atMs: number | undefined; atBound: unknown }): boolean =>
    e.atMs !== undefined || e.atBound !== undefined
  switch (expr.type) {
    case 'vectorSelector':
      return isPinned(expr) ? expr : { ...expr, atMs: timeMs }
    case 'matrixSelector':
      return isPinned(expr.selector) ? expr : { ...expr, selector: { ...expr.selector, atMs: timeMs } }
    case 'subquery':
      // What is inside is pinned with it.
      return isPinned(expr) ? expr : { ...expr, atMs: timeMs }
    case 'paren':
    case 'unary':
      return { ...expr, expr: inner(expr.expr) }
    case 'binary':
      return { ...expr, lhs: inner(expr.lhs), rhs: inner(expr.rhs) }
    case 'aggregate':
      return {
        ...expr,
        expr: inner(expr.expr),
        param: expr.param === undefined ? undefined : inner(expr.param),
      }
    case 'call':
      // The second argument of info() holds label matchers and takes no modifiers.
      return {
        ...expr,
        args: expr.args.map((arg, i) => (expr.func.name === 'info' && i === 1 ? arg : inner(arg))),
      }
  }
  return expr
}
