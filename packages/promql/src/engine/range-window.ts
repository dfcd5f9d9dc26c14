import type { Position } from '../parser/position.ts'
import type { Annotations } from './annotations.ts'
import type { Column } from './column.ts'
import type { EvaluationSettings } from './evaluation.ts'
import type { Grid } from './grid.ts'
import { timeAt } from './grid.ts'
import type { Ledger } from './ledger.ts'
import type { RangeSamples } from './range-samples.ts'

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

/** Slides the window over the samples of one series and calls `compute` wherever it holds any. */
export function slide(
  samples: RangeSamples,
  call: RangeCall,
  out: Column,
  compute: WindowFunction,
  ledger: Ledger,
): void {
  const { grid, rangeMs, offsetMs, atMs, extension, lookbackMs } = call.spec
  const { timesMs, count, histogramTimesMs } = samples
  const window: RangeWindow = {
    step: 0, timeMs: 0, endMs: 0, startMs: 0, from: 0, to: 0, histogramFrom: 0, histogramTo: 0,
  } // prettier-ignore
  const histogramCount = histogramTimesMs.length
  const weights = prefixWeights(samples)
  const { samplesAtStep } = grid
  const before = extension === undefined ? 0 : lookbackMs
  const after = extension === 'smoothed' ? lookbackMs : 0
  const mark = ledger.current
  let largest = 0
  for (let step = 0; step < grid.count; step++) {
    const timeMs = timeAt(grid, step)
    const endMs = (atMs ?? timeMs) - offsetMs
    const oldestMs = endMs - rangeMs - before
    const newestMs = endMs + after
    while (window.to < count && timesMs[window.to]! <= newestMs) window.to++
    while (window.from < window.to && timesMs[window.from]! <= oldestMs) window.from++
    if (histogramCount > 0) {
      while (window.histogramTo < histogramCount && histogramTimesMs[window.histogramTo]! <= newestMs)
        window.histogramTo++
      while (window.histogramFrom < window.histogramTo && histogramTimesMs[window.histogramFrom]! <= oldestMs)
        window.histogramFrom++
    }
    let seen = window.to - window.from
    if (histogramCount > 0) seen += weights[window.histogramTo]! - weights[window.histogramFrom]!
    if (seen === 0) continue
    if (seen > largest) largest = seen
    if (samplesAtStep !== undefined) samplesAtStep[step]! += seen
    window.step = step
    window.timeMs = timeMs
    window.endMs = endMs
    window.startMs = endMs - rangeMs
    compute(samples, window, out, call)
  }
  ledger.add(largest)
  ledger.settle(mark, 0)
  ledger.worked(count + grid.count)
}

/** Entry i: weight of the first i histograms. */
function prefixWeights(samples: RangeSamples): Float64Array {
  const { histograms } = samples
  const weights = new Float64Array(histograms.length + 1)
  for (let i = 0; i < histograms.length; i++) weights[i + 1] = weights[i]! + samples.histogramWeight(i, i + 1)
  return weights
}
