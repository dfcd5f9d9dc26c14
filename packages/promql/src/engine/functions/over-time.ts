import type { FloatHistogram } from '@promontory/model'
import {
  addHistograms,
  divideHistogram,
  hasOverflow,
  HistogramSum,
  KahanSum,
  scaleHistogram,
} from '@promontory/model'
import { orMixedSchemaWarning } from '../interpolate.ts'
import type { RangeSamples } from '../range-samples.ts'
import type { RangeCall, RangeWindow, WindowFunction } from '../range-window.ts'
import { meanOf } from './column-kernels.ts'
import { quantileOf } from './quantile.ts'

/** A function of the floats of a window; histograms beside them are ignored with an info, alone they give nothing. */
function ofFloats(compute: (values: Float64Array, from: number, to: number) => number): WindowFunction {
  return (samples, window, out, call) => {
    if (!onlyFloats(samples, window, call)) return
    out.setFloat(window.step, compute(samples.values, window.from, window.to))
  }
}

/** False when there is no float; notes histograms beside floats. */
export function onlyFloats(samples: RangeSamples, window: RangeWindow, call: RangeCall): boolean {
  if (window.to === window.from) return false
  if (window.histogramTo > window.histogramFrom)
    call.annotations.ignoredHistogramsInRange(samples.metricName, call.firstPosition)
  return true
}

/** Whether the window mixes floats and histograms, which gives a warning and no value. */
function isMixed(samples: RangeSamples, window: RangeWindow, call: RangeCall): boolean {
  if (window.to === window.from || window.histogramTo === window.histogramFrom) return false
  call.annotations.mixedFloatsHistograms(samples.metricName, call.position)
  return true
}

export const countOverTime: WindowFunction = (samples, window, out) => {
  const { step, from, to, histogramFrom, histogramTo } = window
  out.setFloat(step, weightOf(samples, from, to) + histogramTo - histogramFrom)
}

/** How many stored samples the floats [from, to) stand for. */
function weightOf({ weights }: RangeSamples, from: number, to: number): number {
  if (weights === undefined) return to - from
  let sum = 0
  for (let i = from; i < to; i++) sum += weights[i]!
  return sum
}

/** Sum of the floats [from, to), each as often as it stands for a sample. */
function weightedSum({ values, weights }: RangeSamples, from: number, to: number): number {
  const sum = new KahanSum()
  for (let i = from; i < to; i++) sum.add(weights === undefined ? values[i]! : values[i]! * weights[i]!)
  return sum.total
}

export const presentOverTime: WindowFunction = (_, window, out) => out.setFloat(window.step, 1)

export const maxOverTime: WindowFunction = ofFloats((values, from, to) => {
  let largest = values[from]!
  for (let i = from; i < to; i++) if (values[i]! > largest || Number.isNaN(largest)) largest = values[i]!
  return largest
})

export const minOverTime: WindowFunction = ofFloats((values, from, to) => {
  let smallest = values[from]!
  for (let i = from; i < to; i++) if (values[i]! < smallest || Number.isNaN(smallest)) smallest = values[i]!
  return smallest
})

/** `ts_of_max_over_time` and `ts_of_min_over_time`: when the extreme was seen last, in seconds. */
export function timeOfExtreme(better: (value: number, best: number) => boolean): WindowFunction {
  return (samples, window, out, call) => {
    if (!onlyFloats(samples, window, call)) return
    let best = window.from
    for (let i = window.from; i < window.to; i++)
      if (better(samples.values[i]!, samples.values[best]!) || Number.isNaN(samples.values[best]!)) best = i
    out.setFloat(window.step, samples.timesMs[best]! / 1000)
  }
}

export const sumOverTime: WindowFunction = (samples, window, out, call) => {
  if (isMixed(samples, window, call)) return
  if (window.to === window.from) {
    const sum = sumOfHistograms(samples, window, call)
    if (sum !== undefined) out.setHistogram(window.step, sum)
    return
  }
  out.setFloat(window.step, weightedSum(samples, window.from, window.to))
}

export const avgOverTime: WindowFunction = (samples, window, out, call) => {
  if (isMixed(samples, window, call)) return
  if (window.to === window.from) {
    const result = meanOfHistograms(samples, window, call)
    if (result !== undefined) out.setHistogram(window.step, result)
    return
  }
  const { from, to, step } = window
  const mean =
    samples.weights === undefined
      ? meanOf(samples.values, from, to)
      : weightedSum(samples, from, to) / weightOf(samples, from, to)
  out.setFloat(step, mean)
}

/** Counter reset hints of the histograms of a window, and whether custom bounds had to be reconciled. */
class HistogramNotes {
  #reset = false
  #notReset = false
  boundsReconciled = false

  see({ counterResetHint }: FloatHistogram): void {
    if (counterResetHint === 'reset') this.#reset = true
    if (counterResetHint === 'not_reset') this.#notReset = true
  }

