import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Registry, silentLogger } from '@promontory/base'
import { type BlockOnDisk, listBlocks } from './block/meta.ts'
import { FROM_LATE } from './compact/late-block.ts'
import type { CorruptionError } from './errors.ts'
import { StorageError } from './errors.ts'
import { DEFAULT_RANGE_MS, Head } from './head/head.ts'
import { TsdbReader } from './reader.ts'
import { WalReplay } from './wal/replay.ts'

/** A data directory opened for looking only: nothing in it is changed, not even a damaged log. */
export interface ReadOnlyDatabase {
  readonly directory: string
  readonly blocks: readonly BlockOnDisk[]
  /** Blocks that cannot be read. */
  readonly damaged: readonly CorruptionError[]
  readonly reader: TsdbReader
  /** What the logs hold. */
  readonly head: Head
  /** Where the log ends early, when it does. */
  readonly logDamage: CorruptionError | undefined
}

/**
 * Reads blocks and logs of a data directory of Prometheus or of ours, while its owner runs or not.
 * @throws StorageError when there is no such directory
 */
export async function openReadOnly(path: string): Promise<ReadOnlyDatabase> {
  const directory = resolve(path)
  if (!existsSync(directory)) throw new StorageError(`there is no directory ${directory}`)
  const { blocks, damaged } = listBlocks(directory)
  const head = new Head({ rangeMs: DEFAULT_RANGE_MS, registry: new Registry() })
  for (const { meta } of blocks)
    if (!meta.compaction.hints?.includes(FROM_LATE)) head.minValidMs = Math.max(head.minValidMs, meta.maxTime)
  const wal = new WalReplay(join(directory, 'wal'), head, silentLogger)
  const replayed = await wal.look()
  const late = new WalReplay(join(directory, 'wbl'), head, silentLogger, true)
  const lateReplayed = await late.look()
  if (lateReplayed.tombstoneRecords === 0) head.replayTombstones(replayed.tombstones)
  const state = { memory: head.memory.memory, blocks: blocks.map((block) => block.directory) }
  return {
    directory,
    blocks,
    damaged,
    reader: new TsdbReader(state, 0),
    head,
    logDamage: replayed.damage ?? lateReplayed.damage,
  }
}
