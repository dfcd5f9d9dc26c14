import type { AnchoredRegex } from '@promontory/model'
import { COMPARISONS, printExpr, typeOf, withoutParens, type Expr } from '@promontory/promql/parser'

export const NO_DATA_POLICIES = ['resolve', 'keep', 'alert'] as const

/**
 * What a rule does when what it looks at has no samples, which an empty answer does not tell apart from "all is well":
 * `resolve` is upstream's way; `keep` leaves alerts as they are, series by series; `alert` makes an alert of its own
 * (label `nodata="true"`) when there is nothing at all.
 */
export type NoDataPolicy = (typeof NO_DATA_POLICIES)[number]

/** Which rules have which policy; the first that matches counts. */
export interface NoDataRule {
  /** Name of the alert. */
  readonly alert: AnchoredRegex
  /** Name of its group; undefined for any. */
  readonly group: AnchoredRegex | undefined
  readonly policy: NoDataPolicy
}

export function noDataPolicyOf(rules: readonly NoDataRule[], group: string, alert: string): NoDataPolicy {
  const found = rules.find(
    (rule) => rule.alert.matches(alert) && (rule.group === undefined || rule.group.matches(group)),
  )
  return found?.policy ?? 'resolve'
}

/**
 * The part of an alert's expression that has an answer whenever there is data: comparisons and the conditions behind
 * `and` and `unless` are taken off. Undefined where nothing can be said, as for `absent(…)`.
 */
export function dataExpression(expr: Expr): string | undefined {
  const data = stripped(expr)
  return data === undefined || typeOf(data) !== 'vector' ? undefined : printExpr(data)
}

function stripped(source: Expr): Expr | undefined {
  const expr = withoutParens(source)
  if (expr.type === 'call' && expr.func.name.startsWith('absent')) return undefined
  if (expr.type !== 'binary') return expr
  if (COMPARISONS.has(expr.op) && !expr.returnBool) {
    const side = typeOf(expr.lhs) === 'scalar' ? expr.rhs : expr.lhs
    return stripped(side)
  }
  if (expr.op === 'and' || expr.op === 'unless') return stripped(expr.lhs)
  if (expr.op !== 'or') return expr
  const [lhs, rhs] = [stripped(expr.lhs), stripped(expr.rhs)]
  return lhs === undefined || rhs === undefined ? undefined : { ...expr, lhs, rhs }
}
