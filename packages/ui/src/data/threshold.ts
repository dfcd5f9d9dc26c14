import { COMPARISONS, parseExpr, printExpr, withoutParens, type Expr } from '@promontory/promql/parser'

/** What an alert's expression looks at, and the numbers that it compares with: those are lines in a graph. */
export function splitThreshold(query: string): { readonly expr: string; readonly bounds: readonly number[] } {
  try {
    const bounds: number[] = []
    const expr = take(parseExpr(query), bounds)
    return { expr: printExpr(expr), bounds }
  } catch {
    return { expr: query, bounds: [] }
  }
}

function take(source: Expr, bounds: number[]): Expr {
  const expr = withoutParens(source)
  if (expr.type !== 'binary') return expr
  if (expr.op === 'and' || expr.op === 'unless') return take(expr.lhs, bounds)
  if (!COMPARISONS.has(expr.op) || expr.returnBool) return expr
  const [left, right] = [numberOf(expr.lhs), numberOf(expr.rhs)]
  if (right !== undefined) {
    bounds.push(right)
    return take(expr.lhs, bounds)
  }
  if (left === undefined) return expr.lhs
  bounds.push(left)
  return take(expr.rhs, bounds)
}

function numberOf(source: Expr): number | undefined {
  const expr = withoutParens(source)
  if (expr.type === 'number') return expr.value
  if (expr.type !== 'unary') return undefined
  const value = numberOf(expr.expr)
  return value === undefined ? undefined : expr.op === '-' ? -value : value
}
