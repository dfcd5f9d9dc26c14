import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { BlockOnDisk } from './block/meta.ts'
import { newUlid } from './block/meta.ts'
import type { WrittenBlock } from './block/block-writer.ts'
import { writeHeadBlock } from './compact/head-block.ts'
import { writeLateBlock } from './compact/late-block.ts'
import { snapshotBlocks } from './compact/snapshot.ts'
import type { CorruptionError } from './errors.ts'
import { HeadReader } from './head/head-reader.ts'
import { openReadOnly } from './read-only.ts'

export interface DirectoryImport {
  readonly blocksCopied: number
  /** Blocks that are there already. */
  readonly blocksKnown: number
  /** Made of what the source's logs hold. */
  readonly blocksWritten: number
  readonly samples: number
  /** Blocks that cannot be read, and the end of a log that is damaged: what they hold is not imported. */
  readonly damaged: readonly CorruptionError[]
}

/** Ending of directories that are being written: everybody who opens the target removes them. */
const UNFINISHED = '.tmp-for-creation'

/**
 * Brings the samples of a data directory of Prometheus or of ours into another one, whose owner may be running: blocks are linked or copied,
 * samples that are only in the logs become blocks. The source is read only, and may be in use.
 * @param progress  0…1
 * @throws StorageError when there is no such directory
 */
export async function importDirectory(
  source: string,
  target: string,
  progress: (what: string, done: number) => void,
): Promise<DirectoryImport> {
  const database = await openReadOnly(source)
  mkdirSync(target, { recursive: true })
  let [blocksCopied, blocksKnown, samples] = [0, 0, 0]
  for (const [i, block] of database.blocks.entries()) {
    progress(basename(block.directory), i / (database.blocks.length + 1))
    if (!copyBlock(block, target)) {
      blocksKnown++
      continue
    }
    blocksCopied++
    samples += block.meta.stats.numSamples ?? 0
  }
  progress('log', database.blocks.length / (database.blocks.length + 1))
  const written = writeLogs(database.head, target)
  progress('log', 1)
  return {
    blocksCopied,
    blocksKnown,
    blocksWritten: written.length,
    samples: written.reduce((sum, { meta }) => sum + (meta.stats.numSamples ?? 0), samples),
    damaged: database.logDamage === undefined ? database.damaged : [...database.damaged, database.logDamage],
  }
}

/** @returns false when the target has it */
function copyBlock(block: BlockOnDisk, target: string): boolean {
  const name = basename(block.directory)
  const place = join(target, name)
  if (existsSync(place)) return false
  const unfinished = place + UNFINISHED
  rmSync(unfinished, { recursive: true, force: true })
  snapshotBlocks([block], unfinished)
  renameSync(join(unfinished, name), place)
  rmSync(unfinished, { recursive: true })
  return true
}

type ReadHead = Awaited<ReturnType<typeof openReadOnly>>['head']

function writeLogs(head: ReadHead, parent: string): WrittenBlock[] {
  // The only reader of a head that nobody writes to.
  const reader = new HeadReader(head.memory.memory, 1)
  const written: (WrittenBlock | undefined)[] = []
  const eachRange = (minTimeMs: number, maxTimeMs: number, write: typeof writeHeadBlock): void => {
    const { rangeMs } = head
    for (let from = Math.floor(minTimeMs / rangeMs) * rangeMs; from <= maxTimeMs; from += rangeMs)
      written.push(
        write(reader, { parent, ulid: newUlid(Date.now()), minTimeMs: from, maxTimeMs: from + rangeMs }),
      )
  }
  if (Number.isFinite(head.minTimeMs)) eachRange(head.minTimeMs, head.maxTimeMs, writeHeadBlock)
  if (head.late.series > 0) {
    head.late.sealAll((work) => work())
    eachRange(head.late.minTimeMs, head.late.maxTimeMs, writeLateBlock)
  }
  return written.filter((block) => block !== undefined)
}
