import type { FloatHistogram } from '@promontory/model'
import { addHistograms, compactHistogram, divideHistogram, isCounterReset, subtractHistograms, usesCustomBuckets, withHint } from '@promontory/model' // prettier-ignore
import type { Column } from '../column.ts'
import { interpolate, interpolateHistograms, orMixedSchemaWarning } from '../interpolate.ts'
import type { RangeSamples } from '../range-samples.ts'
import type { RangeCall, RangeWindow } from '../range-window.ts'

/**
 * `rate`, `increase` and `delta` over an `anchored` or `smoothed` range: the change between the range's very ends.
 * There the value is that of the last sample before (anchored), or interpolated between the samples around (smoothed).
 */
export function extendedRate(
  samples: RangeSamples,
  window: RangeWindow,
  out: Column,
  call: RangeCall,
  isCounter: boolean,
  perSecond: boolean,
): void {
  if (window.to > window.from) ofFloats(samples, window, out, call, isCounter, perSecond)
  else ofHistograms(samples, window, out, call, isCounter, perSecond)
}

/** First and last sample to look at; undefined when the range has nothing to measure. */
function boundaries(
  times: ArrayLike<number>,
  from: number,
  to: number,
  { startMs, endMs }: RangeWindow,
  smoothed: boolean,
): [first: number, last: number] | undefined {
  let first = from
  while (first + 1 < to - 1 && times[first + 1]! <= startMs) first++
  let last = to - 1
  if (smoothed) {
    last = from
    while (last < to - 1 && times[last]! < endMs) last++
  }
  if (times[last]! <= startMs || (smoothed && times[first]! > endMs)) return undefined
  return [first, last]
}

function ofFloats(
  samples: RangeSamples,
  window: RangeWindow,
  out: Column,
  { spec }: RangeCall,
  isCounter: boolean,
  perSecond: boolean,
): void {
  const { timesMs: times, values } = samples
  const { startMs, endMs } = window
  const smoothed = spec.extension === 'smoothed'
  const found = boundaries(times, window.from, window.to, window, smoothed)
  if (found === undefined) return
  let [first, last] = found
  const between = (i: number, timeMs: number): number =>
    interpolate(values[i]!, times[i]!, values[i + 1]!, times[i + 1]!, timeMs, isCounter)
  const left = smoothed && times[first]! < startMs ? between(first, startMs) : values[first]!
  const right =
    smoothed && last > window.from && times[last]! > endMs ? between(last - 1, endMs) : values[last]!
  let change = right - left
  if (isCounter) {
    if (times[first]! <= startMs) first++
    if (times[last]! >= endMs) last--
    let previous = left
    for (let i = first; i <= last; i++) {
      if (values[i]! < previous) change += previous
      previous = values[i]!
    }
    if (right < previous) change += previous
  }
  out.setFloat(window.step, perSecond ? change / (spec.rangeMs / 1000) : change)
}

function ofHistograms(
  samples: RangeSamples,
  window: RangeWindow,
  out: Column,
  call: RangeCall,
  isCounter: boolean,
  perSecond: boolean,
): void {
  const { annotations, position, spec } = call
  const { histogramTimesMs: times, histograms, metricName } = samples
  const { startMs, endMs, histogramFrom, histogramTo } = window
  const smoothed = spec.extension === 'smoothed'
  const found = boundaries(times, histogramFrom, histogramTo, window, smoothed)
  if (found === undefined) return
  const [first, last] = found
  if (!compatible(samples, first, last, isCounter, call)) return
  const between = (i: number, timeMs: number): FloatHistogram =>
    interpolateHistograms(
      histograms[i]!, times[i]!, histograms[i + 1]!, times[i + 1]!, timeMs, isCounter, annotations, position,
    ) // prettier-ignore
  const change = orMixedSchemaWarning(
    () => {
      const left = smoothed && times[first]! < startMs ? between(first, startMs) : histograms[first]!
      const right =
        smoothed && last > histogramFrom && times[last]! > endMs
          ? between(last - 1, endMs)
          : histograms[last]!
      if (!isCounter && (left.counterResetHint !== 'gauge' || right.counterResetHint !== 'gauge'))
        annotations.histogramNotGauge(metricName, position)
      const difference = subtractHistograms(right, left)
      if (difference.boundsReconciled) annotations.boundsReconciled('subtraction', position)
      if (!isCounter) return difference.histogram
      const spannedReset =
        smoothed && times[first]! < startMs && isCounterReset(histograms[first]!, histograms[first + 1]!)
      return addLost(difference.histogram, samples, first, last, left, right, spannedReset, call)
    },
    annotations,
    metricName,
    position,
  )
  if (change === undefined) return
  const result = perSecond ? divideHistogram(change, spec.rangeMs / 1000) : change
  out.setHistogram(window.step, compactHistogram(withHint(result, 'gauge')))
}

function compatible(
  { histograms, metricName }: RangeSamples,
  first: number,
  last: number,
  isCounter: boolean,
  { annotations, position }: RangeCall,
): boolean {
  const custom = usesCustomBuckets(histograms[first]!)
  for (let i = first; i <= last; i++) {
    const histogram = histograms[i]!
    if (usesCustomBuckets(histogram) !== custom) {
      annotations.mixedExponentialCustom(metricName, position)
      return false
    }
    if (isCounter && histogram.counterResetHint === 'gauge')
      annotations.histogramNotCounter(metricName, position)
  }
  return true
}

/**
 * Adds what resets between the ends took away.
 * @param spannedReset  the left end was interpolated across a reset, which is accounted for by that
 */
function addLost(
  difference: FloatHistogram,
  { histograms }: RangeSamples,
  first: number,
  last: number,
  left: FloatHistogram,
  right: FloatHistogram,
  spannedReset: boolean,
  { annotations, position }: RangeCall,
): FloatHistogram {
  let total = difference
  let lost: FloatHistogram | undefined
  const add = (a: FloatHistogram, b: FloatHistogram): FloatHistogram => {
    const sum = addHistograms(a, b)
    if (sum.boundsReconciled) annotations.boundsReconciled('addition', position)
    return sum.histogram
  }
  const from = first + (spannedReset ? 2 : 1)
  if (from > last) return total
  let previous = spannedReset ? histograms[first + 1]! : left
  // The last sample stands behind the right end, whose hint is its own.
  for (let i = from; i < last; i++) {
    if (isCounterReset(previous, histograms[i]!)) lost = lost === undefined ? previous : add(lost, previous)
    previous = histograms[i]!
  }
  if (isCounterReset(previous, right)) lost = lost === undefined ? previous : add(lost, previous)
  if (lost !== undefined) total = add(total, lost)
  return total
}
