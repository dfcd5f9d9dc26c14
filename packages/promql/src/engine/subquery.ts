import type { Subquery } from '../parser/ast.ts'
import type { Column } from './column.ts'
import type { Evaluation } from './evaluation.ts'
import type { Grid } from './grid.ts'
import { endOf, makeGrid } from './grid.ts'

export interface SubqueryResult {
  /** Steps at multiples of the subquery's step. */
  readonly grid: Grid
  readonly columns: readonly Column[]
  /** State of the ledger before: settle it when the columns are no longer needed. */
  readonly mark: number
}

/** Evaluates the inside of a subquery at all times that any step of `outer` looks at. */
export function evaluateSubquery(
  evaluation: Evaluation,
  subquery: Subquery,
  outer: Grid,
  counted: boolean,
): SubqueryResult {
  const { rangeMs, offsetMs, atMs } = subquery
  const stepMs = subquery.stepMs || evaluation.settings.subqueryStepMs
  const endMs = (atMs ?? endOf(outer)) - offsetMs
  const openMs = (atMs ?? outer.startMs) - offsetMs - rangeMs
  // The first multiple of the step behind the open end; `+ 0` turns −0 into 0.
  let startMs = stepMs * Math.trunc(openMs / stepMs) + 0
  if (startMs <= openMs) startMs += stepMs
  const grid = makeGrid(startMs, endMs, stepMs, counted)
  const mark = evaluation.ledger.current
  const columns = grid.count === 0 ? [] : evaluation.vector(subquery.expr, grid)
  return { grid, columns, mark }
}
