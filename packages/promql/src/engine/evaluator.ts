import { Labels, METRIC_NAME, scaleHistogram } from '@promontory/model'
import type { BinaryExpr, Call, Expr, UnaryExpr } from '../parser/ast.ts'
import { typeOf } from '../parser/ast.ts'
import { SET_OPERATORS } from '../parser/token.ts'
import { aggregate } from './aggregate/aggregate.ts'
import type { Annotations } from './annotations.ts'
import { setOperator } from './binary/set-operator.ts'
import { VectorScalar } from './binary/vector-scalar.ts'
import { VectorVector } from './binary/vector-vector.ts'
import { ABSENT, Column, FLOAT, HISTOGRAM, mergeEqualLabels } from './column.ts'
import type { Evaluation, EvaluationSettings, Visit } from './evaluation.ts'
import { absent } from './functions/absent.ts'
import { DATE_PARTS } from './functions/date.ts'
import type { ColumnTransform } from './functions/elementwise.ts'
import { elementwise } from './functions/elementwise.ts'
import { histogramFunction } from './functions/histogram-functions.ts'
import { labelJoin, labelReplace } from './functions/labels.ts'
import { sortColumns } from './functions/sort.ts'
import type { Grid } from './grid.ts'
import { timeAt } from './grid.ts'
import { info } from './info.ts'
import { streamSelector } from './instant-selector.ts'
import { withoutMetadata } from './labels.ts'
import type { Ledger } from './ledger.ts'
import type { StepInvariance } from './prepare.ts'
import { rangeArgument, streamRangeCall } from './range-call.ts'
import { evaluateScalar } from './scalar.ts'
import type { Selection } from './select.ts'
import type { SharedParts } from './shared-parts.ts'

/** Evaluates a prepared tree: each node once, for all steps of the grid. */
export class Evaluator implements Evaluation {
  readonly settings: EvaluationSettings
  readonly annotations: Annotations
  readonly selection: Selection
  readonly ledger: Ledger
  readonly invariance: StepInvariance
  readonly shared: SharedParts

  constructor(
    parts: Pick<Evaluation, 'settings' | 'annotations' | 'selection' | 'ledger' | 'invariance' | 'shared'>,
  ) {
    this.settings = parts.settings
    this.annotations = parts.annotations
    this.selection = parts.selection
    this.ledger = parts.ledger
    this.invariance = parts.invariance
    this.shared = parts.shared
  }

