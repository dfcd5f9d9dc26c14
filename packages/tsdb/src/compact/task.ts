import { readMeta, type BlockOnDisk } from '../block/meta.ts'
import { HeadReader } from '../head/head-reader.ts'
import { slotOf } from '../head/series.ts'
import { writeCheckpoint } from '../wal/checkpoint.ts'
import type { WalCompression } from '../wal/format.ts'
import { writeHeadBlock } from './head-block.ts'
import { type DeleteOptions, deleteFromBlocks } from './delete.ts'
import { writeLateBlock } from './late-block.ts'
import { mergeBlocks } from './merge.ts'
import { buildTiers, type BuildTiersOptions, type TierOutput } from '../tier/build-tiers.ts'
import { mergeTier } from '../tier/merge-tier.ts'

/** Long work of the storage, done in the compactor's thread. Can be posted to a worker. */
export type CompactionTask =
  | {
      /** Of the samples that came in order, or of the late ones. */
      readonly kind: 'head-block' | 'late-block'
      readonly parent: string
      readonly ulid: string
      readonly minTimeMs: number
      readonly maxTimeMs: number
    }
  | {
      readonly kind: 'merge'
      readonly parent: string
      readonly ulid: string
      readonly blocks: readonly string[]
      /** Of the block that comes out; one above the highest when absent. */
      readonly level?: number
    }
  | ({ readonly kind: 'delete' } & DeleteOptions)
  | ({ readonly kind: 'tiers' } & BuildTiersOptions)
  | { readonly kind: 'merge-tier'; readonly blocks: readonly string[]; readonly output: TierOutput }
  | {
      readonly kind: 'checkpoint'
      readonly walDirectory: string
      readonly lastSegment: number
      readonly minTimeMs: number
      readonly compression: WalCompression
      /** See `Head.aliases`: samples under such a ref belong to a living series, too. */
      readonly aliases: readonly (readonly [logRef: number, headRef: number])[]
    }

/** Directory of the block that was written; undefined when there was nothing to write. */
export type CompactionResult = string | undefined

/** Does the tasks on a head that it sees through shared memory. */
export class Compactor {
  readonly #reader: HeadReader

  /** @param reader  number of this thread among the readers of the head */
  constructor(memory: WebAssembly.Memory, reader: number) {
    this.#reader = new HeadReader(memory, reader)
  }

  /** @throws CorruptionError, or the system's error when the disk refuses; nothing half-written stays */
  run(task: CompactionTask): CompactionResult {
    switch (task.kind) {
      case 'head-block':
        return writeHeadBlock(this.#reader, task)?.directory
      case 'late-block':
        return writeLateBlock(this.#reader, task)?.directory
      case 'merge':
        return mergeBlocks(task.blocks.map(onDisk), task)?.directory
      case 'delete':
        deleteFromBlocks(task)
        return undefined
      case 'tiers':
        buildTiers(task)
        return undefined
      case 'merge-tier':
        mergeTier(task.blocks, task.output)
        return undefined
      case 'checkpoint':
        this.#checkpoint(task)
        return undefined
    }
  }

  #checkpoint(task: CompactionTask & { kind: 'checkpoint' }): void {
    const { series } = this.#reader
    const aliases = new Map(task.aliases)
    this.#reader.enter()
    try {
      writeCheckpoint({
        ...task,
        keepSeries: (logRef) => {
          const ref = aliases.get(logRef) ?? logRef
          const slot = slotOf(ref)
          // A series that the head refused at replay has the ref -1.
          return slot > 0 && slot < series.top && series.isAlive(slot) && series.refOfSlot(slot) === ref
        },
      })
    } finally {
      this.#reader.leave()
    }
  }
}

function onDisk(directory: string): BlockOnDisk {
  return { directory, meta: readMeta(directory) }
}
