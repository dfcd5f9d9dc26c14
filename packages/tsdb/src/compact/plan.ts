import type { BlockOnDisk } from '../block/meta.ts'

/** Block ranges of Prometheus: 2 h, then three times as long at each level, as long as they fit `maxRangeMs`. */
export function blockRanges(minRangeMs: number, maxRangeMs: number): number[] {
  const ranges = [minRangeMs]
  while (ranges.at(-1)! * 3 <= maxRangeMs) ranges.push(ranges.at(-1)! * 3)
  return ranges
}

/** Prometheus's bound of a block: a tenth of the retention, at most 31 days. */
export function maxBlockRange(retentionMs: number): number {
  const longest = 31 * 24 * 3600 * 1000
  return retentionMs === 0 ? longest : Math.min(longest, retentionMs / 10)
}

/**
 * Chooses the blocks to merge next, or none: overlapping ones first; then, from the shortest range up, the blocks that
 * fill an aligned range of the next length, unless the newest of them is the newest of all (more may come into its range).
 * @param blocks  oldest first
 */
export function planCompaction(
  blocks: readonly BlockOnDisk[],
  ranges: readonly number[],
): readonly BlockOnDisk[] {
  const overlapping = findOverlap(blocks)
  if (overlapping.length > 0) return overlapping
  const settled = blocks.slice(0, -1)
  for (const range of ranges.slice(1)) {
    for (const group of groupsOf(settled, range)) {
      const first = group[0]!
      const start = Math.floor(first.meta.minTime / range) * range
      const filled = group.at(-1)!.meta.maxTime === start + range
      const past = blocks.at(-1)!.meta.minTime >= start + range
      if (group.length > 1 && (filled || past)) return group
    }
  }
  return []
}

function findOverlap(blocks: readonly BlockOnDisk[]): readonly BlockOnDisk[] {
  for (let i = 1; i < blocks.length; i++) {
    let end = blocks[i - 1]!.meta.maxTime
    if (blocks[i]!.meta.minTime >= end) continue
    let last = i
    while (last < blocks.length && blocks[last]!.meta.minTime < end) {
      end = Math.max(end, blocks[last]!.meta.maxTime)
      last++
    }
    return blocks.slice(i - 1, last)
  }
  return []
}

/** Runs of blocks inside one aligned window of `range`; blocks that span more are left out. */
function groupsOf(blocks: readonly BlockOnDisk[], range: number): BlockOnDisk[][] {
  const groups = new Map<number, BlockOnDisk[]>()
  for (const block of blocks) {
    const start = Math.floor(block.meta.minTime / range) * range
    if (block.meta.maxTime > start + range) continue
    const group = groups.get(start)
    if (group === undefined) groups.set(start, [block])
    else group.push(block)
  }
  return [...groups.values()]
}
