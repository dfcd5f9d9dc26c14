import type { Column } from '../column.ts'
import { FLOAT } from '../column.ts'
import { timeAt } from '../grid.ts'
import type { RangeSamples } from '../range-samples.ts'
import type { WindowSpec } from '../range-window.ts'

/**
 * Evaluates a function over all windows of a series of floats in one loop: the fast twin of a `WindowFunction` for the
 * common case (no histograms, no start timestamps, no extended range). The results are the same.
 * @returns number of samples of the largest window
 */
export type ColumnKernel = (samples: RangeSamples, spec: WindowSpec, out: Column) => number

function rateKernel(isCounter: boolean, perSecond: boolean): ColumnKernel {
  return ({ timesMs, values, count }, { grid, rangeMs, offsetMs, atMs }, { values: out, kinds }) => {
    const { samplesAtStep } = grid
    const divisor = perSecond ? rangeMs / 1000 : 1
    let from = 0
    let to = 0
    // Pairs of neighbours in the window over which the counter fell.
    let resets = 0
    let largest = 0
    for (let step = 0; step < grid.count; step++) {
      const endMs = (atMs ?? timeAt(grid, step)) - offsetMs
      const startMs = endMs - rangeMs
      while (to < count && timesMs[to]! <= endMs) {
        if (to > from && values[to]! < values[to - 1]!) resets++
        to++
      }
      while (from < to && timesMs[from]! <= startMs) {
        from++
        if (from < to && values[from]! < values[from - 1]!) resets--
      }
      const seen = to - from
      if (seen > largest) largest = seen
      if (samplesAtStep !== undefined) samplesAtStep[step]! += seen
      if (seen < 2) continue
      const first = values[from]!
      let change = values[to - 1]! - first
      if (isCounter && resets > 0) change += lostInResets(values, from, to)
      const sampled = (timesMs[to - 1]! - timesMs[from]!) / 1000
      const average = sampled / (seen - 1)
      const threshold = average * 1.1
      let toStart = (timesMs[from]! - startMs) / 1000
      let toEnd = (endMs - timesMs[to - 1]!) / 1000
      if (toStart >= threshold) toStart = average / 2
      if (isCounter && change > 0 && first >= 0) {
        const toZero = sampled * (first / change)
        if (toZero < toStart) toStart = toZero
      }
      if (toEnd >= threshold) toEnd = average / 2
      out[step] = change * ((sampled + toStart + toEnd) / sampled / divisor)
      kinds[step] = FLOAT
    }
    return largest
  }
}

function lostInResets(values: Float64Array, from: number, to: number): number {
  let lost = 0
  for (let i = from + 1; i < to; i++) if (values[i]! < values[i - 1]!) lost += values[i - 1]!
  return lost
}

/** Kernels of functions that look at the window `[from, to)` anew at each step. */
function windowKernel(
  compute: (values: Float64Array, from: number, to: number, timesMs: Float64Array) => number,
): ColumnKernel {
  return ({ timesMs, values, count }, { grid, rangeMs, offsetMs, atMs }, { values: out, kinds }) => {
    const { samplesAtStep } = grid
    let from = 0
    let to = 0
    let largest = 0
    for (let step = 0; step < grid.count; step++) {
      const endMs = (atMs ?? timeAt(grid, step)) - offsetMs
      const startMs = endMs - rangeMs
      while (to < count && timesMs[to]! <= endMs) to++
      while (from < to && timesMs[from]! <= startMs) from++
      const seen = to - from
      if (seen === 0) continue
      if (seen > largest) largest = seen
      if (samplesAtStep !== undefined) samplesAtStep[step]! += seen
      out[step] = compute(values, from, to, timesMs)
      kinds[step] = FLOAT
    }
    return largest
  }
}

/**
 * Largest or smallest value. The index of the best is kept from step to step, and looked for anew only when it has left
 * the window.
 */
function extremeKernel(sign: 1 | -1): ColumnKernel {
  return (samples, spec, out) => {
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
    })(samples, spec, out)
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
export function mean(values: Float64Array, from: number, to: number): number {
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
  ['avg_over_time', windowKernel(mean)],
  ['count_over_time', windowKernel((_, from, to) => to - from)],
  ['delta', rateKernel(false, false)],
  ['increase', rateKernel(true, false)],
  ['last_over_time', windowKernel((values, _, to) => values[to - 1]!)],
  ['max_over_time', extremeKernel(1)],
  ['min_over_time', extremeKernel(-1)],
  ['rate', rateKernel(true, true)],
  ['sum_over_time', windowKernel(sum)],
])
