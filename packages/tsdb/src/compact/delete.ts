import { join } from 'node:path'
import { Matcher, type MatchOperator } from '@promontory/model'
import { Block } from '../block/block.ts'
import { addRange, type DeletedRange } from '../block/deleted-ranges.ts'
import { resolutionOf, writeTombstoneCount } from '../block/meta.ts'
import { PageCache } from '../block/page-cache.ts'
import { writeTombstones } from '../block/tombstones.ts'

/** A matcher in a form that can be posted. */
export interface PostedMatcher {
  readonly operator: MatchOperator
  readonly name: string
  readonly value: string
}

export interface DeleteOptions {
  /** Directories of blocks. */
  readonly blocks: readonly string[]
  readonly matchers: readonly PostedMatcher[]
  /** Both ends included. */
  readonly startMs: number
  readonly endMs: number
}

/** Notes in blocks which ranges of the matching series are deleted: the samples go when the block is written anew. */
export function deleteFromBlocks({ blocks, matchers, startMs, endMs }: DeleteOptions): void {
  const parsed = matchers.map(({ operator, name, value }) => new Matcher(operator, name, value))
  for (const directory of blocks) {
    const block = new Block(directory, new PageCache())
    try {
      deleteFromBlock(block, parsed, startMs, endMs)
    } finally {
      block.dispose()
    }
  }
}

function deleteFromBlock(block: Block, matchers: readonly Matcher[], startMs: number, endMs: number): void {
  const stones = new Map<number, readonly DeletedRange[]>(block.tombstones)
  let changed = false
  for (const ref of block.postingsFor(matchers)) {
    const { chunks } = block.index.series(ref)
    if (!chunks.some((chunk) => chunk.minTimeMs <= endMs && chunk.maxTimeMs >= startMs)) continue
    // No further than there are samples: what may come to lie beside them is not meant. The time of an aggregate is the end of its window.
    const range = {
      minTimeMs: Math.max(startMs, chunks[0]!.minTimeMs - Math.max(0, resolutionOf(block.meta) - 1)),
      maxTimeMs: Math.min(endMs, chunks.at(-1)!.maxTimeMs),
    }
    stones.set(ref, addRange(stones.get(ref) ?? [], range))
    changed = true
  }
  if (!changed) return
  writeTombstones(join(block.directory, 'tombstones'), stones)
  writeTombstoneCount(
    block.directory,
    [...stones.values()].reduce((sum, ranges) => sum + ranges.length, 0),
  )
}
