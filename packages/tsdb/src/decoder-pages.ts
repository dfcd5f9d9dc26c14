import { PAGE_BYTES, type PagedFile } from './block/page-cache.ts'

/** Pages of chunk files in a decoder's memory, the last ones that were used: kernels read them where they are. */
export class DecoderPages {
  readonly #at: number
  readonly #pagesMax: number
  /** Slot by page; insertion order is the order of use. */
  readonly #slots = new Map<number, number>()
  #lastKey = -1
  #lastAddress = 0

  /** @param at  address of the first slot */
  constructor(at: number, pages: number) {
    this.#at = at
    this.#pagesMax = pages
  }

  /**
   * Address of a page, which is read when it is not there; it stays there until the next call at least.
   * @param bytes  the whole memory
   */
  address(file: PagedFile, index: number, bytes: Uint8Array): number {
    const key = file.keyOfPage(index)
    if (key === this.#lastKey) return this.#lastAddress
    const known = this.#slots.get(key)
    if (known !== undefined) this.#slots.delete(key)
    const slot = known ?? this.#freeSlot()
    const address = this.#at + slot * PAGE_BYTES
    // A read that fails leaves the slot to nobody.
    this.#lastKey = -1
    if (known === undefined) file.readPage(index, bytes, address)
    this.#slots.set(key, slot)
    this.#lastKey = key
    this.#lastAddress = address
    return address
  }

  #freeSlot(): number {
    if (this.#slots.size < this.#pagesMax) return this.#slots.size
    const [oldest] = this.#slots
    this.#slots.delete(oldest![0])
    return oldest![1]
  }
}
