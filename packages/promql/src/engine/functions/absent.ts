import { Labels, METRIC_NAME } from '@promontory/model'
import type { Call, Expr } from '../../parser/ast.ts'
import { ABSENT, Column } from '../column.ts'
import type { Evaluation } from '../evaluation.ts'
import type { Grid } from '../grid.ts'

/** `absent` and `absent_over_time`: 1 at each step at which the argument has no element at all. */
export function absent(
  evaluation: Evaluation,
  call: Call,
  grid: Grid,
  eachColumn: (visit: (column: Column) => void) => void,
): Column[] {
  const overTime = call.func.name === 'absent_over_time'
  const out = new Column(grid.count, labelsOfAbsent(call.args[0]!), overTime)
  out.values.fill(1)
  out.kinds.fill(1)
  eachColumn(({ kinds }) => {
    for (let step = 0; step < kinds.length; step++) if (kinds[step] !== ABSENT) out.kinds[step] = ABSENT
  })
  evaluation.ledger.worked(grid.count)
  return out.isEmpty() ? [] : [out]
}

/** What a selector pins down by `=`: the labels that the missing series would surely have. */
function labelsOfAbsent(expr: Expr): Labels {
  const selector = expr.type === 'matrixSelector' ? expr.selector : expr
  if (selector.type !== 'vectorSelector') return Labels.EMPTY
  const labels = new Map<string, string>()
  const seen = new Set<string>()
  for (const { name, operator, value } of selector.matchers) {
    if (name === METRIC_NAME) continue
    if (operator === '=' && !seen.has(name)) {
      labels.set(name, value)
      seen.add(name)
    } else labels.delete(name)
  }
  return Labels.from(labels)
}
