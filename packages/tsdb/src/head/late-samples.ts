import {
  C_ADDRESS,
  C_ENCODING,
  C_LENGTH,
  C_MIN_TIME,
  C_SAMPLES,
  C_SPAN,
  H_CHUNKS,
  type Kernels,
  S_LATE,
  SEALED_BYTES,
} from '@promontory/kernels'
import { SampleColumns } from '@promontory/model'
import { ChunkEncoding } from '../block/format.ts'
import { ChunkDecoder } from '../chunk-decoder.ts'
import { ChunkEncoder } from '../chunk/chunk-encoder.ts'
import { appendHistogram } from '../chunk/histogram-chunk.ts'
import type { HistogramRecord } from '../wal/histogram-records.ts'
import {
  L_OPEN,
  L_OPEN_COUNT,
  L_OPEN_ROOM,
  L_SEALED,
  L_SEALED_COUNT,
  L_SEALED_ROOM,
  LATE_SAMPLE_BYTES,
  LATE_WORDS,
  LS_ENCODING,
  LS_FIRST,
  LS_SECOND,
  LS_TIME,
} from './late-layout.ts'
import type { HeadMemory } from './memory.ts'

/** A float on its way in, as bits. */
export interface LateFloat {
  readonly ref: number
  readonly timeMs: number
  readonly low: number
  readonly high: number
}

/** Late samples of a series that lie unsorted before they become a chunk, as in Prometheus. */
const SAMPLES_PER_LATE_CHUNK = 32

/**
 * Late samples of the head. They are only ever added behind those that are there, so that what a reader has captured stays
 * as it was; readers sort. Every 32 of a series become chunks, which do not cross block ranges.
 */
export class LateSamples {
  /** How far behind the newest sample of the head a sample may be; 0 takes none. */
  windowMs = 0
  minTimeMs: number = Infinity
  maxTimeMs: number = -Infinity
  readonly #memory: HeadMemory
  readonly #kernels: Kernels
  readonly #rangeMs: number
  /** Slots that have a late record. */
  readonly #slots = new Set<number>()
  #codec: { readonly decoder: ChunkDecoder; readonly encoder: ChunkEncoder } | undefined

  constructor(memory: HeadMemory, kernels: Kernels, rangeMs: number) {
    this.#memory = memory
    this.#kernels = kernels
    this.#rangeMs = rangeMs
  }

  /** Series with late samples. */
  get series(): number {
    return this.#slots.size
  }

  /** Whether a sample that is not in order may still come. */
  takes(timeMs: number, headMaxMs: number): boolean {
    return this.windowMs > 0 && timeMs >= headMaxMs - this.windowMs
  }

  /** Adds a float inside a step of the sequence. @returns false when the series has one of this time, or memory is full */
  addFloat(slot: number, { timeMs, low, high }: LateFloat): boolean {
    return this.#add(slot, timeMs, ChunkEncoding.xor, () => [low, high])
  }

