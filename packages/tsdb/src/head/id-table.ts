import type { Kernels } from '@promontory/kernels'
import type { HeadMemory } from './memory.ts'

/**
 * A hash table of ids in shared memory, with open addressing: a power of two of words, the first of which is the mask. The writer stores what an id stands for
 * before the id itself, so readers in other threads need no lock. One that goes leaves a mark behind: a reader may be on its way past it. Marks vanish when the
 * table is written anew, in another block.
 */

/** What lies under an id, compared with what is looked for. */
export interface Sought {
  isSought(id: number): boolean
}

/** In the place of an id that has gone. */
const GONE = -1
const FIRST_WORDS = 1024
/** A table that is so many times larger than what it holds is written anew. */
const LOOSE = 8
/** Part of a table that may be taken at the very most: what is not there is found out at a free place. */
const FULL = 0.9

export class IdTable {
  protected readonly head: HeadMemory
  protected readonly addressWord: number

  /** @param addressWord  index of the header's word with the address of the table */
  constructor(head: HeadMemory, addressWord: number) {
    this.head = head
    this.addressWord = addressWord
  }

  /** The id that is sought, 0 when the table has none. */
  find(hash: number, sought: Sought): number {
    const { i32 } = this.head
    const table = Atomics.load(i32, this.addressWord) >>> 2
    if (table === 0) return 0
    const mask = i32[table]!
    for (let i = hash & mask || 1; ; i = (i + 1) & mask || 1) {
      const id = Atomics.load(i32, table + i)
      if (id === 0) return 0
      if (id !== GONE && sought.isSought(id)) return id
    }
  }
}

/** The one writer's side. */
export class IdTableWriter extends IdTable {
  readonly #kernels: Kernels
  readonly #hashOf: (id: number) => number
  /** Ids, and ids with marks: what makes the way to a free place long. */
  #living = 0
  #taken = 0

  constructor(head: HeadMemory, addressWord: number, kernels: Kernels, hashOf: (id: number) => number) {
    super(head, addressWord)
    this.#kernels = kernels
    this.#hashOf = hashOf
  }

  /** Makes room for one more: half of the table is taken at most, unless a full memory gives no larger one. @returns false when there is none */
  reserve(): boolean {
    const words = this.#words
    return 2 * (this.#taken + 1) <= words || this.#rebuild() || this.#taken + 1 < FULL * words
  }

  /** Adds an id that the table does not have; there must be room for it. */
  add(hash: number, id: number): void {
    if (this.#place(this.head.u32[this.addressWord]! >>> 2, hash, id)) this.#taken++
    this.#living++
  }

  remove(hash: number, id: number): void {
    const { i32 } = this.head
    const table = this.head.u32[this.addressWord]! >>> 2
    const mask = i32[table]!
    let i = hash & mask || 1
    while (i32[table + i] !== id) {
      if (i32[table + i] === 0) throw new Error(`BUG: id ${id} is not in its table`)
      i = (i + 1) & mask || 1
    }
    Atomics.store(i32, table + i, GONE)
    this.#living--
  }

  /** Gives back what a table needs no more after many ids have gone. */
  shrink(): void {
    if (this.#words > Math.max(FIRST_WORDS, LOOSE * this.#living)) this.#rebuild()
  }

  get #words(): number {
    const table = this.head.u32[this.addressWord]! >>> 2
    return table === 0 ? 0 : this.head.u32[table]! + 1
  }

  /** @returns whether the place was free, not just marked */
  #place(table: number, hash: number, id: number): boolean {
    const { i32 } = this.head
    const mask = i32[table]!
    let i = hash & mask || 1
    while (i32[table + i]! > 0) i = (i + 1) & mask || 1
    const wasFree = i32[table + i] === 0
    Atomics.store(i32, table + i, id)
    return wasFree
  }

  /** A copy without marks takes the place of the table, at most a third full. */
  #rebuild(): boolean {
    const { u32, i32 } = this.head
    const words = Math.max(FIRST_WORDS, 2 ** Math.ceil(Math.log2(3 * (this.#living + 1))))
    const address = this.#kernels.allocate(4 * words) >>> 0
    if (address === 0) return false
    const old = u32[this.addressWord]!
    const oldWords = this.#words
    u32[address >>> 2] = words - 1
    for (let i = 1; i < oldWords; i++) {
      const id = i32[(old >>> 2) + i]!
      if (id > 0) this.#place(address >>> 2, this.#hashOf(id), id)
    }
    this.#taken = this.#living
    Atomics.store(i32, this.addressWord, address | 0)
    if (old !== 0) this.#kernels.retire(old, this.#kernels.allocationClass(4 * oldWords))
    return true
  }
}
