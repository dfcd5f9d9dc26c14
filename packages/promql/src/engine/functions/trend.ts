import { histogramsEqual, isCounterReset, KahanSum } from '@promontory/model'
import type { FloatHistogram } from '@promontory/model'
import { executionError } from '../../errors.ts'
import type { RangeSamples } from '../range-samples.ts'
import type { RangeCall, RangeWindow, WindowFunction } from '../range-window.ts'
import { onlyFloats } from './over-time.ts'
import { startTimeShowsReset } from './start-times.ts'

/** Slope per second and value at `originMs` of the line of least squares; NaN twice for infinite constants. */
function linearRegression(
  { timesMs, values }: RangeSamples,
  from: number,
  to: number,
  originMs: number,
): [slope: number, intercept: number] {
  const x = new KahanSum()
  const y = new KahanSum()
  const xy = new KahanSum()
  const xx = new KahanSum()
  let constant = true
  for (let i = from; i < to; i++) {
    const value = values[i]!
    if (value !== values[from]!) constant = false
    const seconds = (timesMs[i]! - originMs) / 1000
    x.add(seconds)
    y.add(value)
    xy.add(seconds * value)
    xx.add(seconds * seconds)
  }
  if (constant) {
    const value = values[from]!
    return value === Infinity || value === -Infinity ? [NaN, NaN] : [0, value]
  }
  const count = to - from
  const sum = (kahan: KahanSum): number => kahan.sum + kahan.compensation
  const covariance = sum(xy) - (sum(x) * sum(y)) / count
  const variance = sum(xx) - (sum(x) * sum(x)) / count
  const slope = covariance / variance
  return [slope, sum(y) / count - (slope * sum(x)) / count]
}

/** At least two floats, and a note when there are histograms beside them. */
function hasTrend(samples: RangeSamples, window: RangeWindow, call: RangeCall): boolean {
  return onlyFloats(samples, window, call) && window.to - window.from >= 2
}

export const deriv: WindowFunction = (samples, window, out, call) => {
  if (!hasTrend(samples, window, call)) return
  // Near the samples, so that the sums keep their precision.
  const [slope] = linearRegression(samples, window.from, window.to, samples.timesMs[window.from]!)
  out.setFloat(window.step, slope)
}

export const predictLinear: WindowFunction = (samples, window, out, call) => {
  if (!hasTrend(samples, window, call)) return
  const [slope, intercept] = linearRegression(samples, window.from, window.to, window.timeMs)
  out.setFloat(window.step, slope * call.scalars[0]![window.step]! + intercept)
}

/** Holt's double exponential smoothing: the arguments are the smoothing factor and the trend factor. */
export const doubleExponentialSmoothing: WindowFunction = (samples, window, out, call) => {
  const smoothing = factor('smoothing', 'sf', call.scalars[0]![window.step]!)
  const trend = factor('trend', 'tf', call.scalars[1]![window.step]!)
  if (!hasTrend(samples, window, call)) return
  const { values } = samples
  let before = 0
  let level = values[window.from]!
  let slope = values[window.from + 1]! - values[window.from]!
  for (let i = window.from + 1; i < window.to; i++) {
    if (i > window.from + 1) slope = trend * (level - before) + (1 - trend) * slope
    const next = smoothing * values[i]! + (1 - smoothing) * (level + slope)
    before = level
    level = next
  }
  out.setFloat(window.step, level)
}

function factor(name: string, symbol: string, value: number): number {
  if (value > 0 && value < 1) return value
  if (Number.isNaN(value)) return value
  throw executionError(
    `invalid ${name} factor. Expected: 0 < ${symbol} < 1, got: ${Number.isFinite(value) ? value.toFixed(6) : value > 0 ? '+Inf' : '-Inf'}`,
  )
}

interface Sample {
  readonly timeMs: number
  readonly startMs: number
  readonly value: number
  readonly histogram: FloatHistogram | undefined
}

/** Counts pairs of successive samples, floats and histograms in one sequence, for which `counts` holds. */
function countPairs(counts: (previous: Sample, next: Sample) => boolean): WindowFunction {
  return (samples, window, out, call) => {
    const first = firstIndices(samples, window, call)
    if (first === undefined) return
    let [float, histogram] = first
    let previous: Sample | undefined
    let total = 0
    while (float < window.to || histogram < window.histogramTo) {
      const floatTime = float < window.to ? samples.timesMs[float]! : Infinity
      const histogramTime = histogram < window.histogramTo ? samples.histogramTimesMs[histogram]! : Infinity
      const next = floatTime < histogramTime ? floatAt(samples, float++) : histogramAt(samples, histogram++)
      if (previous !== undefined && counts(previous, next)) total++
      previous = next
    }
    out.setFloat(window.step, total)
  }
}

function floatAt(samples: RangeSamples, i: number): Sample {
  const startMs = samples.startTimesMs?.[i] ?? 0
  return { timeMs: samples.timesMs[i]!, startMs, value: samples.values[i]!, histogram: undefined }
}

function histogramAt(samples: RangeSamples, i: number): Sample {
  const startMs = samples.histogramStartTimesMs?.[i] ?? 0
  return { timeMs: samples.histogramTimesMs[i]!, startMs, value: 0, histogram: samples.histograms[i]! }
}

/**
 * Where counting starts: with the window, or when it is anchored with the newest sample at or before the range's
 * start. Undefined when an anchored range holds no sample of its own.
 */
function firstIndices(
  samples: RangeSamples,
  window: RangeWindow,
  { spec }: RangeCall,
): [float: number, histogram: number] | undefined {
  const { from, to, histogramFrom, histogramTo, startMs } = window
  if (spec.extension !== 'anchored') return [from, histogramFrom]
  let float = from
  while (float < to && samples.timesMs[float]! <= startMs) float++
  let histogram = histogramFrom
  while (histogram < histogramTo && samples.histogramTimesMs[histogram]! <= startMs) histogram++
  if (float === to && histogram === histogramTo) return undefined
  const floatTime = float > from ? samples.timesMs[float - 1]! : -Infinity
  const histogramTime = histogram > histogramFrom ? samples.histogramTimesMs[histogram - 1]! : -Infinity
  if (floatTime === -Infinity && histogramTime === -Infinity) return [float, histogram]
  return floatTime >= histogramTime ? [float - 1, histogram] : [float, histogram - 1]
}

export const resets: WindowFunction = countPairs((previous, next) => {
  if ((previous.histogram === undefined) !== (next.histogram === undefined)) return true
  if (startTimeShowsReset(previous.startMs, previous.timeMs, next.startMs, next.timeMs)) return true
  return next.histogram === undefined
    ? next.value < previous.value
    : isCounterReset(previous.histogram!, next.histogram)
})

export const changes: WindowFunction = countPairs((previous, next) => {
  if ((previous.histogram === undefined) !== (next.histogram === undefined)) return true
  if (next.histogram !== undefined) return !histogramsEqual(next.histogram, previous.histogram!)
  return next.value !== previous.value && !(Number.isNaN(next.value) && Number.isNaN(previous.value))
})
