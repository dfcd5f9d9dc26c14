import type { Column } from './column.ts'
import { timeAt } from './grid.ts'
import type { Ledger } from './ledger.ts'
import type { RangeSamples } from './range-samples.ts'
import type { RangeCall, RangeWindow, WindowFunction } from './range-window.ts'

/**
 * Evaluates a range function over the samples of one series, by the kernel of the function where there is one, else by sliding the window and
 * calling `compute` wherever it holds any sample.
 * @returns weight of the points set
 */
export function slide(
  samples: RangeSamples,
  call: RangeCall,
  out: Column,
  compute: WindowFunction,
  ledger: Ledger,
): number {
  const { grid, rangeMs, offsetMs, atMs, extension, lookbackMs } = call.spec
  const { timesMs, count, histogramTimesMs } = samples
  const { kernel } = call
  if (
    kernel !== undefined &&
    histogramTimesMs.length === 0 &&
    extension === undefined &&
    samples.startTimesMs === undefined &&
    (samples.weights === undefined || !WEIGHS.has(call.name))
  ) {
    if (count === 0) return 0
    const plan = call.plans.of(timesMs, count, samples.timesId)
    const mark = ledger.current
    ledger.add(plan.largest)
    ledger.settle(mark, 0)
    ledger.worked(count + grid.count)
    return kernel(samples, plan, call.spec, out)
  }
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
  return out.samples()
}

/** Functions to which it makes a difference how many samples a value stands for. */
const WEIGHS: ReadonlySet<string> = new Set(['avg_over_time', 'sum_over_time', 'count_over_time'])

/** Entry i: weight of the first i histograms. */
function prefixWeights(samples: RangeSamples): Float64Array {
  const { histograms } = samples
  const weights = new Float64Array(histograms.length + 1)
  for (let i = 0; i < histograms.length; i++) weights[i + 1] = weights[i]! + samples.histogramWeight(i, i + 1)
  return weights
}
