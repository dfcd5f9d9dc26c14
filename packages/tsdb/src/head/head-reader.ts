import {
  C_ENCODING,
  C_MIN_TIME,
  C_SAMPLES,
  C_SPAN,
  H_SEQUENCE,
  S_BIT,
  S_ENCODING,
  S_LAST_TIME,
  S_LATE,
  S_NUM,
  S_OPEN,
  S_OPEN_MIN_TIME,
  S_SEALED,
  S_SEALED_COUNT,
  SEALED_BYTES,
  H_MAX_TIME_F64,
  H_MIN_TIME_F64,
} from '@promontory/kernels'
import type { Matcher } from '@promontory/model'
import { ChunkEncoding } from '../block/format.ts'
import type { ChunkDecoder } from '../chunk-decoder.ts'
import { EpochReader } from './epochs.ts'
import { int64At } from './int64.ts'
import { L_OPEN, L_OPEN_COUNT, L_SEALED, L_SEALED_COUNT, LATE_SAMPLE_BYTES, LATE_WORDS } from './late-layout.ts' // prettier-ignore
import { addOpenSamples } from './late-samples.ts'
import { HeadMemory } from './memory.ts'
import { PostingsReader } from './postings.ts'
import { SeriesReader } from './series.ts'
import { SymbolReader } from './symbols.ts'

/**
 * Reads a head from any thread, without locks. Between `open` and `close` of a snapshot nothing that it saw is reused.
 */
export class HeadReader {
  readonly head: HeadMemory
  readonly symbols: SymbolReader
  readonly postings: PostingsReader
  readonly series: SeriesReader
  readonly #epoch: EpochReader

  /** @param reader  number of the reading thread, used by no other */
  constructor(memory: WebAssembly.Memory, reader: number) {
    this.head = new HeadMemory(memory)
    this.symbols = new SymbolReader(this.head)
    this.postings = new PostingsReader(this.head, this.symbols)
    this.series = new SeriesReader(this.head, this.symbols)
    this.#epoch = new EpochReader(this.head, reader)
  }

  /** Time of the oldest sample; Infinity when there is none. */
  get minTimeMs(): number {
    return this.head.f64[H_MIN_TIME_F64]!
  }

  /** Time of the newest sample; −Infinity when there is none. */
  get maxTimeMs(): number {
    return this.head.f64[H_MAX_TIME_F64]!
  }

  enter(): void {
    this.#epoch.enter()
    this.symbols.enter()
  }

  leave(): void {
    this.#epoch.leave()
  }

  /** Slots of the living series that all matchers accept, in no particular order. */
  select(matchers: readonly Matcher[]): Uint32Array {
    const start = this.#narrowest(matchers)
    const slots = this.#candidates(start)
    const tests = matchers
      .filter((matcher) => matcher !== start.matcher)
      .map((matcher) => this.#test(matcher))
    return slots.filter((slot) => this.series.isAlive(slot) && tests.every((test) => test(slot)))
  }

  /** Slots of all living series. */
  all(): Uint32Array {
    const slots = new Uint32Array(this.series.top)
    let count = 0
    for (let slot = 1; slot < slots.length; slot++) if (this.series.isAlive(slot)) slots[count++] = slot
    return slots.subarray(0, count)
  }

  /** The matcher with the fewest slots, and its pairs; no matcher when all of them accept an absent label. */
  #narrowest(matchers: readonly Matcher[]): { matcher?: Matcher; pairs: number[] } {
    let best: { matcher?: Matcher; pairs: number[] } = { pairs: [] }
    let fewest = Infinity
    // Regexes over all values of a name are tried last, and only when no list of values has settled it.
    const bySet = matchers.filter((matcher) => matcher.setMatches !== undefined && !matcher.matchesEmpty())
    const byScan = matchers.filter((matcher) => matcher.setMatches === undefined && !matcher.matchesEmpty())
    for (const matcher of bySet) {
      const pairs = this.#pairsInSet(matcher)
      const count = pairs.reduce((sum, pair) => sum + this.postings.count(pair), 0)
      if (count < fewest) [best, fewest] = [{ matcher, pairs }, count]
    }
    if (best.matcher !== undefined) return best
    for (const matcher of byScan) {
      const pairs = this.#pairsByScan(matcher)
      const count = pairs.reduce((sum, pair) => sum + this.postings.count(pair), 0)
      if (count < fewest) [best, fewest] = [{ matcher, pairs }, count]
    }
    return best
  }

