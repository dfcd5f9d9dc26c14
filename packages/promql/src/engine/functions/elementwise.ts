import type { FloatHistogram } from '@promontory/model'
import { allBuckets, KahanSum, usesCustomBuckets } from '@promontory/model'
import type { Call } from '../../parser/ast.ts'
import type { Column } from '../column.ts'
import { ABSENT, FLOAT, HISTOGRAM } from '../column.ts'
import type { Evaluation } from '../evaluation.ts'
import { goMax, goMin } from '../go-math.ts'
import type { Grid } from '../grid.ts'
import { DATE_PARTS } from './date.ts'

/** Changes one column in place. */
export type ColumnTransform = (column: Column) => void

const MATH: Readonly<Record<string, (value: number) => number>> = {
  abs: Math.abs, ceil: Math.ceil, floor: Math.floor, exp: Math.exp, sqrt: Math.sqrt,
  ln: Math.log, log2: Math.log2, log10: Math.log10,
  sin: Math.sin, cos: Math.cos, tan: Math.tan, asin: Math.asin, acos: Math.acos, atan: Math.atan,
  sinh: Math.sinh, cosh: Math.cosh, tanh: Math.tanh, asinh: Math.asinh, acosh: Math.acosh, atanh: Math.atanh,
  rad: (value) => (value * Math.PI) / 180,
  deg: (value) => (value * 180) / Math.PI,
  sgn: (value) => (value < 0 ? -1 : value > 0 ? 1 : value),
} // prettier-ignore

const HISTOGRAM_NUMBERS: Readonly<Record<string, (histogram: FloatHistogram) => number>> = {
  histogram_count: (h) => h.count,
  histogram_sum: (h) => h.sum,
  histogram_avg: (h) => h.sum / h.count,
  histogram_stdvar: histogramVariance,
  histogram_stddev: (h) => Math.sqrt(histogramVariance(h)),
}

/** A function that maps each point of its first argument on its own; undefined when `call` is another one. */
export function elementwise(evaluation: Evaluation, call: Call, grid: Grid): ColumnTransform | undefined {
  const { name } = call.func
  const scalar = (index: number): Float64Array => evaluation.scalar(call.args[index]!, grid)
  if (Object.hasOwn(MATH, name)) return mapFloats(MATH[name]!)
  if (Object.hasOwn(HISTOGRAM_NUMBERS, name)) return mapHistograms(HISTOGRAM_NUMBERS[name]!)
  if (Object.hasOwn(DATE_PARTS, name) && call.args.length > 0) {
    const part = DATE_PARTS[name]!
    return mapFloats((seconds) => part(Math.trunc(seconds)))
  }
  switch (name) {
    case 'clamp':
      return clamp(scalar(1), scalar(2))
    case 'clamp_min':
      return clamp(scalar(1), new Float64Array(grid.count).fill(Infinity))
    case 'clamp_max':
      return clamp(new Float64Array(grid.count).fill(-Infinity), scalar(1))
    case 'round':
      return round(call.args.length > 1 ? scalar(1) : new Float64Array(grid.count).fill(1))
  }
  return undefined
}

function mapFloats(map: (value: number, step: number) => number): ColumnTransform {
  return (column) => {
    const { kinds, values } = column
    for (let step = 0; step < kinds.length; step++)
      if (kinds[step] === FLOAT) values[step] = map(values[step]!, step)
      else kinds[step] = ABSENT
    column.histograms = undefined
  }
}

function mapHistograms(map: (histogram: FloatHistogram) => number): ColumnTransform {
  return (column) => {
    const { kinds, histograms } = column
    for (let step = 0; step < kinds.length; step++)
      if (kinds[step] === HISTOGRAM) column.setFloat(step, map(histograms![step]!))
      else kinds[step] = ABSENT
    column.histograms = undefined
  }
}

function clamp(least: Float64Array, most: Float64Array): ColumnTransform {
  return (column) => {
    mapFloats((value, step) => goMax(least[step]!, goMin(most[step]!, value)))(column)
    for (let step = 0; step < least.length; step++)
      if (most[step]! < least[step]!) column.kinds[step] = ABSENT
  }
}

/** To the nearest multiple, ties upwards. */
function round(multiple: Float64Array): ColumnTransform {
  return mapFloats((value, step) => {
    // Multiplying by the inverse loses less than dividing.
    const inverse = 1 / multiple[step]!
    return Math.floor(value * inverse + 0.5) / inverse
  })
}

/** Estimated from the buckets, whose observations are taken to lie at one value each. */
function histogramVariance(histogram: FloatHistogram): number {
  const mean = histogram.sum / histogram.count
  const sum = new KahanSum()
  for (const { lower, upper, count } of allBuckets(histogram)) {
    if (count === 0) continue
    let value: number
    if (usesCustomBuckets(histogram)) value = (upper + lower) / 2
    else if (lower <= 0 && upper >= 0) value = 0
    else value = Math.sqrt(upper * lower) * (upper < 0 ? -1 : 1)
    sum.add(count * (value - mean) * (value - mean))
  }
  return (sum.sum + sum.compensation) / histogram.count
}
