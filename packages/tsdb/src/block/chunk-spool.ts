import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Labels, SampleColumns } from '@promontory/model'
import { ChunkDecoder } from '../chunk-decoder.ts'
import { ChunkEncoder } from '../chunk/chunk-encoder.ts'
import { StorageError } from '../errors.ts'
import { BlockWriter, type ChunkToWrite, type WrittenBlock } from './block-writer.ts'
import { newUlid } from './meta.ts'

/** A chunk that somebody else has made: nothing of it is believed. */
export interface ForeignChunk {
  /** 1 XOR, 2 histograms, 3 float histograms. */
  readonly encoding: number
  /** Data with its count bytes; copied. */
  readonly data: Uint8Array
}

interface SpooledSeries {
  readonly labels: Labels
  /** Place, bytes and encoding of each chunk. */
  readonly chunks: number[]
}

const NUMBERS_PER_CHUNK = 3

/**
 * Makes one block of series that come in any order, a series several times even: chunks wait in a file, memory holds labels and places
 * only. Chunks are decoded before they are taken; those that overlap each other or reach out of the range are written anew.
 */
export class ChunkSpool {
  readonly #parent: string
  readonly #minTimeMs: number
  readonly #maxTimeMs: number
  readonly #directory: string
  readonly #file: number
  readonly #series = new Map<string, SpooledSeries>()
  #bytes = 0
  readonly #decoder = new ChunkDecoder()
  readonly #encoder = new ChunkEncoder()
  readonly #columns = new SampleColumns()

  /** @param maxTimeMs  exclusive */
  constructor(parent: string, minTimeMs: number, maxTimeMs: number) {
    this.#parent = parent
    this.#minTimeMs = minTimeMs
    this.#maxTimeMs = maxTimeMs
    // Whoever opens the directory removes what is left of it.
    this.#directory = join(parent, `${newUlid(Date.now())}.tmp-for-creation`)
    mkdirSync(this.#directory, { recursive: true })
    this.#file = openSync(join(this.#directory, 'spool'), 'w+')
  }

  get series(): number {
    return this.#series.size
  }

  /** What the chunks take. */
  get bytes(): number {
    return this.#bytes
  }

  add(labels: Labels, chunks: readonly ForeignChunk[]): void {
    const key = labels.key()
    let known = this.#series.get(key)
    if (known === undefined) this.#series.set(key, (known = { labels, chunks: [] }))
    for (const { encoding, data } of chunks) {
      writeSync(this.#file, data, 0, data.length, this.#bytes)
      known.chunks.push(this.#bytes, data.length, encoding)
      this.#bytes += data.length
    }
  }

  /**
   * Writes the block.
   * @returns undefined when no sample lies in the range
   * @throws StorageError naming the series of a chunk that does not decode
   */
  finish(): WrittenBlock | undefined {
    const series = [...this.#series.values()].sort((a, b) => a.labels.compare(b.labels))
    const ulid = newUlid(Date.now())
    const writer = new BlockWriter({
      parent: this.#parent,
      ulid,
      minTimeMs: this.#minTimeMs,
      maxTimeMs: this.#maxTimeMs,
      symbols: new Set(series.flatMap(({ labels }) => labels.pairs)),
      compaction: { level: 1, sources: [ulid] },
    })
    try {
      for (const each of series) {
        const chunks = this.#checked(each)
        if (chunks.length > 0) writer.addSeries(each.labels, chunks)
      }
      if (writer.seriesCount > 0) return writer.finish()
      writer.abort()
      return undefined
    } catch (error) {
      writer.abort()
      throw error
    } finally {
      this.abort()
    }
  }

  /** Throws away what has come. */
  abort(): void {
    if (this.#series.size === 0 && this.#bytes < 0) return
    this.#series.clear()
    this.#bytes = -1
    closeSync(this.#file)
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #checked({ labels, chunks }: SpooledSeries): ChunkToWrite[] {
    const found: ChunkToWrite[] = []
    let isInOrder = true
    for (let i = 0; i < chunks.length; i += NUMBERS_PER_CHUNK) {
      const data = Buffer.alloc(chunks[i + 1]!)
      readSync(this.#file, data, 0, data.length, chunks[i]!)
      const chunk = this.#check(labels, chunks[i + 2]!, data)
      if (chunk === undefined) continue
      if (chunk.minTimeMs <= (found.at(-1)?.maxTimeMs ?? -Infinity)) isInOrder = false
      if (chunk.minTimeMs < this.#minTimeMs || chunk.maxTimeMs >= this.#maxTimeMs) isInOrder = false
      found.push(chunk)
    }
    return isInOrder ? found : this.#writtenAnew(found)
  }

  /** @returns undefined for an empty chunk */
  #check(labels: Labels, encoding: number, data: Buffer): ChunkToWrite | undefined {
    const samples = data.length < 2 ? 0 : data.readUInt16BE(0)
    if (samples === 0) return undefined
    this.#decoder.begin()
    try {
      if (this.#decoder.add(encoding, data, samples) !== samples) throw new RangeError('it ends early')
    } catch (error) {
      throw new StorageError(`a chunk of ${labels.toString()} does not decode: ${(error as Error).message}`, {
        cause: error,
      })
    }
    this.#decoder.finish(this.#columns, -Infinity, Infinity)
    const { timesMs, length } = this.#columns
    for (let i = 1; i < length; i++)
      if (!(timesMs[i]! > timesMs[i - 1]!))
        throw new StorageError(`times in a chunk of ${labels.toString()} do not ascend`)
    return { encoding, data, samples, minTimeMs: timesMs[0]!, maxTimeMs: timesMs[length - 1]! }
  }

  #writtenAnew(chunks: readonly ChunkToWrite[]): ChunkToWrite[] {
    this.#decoder.begin()
    for (const { encoding, data, samples } of chunks) this.#decoder.add(encoding, data, samples)
    this.#decoder.finish(this.#columns, this.#minTimeMs, this.#maxTimeMs - 1)
    const before = this.#decoder.countBefore(this.#minTimeMs)
    return this.#encoder.encode(this.#columns, (i) => this.#decoder.encodingOf(before + i))
  }
}