  #pairsInSet(matcher: Matcher): number[] {
    const name = this.symbols.find(matcher.name)
    if (name === 0) return []
    return matcher
      .setMatches!.map((value) => this.symbols.find(value))
      .filter((value) => value !== 0)
      .map((value) => this.postings.find(name, value))
      .filter((pair) => pair !== 0)
  }

  #pairsByScan(matcher: Matcher): number[] {
    const name = this.symbols.find(matcher.name)
    if (name === 0) return []
    const pairs: number[] = []
    for (const pair of this.postings.pairsOf(name))
      if (matcher.matches(this.symbols.text(this.postings.valueOf(pair)))) pairs.push(pair)
    return pairs
  }

  #candidates(start: { matcher?: Matcher; pairs: number[] }): Uint32Array {
    if (start.matcher === undefined) return this.all()
    const lists = start.pairs.map((pair) => this.postings.slots(pair))
    const slots = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0))
    let at = 0
    for (const list of lists) {
      slots.set(list, at)
      at += list.length
    }
    return slots
  }

  /** Tests a slot by the symbol of the label's value; each symbol is judged once. */
  #test(matcher: Matcher): (slot: number) => boolean {
    const name = this.symbols.find(matcher.name)
    const judged = new Map<number, boolean>()
    return (slot) => {
      const value = name === 0 ? 0 : this.series.valueSymbol(slot, name)
      let verdict = judged.get(value)
      if (verdict === undefined) judged.set(value, (verdict = matcher.matches(this.symbols.text(value))))
      return verdict
    }
  }

  /** Copies where the series' chunks lie, all at one moment: no batch is seen in part. */
  capture(slots: Uint32Array): CapturedSeries {
    const captured = new CapturedSeries(slots.length)
    const { i32 } = this.head
    for (;;) {
      const sequence = Atomics.load(i32, H_SEQUENCE)
      if (sequence % 2 !== 0) continue
      captured.copy(this.head, slots)
      if (Atomics.load(i32, H_SEQUENCE) === sequence) return captured
    }
  }
}

/** A chunk of the head at one moment. Times are inclusive. */
export interface HeadChunk {
  readonly encoding: number
  /** A view; the count bytes of the open chunk may be ahead of `samples`. */
  readonly data: Uint8Array
  readonly samples: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
}

/** Words kept of each captured series. */
const CAPTURED_WORDS = 6

/** The state of the chunks of some series at one moment. */
export class CapturedSeries {
  readonly #words: Uint32Array
  readonly #times: Float64Array
  /** Copies of the records of late samples, by index of the series. */
  readonly #late = new Map<number, Uint32Array>()

  constructor(count: number) {
    this.#words = new Uint32Array(count * CAPTURED_WORDS)
    this.#times = new Float64Array(count * 2)
  }

  copy(head: HeadMemory, slots: Uint32Array): void {
    const { u8, u32, u16, f64 } = head
    this.#late.clear()
    for (let i = 0; i < slots.length; i++) {
      const base = head.seriesAddress(slots[i]!)
      const at = i * CAPTURED_WORDS
      this.#words[at] = u32[(base + S_OPEN) >>> 2]!
      this.#words[at + 1] = u32[(base + S_BIT) >>> 2]!
      this.#words[at + 2] = u16[(base + S_NUM) >>> 1]!
      this.#words[at + 3] = u32[(base + S_SEALED) >>> 2]!
      this.#words[at + 4] = u16[(base + S_SEALED_COUNT) >>> 1]!
      this.#words[at + 5] = u8[base + S_ENCODING]!
      const late = u32[(base + S_LATE) >>> 2]! >>> 2
      if (late !== 0) this.#late.set(i, u32.slice(late, late + LATE_WORDS))
      this.#times[2 * i] = f64[(base + S_OPEN_MIN_TIME) >>> 3]!
      this.#times[2 * i + 1] = int64At(u32, base + S_LAST_TIME)
    }
  }

