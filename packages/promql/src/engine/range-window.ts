import type { Position } from '../parser/position.ts'
import type { Annotations } from './annotations.ts'
import type { Column } from './column.ts'
import type { EvaluationSettings } from './evaluation.ts'
import type { ColumnKernel } from './functions/column-kernels.ts'
import type { Grid } from './grid.ts'
import type { RangeSamples } from './range-samples.ts'
import type { WindowPlans } from './window-plan.ts'

export type Extension = 'anchored' | 'smoothed' | undefined

/** Which samples a range selector shows at each step: those in (end − range, end]. */
export interface WindowSpec {
  readonly grid: Grid
  readonly rangeMs: number
  readonly offsetMs: number
  /** Fixed by `@`: the same window at every step. */
  readonly atMs: number | undefined
  /** Windows then reach further back, by the look-back; smoothed ones also ahead. */
  readonly extension: Extension
  readonly lookbackMs: number
}

/** The window at one step, as ranges of indices into the samples of a series. Moved along, not kept. */
export interface RangeWindow {
  step: number
  /** Time of the step. */
  timeMs: number
  /** End of the range; what lies behind it was taken for smoothing only. */
  endMs: number
  startMs: number
  from: number
  to: number
  histogramFrom: number
  histogramTo: number
}

/** A range function that is being evaluated. */
export interface RangeCall {
  readonly name: string
  readonly spec: WindowSpec
  readonly plans: WindowPlans
  /** Evaluates series of floats in one loop, where the function has such a thing. */
  readonly kernel: ColumnKernel | undefined
  readonly settings: EvaluationSettings
  readonly annotations: Annotations
  /** Position of the range vector. */
  readonly position: Position
  /** Position of the first argument, which is a scalar for `quantile_over_time`. */
  readonly firstPosition: Position
  /** The scalar arguments in order, a value per step each. */
  readonly scalars: readonly Float64Array[]
}

/** Computes a function over one window that is not empty: sets the point of `window.step`, or leaves it absent. */
export type WindowFunction = (
  samples: RangeSamples,
  window: RangeWindow,
  out: Column,
  call: RangeCall,
) => void
