import { compareUtf8, quote } from '@promontory/model'
import type { AggregateExpr } from '../../parser/ast.ts'
import { withoutParens } from '../../parser/ast.ts'
import { stringLiteralValue } from '../../parser/check-types.ts'
import { executionError } from '../../errors.ts'
import { formatFloat } from '../../parser/go-number.ts'
import { ABSENT, Column, FLOAT, HISTOGRAM } from '../column.ts'
import type { Evaluation } from '../evaluation.ts'
import type { Grid } from '../grid.ts'
import { quantileOf } from '../functions/quantile.ts'
import { AvgFold, CountFold, DeviationFold, ExtremeFold, type Fold, SumFold } from './fold.ts'
import { isLabelName } from '../labels.ts'
import { Grouping } from './groups.ts'
import { formatHistogram } from './histogram-text.ts'
import { paramRange } from './param-range.ts'
import { selectSeries } from './select-k.ts'

/** Evaluates an aggregation. Series are folded into their groups as they come, wherever that is possible. */
export function aggregate(evaluation: Evaluation, expr: AggregateExpr, grid: Grid): Column[] {
  switch (expr.op) {
    case 'topk':
    case 'bottomk':
    case 'limitk':
    case 'limit_ratio':
      return selectSeries(evaluation, expr, grid)
    case 'count_values':
      return countValues(evaluation, expr, grid)
    case 'quantile':
      return quantiles(evaluation, expr, grid)
  }
  return foldGroups(evaluation, expr, grid)
}

const FOLDS = {
  sum: SumFold, avg: AvgFold, min: ExtremeFold, max: ExtremeFold,
  count: CountFold, group: CountFold, stddev: DeviationFold, stdvar: DeviationFold,
} as const // prettier-ignore

function foldGroups(evaluation: Evaluation, expr: AggregateExpr, grid: Grid): Column[] {
  const { annotations, ledger } = evaluation
  const FoldClass = FOLDS[expr.op as keyof typeof FOLDS]
  const grouping = new Grouping(expr)
  const folds: Fold[] = []
  const mark = ledger.current
  evaluation.stream(expr.expr, grid, (column) => {
    const index = grouping.indexOf(column.labels)
    folds[index] ??= new FoldClass(expr, annotations, grid.count, grouping.labels[index]!)
    folds[index].add(column)
    ledger.worked(grid.count)
  })
  const columns = folds.map((fold) => fold.finish()).filter((column) => !column.isEmpty())
  ledger.settle(mark, samplesOf(columns))
  return columns
}

function samplesOf(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + column.samples(), 0)
}

function quantiles(evaluation: Evaluation, expr: AggregateExpr, grid: Grid): Column[] {
  const { annotations, ledger } = evaluation
  const params = evaluation.scalar(expr.param!, grid)
  const { least, most, hasNaN } = paramRange(params)
  if (hasNaN) annotations.invalidQuantile(NaN, expr.param!.position)
  if (most > 1) annotations.invalidQuantile(most, expr.param!.position)
  if (least < 0) annotations.invalidQuantile(least, expr.param!.position)
  const mark = ledger.current
  const grouping = new Grouping(expr)
  const groups: Column[][] = []
  for (const column of evaluation.vector(expr.expr, grid))
    (groups[grouping.indexOf(column.labels)] ??= []).push(column)
  const columns = groups.map((group, index) => {
    const out = new Column(grid.count, grouping.labels[index]!)
    out.dropName = group.some((column) => column.dropName)
    if (group.some((column) => column.hasHistograms()))
      annotations.ignoredHistogramInAggregation('quantile', expr.expr.position)
    const values = new Float64Array(group.length)
    for (let step = 0; step < grid.count; step++) {
      ledger.worked(group.length)
      let count = 0
      for (const column of group) if (column.kinds[step] === FLOAT) values[count++] = column.values[step]!
      if (count > 0) out.setFloat(step, quantileOf(params[step]!, values, count))
    }
    return out
  })
  const kept = columns.filter((column) => !column.isEmpty())
  ledger.settle(mark, samplesOf(kept))
  return kept
}

function countValues(evaluation: Evaluation, expr: AggregateExpr, grid: Grid): Column[] {
  const { ledger } = evaluation
  const label = stringLiteralValue(expr.param!)!
  checkLabelName(label, expr)
  const mark = ledger.current
  const by = expr.without ? expr.grouping : [...expr.grouping, label].sort(compareUtf8)
  const grouping = new Grouping({ grouping: by, without: expr.without })
  const out: Column[] = []
  for (const column of evaluation.vector(expr.expr, grid)) {
    for (let step = 0; step < grid.count; step++) {
      ledger.worked(1)
      const kind = column.kinds[step]
      if (kind === ABSENT) continue
      const value =
        kind === HISTOGRAM ? formatHistogram(column.histograms![step]!) : formatFloat(column.values[step]!)
      const index = grouping.indexOf(column.labels.with(label, value))
      const counts = (out[index] ??= new Column(grid.count, grouping.labels[index]!))
      counts.setFloat(step, 1 + (counts.kinds[step] === FLOAT ? counts.values[step]! : 0))
    }
  }
  ledger.settle(mark, samplesOf(out))
  return out
}

function checkLabelName(label: string, { param }: AggregateExpr): void {
  if (isLabelName(label)) return
  const literal = withoutParens(param!)
  throw executionError(`invalid label name ${literal.type === 'string' ? literal.source : quote(label)}`)
}
