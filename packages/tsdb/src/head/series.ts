import { Labels } from '@promontory/model'
import {
  GENERATIONS_MAX,
  H_SERIES_TOP,
  IDENTITY_ALIVE,
  type Kernels,
  SLOTS_MAX,
  S_HASH,
  S_IDENTITY,
  S_LABELS,
  SERIES_BYTES,
} from '@promontory/kernels'
import { type HeadMemory, I_LIVE_SERIES, I_SERIES_MAX } from './memory.ts'
import type { SymbolReader } from './symbols.ts'

/**
 * Series records. A label record in the arena is `[count, name symbol, value symbol, …]` in the order of the labels.
 * A ref is generation · 2^24 + slot: a slot that is used again gets the next generation, so an old ref is recognised.
 */

export function slotOf(ref: number): number {
  return ref % SLOTS_MAX
}

export function generationOf(ref: number): number {
  return Math.floor(ref / SLOTS_MAX)
}

export function refOf(slot: number, generation: number): number {
  return generation * SLOTS_MAX + slot
}

export class SeriesReader {
  protected readonly head: HeadMemory
  protected readonly symbols: SymbolReader

  constructor(head: HeadMemory, symbols: SymbolReader) {
    this.head = head
    this.symbols = symbols
  }

  /** Slots in use are below this one; slot 0 never is. */
  get top(): number {
    return Atomics.load(this.head.i32, H_SERIES_TOP)
  }

  isAlive(slot: number): boolean {
    return (this.word(slot, S_IDENTITY) & IDENTITY_ALIVE) !== 0
  }

  refOfSlot(slot: number): number {
    return refOf(slot, this.word(slot, S_IDENTITY) & 0xffff)
  }

  /** Symbol of the value of the label named by symbol `name`, 0 when absent. */
  valueSymbol(slot: number, name: number): number {
    const { u32 } = this.head
    const record = this.word(slot, S_LABELS) >>> 2
    const end = record + 1 + 2 * u32[record]!
    for (let i = record + 1; i < end; i += 2) if (u32[i] === name) return u32[i + 1]!
    return 0
  }

  labels(slot: number): Labels {
    const { u32 } = this.head
    const record = this.word(slot, S_LABELS) >>> 2
    const count = u32[record]!
    const pairs = Array<string>(2 * count)
    for (let i = 0; i < 2 * count; i++) pairs[i] = this.symbols.text(u32[record + 1 + i]!)
    return Labels.fromSorted(pairs)
  }

  /** Symbols of the labels: a view `[name, value, …]` on shared memory. */
  labelSymbols(slot: number): Uint32Array {
    const record = this.word(slot, S_LABELS) >>> 2
    return this.head.u32.subarray(record + 1, record + 1 + 2 * this.head.u32[record]!)
  }

  word(slot: number, offset: number): number {
    return this.head.u32[(this.head.seriesAddress(slot) + offset) >>> 2]!
  }
}

const FIRST_MAP_ENTRIES = 4096

/** Creates series and finds them by their symbols. The map from labels to slots is the writer's alone. */
export class SeriesWriter extends SeriesReader {
  readonly #kernels: Kernels
  #map: Uint32Array = new Uint32Array(FIRST_MAP_ENTRIES)
  #mapped = 0
  /** Slots that were given back. */
  readonly #freeSlots: number[] = []
  /** Generations of slots that the log names and that are not in use: none of them is given out again, or two series would have one ref there. */
  readonly #logged = new Map<number, number>()

  constructor(head: HeadMemory, symbols: SymbolReader, kernels: Kernels) {
    super(head, symbols)
    this.#kernels = kernels
  }

  get count(): number {
    return this.#mapped
  }

  /** @param symbols  `[name, value, …]`, `length` words of it @returns the slot, 0 when there is no such series */
  find(symbols: Uint32Array, length: number): number {
    const mask = this.#map.length - 1
    const hash = hashSymbols(symbols, length)
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const slot = this.#map[i]!
      if (slot === 0) return 0
      if (this.word(slot, S_HASH) === hash && this.#hasLabels(slot, symbols, length)) return slot
    }
  }

  /**
   * @param wantedRef  a ref to give the series if its slot is free (replay keeps refs), or 0
   * @returns the slot, 0 when the head takes no more series
   */
  create(symbols: Uint32Array, length: number, wantedRef = 0): number {
    const slot = this.#takeSlot(wantedRef)
    if (slot === 0) return 0
    const { u32, i32 } = this.head
    const record = this.#kernels.allocate(4 + 4 * length) >>> 0
    if (record === 0) {
      this.#freeSlots.push(slot)
      return 0
    }
    u32[record >>> 2] = length / 2
    u32.set(symbols.subarray(0, length), (record >>> 2) + 1)
    const hash = hashSymbols(symbols, length)
    const base = this.head.seriesAddress(slot) >>> 2
    u32[base + S_LABELS / 4] = record
    u32[base + S_HASH / 4] = hash
    Atomics.or(i32, base + S_IDENTITY / 4, IDENTITY_ALIVE)
    u32[I_LIVE_SERIES] = u32[I_LIVE_SERIES]! + 1
    this.#insert(slot, hash)
    return slot
  }

