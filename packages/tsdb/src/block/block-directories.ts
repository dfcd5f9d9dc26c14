import { readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { BlockOnDisk } from './meta.ts'

/** Blocks that another block names as its parents: a crash came between writing that one and deleting these. */
export function supersededBlocks(blocks: readonly BlockOnDisk[]): BlockOnDisk[] {
  const parents = new Set(
    blocks.flatMap(({ meta }) => (meta.compaction.parents ?? []).map(({ ulid }) => ulid)),
  )
  return blocks.filter(({ meta }) => parents.has(meta.ulid))
}

/** A rename first: a half-deleted block must never look like a block. */
export function deleteBlock(directory: string): void {
  const doomed = join(dirname(directory), `${basename(directory)}.tmp-for-deletion`)
  renameSync(directory, doomed)
  rmSync(doomed, { recursive: true, force: true })
}

/** Removes what a crash left of blocks that were being written or deleted. */
export function removeLeftovers(directory: string): void {
  for (const name of readdirSync(directory))
    if (/\.tmp-for-(creation|deletion)$/.test(name))
      rmSync(join(directory, name), { recursive: true, force: true })
}
