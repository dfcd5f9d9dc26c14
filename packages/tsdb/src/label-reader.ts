import { compareUtf8, type Matcher, type SelectRequest, type TimeRange } from '@promontory/model'
import { Block } from './block/block.ts'
import { resolutionOf } from './block/meta.ts'
import { PageCache } from './block/page-cache.ts'
import type { Tsdb } from './db.ts'
import { CorruptionError } from './errors.ts'
import { HeadReader } from './head/head-reader.ts'
import { type ChunkPlace, HeadPlace } from './querier.ts'

/** More series, in any place that is asked, or more places, take too long. */
const SERIES_MAX = 10_000
const PLACES_MAX = 16
const CACHE_BYTES = 1024 * 1024

/** The part of a querier that tells of labels. */
export interface LabelQuerier {
  labelNames(request: SelectRequest): Promise<readonly string[]>
  labelValues(name: string, request: SelectRequest): Promise<readonly string[]>
  close(): void
}

/** Whoever can be asked for labels. */
export interface LabelSource {
  querier(range: TimeRange): LabelQuerier
}

/**
 * Answers questions about labels that take less than a millisecond on the thread that writes: the way to another and back would take longer than they do.
 * Blocks are opened when they are asked for.
 */
export class LabelReader {
  readonly #storage: Tsdb
  readonly #head: HeadReader
  readonly #cache = new PageCache(CACHE_BYTES, 0)
  readonly #open = new Map<string, Block>()

  /** @param reader  number among the readers of the head, used by no other thread */
  constructor(storage: Tsdb, reader: number) {
    this.#storage = storage
    this.#head = new HeadReader(storage.readerState().memory, reader)
    storage.onBlocks((directories) => this.#keepOnly(new Set(directories)))
  }

  /** @returns undefined where the question may take long, or a block cannot be read */
  sourceFor(matchers: readonly Matcher[], { startMs, endMs }: TimeRange): LabelSource | undefined {
    if (this.#storage.head.seriesCount > SERIES_MAX) return undefined
    if (matchers.some(({ operator }) => operator !== '=')) return undefined
    const blocks = this.#storage.maintenance.allBlocks.filter(
      ({ meta }) => meta.minTime <= endMs && meta.maxTime > startMs,
    )
    const isSmall = blocks.every(
      ({ meta }) => resolutionOf(meta) === 0 && (meta.stats.numSeries ?? Infinity) <= SERIES_MAX,
    )
    if (!isSmall || blocks.length > PLACES_MAX) return undefined
    try {
      const opened = blocks.map(({ directory }) => this.#block(directory))
      return { querier: () => new SmallQuerier([...opened, new HeadPlace(this.#head)]) }
    } catch (error) {
      if (error instanceof CorruptionError) return undefined
      throw error
    }
  }

  close(): void {
    this.#keepOnly(new Set())
  }

  #block(directory: string): Block {
    const known = this.#open.get(directory)
    if (known !== undefined) return known
    const block = new Block(directory, this.#cache)
    this.#open.set(directory, block)
    return block
  }

  #keepOnly(directories: ReadonlySet<string>): void {
    for (const [directory, block] of this.#open) {
      if (directories.has(directory)) continue
      block.dispose()
      this.#open.delete(directory)
    }
  }
}

/** Asks at once: nothing may change the list of blocks before the answer. */
class SmallQuerier implements LabelQuerier {
  readonly #places: readonly ChunkPlace[]

  constructor(places: readonly ChunkPlace[]) {
    this.#places = places
  }

  async labelNames(request: SelectRequest): Promise<readonly string[]> {
    return this.#union((place) => place.labelNames(request))
  }

  async labelValues(name: string, request: SelectRequest): Promise<readonly string[]> {
    return this.#union((place) => place.labelValues(name, request))
  }

  close(): void {
    for (const place of this.#places) place.close()
  }

  #union(ask: (place: ChunkPlace) => Iterable<string>): string[] {
    const all = new Set<string>()
    for (const place of this.#places) for (const text of ask(place)) all.add(text)
    return [...all].sort(compareUtf8)
  }
}
