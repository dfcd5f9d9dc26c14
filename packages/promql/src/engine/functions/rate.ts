import type { FloatHistogram } from '@promontory/model'
import { addHistograms, compactHistogram, divideHistogram, isCounterReset, reduceResolution, scaleHistogram, subtractHistograms, usesCustomBuckets, withHint } from '@promontory/model' // prettier-ignore
import { FloatHistogram as Histogram } from '@promontory/model'
import type { Column } from '../column.ts'
import { orMixedSchemaWarning } from '../interpolate.ts'
import type { RangeSamples } from '../range-samples.ts'
import type { RangeCall, RangeWindow, WindowFunction } from '../range-window.ts'
import { extendedRate } from './extended-rate.ts'
import { startTimesOverlap, startTimeShowsReset } from './start-times.ts'

/** `rate`, `increase` (counters) and `delta` (gauges): the change over the window, extrapolated to its ends. */
export function extrapolated(isCounter: boolean, perSecond: boolean): WindowFunction {
  return (samples, window, out, call) => {
    const floats = window.to - window.from
    const histograms = window.histogramTo - window.histogramFrom
    if (floats > 0 && histograms > 0)
      call.annotations.mixedFloatsHistograms(samples.metricName, call.position)
    else if (call.spec.extension !== undefined) extendedRate(samples, window, out, call, isCounter, perSecond)
    else if (floats > 0) rateOfFloats(samples, window, out, call, isCounter, perSecond)
    else rateOfHistograms(samples, window, out, call, isCounter, perSecond)
  }
}

function rateOfFloats(
  samples: RangeSamples,
  window: RangeWindow,
  out: Column,
  call: RangeCall,
  isCounter: boolean,
  perSecond: boolean,
): void {
  const { timesMs, values, startTimesMs } = samples
  const { from, to, step } = window
  const last = to - 1
  let change = values[last]! - values[from]!
  if (isCounter) change += resetCorrection(samples, from, to, call)
  const firstTimeMs = timesMs[from]!
  const lastTimeMs = timesMs[last]!
  const startTimeMs = isCounter ? (startTimesMs?.[from] ?? 0) : 0
  const began = startTimeMs !== 0 && startTimeMs > window.startMs && startTimeMs < firstTimeMs
  if (began) change += values[from]!
  else if (last === from) return
  const factor = extrapolation({
    window,
    firstTimeMs,
    lastTimeMs,
    intervals: last - from,
    beganMs: began ? startTimeMs : undefined,
    // The share of the sampled interval after which the counter, going back, reaches zero.
    zeroShare: isCounter && change > 0 && values[from]! >= 0 ? values[from]! / change : undefined,
    perSecondMs: perSecond ? call.spec.rangeMs : undefined,
  })
  out.setFloat(step, change * factor)
}

/** What resets took away from a counter within a window: the value before each of them. */
function resetCorrection(samples: RangeSamples, from: number, to: number, call: RangeCall): number {
  const { timesMs, values, startTimesMs: starts } = samples
  let correction = 0
  let overlapSeen = false
  for (let i = from + 1; i < to; i++) {
    const previous = values[i - 1]!
    let reset = values[i]! < previous
    if (starts !== undefined) {
      if (!overlapSeen && startTimesOverlap(starts[i - 1]!, timesMs[i - 1]!, starts[i]!)) {
        call.annotations.startTimeOverlap(samples.metricName, call.position)
        overlapSeen = true
      }
      reset ||= startTimeShowsReset(starts[i - 1]!, timesMs[i - 1]!, starts[i]!, timesMs[i]!)
    }
    if (reset) correction += previous
  }
  return correction
}

interface Extrapolation {
  readonly window: RangeWindow
  readonly firstTimeMs: number
  readonly lastTimeMs: number
  /** Samples less one. */
  readonly intervals: number
  /** The series began inside the window, at this time and at zero. */
  readonly beganMs: number | undefined
  readonly zeroShare: number | undefined
  /** Range to divide by; undefined for a total. */
  readonly perSecondMs: number | undefined
}

/**
 * The factor from the change between the first and last sample to that over the window. The change is extended to a
 * window's end that is closer than 1.1 average intervals, otherwise by half an interval; and never back to before the
 * point at which a counter must have been zero.
 */
