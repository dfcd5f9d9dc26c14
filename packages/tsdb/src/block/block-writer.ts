import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareUtf8, type Labels } from '@promontory/model'
import { crc32c } from '../checksum.ts'
import {
  CHUNK_SEGMENT_BYTES,
  CHUNKS_MAGIC,
  CHUNKS_VERSION,
  INDEX_MAGIC,
  INDEX_VERSION,
  SERIES_ALIGNMENT,
} from './format.ts'
import { FileWriter, Section } from './file-writer.ts'
import type { BlockMeta, ThanosMeta } from './meta.ts'
import { encodeTombstones } from './tombstones.ts'

/** A chunk on its way into a block. Times are inclusive. */
export interface ChunkToWrite {
  readonly encoding: number
  /** Data with its count bytes. */
  readonly data: Uint8Array
  readonly samples: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
}

export interface WrittenBlock {
  readonly directory: string
  readonly meta: BlockMeta
}

export interface BlockWriterOptions {
  /** The data directory: the block becomes its folder `<ulid>`. */
  readonly parent: string
  readonly ulid: string
  readonly minTimeMs: number
  /** Exclusive. */
  readonly maxTimeMs: number
  readonly compaction: BlockMeta['compaction']
  readonly thanos?: ThanosMeta
  /** Every string of the labels of the series to come, in any order. */
  readonly symbols: Iterable<string>
}

/**
 * Writes one block, in this order: symbols; then per series, ascending, its chunks and its index record; at `finish` the
 * postings, their table, the table of contents, `meta.json`. It stands under `<ulid>.tmp-for-creation` until all of it
 * is on the disk.
 */
export class BlockWriter {
  readonly #options: BlockWriterOptions
  readonly #temporary: string
  readonly #index: FileWriter
  readonly #symbolIds = new Map<string, number>()
  readonly #symbolsAt: number
  readonly #seriesAt: number
  #chunks: FileWriter | undefined
  #segment = 0
  readonly #section = new Section()
  /** Series references by name and value. */
  readonly #postings = new Map<string, Map<string, number[]>>()
  readonly #all: number[] = []
  #previous: Labels | undefined
  #samples = 0
  #chunkCount = 0