  /** Takes a series out of the map and marks it dead; its memory is retired, the slot stays taken until `freeSlot`. */
  remove(slot: number): void {
    const { u32, i32 } = this.head
    this.#erase(slot)
    const base = this.head.seriesAddress(slot) >>> 2
    Atomics.and(i32, base + S_IDENTITY / 4, ~IDENTITY_ALIVE)
    const record = u32[base + S_LABELS / 4]!
    this.#kernels.retire(record, this.#kernels.allocationClass(4 + 8 * u32[record >>> 2]!))
    u32[I_LIVE_SERIES] = u32[I_LIVE_SERIES]! - 1
  }

  /** A ref of the log that no series has here. */
  noteLogged(ref: number): void {
    const slot = slotOf(ref)
    if (slot !== 0) this.#logged.set(slot, Math.max(this.#logged.get(slot) ?? 0, generationOf(ref)))
  }

  /** Makes a removed slot usable again, under the next generation: only when no reader can hold it any more. */
  freeSlot(slot: number): void {
    const { u32 } = this.head
    const base = this.head.seriesAddress(slot) >>> 2
    const generation = ((u32[base + S_IDENTITY / 4]! & 0xffff) + 1) % GENERATIONS_MAX
    u32.fill(0, base, base + SERIES_BYTES / 4)
    u32[base + S_IDENTITY / 4] = generation
    this.#freeSlots.push(slot)
  }

  #takeSlot(wantedRef: number): number {
    const { u32, i32 } = this.head
    const wanted = slotOf(wantedRef)
    const top = u32[H_SERIES_TOP]!
    const max = u32[I_SERIES_MAX]!
    if (
      wanted !== 0 &&
      wanted < max &&
      wantedRef < GENERATIONS_MAX * SLOTS_MAX &&
      (wanted >= top || this.#isUnused(wanted))
    ) {
      // Slots that are jumped over go to the free list, so that nothing is lost when refs have gaps.
      for (let slot = top; slot < wanted; slot++) this.#freeSlots.push(slot)
      if (wanted >= top) Atomics.store(i32, H_SERIES_TOP, wanted + 1)
      u32[(this.head.seriesAddress(wanted) + S_IDENTITY) >>> 2] = generationOf(wantedRef)
      return wanted
    }
    this.noteLogged(wantedRef)
    for (let slot = this.#freeSlots.pop(); slot !== undefined; slot = this.#freeSlots.pop())
      if (this.#isUnused(slot)) return this.#withNewRef(slot)
    if (top >= max) return 0
    Atomics.store(i32, H_SERIES_TOP, top + 1)
    return this.#withNewRef(top)
  }

  /** Gives a slot a generation that the log does not know of it. */
  #withNewRef(slot: number): number {
    const logged = this.#logged.get(slot)
    if (logged === undefined) return slot
    const identity = (this.head.seriesAddress(slot) + S_IDENTITY) >>> 2
    const { u32 } = this.head
    if ((u32[identity]! & 0xffff) <= logged) u32[identity] = (logged + 1) % GENERATIONS_MAX
    this.#logged.delete(slot)
    return slot
  }

  #isUnused(slot: number): boolean {
    return !this.isAlive(slot) && this.word(slot, S_LABELS) === 0
  }

  #hasLabels(slot: number, symbols: Uint32Array, length: number): boolean {
    const { u32 } = this.head
    const record = this.word(slot, S_LABELS) >>> 2
    if (2 * u32[record]! !== length) return false
    for (let i = 0; i < length; i++) if (u32[record + 1 + i] !== symbols[i]) return false
    return true
  }

  #insert(slot: number, hash: number): void {
    if (2 * (this.#mapped + 1) > this.#map.length) this.#growMap()
    const mask = this.#map.length - 1
    let i = hash & mask
    while (this.#map[i] !== 0) i = (i + 1) & mask
    this.#map[i] = slot
    this.#mapped++
  }

  #growMap(): void {
    const old = this.#map
    this.#map = new Uint32Array(2 * old.length)
    this.#mapped = 0
    for (const slot of old) if (slot !== 0) this.#insert(slot, this.word(slot, S_HASH))
  }

  /** Linear probing leaves no tombstones: the run behind the hole moves up (Knuth 6.4, algorithm R). */
  #erase(slot: number): void {
    const map = this.#map
    const mask = map.length - 1
    let hole = this.word(slot, S_HASH) & mask
    while (map[hole] !== slot) hole = (hole + 1) & mask
    for (let i = (hole + 1) & mask; map[i] !== 0; i = (i + 1) & mask) {
      const home = this.word(map[i]!, S_HASH) & mask
      const between = hole <= i ? hole < home && home <= i : hole < home || home <= i
      if (between) continue
      map[hole] = map[i]!
      hole = i
    }
    map[hole] = 0
    this.#mapped--
  }
}

function hashSymbols(symbols: Uint32Array, length: number): number {
  let hash = length
  for (let i = 0; i < length; i++) {
    hash = Math.imul(hash ^ symbols[i]!, 0x9e3779b1)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash, 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}
