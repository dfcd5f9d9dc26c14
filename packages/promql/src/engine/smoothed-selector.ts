import type { Labels, SampleColumns } from '@promontory/model'
import { usesCustomBuckets, withHint } from '@promontory/model'
import type { VectorSelector } from '../parser/ast.ts'
import type { Column } from './column.ts'
import type { Evaluation } from './evaluation.ts'
import type { Grid } from './grid.ts'
import { timeAt } from './grid.ts'
import { interpolate, interpolateHistograms, orMixedSchemaWarning } from './interpolate.ts'
import { RangeSamples } from './range-samples.ts'

/**
 * A `smoothed` instant selector: the value at the step's time on the line between the samples around it, both within
 * the look-back; the last value when none follows.
 * @returns weight of the points set
 */
export function smoothSeries(
  evaluation: Evaluation,
  selector: VectorSelector,
  grid: Grid,
  labels: Labels,
  columns: SampleColumns,
  out: Column,
): number {
  const { annotations, settings } = evaluation
  const { lookbackMs } = settings
  const samples = new RangeSamples()
  samples.loadColumns(labels, columns, false)
  for (let step = 0; step < grid.count; step++) {
    const timeMs = (selector.atMs ?? timeAt(grid, step)) - selector.offsetMs
    const floats = around(samples.timesMs, samples.count, timeMs, lookbackMs)
    const histograms = around(samples.histogramTimesMs, samples.histogramTimesMs.length, timeMs, lookbackMs)
    if (floats.any && histograms.any) annotations.mixedFloatsHistograms(samples.metricName, selector.position)
    else if (floats.any) setFloat(samples, floats, timeMs, step, out)
    else if (histograms.any) setHistogram(samples, histograms, timeMs, step, out, evaluation, selector)
  }
  return out.samples()
}

/** Indices of the samples at or before and at or after a time, −1 where there is none within reach. */
interface Neighbours {
  readonly any: boolean
  readonly before: number
  readonly after: number
}

function around(times: ArrayLike<number>, count: number, timeMs: number, reachMs: number): Neighbours {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! < timeMs) low = middle + 1
    else high = middle
  }
  const after = low < count && times[low]! <= timeMs + reachMs ? low : -1
  const before = low > 0 && times[low - 1]! > timeMs - reachMs ? low - 1 : -1
  return { any: before >= 0 || after >= 0, before, after }
}

function setFloat(
  { timesMs, values }: RangeSamples,
  { before, after }: Neighbours,
  timeMs: number,
  step: number,
  out: Column,
): void {
  if (after >= 0 && timesMs[after] === timeMs) out.setFloat(step, values[after]!)
  else if (before >= 0 && after >= 0)
    out.setFloat(
      step,
      interpolate(values[before]!, timesMs[before]!, values[after]!, timesMs[after]!, timeMs, false),
    )
  else if (before >= 0) out.setFloat(step, values[before]!)
}

function setHistogram(
  { histograms, histogramTimesMs, metricName }: RangeSamples,
  { before, after }: Neighbours,
  timeMs: number,
  step: number,
  out: Column,
  { annotations }: Evaluation,
  { position }: VectorSelector,
): void {
  if (after >= 0 && histogramTimesMs[after] === timeMs) {
    out.setHistogram(step, histograms[after]!)
    return
  }
  if (before < 0) return
  const previous = histograms[before]!
  if (after < 0) {
    // A hint tells how a sample relates to the one before it, which is not so for a value carried forward.
    out.setHistogram(step, withHint(previous, 'unknown'))
    return
  }
  const next = histograms[after]!
  if (usesCustomBuckets(previous) !== usesCustomBuckets(next)) {
    annotations.mixedExponentialCustom(metricName, position)
    return
  }
  const isCounter = previous.counterResetHint !== 'gauge' || next.counterResetHint !== 'gauge'
  const histogram = orMixedSchemaWarning(
    () =>
      interpolateHistograms(
        previous,
        histogramTimesMs[before]!,
        next,
        histogramTimesMs[after]!,
        timeMs,
        isCounter,
        annotations,
        position,
      ),
    annotations,
    metricName,
    position,
  )
  if (histogram !== undefined) out.setHistogram(step, histogram)
}