function extrapolation(e: Extrapolation): number {
  const { firstTimeMs, lastTimeMs, intervals, beganMs, zeroShare, perSecondMs } = e
  let toStart = (firstTimeMs - e.window.startMs) / 1000
  let toEnd = (e.window.endMs - lastTimeMs) / 1000
  let sampled = (lastTimeMs - firstTimeMs) / 1000
  const average = intervals > 0 ? sampled / intervals : 0
  const threshold = average * 1.1
  if (beganMs !== undefined) {
    toStart = 0
    sampled = (lastTimeMs - beganMs) / 1000
  } else {
    if (toStart >= threshold) toStart = average / 2
    if (zeroShare !== undefined && sampled * zeroShare < toStart) toStart = sampled * zeroShare
  }
  if (toEnd >= threshold) toEnd = average / 2
  const factor = sampled === 0 ? 1 : (sampled + toStart + toEnd) / sampled
  return perSecondMs === undefined ? factor : factor / (perSecondMs / 1000)
}

function rateOfHistograms(
  samples: RangeSamples,
  window: RangeWindow,
  out: Column,
  call: RangeCall,
  isCounter: boolean,
  perSecond: boolean,
): void {
  const { histogramFrom: from, histogramTo: to } = window
  const { histograms, histogramTimesMs: times, histogramStartTimesMs: starts } = samples
  const first = histograms[from]!
  let change: FloatHistogram | undefined
  if (to - from > 1) {
    change = changeOf(samples, from, to, call, isCounter)
    if (change === undefined) return
  }
  const startTimeMs = isCounter ? (starts?.[from] ?? 0) : 0
  const began = startTimeMs !== 0 && startTimeMs > window.startMs && startTimeMs < times[from]!
  if (began) {
    change = change === undefined ? first : addToChange(change, first, samples, call)
    if (change === undefined) return
  }
  if (change === undefined) return
  const anchored = isCounter && change.count > 0 && first.count >= 0
  const factor = extrapolation({
    window,
    firstTimeMs: times[from]!,
    lastTimeMs: times[to - 1]!,
    intervals: to - 1 - from,
    beganMs: began ? startTimeMs : undefined,
    zeroShare: anchored ? first.count / change.count : undefined,
    perSecondMs: perSecond ? call.spec.rangeMs : undefined,
  })
  out.setHistogram(window.step, scaleHistogram(change, factor))
}

function addToChange(
  change: FloatHistogram,
  more: FloatHistogram,
  { metricName }: RangeSamples,
  { annotations, position }: RangeCall,
): FloatHistogram | undefined {
  const sum = orMixedSchemaWarning(() => addHistograms(change, more), annotations, metricName, position)
  if (sum?.boundsReconciled) annotations.boundsReconciled('addition', position)
  return sum?.histogram
}

/** Last minus first histogram of a window, plus what resets took away; undefined when the schemas do not mix. */
function changeOf(
  samples: RangeSamples,
  from: number,
  to: number,
  call: RangeCall,
  isCounter: boolean,
): FloatHistogram | undefined {
  const { annotations, position } = call
  const { histograms, metricName } = samples
  const last = histograms[to - 1]!
  const isGauge = (i: number): boolean => histograms[i]!.counterResetHint === 'gauge'
  if (isCounter && (isGauge(from) || isGauge(to - 1))) annotations.histogramNotCounter(metricName, position)
  let first = histograms[from]!
  let custom = usesCustomBuckets(first)
  if (isCounter && wasReset(samples, from + 1, first)) {
    // Its counts went with the reset, so its layout does not matter either.
    const second = histograms[from + 1]!
    first = new Histogram({ schema: second.schema, customBounds: second.customBounds })
    custom = usesCustomBuckets(second)
  }
  if (usesCustomBuckets(last) !== custom) {
    annotations.mixedExponentialCustom(metricName, position)
    return undefined
  }
  let schema = Math.min(last.schema, first.schema)
  if (isCounter)
    for (let i = from + 1; i < to - 1; i++) {
      if (isGauge(i)) annotations.histogramNotCounter(metricName, position)
      schema = Math.min(schema, histograms[i]!.schema)
      if (usesCustomBuckets(histograms[i]!) !== custom) {
        annotations.mixedExponentialCustom(metricName, position)
        return undefined
      }
    }
  const change = orMixedSchemaWarning(
    () => {
      const difference = subtractHistograms(custom ? last : reduceResolution(last, schema), first)
      if (difference.boundsReconciled) annotations.boundsReconciled('subtraction', position)
      return isCounter
        ? addResets(difference.histogram, samples, from, to, first, call)
        : difference.histogram
    },
    annotations,
    metricName,
    position,
  )
  if (change === undefined) return undefined
  if (!isCounter && !(isGauge(from) && isGauge(to - 1))) annotations.histogramNotGauge(metricName, position)
  return compactHistogram(withHint(change, 'gauge'))
}

