import type { Kernels } from '@promontory/kernels'
import {
  type HeadMemory,
  I_SYMBOL_BASE,
  I_SYMBOL_COUNT,
  I_SYMBOL_MAX,
  I_SYMBOL_TABLE,
  SYMBOL_BYTES,
} from './memory.ts'

/**
 * Interned strings. Symbol 0 is the empty string. A symbol's bytes lie in the arena behind a 32-bit length; a hash table
 * with open addressing finds it by content. The writer publishes a symbol by storing its id into the table last, so
 * readers in other threads need no lock.
 */

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
export class SymbolReader {
  protected readonly head: HeadMemory
  protected scratch: Uint8Array = new Uint8Array(1024)
  protected scratchLength = 0
  #texts = new Map<number, string>()

  constructor(head: HeadMemory) {
    this.head = head
  }

  /** The id of `text`, 0 when it is not interned (or empty). */
  find(text: string): number {
    if (text === '') return 0
    this.load(text)
    return this.probe(hashBytes(this.scratch, this.scratchLength))
  }

  text(symbol: number): string {
    if (symbol === 0) return ''
    let text = this.#texts.get(symbol)
    if (text === undefined) {
      text = decoder.decode(this.bytes(symbol).slice())
      if (this.#texts.size >= REMEMBERED_TEXTS) this.#texts.clear()
      this.#texts.set(symbol, text)
    }
    return text
  }

  /** Forgets remembered texts, for when symbols were renumbered. */
  forget(): void {
    this.#texts.clear()
  }

  /** UTF-8 bytes of a symbol: a view on shared memory. */
  bytes(symbol: number): Uint8Array {
    if (symbol === 0) return EMPTY
    const address = this.head.u32[this.entry(symbol)]!
    return this.head.u8.subarray(address + 4, address + 4 + this.head.u32[address >>> 2]!)
  }

  /** Word index of the symbol's record; the word behind it is the first pair with this name. */
  entry(symbol: number): number {
    return (this.head.u32[I_SYMBOL_BASE]! + symbol * SYMBOL_BYTES) >>> 2
  }

  protected load(text: string): void {
    if (this.scratch.length < text.length * 3) this.scratch = new Uint8Array(text.length * 3)
    this.scratchLength = encoder.encodeInto(text, this.scratch).written
  }

  protected probe(hash: number): number {
    const { i32, u32 } = this.head
    const table = Atomics.load(i32, I_SYMBOL_TABLE) >>> 2
    if (table === 0) return 0
    const mask = u32[table]!
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const symbol = Atomics.load(i32, table + 1 + i)
      if (symbol === 0) return 0
      if (this.equals(symbol)) return symbol
    }
  }

  /** Whether a symbol is what lies in the scratch. */
  protected equals(symbol: number): boolean {
    const { u8, u32 } = this.head
    const address = u32[this.entry(symbol)]!
    if (u32[address >>> 2] !== this.scratchLength) return false
    for (let i = 0; i < this.scratchLength; i++) if (u8[address + 4 + i] !== this.scratch[i]) return false
    return true
  }
}

/** Texts that a thread remembers; they are dropped together when there are more. */
const REMEMBERED_TEXTS = 200_000

const FIRST_TABLE_ENTRIES = 1024

/** The one writer. */
export class SymbolWriter extends SymbolReader {
  readonly #kernels: Kernels

  constructor(head: HeadMemory, kernels: Kernels) {
    super(head)
    this.#kernels = kernels
  }

  /** @returns the id of `text`, interned if it was not; -1 when the memory is full */
  intern(text: string): number {
    if (text === '') return 0
    this.load(text)
    const hash = hashBytes(this.scratch, this.scratchLength)
    return this.probe(hash) || this.#add(hash)
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
    if (guess > 0 && this.equals(guess)) return guess
    const hash = hashBytes(scratch, length)
    return this.probe(hash) || this.#add(hash)
  }

  #add(hash: number): number {
    const { u8, u32 } = this.head
    const symbol = u32[I_SYMBOL_COUNT]!
    if (symbol >= u32[I_SYMBOL_MAX]! || !this.#ensureTable(symbol)) return -1
    const address = this.#kernels.allocate(4 + this.scratchLength) >>> 0
    if (address === 0) return -1
    u32[address >>> 2] = this.scratchLength
    u8.set(this.scratch.subarray(0, this.scratchLength), address + 4)
    u32[this.entry(symbol)] = address
    u32[I_SYMBOL_COUNT] = symbol + 1
    this.#place(u32[I_SYMBOL_TABLE]! >>> 2, hash, symbol)
    return symbol
  }

  #place(table: number, hash: number, symbol: number): void {
    const { i32, u32 } = this.head
    const mask = u32[table]!
    let i = hash & mask
    while (u32[table + 1 + i] !== 0) i = (i + 1) & mask
    Atomics.store(i32, table + 1 + i, symbol)
  }

  /** Keeps the table at most half full: beyond that a doubled copy takes its place. */
  #ensureTable(symbol: number): boolean {
    const { u32, i32 } = this.head
    const old = u32[I_SYMBOL_TABLE]! >>> 2
    const entries = old === 0 ? 0 : u32[old]! + 1
    if (2 * (symbol + 1) <= entries) return true
    const larger = Math.max(FIRST_TABLE_ENTRIES, 2 * entries)
    const address = this.#kernels.allocate(4 * (larger + 1)) >>> 0
    if (address === 0) return false
    u32[address >>> 2] = larger - 1
    for (let id = 1; id < symbol; id++) {
      const bytes = this.bytes(id)
      this.#place(address >>> 2, hashBytes(bytes, bytes.length), id)
    }
    Atomics.store(i32, I_SYMBOL_TABLE, address)
    if (old !== 0) this.#kernels.retire(old * 4, this.#kernels.allocationClass(4 * (entries + 1)))
    return true
  }
}
