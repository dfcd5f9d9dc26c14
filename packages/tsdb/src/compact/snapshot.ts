import { randomBytes } from 'node:crypto'
import { copyFileSync, linkSync, mkdirSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { BlockOnDisk } from '../block/meta.ts'

/** `20260102T030405Z-0123456789abcdef`, as Prometheus names snapshots. */
export function snapshotName(nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')
  return `${time}-${randomBytes(8).toString('hex')}`
}

/**
 * Puts blocks into a snapshot's directory. Files of a block never change, so they are linked where the file system can,
 * which costs neither time nor space; where it cannot they are copied. Tombstones are rewritten by deletions: copied.
 */
export function snapshotBlocks(blocks: readonly BlockOnDisk[], directory: string): void {
  mkdirSync(directory, { recursive: true })
  for (const { directory: source } of blocks) linkTree(source, join(directory, basename(source)))
}

function linkTree(source: string, target: string): void {
  mkdirSync(target, { recursive: true })
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)]
    if (entry.isDirectory()) linkTree(from, to)
    else if (entry.name === 'tombstones' || !tryLink(from, to)) copyFileSync(from, to)
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch {
    return false
  }
}
