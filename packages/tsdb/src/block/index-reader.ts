import { compareUtf8 } from '@promontory/model'
import { Labels } from '@promontory/model'
import { crc32c } from '../checksum.ts'
import { CorruptionError } from '../errors.ts'
import { Cursor } from './cursor.ts'
import { INDEX_MAGIC, INDEX_VERSION, INDEX_VERSION_1, SERIES_ALIGNMENT, TOC_BYTES } from './format.ts'
import { type PageCache, PagedFile } from './page-cache.ts'
import type { CachedSeries } from './series-cache.ts'

/** A chunk of a series as the index names it. */
export interface ChunkEntry {
  readonly ref: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
}

export interface SeriesEntry {
  readonly labels: Labels
  readonly chunks: readonly ChunkEntry[]
}

/** One in so many entries of a sorted table is kept in memory; the rest is read when asked for. */
const SAMPLE_EVERY = 32
/** A series record is read in one go when it is shorter than this. */
const SERIES_READ_BYTES = 512
const REMEMBERED_SYMBOLS = 100_000

interface ValueSample {
  readonly value: string
  /** Offset in the file of the table entry. */
  readonly at: number
}

/**
 * Reads a block's index by pages: in memory are one in 32 symbols and one in 32 label values with their places. Of version 1, from before
 * Prometheus 2.2, all label values are, since its table is in no order.
 * @throws CorruptionError from any method, when the file contradicts itself
 */
export class IndexReader {
  readonly #file: PagedFile
  readonly #cache: PageCache
  readonly #symbolOffsets: number[] = []
  #symbolCount = 0
  readonly #symbols = new Map<number, string>()
  readonly #names = new Map<string, ValueSample[]>()
  #allPostingsAt = 0
  #tableEnd = 0
  /** What a reference of a series is multiplied by. */
  #alignment: number = SERIES_ALIGNMENT
  /** Of an index of version 1: all values of each name, ascending. */
  #unordered: Map<string, { value: string; postingsAt: number }[]> | undefined

  constructor(path: string, cache: PageCache) {
    this.#file = new PagedFile(path, cache)
    this.#cache = cache
    this.#guard(0, () => this.#open())
  }

  close(): void {
    this.#file.close()
  }

  labelNames(): string[] {
    return [...(this.#unordered ?? this.#names).keys()]
  }

  /** Values of a name with the place of their postings, ascending. */
  *values(name: string): IterableIterator<{ value: string; postingsAt: number }> {
    if (this.#unordered !== undefined) return yield* this.#unordered.get(name) ?? []
    const samples = this.#names.get(name)
    if (samples === undefined) return
    yield* this.#entries(samples[0]!.at, name)
  }

  /** Place of the postings of one pair, undefined when it does not occur. */
  find(name: string, value: string): number | undefined {
    if (this.#unordered !== undefined)
      return this.#unordered.get(name)?.find((entry) => entry.value === value)?.postingsAt
    const samples = this.#names.get(name)
    if (samples === undefined) return undefined
    let low = 0
    let high = samples.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareUtf8(samples[middle]!.value, value) <= 0) low = middle + 1
      else high = middle
    }
    if (low === 0) return undefined
    for (const entry of this.#entries(samples[low - 1]!.at, name)) {
      const order = compareUtf8(entry.value, value)
      if (order === 0) return entry.postingsAt
      if (order > 0) return undefined
    }
    return undefined
  }

  /** Series references, ascending. */
  postings(at: number): Uint32Array {
    return this.#guard(at, () => {
      const length = this.#file.read(at, 4).readUInt32BE(0)
      const bytes = this.#file.read(at + 4, length)
      if (crc32c(bytes) !== this.#file.read(at + 4 + length, 4).readUInt32BE(0))
        throw new CorruptionError(this.#file.path, at, 'checksum of postings does not match')
      const count = bytes.readUInt32BE(0)
      if (4 + 4 * count !== length) throw new RangeError(`${count} postings in ${length} bytes`)
      const refs = new Uint32Array(count)
      for (let i = 0; i < count; i++) refs[i] = bytes.readUInt32BE(4 + 4 * i)
      return refs
    })
  }

  allPostings(): Uint32Array {
    return this.#allPostingsAt === 0 ? new Uint32Array(0) : this.postings(this.#allPostingsAt)
  }

  /** As {@link series}, from the thread's cache when it is there. */
  cachedSeries(ref: number): CachedSeries {
    return this.#cache.series.get(this.#file.keyOf(ref), () => this.series(ref))
  }

  /** Where the record of a series is in the file. */
  offsetOf(ref: number): number {
    return ref * this.#alignment
  }

  series(ref: number): SeriesEntry {
    const at = this.offsetOf(ref)
    return this.#guard(at, () => {
      let bytes = this.#file.readUpTo(at, SERIES_READ_BYTES)
      const cursor = new Cursor(bytes)
      const length = cursor.uvarint()
      const start = cursor.at
      if (start + length + 4 > bytes.length) bytes = this.#file.read(at, start + length + 4)
      const body = bytes.subarray(start, start + length)
      if (crc32c(body) !== bytes.readUInt32BE(start + length))
        throw new RangeError('checksum of a series does not match')
      return this.#decodeSeries(body)
    })
  }

