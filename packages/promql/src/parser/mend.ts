import type { Expr } from './ast.ts'
import type { Mend } from './parse-error.ts'
import { ByteOffsets, sliceBytes } from './position.ts'
import type { Token } from './token.ts'

/**
 * For the common mistake `rate(x[5m]) by (provider)`: only aggregations can be grouped, so one is put around.
 * @param word  the `by` or `without` that nobody expected
 */
export function mendGroupedCall(text: string, before: Expr, word: Token): Mend | undefined {
  const last = lastOperand(before)
  if (last.type === 'aggregate' || last.type === 'number' || last.type === 'string') return undefined
  const offsets = new ByteOffsets(text)
  const clause = /^(?:by|without)\s*\([^()]*\)/i.exec(text.slice(offsets.indexAt(word.start)))?.[0]
  if (clause === undefined) return undefined
  const inner =
    last.type === 'paren' ? sliceBytes(text, last.position).slice(1, -1) : sliceBytes(text, last.position)
  const grouping = clause.toLowerCase().startsWith('by') ? clause.slice(2) : clause.slice(7)
  const keyword = word.kind === 'by' ? 'by' : 'without'
  return {
    explanation: `only an aggregation can be grouped ${keyword} labels: wrap the expression in one`,
    position: {
      start: last.position.start,
      end: offsets.byteAt(offsets.indexAt(word.start) + clause.length),
    },
    text: `sum ${keyword} ${grouping.trim()} (${inner})`,
  }
}

function lastOperand(expr: Expr): Expr {
  if (expr.type === 'binary') return lastOperand(expr.rhs)
  return expr.type === 'unary' ? lastOperand(expr.expr) : expr
}
