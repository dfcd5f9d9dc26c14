import { FLOAT } from '../column.ts'
import type { ColumnKernel } from './column-kernels.ts'
import { quantileOf, quantileOfSorted } from './quantile.ts'

/**
 * `quantile_over_time` with quantiles between 0 and 1: the values of the window are kept in order while it moves, so that a step costs
 * what enters and leaves, not a sort. A series with a NaN is sorted window by window.
 */
export function quantileKernel(quantiles: Float64Array): ColumnKernel {
  return (samples, { from, to, largest, filled }, _, out) => {
    const { values, count } = samples
    const window = samples.scratch(largest)
    const isOrdered = !hasNaN(values, count)
    let begin = 0
    let end = 0
    for (let step = 0; step < from.length; step++) {
      if (from[step] === to[step]) continue
      if (isOrdered && from[step]! < end) {
        for (; begin < from[step]!; begin++) remove(window, end - begin, values[begin]!)
        for (; end < to[step]!; end++) insert(window, end - begin, values[end]!)
        out.values[step] = quantileOfSorted(quantiles[step]!, window, end - begin)
      } else {
        begin = from[step]!
        end = to[step]!
        for (let i = begin; i < end; i++) window[i - begin] = values[i]!
        // Leaves the window sorted.
        out.values[step] = quantileOf(quantiles[step]!, window, end - begin)
      }
      out.kinds[step] = FLOAT
    }
    return filled
  }
}

function hasNaN(values: Float64Array, count: number): boolean {
  for (let i = 0; i < count; i++) if (Number.isNaN(values[i]!)) return true
  return false
}

/** First index of the sorted values that is not below `value`. */
function placeOf(sorted: Float64Array, count: number, value: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

function insert(sorted: Float64Array, count: number, value: number): void {
  const at = placeOf(sorted, count, value)
  for (let i = count; i > at; i--) sorted[i] = sorted[i - 1]!
  sorted[at] = value
}

function remove(sorted: Float64Array, count: number, value: number): void {
  for (let i = placeOf(sorted, count, value); i < count - 1; i++) sorted[i] = sorted[i + 1]!
}