  constructor(options: BlockWriterOptions) {
    this.#options = options
    this.#temporary = join(options.parent, `${options.ulid}.tmp-for-creation`)
    rmSync(this.#temporary, { recursive: true, force: true })
    mkdirSync(join(this.#temporary, 'chunks'), { recursive: true })
    this.#index = new FileWriter(join(this.#temporary, 'index'))
    this.#index.uint32(INDEX_MAGIC)
    this.#index.byte(INDEX_VERSION)
    this.#symbolsAt = this.#index.position
    this.#writeSymbols(options.symbols)
    this.#seriesAt = this.#index.position
  }

  get seriesCount(): number {
    return this.#all.length
  }

  /** @param chunks  in time order, not overlapping; at least one */
  addSeries(labels: Labels, chunks: readonly ChunkToWrite[]): void {
    if (this.#previous !== undefined && this.#previous.compare(labels) >= 0)
      throw new Error(`BUG: series ${labels.toString()} comes after ${this.#previous.toString()}`)
    this.#previous = labels
    const refs = chunks.map((chunk) => this.#writeChunk(chunk))
    this.#index.padTo(SERIES_ALIGNMENT)
    const ref = this.#index.position / SERIES_ALIGNMENT
    this.#writeSeries(labels, chunks, refs)
    this.#all.push(ref)
    for (const [name, value] of labels) {
      let values = this.#postings.get(name)
      if (values === undefined) this.#postings.set(name, (values = new Map()))
      const list = values.get(value)
      if (list === undefined) values.set(value, [ref])
      else list.push(ref)
    }
  }

  /** Completes the block and gives it its name. */
  finish(): WrittenBlock {
    this.#finishIndex()
    this.#chunks?.close()
    this.#writeTombstones()
    const meta: BlockMeta = {
      ulid: this.#options.ulid,
      minTime: this.#options.minTimeMs,
      maxTime: this.#options.maxTimeMs,
      stats: { numSamples: this.#samples, numSeries: this.#all.length, numChunks: this.#chunkCount },
      compaction: this.#options.compaction,
      version: 1,
      ...(this.#options.thanos === undefined ? {} : { thanos: this.#options.thanos }),
    }
    writeFileSync(join(this.#temporary, 'meta.json'), `${JSON.stringify(meta, null, '\t')}\n`, {
      flush: true,
    })
    const directory = join(this.#options.parent, this.#options.ulid)
    syncDirectory(join(this.#temporary, 'chunks'))
    syncDirectory(this.#temporary)
    renameSync(this.#temporary, directory)
    syncDirectory(this.#options.parent)
    return { directory, meta }
  }

  /** Throws away what was written. */
  abort(): void {
    this.#chunks?.close()
    this.#index.close()
    rmSync(this.#temporary, { recursive: true, force: true })
  }

  #writeSymbols(symbols: Iterable<string>): void {
    const sorted = [...new Set(symbols)].sort(compareUtf8)
    sorted.forEach((symbol, id) => this.#symbolIds.set(symbol, id))
    this.#section.uint32(sorted.length)
    for (const symbol of sorted) this.#section.string(symbol)
    this.#section.writeTo(this.#index)
  }

  #symbolId(text: string): number {
    const id = this.#symbolIds.get(text)
    if (id === undefined) throw new Error(`BUG: symbol ${JSON.stringify(text)} was not announced`)
    return id
  }

  /** @returns the chunk's reference: number of the segment file and byte offset in it */
  #writeChunk(chunk: ChunkToWrite): number {
    if (this.#chunks === undefined || this.#chunks.position + chunk.data.length + 16 > CHUNK_SEGMENT_BYTES)
      this.#nextChunkFile()
    const out = this.#chunks!
    const offset = out.position
    const head = new Section()
    head.uvarint(chunk.data.length)
    out.bytes(head.data)
    const encoding = Uint8Array.of(chunk.encoding)
    out.bytes(encoding)
    out.bytes(chunk.data)
    out.uint32(crc32c(chunk.data, crc32c(encoding)))
    this.#samples += chunk.samples
    this.#chunkCount++
    return (this.#segment - 1) * 2 ** 32 + offset
  }

  #nextChunkFile(): void {
    this.#chunks?.close()
    this.#segment++
    this.#chunks = new FileWriter(join(this.#temporary, 'chunks', String(this.#segment).padStart(6, '0')))
    this.#chunks.uint32(CHUNKS_MAGIC)
    this.#chunks.byte(CHUNKS_VERSION)
    this.#chunks.bytes(new Uint8Array(3))
  }

  #writeSeries(labels: Labels, chunks: readonly ChunkToWrite[], refs: readonly number[]): void {
    const section = this.#section
    section.clear()
    section.uvarint(labels.size)
    for (const part of labels.pairs) section.uvarint(this.#symbolId(part))
    section.uvarint(chunks.length)
    chunks.forEach(({ minTimeMs, maxTimeMs }, i) => {
      if (i === 0) section.varint(minTimeMs)
      else section.uvarint(minTimeMs - chunks[i - 1]!.maxTimeMs)
      section.uvarint(maxTimeMs - minTimeMs)
      if (i === 0) section.uvarint(refs[0]!)
      else section.varint(refs[i]! - refs[i - 1]!)
    })
    const length = new Section()
    length.uvarint(section.length)
    this.#index.bytes(length.data)
    this.#index.bytes(section.data)
    this.#index.uint32(crc32c(section.data))
  }

  #finishIndex(): void {
    const index = this.#index
    const labelIndicesAt = index.position
    index.padTo(4)
    const postingsAt = index.position
    const table = new Section()
    const names = [...this.#postings.keys()].sort(compareUtf8)
    const entries = names.reduce((sum, name) => sum + this.#postings.get(name)!.size, 1)
    table.uint32(entries)
    this.#writePostings(table, '', '', this.#all)
    for (const name of names) {
      const values = this.#postings.get(name)!
      for (const value of [...values.keys()].sort(compareUtf8))
        this.#writePostings(table, name, value, values.get(value)!)
    }
    // The label index is no longer read by anybody; its table must be there.
    const labelTableAt = index.position
    this.#section.clear()
    this.#section.uint32(0)
    this.#section.writeTo(index)
    const postingsTableAt = index.position
    table.writeTo(index)
    const toc = this.#section
    toc.clear()
    for (const offset of [
      this.#symbolsAt,
      this.#seriesAt,
      labelIndicesAt,
      labelTableAt,
      postingsAt,
      postingsTableAt,
    ])
      toc.uint64(offset)
    index.bytes(toc.data)
    index.uint32(crc32c(toc.data))
    index.close()
  }

  #writePostings(table: Section, name: string, value: string, refs: readonly number[]): void {
    this.#index.padTo(4)
    table.uvarint(2)
    table.string(name)
    table.string(value)
    table.uvarint(this.#index.position)
    this.#section.clear()
    this.#section.uint32(refs.length)
    for (const ref of refs) this.#section.uint32(ref)
    this.#section.writeTo(this.#index)
  }

  #writeTombstones(): void {
    const bytes = encodeTombstones(new Map())
    writeFileSync(join(this.#temporary, 'tombstones'), bytes, { flush: true })
  }
}

/** Makes renames and new names in a directory durable. */
function syncDirectory(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