  /** Whether series `i` has a chunk that overlaps [startMs, endMs]. */
  overlaps(head: HeadMemory, i: number, startMs: number, endMs: number): boolean {
    const at = i * CAPTURED_WORDS
    const sealed = this.#words[at + 4]!
    const open = this.#words[at + 2]!
    if (this.#lateOverlaps(head, i, startMs, endMs)) return true
    if (sealed === 0 && open === 0) return false
    const first = sealed > 0 ? head.f64[(this.#words[at + 3]! + C_MIN_TIME) >>> 3]! : this.#times[2 * i]!
    return first <= endMs && this.#times[2 * i + 1]! >= startMs
  }

  /** Decodes the chunks of series `i` that overlap [startMs, endMs]. */
  decode(head: HeadMemory, i: number, startMs: number, endMs: number, decoder: ChunkDecoder): void {
    this.forEachChunk(head, i, startMs, endMs, ({ encoding, data, samples }) =>
      decoder.add(encoding, data, samples),
    )
    const late = this.#late.get(i)
    if (late === undefined) return
    this.forEachLateChunk(head, i, startMs, endMs, ({ encoding, data, samples }) =>
      decoder.add(encoding, data, samples),
    )
    addOpenSamples(head, late[L_OPEN]!, late[L_OPEN_COUNT]!, decoder)
  }

  #lateOverlaps(head: HeadMemory, i: number, startMs: number, endMs: number): boolean {
    const late = this.#late.get(i)
    if (late === undefined) return false
    if (this.overlapsLate(head, i, startMs, endMs)) return true
    const open = late[L_OPEN]!
    for (let k = 0; k < late[L_OPEN_COUNT]!; k++) {
      const timeMs = head.f64[(open + k * LATE_SAMPLE_BYTES) >>> 3]!
      if (timeMs >= startMs && timeMs <= endMs) return true
    }
    return false
  }

  /** Whether series `i` has a chunk of late samples that overlaps. */
  overlapsLate(head: HeadMemory, i: number, startMs: number, endMs: number): boolean {
    let found = false
    this.forEachLateChunk(head, i, startMs, endMs, () => (found = true))
    return found
  }

  /** @param found  gets each chunk of late samples that overlaps, in no order; the newest are in none yet */
  forEachLateChunk(
    head: HeadMemory,
    i: number,
    startMs: number,
    endMs: number,
    found: (chunk: HeadChunk) => void,
  ): void {
    const late = this.#late.get(i)
    if (late !== undefined) eachSealed(head, late[L_SEALED]!, late[L_SEALED_COUNT]!, startMs, endMs, found)
  }

  /** @param found  gets each overlapping chunk, oldest first */
  forEachChunk(
    head: HeadMemory,
    i: number,
    startMs: number,
    endMs: number,
    found: (chunk: HeadChunk) => void,
  ): void {
    const at = i * CAPTURED_WORDS
    eachSealed(head, this.#words[at + 3]!, this.#words[at + 4]!, startMs, endMs, found)
    const samples = this.#words[at + 2]!
    if (samples === 0 || this.#times[2 * i]! > endMs || this.#times[2 * i + 1]! < startMs) return
    const address = this.#words[at]!
    const length = (this.#words[at + 1]! + 7) >>> 3
    const data = head.u8.subarray(address, address + length)
    found({
      encoding: Math.max(ChunkEncoding.xor, this.#words[at + 5]!),
      data,
      samples,
      minTimeMs: this.#times[2 * i]!,
      maxTimeMs: this.#times[2 * i + 1]!,
    })
  }
}

/** Hands out the chunks of a list that overlap [startMs, endMs]. */
function eachSealed(
  { u8, u16, u32, f64, files }: HeadMemory,
  list: number,
  count: number,
  startMs: number,
  endMs: number,
  found: (chunk: HeadChunk) => void,
): void {
  for (let k = 0; k < count; k++) {
    const entry = list + k * SEALED_BYTES
    const minTimeMs = f64[(entry + C_MIN_TIME) >>> 3]!
    const maxTimeMs = minTimeMs + u32[(entry + C_SPAN) >>> 2]!
    if (minTimeMs > endMs || maxTimeMs < startMs) continue
    found({
      encoding: u8[entry + C_ENCODING]!,
      // Late only when it is wanted: to know that there is a chunk, nothing is read.
      get data() {
        return files.data(entry)
      },
      samples: u16[(entry + C_SAMPLES) >>> 1]!,
      minTimeMs,
      maxTimeMs,
    })
  }
}

/** Sorts slots by their labels: texts are ranked once per distinct symbol, then ranks are compared. */
export function sortSlots(
  reader: HeadReader,
  slots: Uint32Array,
  compare: (a: string, b: string) => number,
): Uint32Array {
  if (slots.length < 2) return slots
  const symbols = new Set<number>()
  for (const slot of slots) for (const symbol of reader.series.labelSymbols(slot)) symbols.add(symbol)
  const ranked = [...symbols].map((symbol) => ({ symbol, text: reader.symbols.text(symbol) }))
  ranked.sort((a, b) => compare(a.text, b.text))
  const rankOf = new Map<number, number>()
  ranked.forEach(({ symbol }, rank) => rankOf.set(symbol, rank))
  const offsets = new Uint32Array(slots.length + 1)
  slots.forEach((slot, i) => (offsets[i + 1] = offsets[i]! + reader.series.labelSymbols(slot).length))
  const ranks = new Uint32Array(offsets[slots.length]!)
  slots.forEach((slot, i) => {
    reader.series.labelSymbols(slot).forEach((symbol, k) => (ranks[offsets[i]! + k] = rankOf.get(symbol)!))
  })
  const order = Uint32Array.from(slots, (_, i) => i).sort((a, b) => {
    const lengthA = offsets[a + 1]! - offsets[a]!
    const lengthB = offsets[b + 1]! - offsets[b]!
    for (let k = 0; k < Math.min(lengthA, lengthB); k++) {
      const difference = ranks[offsets[a]! + k]! - ranks[offsets[b]! + k]!
      if (difference !== 0) return difference
    }
    return lengthA - lengthB
  })
  return order.map((i) => slots[i]!)
}
