import type { Kernels } from '@promontory/kernels'
import { type HeadMemory, I_PAIR_BASE, I_PAIR_COUNT, I_PAIR_MAX, I_PAIR_TABLE, PAIR_BYTES } from './memory.ts'
import type { SymbolReader } from './symbols.ts'

/**
 * The inverted index: per label pair (name, value) the slots of the series that have it, in the order in which they were
 * created. Pairs of one name are chained, newest first, from the name's symbol. A block of slots starts with their count:
 * the writer stores a slot before the count that covers it, and a whole new block before its address, so readers in other
 * threads always see a consistent list.
 */

/** Word offsets in a pair record. */
const P_NAME = 0
const P_VALUE = 1
const P_POSTINGS = 2
/** Words of the block, its count word included. */
const P_CAPACITY = 3
const P_NEXT = 4

function hashPair(name: number, value: number): number {
  let hash = Math.imul(name, 0x9e3779b1) ^ Math.imul(value, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

export class PostingsReader {
  protected readonly head: HeadMemory
  protected readonly symbols: SymbolReader

  constructor(head: HeadMemory, symbols: SymbolReader) {
    this.head = head
    this.symbols = symbols
  }

  /** The pair's id, 0 when no series ever had it. */
  find(name: number, value: number): number {
    const { i32, u32 } = this.head
    const table = Atomics.load(i32, I_PAIR_TABLE) >>> 2
    if (table === 0) return 0
    const mask = u32[table]!
    for (let i = hashPair(name, value) & mask; ; i = (i + 1) & mask) {
      const pair = Atomics.load(i32, table + 1 + i)
      if (pair === 0) return 0
      const entry = this.entry(pair)
      if (u32[entry + P_NAME] === name && u32[entry + P_VALUE] === value) return pair
    }
  }

  /** Pairs of the name with symbol `name`. */
  *pairsOf(name: number): IterableIterator<number> {
    let pair = Atomics.load(this.head.i32, this.symbols.entry(name) + 1)
    while (pair !== 0) {
      yield pair
      pair = this.head.u32[this.entry(pair) + P_NEXT]!
    }
  }

  /** Symbols that name a label of some series. */
  namesInUse(): Set<number> {
    const names = new Set<number>()
    const count = this.pairCount
    for (let pair = 1; pair < count; pair++) if (this.count(pair) > 0) names.add(this.nameOf(pair))
    return names
  }

  valueOf(pair: number): number {
    return this.head.u32[this.entry(pair) + P_VALUE]!
  }

  nameOf(pair: number): number {
    return this.head.u32[this.entry(pair) + P_NAME]!
  }

  /** Number of slots of the pair. */
  count(pair: number): number {
    const block = Atomics.load(this.head.i32, this.entry(pair) + P_POSTINGS) >>> 2
    return block === 0 ? 0 : Atomics.load(this.head.i32, block)
  }

  get pairCount(): number {
    return this.head.u32[I_PAIR_COUNT]!
  }

  /** Slots of the pair: a view on shared memory, good until the reader leaves its epoch. */
  slots(pair: number): Uint32Array {
    const { i32, u32 } = this.head
    const block = Atomics.load(i32, this.entry(pair) + P_POSTINGS) >>> 2
    return block === 0 ? u32.subarray(0, 0) : u32.subarray(block + 1, block + 1 + Atomics.load(i32, block))
  }

  protected entry(pair: number): number {
    return (this.head.u32[I_PAIR_BASE]! + pair * PAIR_BYTES) >>> 2
  }
}

const FIRST_TABLE_ENTRIES = 1024
/** A pair starts with room for so many slots: many pairs (`instance`, `le`) have hundreds, many others one. */
const FIRST_POSTINGS = 8

export class PostingsWriter extends PostingsReader {
  readonly #kernels: Kernels

  constructor(head: HeadMemory, symbols: SymbolReader, kernels: Kernels) {
    super(head, symbols)
    this.#kernels = kernels
  }

  /** Adds a slot to the pair. @returns false when the memory is full */
  add(name: number, value: number, slot: number): boolean {
    const pair = this.find(name, value) || this.#addPair(name, value)
    if (pair === 0) return false
    const { i32, u32 } = this.head
    const entry = this.entry(pair)
    const count = this.count(pair)
    if (count + 1 >= u32[entry + P_CAPACITY]! && !this.#enlarge(entry, count)) return false
    const block = u32[entry + P_POSTINGS]! >>> 2
    u32[block + 1 + count] = slot
    Atomics.store(i32, block, count + 1)
    return true
  }

  /** Replaces the slots of a pair by those that `keep` accepts. @returns how many went */
  filter(pair: number, keep: (slot: number) => boolean): number {
    const before = this.slots(pair)
    const kept = before.filter(keep)
    if (kept.length === before.length) return 0
    const entry = this.entry(pair)
    return this.#publish(entry, kept, kept.length + 1) ? before.length - kept.length : 0
  }

  #enlarge(entry: number, count: number): boolean {
    const old = this.head.u32[entry + P_POSTINGS]! >>> 2
    const slots = this.head.u32.subarray(old + 1, old + 1 + count)
    return this.#publish(entry, slots, count + 1 + Math.max(FIRST_POSTINGS, count >> 1))
  }

  /** Writes `slots` into a new block of at least `words` words and puts it in the place of the old one. */
  #publish(entry: number, slots: Uint32Array, words: number): boolean {
    const { i32, u32 } = this.head
    const oldAddress = u32[entry + P_POSTINGS]!
    const oldClass = this.#kernels.allocationClass(4 * u32[entry + P_CAPACITY]!)
    const sizeClass = this.#kernels.allocationClass(4 * words)
    const address = this.#kernels.allocate(4 * words) >>> 0
    if (address === 0) return false
    u32[address >>> 2] = slots.length
    u32.set(slots, (address >>> 2) + 1)
    Atomics.store(i32, entry + P_POSTINGS, address)
    u32[entry + P_CAPACITY] = this.#kernels.allocationBytes(sizeClass) >>> 2
    if (oldAddress !== 0) this.#kernels.retire(oldAddress, oldClass)
    return true
  }

  #addPair(name: number, value: number): number {
    const { i32, u32 } = this.head
    const pair = u32[I_PAIR_COUNT]!
    if (pair >= u32[I_PAIR_MAX]! || !this.#ensureTable(pair)) return 0
    const entry = this.entry(pair)
    u32[entry + P_NAME] = name
    u32[entry + P_VALUE] = value
    const first = this.symbols.entry(name) + 1
    u32[entry + P_NEXT] = u32[first]!
    u32[I_PAIR_COUNT] = pair + 1
    Atomics.store(i32, first, pair)
    this.#place(u32[I_PAIR_TABLE]! >>> 2, pair)
    return pair
  }

  #place(table: number, pair: number): void {
    const { i32, u32 } = this.head
    const mask = u32[table]!
    const entry = this.entry(pair)
    let i = hashPair(u32[entry + P_NAME]!, u32[entry + P_VALUE]!) & mask
    while (u32[table + 1 + i] !== 0) i = (i + 1) & mask
    Atomics.store(i32, table + 1 + i, pair)
  }

  #ensureTable(pair: number): boolean {
    const { u32, i32 } = this.head
    const old = u32[I_PAIR_TABLE]! >>> 2
    const entries = old === 0 ? 0 : u32[old]! + 1
    if (2 * (pair + 1) <= entries) return true
    const larger = Math.max(FIRST_TABLE_ENTRIES, 2 * entries)
    const address = this.#kernels.allocate(4 * (larger + 1)) >>> 0
    if (address === 0) return false
    u32[address >>> 2] = larger - 1
    for (let id = 1; id < pair; id++) this.#place(address >>> 2, id)
    Atomics.store(i32, I_PAIR_TABLE, address)
    if (old !== 0) this.#kernels.retire(old * 4, this.#kernels.allocationClass(4 * (entries + 1)))
    return true
  }
}
