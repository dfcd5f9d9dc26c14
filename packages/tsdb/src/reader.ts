import { type Logger, silentLogger } from '@promontory/base'
import type { Querier, Queryable, TimeRange } from '@promontory/model'
import { Block } from './block/block.ts'
import { resolutionOf } from './block/meta.ts'
import { PageCache } from './block/page-cache.ts'
import { ChunkDecoder } from './chunk-decoder.ts'
import { CorruptionError } from './errors.ts'
import { HeadReader } from './head/head-reader.ts'
import { TierPlace } from './tier/tier-place.ts'
import { ChunkQuerier, HeadPlace } from './querier.ts'

/** What the writer's thread hands to a reader's thread. */
export interface TsdbReaderState {
  readonly memory: WebAssembly.Memory
  /** Directories of the blocks, oldest first; those of aggregates among them. */
  readonly blocks: readonly string[]
}

/** Reads the storage from one thread. One query at a time: the decoder's columns are shared by all its queriers. */
export class TsdbReader implements Queryable {
  readonly head: HeadReader
  readonly #decoder = new ChunkDecoder()
  /** For the chunks inside of aggregate chunks. */
  #scratch: ChunkDecoder | undefined
  readonly #cache: PageCache
  readonly #logger: Logger
  #blocks: Block[] = []
  /** Queriers that are open: blocks that leave the list are closed when there are none. */
  #open = 0
  #leaving: Block[] = []

  /**
   * @param reader  number of this thread, below 64, used by no other living thread
   * @param seriesBytes  estimated, of decoded series records of blocks that are kept
   */
  constructor(state: TsdbReaderState, reader: number, logger: Logger = silentLogger, seriesBytes?: number) {
    this.#cache = new PageCache(undefined, seriesBytes)
    this.head = new HeadReader(state.memory, reader)
    this.#logger = logger
    this.setBlocks(state.blocks)
  }

  get blocks(): readonly Block[] {
    return this.#blocks
  }

  /** Takes over a new list of blocks. One that cannot be read is left out, with a log line. */
  setBlocks(directories: readonly string[]): void {
    const before = new Map(this.#blocks.map((block) => [block.directory, block]))
    this.#blocks = []
    for (const directory of directories) {
      const known = before.get(directory)
      before.delete(directory)
      try {
        known?.reloadTombstones()
        this.#blocks.push(known ?? new Block(directory, this.#cache))
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error
        this.#logger.error('a block cannot be read and is left out', { block: directory, error })
      }
    }
    this.#leaving.push(...before.values())
    this.#closeLeaving()
  }

  querier(_range: TimeRange): Querier {
    this.#open++
    const onClose = (): void => {
      this.#open--
      this.#closeLeaving()
    }
    const tiers = this.#blocks.filter(({ meta }) => resolutionOf(meta) > 0)
    if (tiers.length === 0)
      return new ChunkQuerier([...this.#blocks, new HeadPlace(this.head)], this.#decoder, onClose)
    const blocks = this.#blocks.filter(({ meta }) => resolutionOf(meta) === 0)
    const samplesFromMs = Math.min(blocks[0]?.minTimeMs ?? Infinity, this.head.minTimeMs)
    this.#scratch ??= new ChunkDecoder()
    const place = new TierPlace(tiers, samplesFromMs, this.#scratch)
    return new ChunkQuerier([...blocks, new HeadPlace(this.head)], this.#decoder, onClose, place)
  }

  #closeLeaving(): void {
    if (this.#open > 0) return
    for (const block of this.#leaving.splice(0)) block.dispose()
  }
}