  /** Adds a histogram inside a step of the sequence. */
  addHistogram(slot: number, { timeMs, histogram, isInteger }: HistogramRecord): boolean {
    const encoding = isInteger ? ChunkEncoding.histogram : ChunkEncoding.floatHistogram
    return this.#add(slot, timeMs, encoding, () => {
      const { bytes } = appendHistogram(encoding, undefined, undefined, timeMs, histogram).chunk
      const address = this.#kernels.allocate(bytes.length) >>> 0
      if (address === 0) return undefined
      this.#memory.u8.set(bytes, address)
      return [address, bytes.length]
    })
  }

  #add(
    slot: number,
    timeMs: number,
    encoding: number,
    content: () => readonly [first: number, second: number] | undefined,
  ): boolean {
    const { u32, f64 } = this.#memory
    const record = this.#recordOf(slot)
    if (record === 0) return false
    if (u32[record + L_OPEN_COUNT] === SAMPLES_PER_LATE_CHUNK && !this.#seal(record)) return false
    const open = u32[record + L_OPEN]!
    const count = u32[record + L_OPEN_COUNT]!
    for (let i = 0; i < count; i++)
      if (f64[(open + i * LATE_SAMPLE_BYTES + LS_TIME) >>> 3] === timeMs) return false
    if (count === u32[record + L_OPEN_ROOM] && !this.#growOpen(record)) return false
    const words = content()
    if (words === undefined) return false
    const at = u32[record + L_OPEN]! + count * LATE_SAMPLE_BYTES
    f64[(at + LS_TIME) >>> 3] = timeMs
    u32[(at + LS_FIRST) >>> 2] = words[0]
    u32[(at + LS_SECOND) >>> 2] = words[1]
    u32[(at + LS_ENCODING) >>> 2] = encoding
    u32[record + L_OPEN_COUNT] = count + 1
    this.minTimeMs = Math.min(this.minTimeMs, timeMs)
    this.maxTimeMs = Math.max(this.maxTimeMs, timeMs)
    return true
  }

  /** Word index of the record of a series, made when there is none; 0 when memory is full. */
  #recordOf(slot: number): number {
    const { u32 } = this.#memory
    const word = (this.#memory.seriesAddress(slot) + S_LATE) >>> 2
    if (u32[word] === 0) {
      const address = this.#kernels.allocate(4 * LATE_WORDS) >>> 0
      if (address === 0) return 0
      u32[word] = address
      this.#slots.add(slot)
    }
    return u32[word]! >>> 2
  }

  #growOpen(record: number): boolean {
    const { u8, u32 } = this.#memory
    const room = u32[record + L_OPEN_ROOM]!
    const more = room === 0 ? 4 : 2 * room
    const larger = this.#kernels.allocate(more * LATE_SAMPLE_BYTES) >>> 0
    if (larger === 0) return false
    const old = u32[record + L_OPEN]!
    if (old !== 0) {
      u8.copyWithin(larger, old, old + room * LATE_SAMPLE_BYTES)
      this.#kernels.retire(old, this.#kernels.allocationClass(room * LATE_SAMPLE_BYTES))
    }
    u32[record + L_OPEN] = larger
    u32[record + L_OPEN_ROOM] = more
    return true
  }

  /** Turns the newest samples of a series into chunks. */
  #seal(record: number): boolean {
    const { u32 } = this.#memory
    const count = u32[record + L_OPEN_COUNT]!
    const { decoder, encoder } = (this.#codec ??= {
      decoder: new ChunkDecoder(),
      encoder: new ChunkEncoder(),
    })
    decoder.begin()
    addOpenSamples(this.#memory, u32[record + L_OPEN]!, count, decoder)
    const columns = new SampleColumns()
    decoder.finish(columns, -Infinity, Infinity)
    for (const chunk of encoder.encode(columns, (i) => decoder.encodingOf(i), this.#rangeMs)) {
      const entry = this.#newEntry(record)
      const address = entry === 0 ? 0 : this.#kernels.allocate(chunk.data.length) >>> 0
      if (address === 0) return false
      const { u8, u16, f64 } = this.#memory
      u8.set(chunk.data, address)
      f64[(entry + C_MIN_TIME) >>> 3] = chunk.minTimeMs
      u32[(entry + C_SPAN) >>> 2] = chunk.maxTimeMs - chunk.minTimeMs
      u32[(entry + C_ADDRESS) >>> 2] = address
      u32[(entry + C_LENGTH) >>> 2] = chunk.data.length
      u16[(entry + C_SAMPLES) >>> 1] = chunk.samples
      u8[entry + C_ENCODING] = chunk.encoding
      u32[record + L_SEALED_COUNT] = u32[record + L_SEALED_COUNT]! + 1
      u32[H_CHUNKS] = u32[H_CHUNKS]! + 1
    }
    this.#retireOpen(record)
    return true
  }

  /** Address behind the last entry of the list of chunks; 0 when memory is full. */
  #newEntry(record: number): number {
    const { u8, u32 } = this.#memory
    const count = u32[record + L_SEALED_COUNT]!
    const room = u32[record + L_SEALED_ROOM]!
    if (count === room) {
      const more = room + Math.max(2, room >>> 1)
      const larger = this.#kernels.allocate(more * SEALED_BYTES) >>> 0
      if (larger === 0) return 0
      const old = u32[record + L_SEALED]!
      if (old !== 0) {
        u8.copyWithin(larger, old, old + count * SEALED_BYTES)
        this.#kernels.retire(old, this.#kernels.allocationClass(room * SEALED_BYTES))
      }
      u32[record + L_SEALED] = larger
      u32[record + L_SEALED_ROOM] = more
    }
    return u32[record + L_SEALED]! + count * SEALED_BYTES
  }

  #retireOpen(record: number): void {
    const { u32 } = this.#memory
    const open = u32[record + L_OPEN]!
    for (let i = 0; i < u32[record + L_OPEN_COUNT]!; i++) {
      const at = (open + i * LATE_SAMPLE_BYTES) >>> 2
      if (u32[at + LS_ENCODING / 4] !== ChunkEncoding.xor)
        this.#kernels.retire(u32[at + LS_FIRST / 4]!, this.#kernels.allocationClass(u32[at + LS_SECOND / 4]!))
    }
    if (open !== 0)
      this.#kernels.retire(
        open,
        this.#kernels.allocationClass(u32[record + L_OPEN_ROOM]! * LATE_SAMPLE_BYTES),
      )
    u32[record + L_OPEN] = 0
    u32[record + L_OPEN_COUNT] = 0
    u32[record + L_OPEN_ROOM] = 0
  }

  /**
   * Makes chunks of all late samples, before they become a block.
   * @param step  does work as one step for readers: one per series, so that none waits long
   * @returns chunks by slot: what {@link drop} may take away once they are in blocks
   */
  sealAll(step: (work: () => boolean) => boolean): ReadonlyMap<number, number> {
    const { u32 } = this.#memory
    const sealed = new Map<number, number>()
    for (const slot of this.#slots) {
      const record = this.#recordOf(slot)
      if (u32[record + L_OPEN_COUNT]! > 0 && !step(() => this.#seal(record))) continue
      sealed.set(slot, u32[record + L_SEALED_COUNT]!)
    }
    return sealed
  }

  /** Makes chunks of the late samples of one series, inside a step of the sequence. */
  seal(slot: number): void {
    if (!this.#slots.has(slot)) return
    const record = this.#recordOf(slot)
    if (this.#memory.u32[record + L_OPEN_COUNT]! > 0) this.#seal(record)
  }

  /** Forgets the oldest chunks of each series. */
  drop(sealed: ReadonlyMap<number, number>, step: (work: () => void) => void): void {
    for (const [slot, gone] of sealed) if (this.#slots.has(slot)) step(() => this.#dropOldest(slot, gone))
    if (this.#slots.size === 0) [this.minTimeMs, this.maxTimeMs] = [Infinity, -Infinity]
  }

  #dropOldest(slot: number, gone: number): void {
    const { u8, u32 } = this.#memory
    const record = this.#recordOf(slot)
    const list = u32[record + L_SEALED]!
    for (let i = 0; i < gone; i++) this.#retireChunk(list + i * SEALED_BYTES)
    const left = u32[record + L_SEALED_COUNT]! - gone
    // Readers may hold the old list: what stays goes into a new one.
    const next = left === 0 ? 0 : this.#kernels.allocate(left * SEALED_BYTES) >>> 0
    if (left > 0 && next !== 0)
      u8.copyWithin(next, list + gone * SEALED_BYTES, list + (gone + left) * SEALED_BYTES)
    if (list !== 0)
      this.#kernels.retire(list, this.#kernels.allocationClass(u32[record + L_SEALED_ROOM]! * SEALED_BYTES))
    u32[record + L_SEALED] = next
    u32[record + L_SEALED_COUNT] = next === 0 ? 0 : left
    u32[record + L_SEALED_ROOM] = next === 0 ? 0 : left
    if (left === 0 && u32[record + L_OPEN_COUNT] === 0) this.#free(slot, record)
  }

  #retireChunk(entry: number): void {
    const { u32 } = this.#memory
    this.#kernels.retire(
      u32[(entry + C_ADDRESS) >>> 2]!,
      this.#kernels.allocationClass(u32[(entry + C_LENGTH) >>> 2]!),
    )
    u32[H_CHUNKS] = u32[H_CHUNKS]! - 1
  }

  #free(slot: number, record: number): void {
    this.#retireOpen(record)
    this.#kernels.retire(4 * record, this.#kernels.allocationClass(4 * LATE_WORDS))
    this.#memory.u32[(this.#memory.seriesAddress(slot) + S_LATE) >>> 2] = 0
    this.#slots.delete(slot)
  }
}

/** Hands the newest late samples of a series to a decoder, as they came. */
export function addOpenSamples(memory: HeadMemory, open: number, count: number, decoder: ChunkDecoder): void {
  const { u8, u32, f64 } = memory
  for (let i = 0; i < count; i++) {
    const at = open + i * LATE_SAMPLE_BYTES
    const [first, second] = [u32[(at + LS_FIRST) >>> 2]!, u32[(at + LS_SECOND) >>> 2]!]
    const encoding = u32[(at + LS_ENCODING) >>> 2]!
    if (encoding === ChunkEncoding.xor) decoder.addFloat(f64[(at + LS_TIME) >>> 3]!, first, second)
    else decoder.add(encoding, u8.subarray(first, first + second), 1)
  }
}
