import type { PickSteps, SampleColumns } from '@promontory/model'
import { histogramSamples, isStaleAt, PICK_STEPS_MAX, SampleColumns as Samples } from '@promontory/model'
import type { VectorSelector } from '../parser/ast.ts'
import type { Column } from './column.ts'
import { ColumnSource, FLOAT } from './column.ts'
import type { Evaluation, Visit } from './evaluation.ts'
import type { Grid } from './grid.ts'
import { timeAt } from './grid.ts'
import { smoothSeries } from './smoothed-selector.ts'

/** What to take of the sample that a selector finds: its value, or one of its times in seconds. */
export type SampleAspect = 'value' | 'timestamp' | 'startTimestamp'

/** An instant selector: at each step the newest sample within the look-back, unless it is a stale marker. */
export function streamSelector(
  evaluation: Evaluation,
  selector: VectorSelector,
  grid: Grid,
  visit: Visit,
  reuse: boolean,
  aspect: SampleAspect = 'value',
): void {
  const { ledger, settings, selection } = evaluation
  const source = new ColumnSource(grid.count, reuse)
  const samples = new Samples()
  const set = selection.of(selector)
  const steps =
    set.pick === undefined || aspect !== 'value' ? undefined : stepsOf(selector, grid, settings.lookbackMs)
  for (let i = 0; i < set.length; i++) {
    const column = source.next(set.labels(i), false)
    let points = steps === undefined ? -1 : set.pick!(i, steps, column.values, column.kinds)
    if (points >= 0) {
      ledger.worked(samplesOfPick(steps!) + grid.count)
      countPicked(points, column.kinds, grid, settings.perStepStats)
    } else {
      column.clear()
      selection.readOne(selector, i, samples)
      ledger.worked(samples.length + grid.count)
      points =
        selector.smoothed && aspect === 'value'
          ? smoothSeries(evaluation, selector, grid, column.labels, samples, column)
          : pickSamples(samples, selector, grid, settings.lookbackMs, column, aspect)
    }
    if (points === 0) continue
    ledger.add(points)
    column.isFull = reuse && column.histograms === undefined && points === grid.count
    visit(column)
  }
}

/** How many samples picking a series is taken to look at: nobody counts them. */
function samplesOfPick({ stepMs, count, windowMs }: PickSteps): number {
  return (stepMs * count + windowMs) / 10_000
}

/** Undefined where the storage cannot pick: then the samples are read. */
function stepsOf(
  { offsetMs, atMs, smoothed }: VectorSelector,
  { startMs, stepMs, count }: Grid,
  windowMs: number,
): PickSteps | undefined {
  if (smoothed || count > PICK_STEPS_MAX) return undefined
  return atMs === undefined
    ? { startMs, stepMs, count, offsetMs, windowMs }
    : { startMs: atMs, stepMs: 0, count, offsetMs, windowMs }
}

/** Where nobody asks for the steps, their sum is as good at one of them. */
function countPicked(
  points: number,
  kinds: Uint8Array,
  { samplesAtStep, count }: Grid,
  perStep: boolean,
): void {
  if (samplesAtStep === undefined || points === 0) return
  if (!perStep) samplesAtStep[0]! += points
  else for (let step = 0; step < count; step++) samplesAtStep[step]! += kinds[step]!
}

/** @returns weight of the points set */
export function pickSamples(
  samples: SampleColumns,
  { offsetMs, atMs }: { readonly offsetMs: number; readonly atMs: number | undefined },
  grid: Grid,
  lookbackMs: number,
  out: Column,
  aspect: SampleAspect,
): number {
  if (samples.histograms === undefined && aspect === 'value')
    return pickFloats(samples, offsetMs, atMs, grid, lookbackMs, out)
  const { timesMs, values, bits, length, histograms, startTimesMs } = samples
  const { samplesAtStep } = grid
  let newest = -1
  let points = 0
  for (let step = 0; step < grid.count; step++) {
    const referenceMs = (atMs ?? timeAt(grid, step)) - offsetMs
    while (newest + 1 < length && timesMs[newest + 1]! <= referenceMs) newest++
    if (newest < 0 || timesMs[newest]! <= referenceMs - lookbackMs) continue
    const histogram = histograms?.[newest]
    if (histogram === undefined && isStaleAt(bits, newest)) continue
    let weight = 1
    if (aspect === 'timestamp') out.setFloat(step, timesMs[newest]! / 1000)
    else if (aspect === 'startTimestamp') out.setFloat(step, (startTimesMs?.[newest] ?? 0) / 1000)
    else if (histogram === undefined) out.setFloat(step, values[newest]!)
    else {
      out.setHistogram(step, histogram)
      weight = histogramSamples(histogram)
    }
    points += weight
    if (samplesAtStep !== undefined) samplesAtStep[step]! += weight
  }
  return points
}

/** As {@link pickSamples} for the values of a series without histograms. */
function pickFloats(
  samples: SampleColumns,
  offsetMs: number,
  atMs: number | undefined,
  grid: Grid,
  lookbackMs: number,
  out: Column,
): number {
  const { timesMs, values, length } = samples
  const bits = samples.staleFree ? undefined : samples.bits
  const { samplesAtStep, count, startMs, stepMs } = grid
  const { values: picked, kinds } = out
  let next = 0
  let points = 0
  for (let step = 0; step < count; step++) {
    const referenceMs = (atMs ?? startMs + step * stepMs) - offsetMs
    while (next < length && timesMs[next]! <= referenceMs) next++
    const newest = next - 1
    if (newest < 0 || timesMs[newest]! <= referenceMs - lookbackMs) continue
    if (bits !== undefined && isStaleAt(bits, newest)) continue
    picked[step] = values[newest]!
    kinds[step] = FLOAT
    points++
    if (samplesAtStep !== undefined) samplesAtStep[step]! += 1
  }
  return points
}
