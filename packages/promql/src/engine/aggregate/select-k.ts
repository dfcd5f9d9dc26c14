import type { AggregateExpr } from '../../parser/ast.ts'
import { executionError } from '../../errors.ts'
import type { Evaluation } from '../evaluation.ts'
import { Column, FLOAT } from '../column.ts'
import type { Grid } from '../grid.ts'
import { Grouping } from './groups.ts'
import { sampleOffset } from './label-hash.ts'

const LARGEST_INT64 = 9223372036854774784
const SMALLEST_INT64 = -9223372036854775808

/** `topk`, `bottomk`, `limitk`, `limit_ratio`: some of the series of each group, as they are. */
export function selectSeries(evaluation: Evaluation, expr: AggregateExpr, grid: Grid): Column[] {
  const params = evaluation.scalar(expr.param!, grid)
  if (expr.op === 'limit_ratio') checkRatios(params, expr, evaluation)
  else if (!checkCounts(params)) return []
  const mark = evaluation.ledger.current
  const columns = evaluation.vector(expr.expr, grid)
  const grouping = new Grouping(expr)
  const groups: Column[][] = []
  for (const column of columns) (groups[grouping.indexOf(column.labels)] ??= []).push(column)
  const picked = groups.flatMap((group) => pick(evaluation, expr, group, params, grid))
  evaluation.ledger.settle(
    mark,
    picked.reduce((sum, column) => sum + column.samples(), 0),
  )
  return picked
}

/** False when no step asks for any series. */
function checkCounts(params: Float64Array): boolean {
  const most = params.reduce((a, b) => (b > a ? b : a), -Infinity)
  if (most < 1 && !params.some(Number.isNaN)) return false
  if (params.some(Number.isNaN)) throw executionError('Parameter value is NaN')
  const least = params.reduce((a, b) => (b < a ? b : a), Infinity)
  if (least <= SMALLEST_INT64) throw executionError(`Scalar value ${least} underflows int64`)
  if (most >= LARGEST_INT64) throw executionError(`Scalar value ${most} overflows int64`)
  return true
}

function checkRatios(params: Float64Array, expr: AggregateExpr, { annotations }: Evaluation): void {
  if (params.some(Number.isNaN)) throw executionError('Ratio value is NaN')
  for (const ratio of params) {
    if (ratio > 1) annotations.invalidRatio(ratio, 1, expr.param!.position)
    if (ratio < -1) annotations.invalidRatio(ratio, -1, expr.param!.position)
  }
}

function pick(
  { annotations, ledger }: Evaluation,
  expr: AggregateExpr,
  group: readonly Column[],
  params: Float64Array,
  grid: Grid,
): Column[] {
  const { op } = expr
  const out = new Map<Column, Column>()
  const ordered = op === 'topk' || op === 'bottomk'
  for (let step = 0; step < grid.count; step++) {
    ledger.worked(group.length)
    let present = group.filter((column) => column.kinds[step] !== 0)
    if (ordered) {
      const floats = present.filter((column) => column.kinds[step] === FLOAT)
      if (floats.length < present.length) annotations.ignoredHistogramInAggregation(op, expr.position)
      present = best(floats, step, Math.trunc(params[step]!), op === 'topk')
    } else if (op === 'limitk') present = present.slice(0, Math.max(0, Math.trunc(params[step]!)))
    else present = present.filter((column) => inRatio(params[step]!, sampleOffset(column.labels)))
    for (const column of present) {
      let copy = out.get(column)
      if (copy === undefined) {
        copy = new Column(grid.count, column.labels, column.dropName)
        out.set(column, copy)
      }
      copy.copyPoint(column, step)
    }
  }
  return [...out.values()]
}

/** The `k` largest (or smallest) in order, NaN last; of equals, those that come first. */
function best(columns: readonly Column[], step: number, k: number, largest: boolean): Column[] {
  if (k < 1) return []
  const value = (column: Column): number => column.values[step]!
  const order = (a: Column, b: Column): number => {
    const [x, y] = [value(a), value(b)]
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
    if (x === y) return 0
    return x > y === largest ? -1 : 1
  }
  return [...columns].sort(order).slice(0, k)
}

/** A positive ratio takes the series below it, a negative one those that the positive one leaves. */
function inRatio(ratio: number, offset: number): boolean {
  if (ratio === 0) return false
  return ratio > 0 ? offset < Math.min(ratio, 1) : offset >= 1 + Math.max(ratio, -1)
}
