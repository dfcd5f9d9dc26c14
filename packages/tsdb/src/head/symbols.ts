import type { Kernels } from '@promontory/kernels'
import { IdTable, IdTableWriter, type Sought } from './id-table.ts'
import {
  type HeadMemory,
  I_SYMBOL_BASE,
  I_SYMBOL_COUNT,
  I_SYMBOL_MAX,
  I_SYMBOL_TABLE,
  I_SYMBOLS_DROPPED,
  SYMBOL_BYTES,
} from './memory.ts'

/**
 * Interned strings. Symbol 0 is the empty string. A symbol's bytes lie in the arena behind a 32-bit length; a hash table
 * finds it by content. A symbol that no label pair uses any more is dropped: first nobody can find it, and once every
 * reader of that moment has gone its number stands for another text. Texts that a thread remembers are good until then.
 */

/** Word offsets in a symbol's record. */
const Y_ADDRESS = 0
/** The newest label pair with this name. */
const Y_FIRST_PAIR = 1
/** Label pairs that have it as name or value; {@link DROPPED} when nobody can find it any more. */
const Y_USES = 2
const DROPPED = 0xffffffff

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const EMPTY = new Uint8Array(0)

/** FNV-1a over bytes, finished with an avalanche so that low bits are good enough for a mask. */
export function hashBytes(bytes: Uint8Array, length: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

/** Looks symbols up; one per thread. Texts once read are remembered, since names and values repeat. */
export class SymbolReader implements Sought {
  protected readonly head: HeadMemory
  protected scratch: Uint8Array = new Uint8Array(1024)
  protected scratchLength = 0
  protected readonly texts: Map<number, string> = new Map()
  readonly #table: IdTable
  #dropped = 0

  constructor(head: HeadMemory) {
    this.head = head
    this.#table = new IdTable(head, I_SYMBOL_TABLE)
  }

  /** To be called at the beginning of each epoch: a text that is remembered from one before may belong to another symbol now. */
  enter(): void {
    const dropped = Atomics.load(this.head.i32, I_SYMBOLS_DROPPED)
    if (dropped === this.#dropped) return
    this.#dropped = dropped
    this.texts.clear()
  }

  /** The id of `text`, 0 when it is not interned (or empty). */
  find(text: string): number {
    if (text === '') return 0
    this.load(text)
    return this.#table.find(hashBytes(this.scratch, this.scratchLength), this)
  }

  text(symbol: number): string {
    if (symbol === 0) return ''
    let text = this.texts.get(symbol)
    if (text === undefined) {
      text = decoder.decode(this.bytes(symbol).slice())
      if (this.texts.size >= REMEMBERED_TEXTS) this.texts.clear()
      this.texts.set(symbol, text)
    }
    return text
  }

  /** Where the length of a symbol's UTF-8 bytes is, which lie behind it; 0 for the empty string. */
  address(symbol: number): number {
    return symbol === 0 ? 0 : this.head.u32[this.entry(symbol) + Y_ADDRESS]!
  }

  /** UTF-8 bytes of a symbol: a view on shared memory. */
  bytes(symbol: number): Uint8Array {
    if (symbol === 0) return EMPTY
    const address = this.address(symbol)
    return this.head.u8.subarray(address + 4, address + 4 + this.head.u32[address >>> 2]!)
  }

  /** Word index of the place that has the newest pair with this name. */
  firstPairWord(symbol: number): number {
    return this.entry(symbol) + Y_FIRST_PAIR
  }

  protected entry(symbol: number): number {
    return (this.head.u32[I_SYMBOL_BASE]! + symbol * SYMBOL_BYTES) >>> 2
  }

  protected load(text: string): void {
    if (this.scratch.length < text.length * 3) this.scratch = new Uint8Array(text.length * 3)
    this.scratchLength = encoder.encodeInto(text, this.scratch).written
  }

  /** Whether a symbol is what lies in the scratch. */
  isSought(symbol: number): boolean {
    const { u8, u32 } = this.head
    const address = u32[this.entry(symbol) + Y_ADDRESS]!
    if (u32[address >>> 2] !== this.scratchLength) return false
    for (let i = 0; i < this.scratchLength; i++) if (u8[address + 4 + i] !== this.scratch[i]) return false
    return true
  }
}

/** Texts that a thread remembers; they are dropped together when there are more. */
const REMEMBERED_TEXTS = 200_000

/** The one writer. */
export class SymbolWriter extends SymbolReader {
  readonly #kernels: Kernels
  readonly #table: IdTableWriter
  /** Ids that nobody can know any more. */
  readonly #free: number[] = []
  #waiting: number[] = []
  #living = 0

  constructor(head: HeadMemory, kernels: Kernels) {
    super(head)
    this.#kernels = kernels
    this.#table = new IdTableWriter(head, I_SYMBOL_TABLE, kernels, (id) => this.#hashOf(id))
  }

  /** Texts that are interned. */
  get count(): number {
    return this.#living
  }

  /** @returns the id of `text`, interned if it was not; -1 when the memory is full */
  intern(text: string): number {
    if (text === '') return 0
    this.load(text)
    const hash = hashBytes(this.scratch, this.scratchLength)
    return this.#table.find(hash, this) || this.#add(hash)
  }

  /**
   * As {@link intern}, of UTF-8 bytes.
   * @param guess  a symbol that these bytes may well be, as the same place of the record before had it
   */
  internBytes(bytes: Uint8Array, from: number, length: number, guess: number): number {
    if (length === 0) return 0
    if (this.scratch.length < length) this.scratch = new Uint8Array(2 * length)
    const { scratch } = this
    for (let i = 0; i < length; i++) scratch[i] = bytes[from + i]!
    this.scratchLength = length
    if (guess > 0 && this.#uses(guess) !== DROPPED && this.isSought(guess)) return guess
    const hash = hashBytes(scratch, length)
    return this.#table.find(hash, this) || this.#add(hash)
  }

  /** One more label pair has it. */
  use(symbol: number): void {
    if (symbol !== 0) this.head.u32[this.entry(symbol) + Y_USES]!++
  }

  /** One label pair less has it; the last one takes it along. */
  disuse(symbol: number): void {
    if (symbol === 0) return
    this.head.u32[this.entry(symbol) + Y_USES]!--
    this.dropUnused(symbol)
  }

  /** Drops a symbol that no label pair has. */
  dropUnused(symbol: number): void {
    if (symbol === 0 || this.#uses(symbol) > 0) return
    const { u32, i32 } = this.head
    u32[this.entry(symbol) + Y_USES] = DROPPED
    const address = u32[this.entry(symbol) + Y_ADDRESS]!
    this.#table.remove(this.#hashOf(symbol), symbol)
    this.#kernels.retire(address, this.#kernels.allocationClass(4 + u32[address >>> 2]!))
    this.texts.delete(symbol)
    this.#waiting.push(symbol)
    this.#living--
    // Before the epoch moves on: whoever enters the next one sees it.
    Atomics.add(i32, I_SYMBOLS_DROPPED, 1)
  }

  /** What was dropped so far, and has not been taken yet: ids for {@link reuse}. */
  takeDropped(): readonly number[] {
    const taken = this.#waiting
    this.#waiting = []
    this.#table.shrink()
    return taken
  }

  /** Gives ids to other texts from now on: only when no reader can hold them any more. */
  reuse(symbols: readonly number[]): void {
    for (const symbol of symbols) this.#free.push(symbol)
  }

  #uses(symbol: number): number {
    return this.head.u32[this.entry(symbol) + Y_USES]!
  }

  #hashOf(symbol: number): number {
    const bytes = this.bytes(symbol)
    return hashBytes(bytes, bytes.length)
  }

  #add(hash: number): number {
    const { u8, u32 } = this.head
    const next = u32[I_SYMBOL_COUNT]!
    const hasPlace = this.#free.length > 0 || next < u32[I_SYMBOL_MAX]!
    if (!hasPlace || !this.#table.reserve()) return -1
    const address = this.#kernels.allocate(4 + this.scratchLength) >>> 0
    if (address === 0) return -1
    u32[address >>> 2] = this.scratchLength
    u8.set(this.scratch.subarray(0, this.scratchLength), address + 4)
    const symbol = this.#free.pop() ?? next
    if (symbol === next) u32[I_SYMBOL_COUNT] = next + 1
    const entry = this.entry(symbol)
    u32[entry + Y_ADDRESS] = address
    u32[entry + Y_FIRST_PAIR] = 0
    u32[entry + Y_USES] = 0
    this.#table.add(hash, symbol)
    this.#living++
    return symbol
  }
}
