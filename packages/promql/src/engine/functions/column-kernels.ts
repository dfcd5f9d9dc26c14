import type { Column } from '../column.ts'
import { FLOAT } from '../column.ts'
import type { RangeSamples } from '../range-samples.ts'
import type { WindowSpec } from '../range-window.ts'
import type { WindowPlan } from '../window-plan.ts'

/**
 * Evaluates a function over all windows of a series of floats in one loop: the fast twin of a `WindowFunction` for the
 * common case (no histograms, no start timestamps, no extended range). The results are the same.
 * @returns number of points set
 */
export type ColumnKernel = (samples: RangeSamples, plan: WindowPlan, spec: WindowSpec, out: Column) => number

function rateKernel(isCounter: boolean, perSecond: boolean): ColumnKernel {
  return (
    { values, count, neverFalls },
    { from, to, extrapolation },
    { grid, rangeMs },
    { values: out, kinds },
  ) => {
    const { sampled, toStart, toEnd, factor, nearZero } = extrapolation
    const divisor = perSecond ? rangeMs / 1000 : 1
    const resets = isCounter && !neverFalls ? resetsOf(values, count) : NO_RESETS
    let points = 0
    let reset = 0
    for (let step = 0; step < grid.count; step++) {
      const begin = from[step]!
      const end = to[step]!
      if (end - begin < 2) continue
      const first = values[begin]!
      let change = values[end - 1]! - first
      if (resets.length > 0) {
        while (reset < resets.length && resets[reset]! <= begin) reset++
        let lost = 0
        for (let i = reset; i < resets.length && resets[i]! < end; i++) lost += values[resets[i]! - 1]!
        change += lost
      }
      let scale = factor[step]!
      // A counter does not fall below zero where it is extended to the start of the window.
      if (isCounter && change > 0 && first >= 0 && first <= change * nearZero[step]!) {
        const toZero = sampled[step]! * (first / change)
        if (toZero < toStart[step]!) scale = (sampled[step]! + toZero + toEnd[step]!) / sampled[step]!
      }
      out[step] = change * (scale / divisor)
      kinds[step] = FLOAT
      points++
    }
    return points
  }
}

const NO_RESETS: readonly number[] = []

/** Indices of the samples that are smaller than the one before. */
function resetsOf(values: Float64Array, count: number): readonly number[] {
  let resets: number[] | undefined
  for (let i = 1; i < count; i++) if (values[i]! < values[i - 1]!) (resets ??= []).push(i)
  return resets ?? NO_RESETS
}

/** Kernels of functions that look at the window `[from, to)` anew at each step. */
function windowKernel(compute: (values: Float64Array, from: number, to: number) => number): ColumnKernel {
  return ({ values }, { from, to, filled }, { grid }, { values: out, kinds }) => {
    for (let step = 0; step < grid.count; step++) {
      const begin = from[step]!
      const end = to[step]!
      if (begin === end) continue
      out[step] = compute(values, begin, end)
      kinds[step] = FLOAT
    }
    return filled
  }
}

/**
 * Largest or smallest value. The index of the best is kept from step to step, and looked for anew only when it has left
 * the window.
 */
function extremeKernel(sign: 1 | -1): ColumnKernel {
  return (samples, plan, spec, out) => {
    let best = -1
    let seenTo = 0
    return windowKernel((values, from, to) => {
      let next = seenTo
      if (best < from || Number.isNaN(values[best]!)) {
        best = from
        next = from + 1
      }
      for (let i = next; i < to; i++) {
        const value = values[i]!
        if (sign * value >= sign * values[best]! || Number.isNaN(values[best]!)) best = i
      }
      seenTo = to
      return values[best]!
    })(samples, plan, spec, out)
  }
}

/** From so many samples per window and step on, sums are differences of running sums. */
const RUNNING_FROM = 8

/**
 * Sum of each window, or with `mean` that over its number of samples. Where windows overlap much, each is the difference of two running
 * sums in double-double arithmetic (Dekker 1971): as exact as the compensated sum of its samples. That holds for finite
 * values of like size only, so others are added window by window.
 */