  scalar(expr: Expr, grid: Grid): Float64Array {
    if (expr.type === 'number' || !this.#isFixed(expr, grid)) return evaluateScalar(this, expr, grid)
    const once = onceOf(grid)
    const [value] = evaluateScalar(this, expr, once)
    spreadSamples(once, grid)
    return new Float64Array(grid.count).fill(value!)
  }

  vector(expr: Expr, grid: Grid): Column[] {
    if (!this.shared.has(expr)) return this.#collect(expr, grid)
    return this.shared.columnsOf(expr, grid, this.annotations, () => this.#collect(expr, grid))
  }

  #collect(expr: Expr, grid: Grid): Column[] {
    const columns: Column[] = []
    const mark = this.ledger.current
    if (this.#emit(expr, grid, (column) => columns.push(column), false, true)) return columns
    const result = this.#evaluate(expr, grid)
    let kept = 0
    for (const column of result) kept += column.samples()
    this.ledger.settle(mark, kept)
    return result
  }

  stream(expr: Expr, grid: Grid, visit: Visit): void {
    if (!this.#emit(expr, grid, visit, true)) for (const column of this.vector(expr, grid)) visit(column)
  }

  #isFixed(expr: Expr, grid: Grid): boolean {
    return grid.count > 1 && this.invariance.isInvariant(expr)
  }

  /**
   * Evaluates the kinds of nodes that make their series one by one.
   * @param sharedToo  also a node that stands in the query several times, and is kept
   * @returns false, and does nothing, for other kinds
   */
  #emit(expr: Expr, grid: Grid, visit: Visit, reuse: boolean, sharedToo = false): boolean {
    if (this.#isFixed(expr, grid) || (!sharedToo && this.shared.has(expr))) return false
    switch (expr.type) {
      case 'paren':
        return this.#emit(expr.expr, grid, visit, reuse)
      case 'vectorSelector':
        streamSelector(this, expr, grid, visit, reuse)
        return true
      case 'binary':
        return this.#emitVectorScalar(expr, grid, visit, reuse)
      case 'call':
        return this.#emitCall(expr, grid, visit, reuse)
    }
    return false
  }

  #emitVectorScalar(expr: BinaryExpr, grid: Grid, visit: Visit, reuse: boolean): boolean {
    const scalarLeft = typeOf(expr.lhs) === 'scalar'
    if (scalarLeft === (typeOf(expr.rhs) === 'scalar')) return false
    const [scalar, vector] = scalarLeft ? [expr.lhs, expr.rhs] : [expr.rhs, expr.lhs]
    const operator = new VectorScalar(this, expr, this.scalar(scalar, grid), scalarLeft)
    this.#emitChanged(vector, grid, (column) => operator.apply(column), visit, reuse)
    operator.finish()
    return true
  }

  #emitCall(call: Call, grid: Grid, visit: Visit, reuse: boolean): boolean {
    const { name } = call.func
    const range = rangeArgument(call)
    if (range !== undefined) {
      if (name === 'absent_over_time') return false
      streamRangeCall(this, call, range, grid, visit, reuse)
      return true
    }
    const transform = elementwise(this, call, grid)
    if (transform !== undefined) {
      const nameOnly = name.startsWith('histogram_')
      const dropping: ColumnTransform = (column) => {
        transform(column)
        column.dropName = true
        if (this.settings.delayedNameRemoval) return
        column.labels = nameOnly ? column.labels.without(METRIC_NAME) : withoutMetadata(column.labels)
      }
      this.#emitChanged(call.args[0]!, grid, dropping, visit, reuse)
      return true
    }
    if (name === 'timestamp' || name === 'start_timestamp') {
      this.#emitTimestamps(call, grid, visit, reuse)
      return true
    }
    return false
  }

  /** Streams a vector through `change`, and leaves out what that empties. */
  #emitChanged(vector: Expr, grid: Grid, change: ColumnTransform, visit: Visit, reuse: boolean): void {
    const changed: Visit = (column) => {
      column.isFull = false
      change(column)
      if (!column.isEmpty()) visit(column)
    }
    if (this.settings.delayedNameRemoval || hasOneName(vector)) {
      if (!this.#emit(vector, grid, changed, reuse))
        for (const column of this.vector(vector, grid)) changed(column)
      return
    }
    // Series that differ in their names only may become the same.
    const columns = this.vector(vector, grid)
    for (const column of columns) change(column)
    for (const column of mergeEqualLabels(columns)) if (!column.isEmpty()) visit(column)
  }

