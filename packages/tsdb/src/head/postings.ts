import type { Kernels } from '@promontory/kernels'
import { IdTable, IdTableWriter, type Sought } from './id-table.ts'
import { type HeadMemory, I_PAIR_BASE, I_PAIR_COUNT, I_PAIR_MAX, I_PAIR_TABLE, PAIR_BYTES } from './memory.ts'
import type { SymbolReader, SymbolWriter } from './symbols.ts'

/**
 * The inverted index: per label pair (name, value) the slots of the series that have it, in the order in which they were
 * created. Pairs of one name are chained, newest first, from the name's symbol. A block of slots starts with their count:
 * the writer stores a slot before the count that covers it, and a whole new block before its address, so readers in other
 * threads always see a consistent list. A pair whose last series has gone is dropped: what it is linked to stays readable
 * until every reader of that moment has gone, then its number stands for another pair.
 */

/** Word offsets in a pair record. */
const P_NAME = 0
const P_VALUE = 1
const P_POSTINGS = 2
/** Words of the block, its count word included. */
const P_CAPACITY = 3
/** Neighbours among the pairs of one name, newer ones before. */
const P_NEXT = 4
const P_PREVIOUS = 5

function hashPair(name: number, value: number): number {
  let hash = Math.imul(name, 0x9e3779b1) ^ Math.imul(value, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

export class PostingsReader implements Sought {
  protected readonly head: HeadMemory
  protected readonly symbols: SymbolReader
  readonly #table: IdTable
  #soughtName = 0
  #soughtValue = 0

  constructor(head: HeadMemory, symbols: SymbolReader) {
    this.head = head
    this.symbols = symbols
    this.#table = new IdTable(head, I_PAIR_TABLE)
  }

  /** The pair's id, 0 when no series has it. */
  find(name: number, value: number): number {
    this.#soughtName = name
    this.#soughtValue = value
    return this.#table.find(hashPair(name, value), this)
  }

  /** Whether a pair is what {@link find} looks for. */
  isSought(pair: number): boolean {
    return this.nameOf(pair) === this.#soughtName && this.valueOf(pair) === this.#soughtValue
  }

  /** Pairs of the name with symbol `name`. */
  *pairsOf(name: number): IterableIterator<number> {
    let pair = Atomics.load(this.head.i32, this.symbols.firstPairWord(name))
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

/** A pair starts with room for so many slots, in the smallest block: most pairs have hundreds (`instance`, `le`) or one. */
const FIRST_POSTINGS = 7

export class PostingsWriter extends PostingsReader {
  readonly #kernels: Kernels
  readonly #symbols: SymbolWriter
  readonly #pairs: IdTableWriter
  /** Ids that nobody can know any more. */
  readonly #free: number[] = []
  #waiting: number[] = []
  #living = 0

  constructor(head: HeadMemory, symbols: SymbolWriter, kernels: Kernels) {
    super(head, symbols)
    this.#kernels = kernels
    this.#symbols = symbols
    this.#pairs = new IdTableWriter(head, I_PAIR_TABLE, kernels, (pair) => this.#hashOf(pair))
  }

  /** Pairs that some series has. */
  get living(): number {
    return this.#living
  }

  /** Adds a slot to the pair. @returns false when the memory is full */
  add(name: number, value: number, slot: number): boolean {
    const pair = this.find(name, value) || this.#addPair(name, value)
    if (pair === 0) return false
    const { i32, u32 } = this.head
    const entry = this.entry(pair)
    const count = this.count(pair)
    if (count + 1 >= u32[entry + P_CAPACITY]! && !this.#enlarge(entry, count)) {
      if (count === 0) this.#drop(pair)
      return false
    }
    const block = u32[entry + P_POSTINGS]! >>> 2
    u32[block + 1 + count] = slot
    Atomics.store(i32, block, count + 1)
    return true
  }

  /** Takes back the newest slot of a pair, right after it was added. */
  undo(name: number, value: number): void {
    const pair = this.find(name, value)
    const block = this.head.u32[this.entry(pair) + P_POSTINGS]! >>> 2
    if (Atomics.sub(this.head.i32, block, 1) === 1) this.#drop(pair)
  }

  /**
   * Replaces the slots of a pair by those that `keep` accepts; a pair that has none left is dropped.
   * @returns false when the memory is too full for it: then the pair stays as it is
   */
  filter(pair: number, keep: (slot: number) => boolean): boolean {
    const before = this.slots(pair)
    const kept = before.filter(keep)
    if (kept.length === before.length) return true
    if (kept.length > 0) return this.#publish(this.entry(pair), kept, kept.length + 1)
    this.#drop(pair)
    return true
  }

  /** What was dropped so far, and has not been taken yet: ids for {@link reuse}. */
  takeDropped(): readonly number[] {
    const taken = this.#waiting
    this.#waiting = []
    this.#pairs.shrink()
    return taken
  }

  /** Gives ids to other pairs from now on: only when no reader can hold them any more. */
  reuse(pairs: readonly number[]): void {
    for (const pair of pairs) this.#free.push(pair)
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
    Atomics.store(i32, entry + P_POSTINGS, address | 0)
    u32[entry + P_CAPACITY] = this.#kernels.allocationBytes(sizeClass) >>> 2
    if (oldAddress !== 0) this.#kernels.retire(oldAddress, oldClass)
    return true
  }

  #addPair(name: number, value: number): number {
    const { i32, u32 } = this.head
    const next = u32[I_PAIR_COUNT]!
    const hasPlace = this.#free.length > 0 || next < u32[I_PAIR_MAX]!
    if (!hasPlace || !this.#pairs.reserve()) return 0
    const pair = this.#free.pop() ?? next
    const entry = this.entry(pair)
    const first = this.#symbols.firstPairWord(name)
    u32[entry + P_NAME] = name
    u32[entry + P_VALUE] = value
    u32[entry + P_NEXT] = u32[first]!
    u32[entry + P_PREVIOUS] = 0
    if (u32[first] !== 0) u32[this.entry(u32[first]!) + P_PREVIOUS] = pair
    if (pair === next) u32[I_PAIR_COUNT] = next + 1
    Atomics.store(i32, first, pair)
    this.#pairs.add(hashPair(name, value), pair)
    this.#symbols.use(name)
    this.#symbols.use(value)
    this.#living++
    return pair
  }

  /** Nobody finds the pair any more; who stands on it finds the way on. */
  #drop(pair: number): void {
    const { i32, u32 } = this.head
    const entry = this.entry(pair)
    const name = this.nameOf(pair)
    const previous = u32[entry + P_PREVIOUS]!
    const next = u32[entry + P_NEXT]!
    this.#pairs.remove(this.#hashOf(pair), pair)
    Atomics.store(
      i32,
      previous === 0 ? this.#symbols.firstPairWord(name) : this.entry(previous) + P_NEXT,
      next,
    )
    if (next !== 0) u32[this.entry(next) + P_PREVIOUS] = previous
    const block = u32[entry + P_POSTINGS]!
    if (block !== 0) this.#kernels.retire(block, this.#kernels.allocationClass(4 * u32[entry + P_CAPACITY]!))
    Atomics.store(i32, entry + P_POSTINGS, 0)
    u32[entry + P_CAPACITY] = 0
    this.#symbols.disuse(name)
    this.#symbols.disuse(this.valueOf(pair))
    this.#waiting.push(pair)
    this.#living--
  }

  #hashOf(pair: number): number {
    return hashPair(this.nameOf(pair), this.valueOf(pair))
  }
}
