import { type Labels, METRIC_NAME, SampleColumns } from '@promontory/model'
import { executionError, sameLabelset } from '../errors.ts'
import type { Call, Expr, MatrixSelector, Subquery } from '../parser/ast.ts'
import { ColumnSource, FLOAT } from './column.ts'
import type { Evaluation, Visit } from './evaluation.ts'
import { ANCHORED_SAFE, KEEPS_NAME, RANGE_FUNCTIONS, READS_START_TIMES, SMOOTHED_SAFE } from './functions/range-functions.ts' // prettier-ignore
import type { Grid } from './grid.ts'
import { withoutMetadata } from './labels.ts'
import { RangeSamples } from './range-samples.ts'
import type { Extension, RangeCall, WindowSpec } from './range-window.ts'
import { slide } from './slide.ts'
import { kernelOf } from './functions/kernel-of.ts'
import { evaluateSubquery } from './subquery.ts'
import { WindowPlans } from './window-plan.ts'

type RangeArgument = MatrixSelector | Subquery

/** The range vector among the arguments of a call. */
export function rangeArgument(call: Call): RangeArgument | undefined {
  return call.args.find(
    (arg): arg is RangeArgument => arg.type === 'matrixSelector' || arg.type === 'subquery',
  )
}

/** Evaluates a function of a range vector, series by series. */
export function streamRangeCall(
  evaluation: Evaluation,
  call: Call,
  range: RangeArgument,
  grid: Grid,
  visit: Visit,
  reuse: boolean,
): void {
  const { settings, ledger, annotations } = evaluation
  const { name } = call.func
  const scalars = call.args.filter((arg) => arg !== range).map((arg) => evaluation.scalar(arg, grid))
  const spec = windowSpec(range, grid, settings.lookbackMs)
  checkExtension(spec.extension, name)
  const context: RangeCall = {
    name,
    spec,
    plans: new WindowPlans(spec),
    kernel: kernelOf(name, scalars),
    settings,
    annotations,
    position: range.position,
    firstPosition: call.args[0]!.position,
    scalars,
  }
  const compute = RANGE_FUNCTIONS.get(name)!
  const source = new ColumnSource(grid.count, reuse)
  const seen = settings.delayedNameRemoval ? undefined : new Set<string>()
  eachSeries(evaluation, range, grid, name, (samples) => {
    const dropName = !KEEPS_NAME.has(name) || samples.dropName
    const labels = dropName && seen !== undefined ? withoutMetadata(samples.labels) : samples.labels
    const column = source.next(labels, dropName)
    const weight = slide(samples, context, column, compute, ledger)
    if (weight === 0) return
    if (seen !== undefined && !isOneMetric(range, samples.labels, labels)) {
      if (seen.has(labels.key())) throw sameLabelset()
      seen.add(labels.key())
    }
    ledger.add(weight)
    if ((name === 'rate' || name === 'increase') && column.kinds.includes(FLOAT))
      noteNonCounter(evaluation, samples, call.args[0]!)
    column.isFull = reuse && column.histograms === undefined && weight === grid.count
    visit(column)
  })
  context.plans.finish()
}

/** Whether labels that lost nothing but the metric name cannot be those of another series. */
function isOneMetric(range: RangeArgument, before: Labels, after: Labels): boolean {
  if (range.type === 'subquery' || before.pairs.length - after.pairs.length > 2) return false
  return range.selector.matchers.some(({ name, operator }) => name === METRIC_NAME && operator === '=')
}

export function windowSpec(range: RangeArgument, grid: Grid, lookbackMs: number): WindowSpec {
  const modifiers = range.type === 'subquery' ? range : range.selector
  const extension: Extension =
    range.type === 'subquery'
      ? undefined
      : range.selector.anchored
        ? 'anchored'
        : range.selector.smoothed
          ? 'smoothed'
          : undefined
  const { offsetMs, atMs } = modifiers
  return { grid, rangeMs: range.rangeMs, offsetMs, atMs, extension, lookbackMs }
}

function checkExtension(extension: Extension, name: string): void {
  if (extension === undefined) return
  const safe = extension === 'anchored' ? ANCHORED_SAFE : SMOOTHED_SAFE
  if (!safe.includes(name))
    throw executionError(`${extension} modifier can only be used with: ${safe.join(', ')} - not with ${name}`)
}

/** Loads the samples of each series of a range vector; the argument of `use` is the same object each time. */
export function eachSeries(
  evaluation: Evaluation,
  range: RangeArgument,
  grid: Grid,
  functionName: string,
  use: (samples: RangeSamples) => void,
): void {
  const samples = new RangeSamples()
  if (range.type === 'subquery') {
    const inner = evaluateSubquery(evaluation, range, grid, false)
    for (const column of inner.columns) {
      samples.loadColumn(column, inner.grid)
      use(samples)
    }
    evaluation.ledger.settle(inner.mark, 0)
    return
  }
  const withStarts = evaluation.settings.useStartTimestamps && READS_START_TIMES.has(functionName)
  const columns = new SampleColumns()
  evaluation.selection.read(range.selector, columns, (labels) => {
    samples.loadColumns(labels, columns, withStarts)
    use(samples)
  })
}

function noteNonCounter({ settings, annotations }: Evaluation, { labels }: RangeSamples, range: Expr): void {
  const { metricName } = labels
  if (metricName === '') return
  if (settings.typeAndUnitLabels) {
    const type = labels.get('__type__')
    if (type !== 'counter' && type !== 'histogram')
      annotations.possibleNonCounterType(metricName, type, range.position)
  } else if (!/_(?:total|sum|count|bucket)$/.test(metricName))
    annotations.possibleNonCounter(metricName, range.position)
}