function wasReset(samples: RangeSamples, i: number, previous: FloatHistogram): boolean {
  const { histogramTimesMs: times, histogramStartTimesMs: starts, histograms } = samples
  const shown =
    starts !== undefined && startTimeShowsReset(starts[i - 1]!, times[i - 1]!, starts[i]!, times[i]!)
  return shown || isCounterReset(previous, histograms[i]!)
}

function addResets(
  difference: FloatHistogram,
  samples: RangeSamples,
  from: number,
  to: number,
  first: FloatHistogram,
  { annotations, position }: RangeCall,
): FloatHistogram {
  const { histograms, histogramTimesMs: times, histogramStartTimesMs: starts, metricName } = samples
  let total = difference
  let previous = first
  let overlapSeen = false
  for (let i = from + 1; i < to; i++) {
    if (
      !overlapSeen &&
      starts !== undefined &&
      startTimesOverlap(starts[i - 1]!, times[i - 1]!, starts[i]!)
    ) {
      annotations.startTimeOverlap(metricName, position)
      overlapSeen = true
    }
    if (wasReset(samples, i, previous)) {
      const sum = addHistograms(total, previous)
      if (sum.boundsReconciled) annotations.boundsReconciled('addition', position)
      total = sum.histogram
    }
    previous = histograms[i]!
  }
  return total
}

interface LastSample {
  readonly timeMs: number
  readonly startMs: number
  readonly value: number
  readonly histogram: FloatHistogram | undefined
}

/** `irate` (counters) and `idelta` (gauges): the change between the last two samples of the window. */
export function instantChange(isRate: boolean): WindowFunction {
  return (samples, window, out, call) => {
    const pair = lastTwo(samples, window)
    if (pair === undefined) return
    const [previous, last] = pair
    const seconds = (last.timeMs - previous.timeMs) / 1000
    if (seconds === 0) return
    const shown = isRate && startTimeShowsReset(previous.startMs, previous.timeMs, last.startMs, last.timeMs)
    if (last.histogram === undefined && previous.histogram === undefined) {
      const reset = isRate && (last.value < previous.value || shown)
      const change = reset ? last.value : last.value - previous.value
      out.setFloat(window.step, isRate ? change / seconds : change)
    } else if (last.histogram !== undefined && previous.histogram !== undefined) {
      const change = instantHistogram(previous.histogram, last.histogram, isRate, shown, samples, call)
      if (change !== undefined)
        out.setHistogram(window.step, isRate ? divideHistogram(change, seconds) : change)
    } else call.annotations.mixedFloatsHistograms(samples.metricName, call.position)
  }
}

function instantHistogram(
  previous: FloatHistogram,
  last: FloatHistogram,
  isRate: boolean,
  shownReset: boolean,
  { metricName }: RangeSamples,
  { annotations, position }: RangeCall,
): FloatHistogram | undefined {
  const gauges = [previous, last].filter((h) => h.counterResetHint === 'gauge').length
  if (isRate && gauges > 0) annotations.histogramNotCounter(metricName, position)
  if (!isRate && gauges < 2) annotations.histogramNotGauge(metricName, position)
  let change = last
  if (!isRate || (!shownReset && !isCounterReset(previous, last))) {
    const difference = orMixedSchemaWarning(
      () => subtractHistograms(last, previous),
      annotations,
      metricName,
      position,
    )
    if (difference === undefined) return undefined
    if (difference.boundsReconciled) annotations.boundsReconciled('subtraction', position)
    change = difference.histogram
  }
  return compactHistogram(withHint(change, 'gauge'))
}

function lastTwo(samples: RangeSamples, window: RangeWindow): [LastSample, LastSample] | undefined {
  const { from, to, histogramFrom, histogramTo } = window
  const found: LastSample[] = []
  for (let i = Math.max(from, to - 2); i < to; i++)
    found.push({
      timeMs: samples.timesMs[i]!,
      startMs: samples.startTimesMs?.[i] ?? 0,
      value: samples.values[i]!,
      histogram: undefined,
    })
  for (let i = Math.max(histogramFrom, histogramTo - 2); i < histogramTo; i++)
    found.push({
      timeMs: samples.histogramTimesMs[i]!,
      startMs: samples.histogramStartTimesMs?.[i] ?? 0,
      value: 0,
      histogram: samples.histograms[i]!,
    })
  if (found.length < 2) return undefined
  found.sort((a, b) => a.timeMs - b.timeMs)
  return [found.at(-2)!, found.at(-1)!]
}
