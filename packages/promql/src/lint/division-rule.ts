import type { BinaryExpr, Expr } from '../parser/ast.ts'
import { withoutParens } from '../parser/ast.ts'
import { printExpr } from '../parser/printer.ts'
import { COMPARISONS } from '../parser/token.ts'
import type { LintFinding, LintOptions } from './finding.ts'

/** In an alert: `used / max > 0.8` fires where `max` is 0, since the ratio is then infinite. */
export function lintDivision(expr: BinaryExpr, { alert }: LintOptions): LintFinding[] {
  if (alert !== true || !COMPARISONS.has(expr.op)) return []
  const ratio = withoutParens(expr.lhs)
  if (ratio.type !== 'binary' || ratio.op !== '/' || !firesOnInfinity(expr)) return []
  const divisor = withoutParens(ratio.rhs)
  if (!mayBeZero(divisor)) return []
  return [
    {
      rule: 'division-by-zero',
      severity: 'info',
      message: `where ${printExpr(divisor)} is 0 the ratio is +Inf, which is above every limit: the alert fires`,
      position: ratio.position,
      mend: {
        explanation: 'leave out the series whose divisor is 0',
        position: divisor.position,
        text: `(${printExpr(divisor)} > 0)`,
      },
    },
  ]
}

function firesOnInfinity({ op }: BinaryExpr): boolean {
  return op === '>' || op === '>=' || op === '!='
}

/** Anything measured may be zero; what has been compared with zero already, and numbers, may not. */
function mayBeZero(expr: Expr): boolean {
  if (expr.type === 'number') return expr.value === 0
  if (expr.type === 'binary' && (expr.op === '>' || expr.op === '!=')) {
    const limit = withoutParens(expr.rhs)
    return !(limit.type === 'number' && limit.value >= 0)
  }
  if (expr.type === 'call')
    return !['clamp_min', 'time', 'pi', 'vector', 'count_over_time'].includes(expr.func.name)
  if (expr.type === 'aggregate') return expr.op !== 'count' && expr.op !== 'group'
  return true
}
