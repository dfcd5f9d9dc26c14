import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { type Labels, SampleColumns } from '@promontory/model'
import { Block } from './block/block.ts'
import type { SeriesEntry } from './block/index-reader.ts'
import { listBlocks } from './block/meta.ts'
import { PageCache } from './block/page-cache.ts'
import { ChunkDecoder } from './chunk-decoder.ts'
import { CorruptionError, StorageError } from './errors.ts'
import { ChunkEncoding } from './block/format.ts'
import { AggregateReader } from './tier/aggregate-chunk.ts'
import { TIERS } from './tier/resolution.ts'
import { headFiles, verifyHeadChunks, verifySegment } from './verify-head-files.ts'
import { segmentName } from './wal/format.ts'
import { lastCheckpoint } from './wal/replay.ts'
import { listSegments } from './wal/writer.ts'

/** Something in a data directory that is not as it should be. */
export interface Finding {
  readonly file: string
  /** Byte offset in `file`. */
  readonly offset: number
  readonly problem: string
}

/** What was looked at. */
export interface Verification {
  readonly findings: readonly Finding[]
  readonly blocks: number
  readonly series: number
  readonly chunks: number
  readonly samples: number
  readonly logRecords: number
  /** Blocks of aggregates; their series and chunks are counted with the others. */
  readonly tierBlocks: number
  /** Chunks in `chunks_head`. */
  readonly headChunks: number
}

/**
 * Checks every checksum and invariant of a data directory: order and labels of series, order of chunks, that chunks decode
 * to as many samples and the times that the index says, postings against series, counts in `meta.json`, records of the
 * logs, the same of tiers of aggregates, chunks and snapshots of the head. Nothing is changed.
 * @param progress  called with what is being read, and how much of all bytes is done (0…1)
 * @throws StorageError when there is no such directory
 */
export function verifyDirectory(
  path: string,
  progress: (what: string, done: number) => void = () => {},
): Verification {
  const directory = resolve(path)
  if (!existsSync(directory)) throw new StorageError(`there is no directory ${directory}`)
  const verifier = new Verifier()
  const { blocks, damaged } = listBlocks(directory)
  for (const error of damaged) verifier.found(error)
  const tiers = tierBlocks(directory)
  for (const error of tiers.damaged) verifier.found(error)
  const head = headFiles(directory)
  const logs = ['wal', 'wbl'].flatMap((name) => logFiles(join(directory, name)))
  const steps: readonly (readonly [path: string, look: () => void])[] = [
    ...[...blocks, ...tiers.blocks].map(
      (block) => [block.directory, () => verifier.block(block.directory)] as const,
    ),
    ...logs.map((file) => [file, () => verifier.log(file)] as const),
    ...head.snapshots.map((file) => [file, () => verifier.log(file, true)] as const),
    ...head.chunks.map((file) => [file, () => verifier.headChunks(file)] as const),
  ]
  for (const [i, [path, look]] of steps.entries()) {
    progress(path, i / steps.length)
    look()
  }
  progress(directory, 1)
  return verifier.result(blocks.length, tiers.blocks.length)
}

function tierBlocks(directory: string): ReturnType<typeof listBlocks> {
  const found = TIERS.map(({ name }) => join(directory, 'promontory', 'tiers', name))
    .filter((place) => existsSync(place))
    .map((place) => listBlocks(place))
  return { blocks: found.flatMap(({ blocks }) => blocks), damaged: found.flatMap(({ damaged }) => damaged) }
}

function logFiles(directory: string): string[] {
  const checkpoint = lastCheckpoint(directory)
  const inside = checkpoint === undefined ? [] : listSegments(checkpoint.path).map((index) => join(checkpoint.path, segmentName(index))) // prettier-ignore
  return [...inside, ...listSegments(directory).map((index) => join(directory, segmentName(index)))]
}

class Verifier {
  readonly #findings: Finding[] = []
  readonly #decoder = new ChunkDecoder()
  readonly #columns = new SampleColumns()
  #series = 0
  #chunks = 0
  #samples = 0
  #records = 0
  #headChunks = 0

  result(blocks: number, tierBlocks: number): Verification {
    return {
      findings: this.#findings,
      blocks,
      series: this.#series,
      chunks: this.#chunks,
      samples: this.#samples,
      logRecords: this.#records,
      tierBlocks,
      headChunks: this.#headChunks,
    }
  }

  found({ file, offset, message }: CorruptionError): void {
    this.#findings.push({ file, offset, problem: message.replace(/^corruption in .* at byte \d+: /, '') })
  }