  #decodeSeries(body: Buffer): SeriesEntry {
    const cursor = new Cursor(body)
    const labelCount = cursor.uvarint()
    const pairs: string[] = []
    for (let i = 0; i < 2 * labelCount; i++) pairs.push(this.#symbol(cursor.uvarint()))
    const chunkCount = cursor.uvarint()
    const chunks: ChunkEntry[] = []
    let minTimeMs = 0
    let maxTimeMs = 0
    let ref = 0
    for (let i = 0; i < chunkCount; i++) {
      minTimeMs = i === 0 ? cursor.varint() : maxTimeMs + cursor.uvarint()
      maxTimeMs = minTimeMs + cursor.uvarint()
      ref = i === 0 ? cursor.uvarint() : ref + cursor.varint()
      chunks.push({ ref, minTimeMs, maxTimeMs })
    }
    return { labels: Labels.fromSorted(pairs), chunks }
  }

  #open(): void {
    const file = this.#file
    if (file.size < 5 + TOC_BYTES) throw new RangeError(`an index of ${file.size} bytes is too short`)
    const magic = file.read(0, 4).readUInt32BE(0)
    if (magic !== INDEX_MAGIC)
      throw new RangeError(`magic number ${magic.toString(16)}, expected ${INDEX_MAGIC.toString(16)}`)
    const version = file.read(4, 1)[0]!
    if (version !== INDEX_VERSION && version !== INDEX_VERSION_1)
      throw new RangeError(`index version ${version}, expected ${INDEX_VERSION}`)
    if (version === INDEX_VERSION_1) {
      this.#alignment = 1
      this.#unordered = new Map()
    }
    const toc = Buffer.from(file.read(file.size - TOC_BYTES, TOC_BYTES))
    if (crc32c(toc.subarray(0, TOC_BYTES - 4)) !== toc.readUInt32BE(TOC_BYTES - 4))
      throw new RangeError('checksum of the table of contents does not match')
    this.#readSymbols(Number(toc.readBigUInt64BE(0)))
    this.#readPostingsTable(Number(toc.readBigUInt64BE(40)))
  }

  #readSymbols(at: number): void {
    const length = this.#file.read(at, 4).readUInt32BE(0)
    const bytes = this.#checked(at, length)
    const cursor = new Cursor(bytes)
    this.#symbolCount = cursor.uint32()
    for (let i = 0; i < this.#symbolCount; i++) {
      if (i % SAMPLE_EVERY === 0) this.#symbolOffsets.push(at + 4 + cursor.at)
      cursor.skipString()
    }
  }

  #readPostingsTable(at: number): void {
    const length = this.#file.read(at, 4).readUInt32BE(0)
    const bytes = this.#checked(at, length)
    this.#tableEnd = at + 4 + length
    const cursor = new Cursor(bytes)
    const count = cursor.uint32()
    let name: string | undefined
    let samples: ValueSample[] = []
    let position = 0
    for (let i = 0; i < count; i++) {
      const entryAt = at + 4 + cursor.at
      if (cursor.uvarint() !== 2) throw new RangeError('a postings entry has not two keys')
      const entryName = cursor.string()
      const value = cursor.string()
      const postingsAt = cursor.uvarint()
      if (entryName === '' && value === '') {
        this.#allPostingsAt = postingsAt
        continue
      }
      if (this.#unordered !== undefined) {
        const known = this.#unordered.get(entryName)
        if (known === undefined) this.#unordered.set(entryName, [{ value, postingsAt }])
        else known.push({ value, postingsAt })
        continue
      }
      if (entryName !== name) {
        name = entryName
        samples = []
        position = 0
        this.#names.set(name, samples)
      }
      if (position++ % SAMPLE_EVERY === 0) samples.push({ value, at: entryAt })
    }
    for (const values of this.#unordered?.values() ?? []) values.sort((a, b) => compareUtf8(a.value, b.value))
  }

  #checked(at: number, length: number): Buffer {
    const bytes = this.#file.read(at + 4, length)
    if (crc32c(bytes) !== this.#file.read(at + 4 + length, 4).readUInt32BE(0))
      throw new RangeError(`checksum of the section at ${at} does not match`)
    return bytes
  }

  *#entries(at: number, name: string): IterableIterator<{ value: string; postingsAt: number }> {
    let windowAt = at
    let cursor = new Cursor(this.#file.readUpTo(windowAt, Math.min(16_384, this.#tableEnd - windowAt)))
    let whole = 16_384
    while (windowAt + cursor.at < this.#tableEnd) {
      const start = cursor.at
      try {
        cursor.uvarint()
        if (cursor.string() !== name) return
        const value = cursor.string()
        const postingsAt = cursor.uvarint()
        whole = 16_384
        yield { value, postingsAt }
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        // The entry goes on behind the window: move the window, and enlarge it if that did not help.
        if (start === 0 && (whole *= 2) > this.#tableEnd - windowAt + 16_384)
          throw new CorruptionError(this.#file.path, windowAt, error.message)
        windowAt += start
        cursor = new Cursor(this.#file.readUpTo(windowAt, Math.min(whole, this.#tableEnd - windowAt)))
      }
    }
  }

  #symbol(id: number): string {
    let text = this.#symbols.get(id)
    if (text === undefined) {
      text = this.#readSymbol(id)
      if (this.#symbols.size >= REMEMBERED_SYMBOLS) this.#symbols.clear()
      this.#symbols.set(id, text)
    }
    return text
  }

  #readSymbol(id: number): string {
    const isOffset = this.#unordered !== undefined
    if (!isOffset && id >= this.#symbolCount) throw new RangeError(`symbol ${id} of ${this.#symbolCount}`)
    const at = isOffset ? id : this.#symbolOffsets[Math.floor(id / SAMPLE_EVERY)]!
    const before = isOffset ? 0 : id % SAMPLE_EVERY
    for (let bytes = 4096; ; bytes *= 4) {
      try {
        const cursor = new Cursor(this.#file.readUpTo(at, bytes))
        for (let i = 0; i < before; i++) cursor.skipString()
        return cursor.string()
      } catch (error) {
        if (!(error instanceof RangeError) || bytes > this.#file.size) throw error
      }
    }
  }

  #guard<T>(at: number, read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (error instanceof RangeError) throw new CorruptionError(this.#file.path, at, error.message)
      throw error
    }
  }
}
