import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { BlockOnDisk } from '../block/meta.ts'

export interface Retention {
  /** 0: without bound. */
  readonly timeMs: number
  /** 0: without bound. Counts blocks, log and mapped chunks. */
  readonly bytes: number
}

/**
 * The blocks that retention lets go, as Prometheus decides: by time those that end more than the retention before the end
 * of the newest block; by size the oldest ones beyond the bound.
 * @param otherBytes  what lies beside the blocks (log) and counts too
 */
export function beyondRetention(
  blocks: readonly BlockOnDisk[],
  retention: Retention,
  otherBytes: number,
): BlockOnDisk[] {
  const newestFirst = [...blocks].sort((a, b) => b.meta.maxTime - a.meta.maxTime)
  const newest = newestFirst[0]
  if (newest === undefined) return []
  const gone = new Set<BlockOnDisk>()
  if (retention.timeMs > 0)
    for (const block of newestFirst)
      if (newest.meta.maxTime - block.meta.maxTime >= retention.timeMs) gone.add(block)
  if (retention.bytes > 0) {
    let total = otherBytes
    for (const block of newestFirst) {
      total += directoryBytes(block.directory)
      if (total > retention.bytes) gone.add(block)
    }
  }
  return blocks.filter((block) => gone.has(block))
}

export function directoryBytes(directory: string): number {
  let total = 0
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) total += statSync(join(entry.parentPath, entry.name)).size
  return total
}