  #note(file: string, offset: number, problem: string): void {
    this.#findings.push({ file, offset, problem })
  }

  /** Goes on with the next thing when one is damaged. @returns whether it was whole */
  #guard(work: () => void): boolean {
    try {
      work()
      return true
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error
      this.found(error)
      return false
    }
  }

  log(file: string, isSnapshot = false): void {
    this.#guard(() => {
      const records = verifySegment(file, isSnapshot)
      if (!isSnapshot) this.#records += records
    })
  }

  headChunks(file: string): void {
    this.#guard(() => {
      this.#headChunks += verifyHeadChunks(file, this.#decoder)
    })
  }

  block(directory: string): void {
    this.#guard(() => {
      const block = new Block(directory, new PageCache())
      try {
        this.#blockContents(block)
      } finally {
        block.dispose()
      }
    })
  }

  #blockContents(block: Block): void {
    const index = join(block.directory, 'index')
    const before = { samples: this.#samples, chunks: this.#chunks }
    const labelsOf = new Map<number, Labels>()
    let previous: Labels | undefined
    for (const ref of block.index.allPostings()) {
      this.#guard(() => {
        const entry = block.index.series(ref)
        labelsOf.set(ref, entry.labels)
        if (previous !== undefined && previous.compare(entry.labels) >= 0)
          this.#note(
            index,
            block.index.offsetOf(ref),
            `series ${entry.labels.toString()} comes after ${previous.toString()}`,
          )
        previous = entry.labels
        this.#seriesOf(block, ref, entry)
      })
    }
    this.#series += labelsOf.size
    this.#postings(block, index, labelsOf)
    const { stats } = block.meta
    const { ulid } = block.meta
    if (ulid !== basename(block.directory))
      this.#note(join(block.directory, 'meta.json'), 0, `ulid is ${ulid}, the directory says otherwise`)
    this.#count(block, 'numSeries', stats.numSeries, labelsOf.size)
    this.#count(block, 'numChunks', stats.numChunks, this.#chunks - before.chunks)
    this.#count(block, 'numSamples', stats.numSamples, this.#samples - before.samples)
  }

  #count(block: Block, name: string, said: number | undefined, seen: number): void {
    if (said !== undefined && said !== seen)
      this.#note(join(block.directory, 'meta.json'), 0, `${name} is ${said}, there are ${seen}`)
  }

  #seriesOf(block: Block, ref: number, { labels, chunks }: SeriesEntry): void {
    const index = join(block.directory, 'index')
    let endMs = -Infinity
    for (const chunk of chunks) {
      if (chunk.minTimeMs > chunk.maxTimeMs || chunk.minTimeMs <= endMs)
        this.#note(
          index,
          block.index.offsetOf(ref),
          `chunks of ${labels.toString()} are not in order at ${chunk.minTimeMs}`,
        )
      if (chunk.minTimeMs < block.meta.minTime || chunk.maxTimeMs >= block.meta.maxTime)
        this.#note(
          index,
          block.index.offsetOf(ref),
          `a chunk of ${labels.toString()} lies outside of the block`,
        )
      endMs = chunk.maxTimeMs
      this.#guard(() => this.#chunk(block, chunk, labels))
    }
  }

  #chunk(block: Block, chunk: SeriesEntry['chunks'][number], labels: Labels): void {
    this.#chunks++
    const file = join(block.directory, 'chunks', String(Math.floor(chunk.ref / 2 ** 32) + 1).padStart(6, '0'))
    const offset = chunk.ref % 2 ** 32
    const { encoding, data, samples } = block.chunks.read(chunk.ref)
    if (encoding === ChunkEncoding.aggregates) return this.#aggregates(file, offset, data, chunk, labels)
    this.#samples += samples
    this.#decoder.begin()
    let done: number
    try {
      done = this.#decoder.add(encoding, data, samples)
    } catch (error) {
      return this.#note(file, offset, `a chunk of ${labels.toString()}: ${(error as Error).message}`)
    }
    this.#decoder.finish(this.#columns, -Infinity, Infinity)
    const { timesMs, length } = this.#columns
    if (done !== samples) this.#note(file, offset, `a chunk ends after ${done} of ${samples} samples`)
    else if (length !== samples) this.#note(file, offset, 'the times of a chunk do not ascend')
    else if (timesMs[0] !== chunk.minTimeMs || timesMs[length - 1] !== chunk.maxTimeMs)
      this.#note(file, offset, `a chunk has the times ${timesMs[0]}…${timesMs[length - 1]}, the index says ${chunk.minTimeMs}…${chunk.maxTimeMs}`) // prettier-ignore
  }

  /** A sample of a tier is a window with all its aggregates. */
  #aggregates(
    file: string,
    offset: number,
    data: Uint8Array,
    { minTimeMs, maxTimeMs }: SeriesEntry['chunks'][number],
    labels: Labels,
  ): void {
    const reader = new AggregateReader(this.#decoder)
    try {
      reader.add(data)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return this.#note(file, offset, `an aggregate chunk of ${labels.toString()}: ${error.message}`)
    }
    const { timesMs, length } = reader.rows
    this.#samples += length
    if (timesMs.some((timeMs, i) => i > 0 && timeMs <= timesMs[i - 1]!))
      this.#note(file, offset, 'the times of an aggregate chunk do not ascend')
    else if (timesMs[0] !== minTimeMs || timesMs[length - 1] !== maxTimeMs)
      this.#note(file, offset, `an aggregate chunk has the times ${timesMs[0]}…${timesMs[length - 1]}, the index says ${minTimeMs}…${maxTimeMs}`) // prettier-ignore
  }

  /** Every posting names a series with that label, and every label of a series has its posting. */
  #postings(block: Block, index: string, labelsOf: ReadonlyMap<number, Labels>): void {
    let pairs = 0
    for (const name of block.index.labelNames())
      for (const { value, postingsAt } of block.index.values(name))
        this.#guard(() => {
          for (const ref of block.index.postings(postingsAt)) {
            pairs++
            if (labelsOf.get(ref)?.get(name) !== value)
              this.#note(
                index,
                postingsAt,
                `the postings of ${name}=${JSON.stringify(value)} name series ${ref}`,
              )
          }
        })
    let wanted = 0
    for (const labels of labelsOf.values()) wanted += labels.size
    if (pairs !== wanted) this.#note(index, 0, `${pairs} postings for ${wanted} labels of series`)
  }
}
