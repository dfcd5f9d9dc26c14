import type { Call, Expr, Subquery } from '../parser/ast.ts'
import type { Annotations } from './annotations.ts'
import type { Column } from './column.ts'
import type { Grid } from './grid.ts'
import type { Ledger } from './ledger.ts'
import type { StepInvariance } from './prepare.ts'
import type { Selection } from './select.ts'
import type { SharedParts } from './shared-parts.ts'

/** How the engine evaluates; the same for every part of a query. */
export interface EvaluationSettings {
  readonly lookbackMs: number
  /** Drop metric names when the query is done, not at each function (feature `promql-delayed-name-removal`). */
  readonly delayedNameRemoval: boolean
  /** Judge counters by their `__type__` label (feature `type-and-unit-labels`). */
  readonly typeAndUnitLabels: boolean
  /** Let start timestamps tell of counter resets (feature `use-start-timestamps`). */
  readonly useStartTimestamps: boolean
  /** Samples are counted for each step, not only in total. */
  readonly perStepStats: boolean
  /** Step of subqueries that name none. */
  readonly subqueryStepMs: number
}

/** Takes one column of a stream. The column may be changed, and may be used again once the visit is over. */
export type Visit = (column: Column) => void

/** What the parts of the evaluator need of each other and of the query that runs. */
export interface Evaluation {
  readonly settings: EvaluationSettings
  readonly annotations: Annotations
  readonly selection: Selection
  readonly ledger: Ledger
  readonly invariance: StepInvariance
  readonly shared: SharedParts
  /** A scalar expression: its value at each step. */
  scalar(expr: Expr, grid: Grid): Float64Array
  /** An instant vector: columns that the caller owns. */
  vector(expr: Expr, grid: Grid): Column[]
  /** The same one column after the other, without keeping them all. Not for functions that order their result. */
  stream(expr: Expr, grid: Grid, visit: Visit): void
}

export type { Call, Expr, Grid, Subquery }