  /** Of a selector: when its samples were taken. Of anything else: the time of the step. */
  #emitTimestamps(call: Call, grid: Grid, visit: Visit, reuse: boolean): void {
    const [arg] = call.args
    const dropping: Visit = (column) => {
      column.dropName = true
      if (!this.settings.delayedNameRemoval) column.labels = withoutMetadata(column.labels)
      visit(column)
    }
    const wantsStart = call.func.name === 'start_timestamp'
    if (arg!.type === 'vectorSelector') {
      if (wantsStart && !this.settings.useStartTimestamps) return
      streamSelector(this, arg, grid, dropping, reuse, wantsStart ? 'startTimestamp' : 'timestamp')
      return
    }
    const columns = this.vector(arg!, grid)
    if (wantsStart) return
    for (const column of columns) {
      for (let step = 0; step < grid.count; step++)
        if (column.kinds[step] !== ABSENT) column.setFloat(step, timeAt(grid, step) / 1000)
      column.histograms = undefined
      dropping(column)
    }
  }

  #evaluate(expr: Expr, grid: Grid): Column[] {
    if (this.#isFixed(expr, grid)) {
      const once = onceOf(grid)
      const columns = this.#collect(expr, once)
      spreadSamples(once, grid)
      return columns.map((column) => repeat(column, grid.count))
    }
    switch (expr.type) {
      case 'paren':
        return this.vector(expr.expr, grid)
      case 'unary':
        return this.#unary(expr, grid)
      case 'aggregate':
        return aggregate(this, expr, grid)
      case 'binary': {
        const left = this.vector(expr.lhs, grid)
        const right = this.vector(expr.rhs, grid)
        if (SET_OPERATORS.has(expr.op)) return setOperator(expr, left, right, grid)
        return new VectorVector(this, expr, grid).evaluate(left, right)
      }
      case 'call':
        return this.#call(expr, grid)
    }
    throw new Error(`BUG: ${expr.type} is not an instant vector`)
  }

  #unary({ op, expr }: UnaryExpr, grid: Grid): Column[] {
    const columns = this.vector(expr, grid)
    if (op === '+') return columns
    for (const column of columns) {
      for (let step = 0; step < grid.count; step++)
        if (column.kinds[step] === FLOAT) column.values[step] = -column.values[step]!
        else if (column.kinds[step] === HISTOGRAM)
          column.setHistogram(step, scaleHistogram(column.histograms![step]!, -1))
      column.dropName = true
      if (!this.settings.delayedNameRemoval) column.labels = withoutMetadata(column.labels)
    }
    return this.settings.delayedNameRemoval ? columns : mergeEqualLabels(columns)
  }

  #call(call: Call, grid: Grid): Column[] {
    const { name } = call.func
    switch (name) {
      case 'absent':
      case 'absent_over_time':
        return absent(this, call, grid, (visit) => this.#eachOf(call, grid, visit))
      case 'vector': {
        const column = new Column(grid.count, Labels.EMPTY)
        column.values.set(this.scalar(call.args[0]!, grid))
        column.kinds.fill(FLOAT)
        return [column]
      }
      case 'sort':
      case 'sort_desc':
      case 'sort_by_label':
      case 'sort_by_label_desc':
        return sortColumns(this, call, grid)
      case 'label_replace':
        return labelReplace(this, call, grid)
      case 'label_join':
        return labelJoin(this, call, grid)
      case 'histogram_quantile':
      case 'histogram_quantiles':
      case 'histogram_fraction':
        return histogramFunction(this, call, grid)
      case 'info':
        return info(this, call, grid)
    }
    const part = DATE_PARTS[name]
    if (part === undefined) throw new Error(`BUG: function ${name} is not implemented`)
    const column = new Column(grid.count, Labels.EMPTY)
    for (let step = 0; step < grid.count; step++)
      column.setFloat(step, part(Math.trunc(timeAt(grid, step) / 1000)))
    return [column]
  }

  #eachOf(call: Call, grid: Grid, visit: Visit): void {
    const mark = this.ledger.current
    const range = rangeArgument(call)
    if (range === undefined) this.stream(call.args[0]!, grid, visit)
    else streamRangeCall(this, call, range, grid, visit, true)
    this.ledger.settle(mark, 0)
  }
}

/** The grid with the first step only. */
function onceOf(grid: Grid): Grid {
  const samplesAtStep = grid.samplesAtStep === undefined ? undefined : new Float64Array(1)
  return { startMs: grid.startMs, stepMs: grid.stepMs, count: 1, samplesAtStep }
}

/** What was looked at once serves each step, and counts for each. */
function spreadSamples(once: Grid, grid: Grid): void {
  const [samples] = once.samplesAtStep ?? []
  if (samples === undefined || grid.samplesAtStep === undefined) return
  for (let step = 0; step < grid.count; step++) grid.samplesAtStep[step]! += samples
}

/** A column of one step, repeated. */
function repeat(column: Column, count: number): Column {
  const out = new Column(count, column.labels, column.dropName)
  out.values.fill(column.values[0]!)
  out.kinds.fill(column.kinds[0]!)
  if (column.histograms !== undefined)
    out.histograms = Array.from({ length: count }, () => column.histograms![0])
  return out
}

/** Whether all series of a vector surely have the same metric name, so that dropping it makes no two the same. */
function hasOneName(expr: Expr): boolean {
  switch (expr.type) {
    case 'vectorSelector':
      return expr.matchers.some(({ name, operator }) => name === METRIC_NAME && operator === '=')
    case 'paren':
      return hasOneName(expr.expr)
    case 'aggregate':
      return !expr.grouping.includes(METRIC_NAME)
    case 'call': {
      const [arg] = expr.args
      if (arg?.type === 'matrixSelector') return hasOneName(arg.selector)
      return false
    }
  }
  return false
}