  report({ annotations, position }: RangeCall): void {
    if (this.#reset && this.#notReset) annotations.counterResetCollision('aggregation', position)
    if (this.boundsReconciled) annotations.boundsReconciled('aggregation', position)
  }
}

function sumOfHistograms(
  samples: RangeSamples,
  { histogramFrom, histogramTo }: RangeWindow,
  call: RangeCall,
): FloatHistogram | undefined {
  const { histograms, metricName } = samples
  const notes = new HistogramNotes()
  const compute = (): FloatHistogram => {
    const sum = new HistogramSum(histograms[histogramFrom]!)
    notes.see(sum.sum)
    for (let i = histogramFrom + 1; i < histogramTo; i++) {
      notes.see(histograms[i]!)
      if (sum.add(histograms[i]!).boundsReconciled) notes.boundsReconciled = true
    }
    return sum.total
  }
  const total = orMixedSchemaWarning(compute, call.annotations, metricName, call.position)
  if (total !== undefined) notes.report(call)
  return total
}

function meanOfHistograms(
  samples: RangeSamples,
  { histogramFrom, histogramTo }: RangeWindow,
  call: RangeCall,
): FloatHistogram | undefined {
  const { histograms, metricName } = samples
  const notes = new HistogramNotes()
  const compute = (): FloatHistogram => {
    const mean = new HistogramMean(histograms[histogramFrom]!)
    notes.see(histograms[histogramFrom]!)
    for (let i = histogramFrom + 1; i < histogramTo; i++) {
      notes.see(histograms[i]!)
      if (mean.add(histograms[i]!)) notes.boundsReconciled = true
    }
    return mean.value
  }
  const mean = orMixedSchemaWarning(compute, call.annotations, metricName, call.position)
  if (mean !== undefined) notes.report(call)
  return mean
}

/** Mean of histograms: sum by count as long as the sum stays finite, from there on incremental. */
export class HistogramMean {
  #sum: HistogramSum
  #count = 1
  #incremental = false

  constructor(first: FloatHistogram) {
    this.#sum = new HistogramSum(first)
  }

  /**
   * @returns whether custom bounds were reconciled
   * @throws IncompatibleSchemaError
   */
  add(next: FloatHistogram): boolean {
    this.#count++
    if (!this.#incremental) {
      const trial = new HistogramSum(this.#sum.sum, this.#sum.lost)
      const { boundsReconciled } = trial.add(next)
      if (!hasOverflow(trial.sum)) {
        this.#sum = trial
        return boundsReconciled
      }
      this.#incremental = true
      this.#rescale((h) => divideHistogram(h, this.#count - 1))
    }
    const share = (this.#count - 1) / this.#count
    this.#rescale((h) => scaleHistogram(h, share))
    return this.#sum.add(divideHistogram(next, this.#count)).boundsReconciled
  }

  #rescale(scale: (histogram: FloatHistogram) => FloatHistogram): void {
    const { sum, lost } = this.#sum
    this.#sum = new HistogramSum(scale(sum), lost === undefined ? undefined : scale(lost))
  }

  get value(): FloatHistogram {
    if (this.#incremental) return this.#sum.total
    const { sum, lost } = this.#sum
    const mean = divideHistogram(sum, this.#count)
    return lost === undefined ? mean : addHistograms(mean, divideHistogram(lost, this.#count)).histogram
  }
}

export const stdvarOverTime: WindowFunction = ofFloats(variance)
export const stddevOverTime: WindowFunction = ofFloats((values, from, to) =>
  Math.sqrt(variance(values, from, to)),
)

/** Welford's method, compensated. */
function variance(values: Float64Array, from: number, to: number): number {
  const mean = new KahanSum()
  const squares = new KahanSum()
  for (let i = from; i < to; i++) {
    const delta = values[i]! - (mean.sum + mean.compensation)
    mean.add(delta / (i - from + 1))
    squares.add(delta * (values[i]! - (mean.sum + mean.compensation)))
  }
  return (squares.sum + squares.compensation) / (to - from)
}

/** Median absolute deviation; NaN when any value is. */
export const madOverTime: WindowFunction = ofFloats((values, from, to) => {
  const window = values.slice(from, to)
  if (window.some(Number.isNaN)) return NaN
  const median = quantileOf(0.5, window)
  return quantileOf(
    0.5,
    window.map((value) => Math.abs(value - median)),
  )
})

export const quantileOverTime: WindowFunction = (samples, window, out, call) => {
  if (window.to === window.from) return
  const quantile = call.scalars[0]![window.step]!
  if (!(quantile >= 0 && quantile <= 1)) call.annotations.invalidQuantile(quantile, call.firstPosition)
  onlyFloats(samples, window, call)
  const { from, to, step } = window
  const scratch = samples.scratch(to - from)
  for (let i = from; i < to; i++) scratch[i - from] = samples.values[i]!
  out.setFloat(step, quantileOf(quantile, scratch, to - from))
}

/** `first_over_time` and `last_over_time`: the oldest or newest sample of the window, float or histogram. */
export function edgeOverTime(edge: 'first' | 'last'): WindowFunction {
  return (samples, window, out) => {
    const { step, from, to, histogramFrom, histogramTo } = window
    const float = edge === 'first' ? from : to - 1
    const histogram = edge === 'first' ? histogramFrom : histogramTo - 1
    const hasFloat = to > from
    const hasHistogram = histogramTo > histogramFrom
    const earlier = hasFloat && hasHistogram && samples.timesMs[float]! < samples.histogramTimesMs[histogram]!
    const takeFloat = !hasHistogram || (hasFloat && earlier === (edge === 'first'))
    if (takeFloat) out.setFloat(step, samples.values[float]!)
    else out.setHistogram(step, samples.histograms[histogram]!)
  }
}

/** `ts_of_first_over_time` and `ts_of_last_over_time`, in seconds. */
export function timeOfEdge(edge: 'first' | 'last'): WindowFunction {
  return (samples, window, out) => {
    const { step, from, to, histogramFrom, histogramTo } = window
    const times: number[] = []
    if (to > from) times.push(samples.timesMs[edge === 'first' ? from : to - 1]!)
    if (histogramTo > histogramFrom)
      times.push(samples.histogramTimesMs[edge === 'first' ? histogramFrom : histogramTo - 1]!)
    out.setFloat(step, (edge === 'first' ? Math.min(...times) : Math.max(...times)) / 1000)
  }
}
