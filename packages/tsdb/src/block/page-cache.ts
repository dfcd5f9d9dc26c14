import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { CorruptionError } from '../errors.ts'
import { SeriesCache } from './series-cache.ts'

/** Bytes read at once. */
export const PAGE_BYTES: number = 64 * 1024
/** Bytes of pages that a thread keeps, over all files. */
const DEFAULT_CACHE_BYTES: number = 8 * 1024 * 1024
/** Estimated bytes of decoded series records that a thread keeps, over all blocks. */
const DEFAULT_SERIES_BYTES: number = 8 * 1024 * 1024

/** The pages that a thread read last: a bounded cache in front of the operating system's own. */
export class PageCache {
  readonly #pagesMax: number
  /** Series records of the same files. */
  readonly series: SeriesCache
  /** Insertion order is the order of use: the first key is the one to drop. */
  readonly #pages = new Map<number, Buffer>()

  constructor(bytes: number = DEFAULT_CACHE_BYTES, seriesBytes: number = DEFAULT_SERIES_BYTES) {
    this.series = new SeriesCache(seriesBytes)
    this.#pagesMax = Math.max(4, Math.floor(bytes / PAGE_BYTES))
  }

  page(key: number, read: () => Buffer): Buffer {
    let page = this.#pages.get(key)
    if (page !== undefined) this.#pages.delete(key)
    else page = read()
    this.#pages.set(key, page)
    if (this.#pages.size > this.#pagesMax) this.#pages.delete(this.#pages.keys().next().value!)
    return page
  }
}

/** Pages of one file at most: keys of the cache are file · PAGES_PER_FILE + page. */
const PAGES_PER_FILE = 2 ** 26
let filesOpened = 0

/** Random access to a file that does not change. */
export class PagedFile {
  readonly path: string
  readonly size: number
  readonly #file: number
  readonly #cache: PageCache
  readonly #id: number = filesOpened++
  /** The page read last, which mostly is the one wanted next. */
  #lastIndex = -1
  #last: Buffer = Buffer.alloc(0)

  constructor(path: string, cache: PageCache) {
    this.path = path
    try {
      this.#file = openSync(path, 'r')
    } catch (error) {
      throw new CorruptionError(path, 0, (error as Error).message)
    }
    this.size = fstatSync(this.#file).size
    this.#cache = cache
  }

  /**
   * @returns the bytes: a view on a page where they lie in one
   * @throws CorruptionError when the file is shorter
   */
  read(offset: number, length: number): Buffer {
    if (offset < 0 || offset + length > this.size)
      throw new CorruptionError(this.path, offset, `${length} bytes wanted, the file has ${this.size}`)
    const first = Math.floor(offset / PAGE_BYTES)
    const within = offset - first * PAGE_BYTES
    if (within + length <= PAGE_BYTES) return this.#page(first).subarray(within, within + length)
    if (length > 4 * PAGE_BYTES) return this.#readDirect(offset, length)
    const out = Buffer.allocUnsafe(length)
    for (let done = 0; done < length;) {
      const at = offset + done
      const page = this.#page(Math.floor(at / PAGE_BYTES))
      done += page.copy(out, done, at % PAGE_BYTES)
    }
    return out
  }

  /** A key of its own for each page of each file. */
  keyOfPage(index: number): number {
    return this.#id * PAGES_PER_FILE + index
  }

  /** Reads a page, or what of it the file has, into `target` at `at`. @throws CorruptionError when the file became shorter */
  readPage(index: number, target: Uint8Array, at: number): void {
    const offset = index * PAGE_BYTES
    this.#readInto(target, at, offset, Math.min(PAGE_BYTES, this.size - offset))
  }

  /** A key of its own for each offset of each file. */
  keyOf(offset: number): number {
    return this.#id * 2 ** 36 + offset
  }

  /** At most `length` bytes: fewer at the end of the file. */
  readUpTo(offset: number, length: number): Buffer {
    return this.read(offset, Math.max(0, Math.min(length, this.size - offset)))
  }

  close(): void {
    closeSync(this.#file)
  }

  #page(index: number): Buffer {
    if (index === this.#lastIndex) return this.#last
    this.#last = this.#cache.page(this.keyOfPage(index), () =>
      this.#readDirect(index * PAGE_BYTES, Math.min(PAGE_BYTES, this.size - index * PAGE_BYTES)),
    )
    this.#lastIndex = index
    return this.#last
  }

  #readDirect(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    this.#readInto(bytes, 0, offset, length)
    return bytes
  }

  #readInto(target: Uint8Array, at: number, offset: number, length: number): void {
    let done = 0
    while (done < length) {
      const got = readSync(this.#file, target, at + done, length - done, offset + done)
      if (got === 0) throw new CorruptionError(this.path, offset + done, 'the file became shorter')
      done += got
    }
  }
}
