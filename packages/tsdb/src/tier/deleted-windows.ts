import type { DeletedRange } from '../block/deleted-ranges.ts'
import { AggregateRows } from './aggregates.ts'

/** Whether all of a time was deleted. */
export function isDeleted(fromMs: number, toMs: number, ranges: readonly DeletedRange[]): boolean {
  return ranges.some(({ minTimeMs, maxTimeMs }) => minTimeMs <= fromMs && maxTimeMs >= toMs)
}

/** The rows whose windows were not deleted as a whole. */
export function withoutDeleted(
  rows: AggregateRows,
  resolutionMs: number,
  deleted: readonly DeletedRange[],
): AggregateRows {
  if (deleted.length === 0) return rows
  const left = new AggregateRows()
  left.last = rows.last
  rows.timesMs.forEach((endMs, i) => {
    if (isDeleted(endMs - resolutionMs + 1, endMs, deleted)) return
    if (left.length === 0) {
      left.firstTimeMs = i === 0 ? rows.firstTimeMs : rows.timesMs[i - 1]! + 1
      left.first = i === 0 ? rows.first : rows.counters[i - 1]!
    }
    left.timesMs.push(endMs)
    left.counts.push(rows.counts[i]!)
    left.sums.push(rows.sums[i]!)
    left.mins.push(rows.mins[i]!)
    left.maxs.push(rows.maxs[i]!)
    left.counters.push(rows.counters[i]!)
  })
  // Behind the last row that is left the counter reads what it did there.
  if (left.timesMs.at(-1) !== rows.timesMs.at(-1)) left.last = left.counters.at(-1) ?? 0
  return left
}