function totalKernel(mean: boolean): ColumnKernel {
  const slow = windowKernel(mean ? meanOf : sum)
  return (samples, plan, spec, out) => {
    const { values, count } = samples
    const { from, to, filled, largest } = plan
    if (largest * filled < RUNNING_FROM * count || !areAlike(values, count))
      return slow(samples, plan, spec, out)
    const high = samples.scratch(2 * count + 2)
    const low = high.subarray(count + 1)
    runningSums(values, count, high, low)
    for (let step = 0; step < from.length; step++) {
      const begin = from[step]!
      const end = to[step]!
      if (begin === end) continue
      const total = high[end]! - high[begin]! + (low[end]! - low[begin]!)
      out.values[step] = mean ? total / (end - begin) : total
      out.kinds[step] = FLOAT
    }
    return filled
  }
}

/** Whether sums of the values keep all their digits: none is huge beside another, none infinite or NaN. */
function areAlike(values: Float64Array, count: number): boolean {
  let largest = 0
  let smallest = Infinity
  for (let i = 0; i < count; i++) {
    const size = Math.abs(values[i]!)
    // Catches NaN as well.
    if (!(size < 1e100)) return false
    if (size > largest) largest = size
    if (size > 0 && size < smallest) smallest = size
  }
  return largest === 0 || largest / smallest < 1e10
}

/** `high[i] + low[i]` is the sum of the first i values. */
function runningSums(values: Float64Array, count: number, high: Float64Array, low: Float64Array): void {
  let sumHigh = 0
  let sumLow = 0
  high[0] = 0
  low[0] = 0
  for (let i = 0; i < count; i++) {
    const value = values[i]!
    const next = sumHigh + value
    const part = next - sumHigh
    sumLow += sumHigh - (next - part) + (value - part)
    sumHigh = next
    high[i + 1] = sumHigh
    low[i + 1] = sumLow
  }
}

/** Neumaier's summation; the compensation is left out when the sum is infinite. */
function sum(values: Float64Array, from: number, to: number): number {
  let total = 0
  let compensation = 0
  for (let i = from; i < to; i++) {
    const value = values[i]!
    const next = total + value
    if (next === Infinity || next === -Infinity) compensation = 0
    else if (Math.abs(total) >= Math.abs(value)) compensation += total - next + value
    else compensation += value - next + total
    total = next
  }
  return total === Infinity || total === -Infinity ? total : total + compensation
}

/** Sum by count while the sum stays finite, from there on an incremental mean; compensated. */
export function meanOf(values: Float64Array, from: number, to: number): number {
  let total = values[from]!
  let compensation = 0
  for (let i = from + 1; i < to; i++) {
    const value = values[i]!
    const next = total + value
    if (next === Infinity || next === -Infinity)
      return incrementalMean(values, from, i, to, total, compensation)
    if (Math.abs(total) >= Math.abs(value)) compensation += total - next + value
    else compensation += value - next + total
    total = next
  }
  const count = to - from
  return total / count + compensation / count
}

function incrementalMean(
  values: Float64Array,
  from: number,
  at: number,
  to: number,
  total: number,
  lost: number,
): number {
  let average = total / (at - from)
  let compensation = lost / (at - from)
  for (let i = at; i < to; i++) {
    const count = i - from + 1
    const share = (count - 1) / count
    const part = values[i]! / count
    const scaled = average * share
    const next = scaled + part
    compensation *= share
    if (next === Infinity || next === -Infinity) compensation = 0
    else if (Math.abs(scaled) >= Math.abs(part)) compensation += scaled - next + part
    else compensation += part - next + scaled
    average = next
  }
  return average + compensation
}

/** By function name; functions without one go through their `WindowFunction`. */
export const COLUMN_KERNELS: ReadonlyMap<string, ColumnKernel> = new Map<string, ColumnKernel>([
  ['avg_over_time', totalKernel(true)],
  ['count_over_time', windowKernel((_, from, to) => to - from)],
  ['delta', rateKernel(false, false)],
  ['increase', rateKernel(true, false)],
  ['last_over_time', windowKernel((values, _, to) => values[to - 1]!)],
  ['max_over_time', extremeKernel(1)],
  ['min_over_time', extremeKernel(-1)],
  ['rate', rateKernel(true, true)],
  ['sum_over_time', totalKernel(false)],
])
