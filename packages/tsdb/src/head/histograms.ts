import {
  H_CHUNKS,
  type Kernels,
  S_BIT,
  S_CUT_TIME,
  S_ENCODING,
  S_LAST_TIME,
  S_NUM,
  S_OPEN,
  S_OPEN_CAPACITY,
  S_OPEN_MIN_TIME,
  S_SEALED_COUNT,
} from '@promontory/kernels'
import { AppendStatus, type FloatHistogram, histogramsEqual } from '@promontory/model'
import { ChunkEncoding } from '../block/format.ts'
import { appendHistogram, type HistogramChunk, type HistogramEncoding } from '../chunk/histogram-chunk.ts'
import { bucketsOf } from '../chunk/histogram-layout.ts'
import type { HistogramRecord } from '../wal/histogram-records.ts'
import { int64At, storeInt64 } from './int64.ts'
import type { HeadMemory } from './memory.ts'

/** A histogram chunk should come to so many bytes, as in Prometheus. */
const TARGET_BYTES = 1024
/** … unless it had fewer samples than this by then. */
const SAMPLES_MIN = 10
/** Status of a sample that met a full memory, as the kernels have it. */
const NO_MEMORY = 7

/**
 * The histogram side of the series: their open chunks are encoded here, on the writer's thread, and copied into the head's
 * memory, where readers find them as they find XOR chunks. When a chunk is written anew with more buckets, it gets a new
 * block: what a reader has captured stays as it was.
 */
export class HeadHistograms {
  readonly #memory: HeadMemory
  readonly #kernels: Kernels
  readonly #rangeMs: number
  /** By slot: the newest histogram chunk of the series, open or (as predecessor of the next) sealed. */
  readonly #chunks = new Map<number, HistogramChunk>()

  constructor(memory: HeadMemory, kernels: Kernels, rangeMs: number) {
    this.#memory = memory
    this.#kernels = kernels
    this.#rangeMs = rangeMs
  }

  /** Series that have had a histogram since the start. */
  get series(): number {
    return this.#chunks.size
  }

  forget(slot: number): void {
    this.#chunks.delete(slot)
  }

  /** Whether the newest histogram of the series has integer counts: a stale marker follows suit. */
  isInteger(slot: number): boolean {
    return this.#newestEncoding(this.#memory.seriesAddress(slot)) === ChunkEncoding.histogram
  }

  /** Whether the series, of floats or of histograms, has no sample of this time or a later one in the head. */
  isNewer(slot: number, timeMs: number): boolean {
    const { u16, u32 } = this.#memory
    const base = this.#memory.seriesAddress(slot)
    const isEmpty = u16[(base + S_NUM) >>> 1] === 0 && u16[(base + S_SEALED_COUNT) >>> 1] === 0
    return isEmpty || timeMs > int64At(u32, base + S_LAST_TIME)
  }

  /** An {@link AppendStatus} for a histogram against the newest sample of its series. */
  judge(slot: number, { timeMs, histogram, isInteger }: HistogramRecord, minValidMs: number): number {
    if (!Number.isSafeInteger(timeMs)) return AppendStatus.outOfBounds
    if (histogram !== undefined && !isWellFormed(histogram)) return AppendStatus.outOfBounds
    if (timeMs < minValidMs) return AppendStatus.tooOld
    if (this.isNewer(slot, timeMs)) return AppendStatus.appended
    const { u32 } = this.#memory
    const base = this.#memory.seriesAddress(slot)
    const newestMs = int64At(u32, base + S_LAST_TIME)
    if (timeMs < newestMs) return AppendStatus.outOfOrder
    const encoding = isInteger ? ChunkEncoding.histogram : ChunkEncoding.floatHistogram
    const last = this.#chunks.get(slot)?.last
    const same =
      this.#newestEncoding(base) === encoding &&
      (last === undefined || histogram === undefined ? last === histogram : histogramsEqual(last, histogram))
    return same ? AppendStatus.duplicateSame : AppendStatus.duplicateTimestamp
  }

  /** Puts a histogram that was judged good into its series. @returns a status: appended, or memory full */
  append(slot: number, { timeMs, histogram, isInteger }: HistogramRecord): number {
    const encoding: HistogramEncoding = isInteger ? ChunkEncoding.histogram : ChunkEncoding.floatHistogram
    const base = this.#memory.seriesAddress(slot)
    const known = this.#chunks.get(slot)
    const previous =
      known?.encoding === encoding && this.#newestEncoding(base) === encoding ? known : undefined
    let open = this.#isOpen(base, previous) ? previous : undefined
    if (open !== undefined && this.#isFull(base, open, timeMs)) open = undefined
    const placed = appendHistogram(encoding, open, previous, timeMs, histogram)
    // As in Prometheus: a prediction outlives a chunk that a counter reset has ended.
    if (open !== undefined) placed.chunk.endComputed = open.endComputed
    const stored = placed.how === 'new' ? this.#start(base, placed.chunk, timeMs) : this.#store(base, placed)
    if (!stored) return NO_MEMORY
    this.#chunks.set(slot, placed.chunk)
    this.#describe(base, placed.chunk, timeMs)
    return AppendStatus.appended
  }

  #newestEncoding(base: number): number {
    return this.#memory.u8[base + S_ENCODING]!
  }

  #isOpen(base: number, chunk: HistogramChunk | undefined): boolean {
    const { u16 } = this.#memory
    return chunk !== undefined && chunk.samples === u16[(base + S_NUM) >>> 1]
  }

  /** Prometheus's rule: by bytes, in equal parts of the block range, but not with very few samples. */
  #isFull(base: number, chunk: HistogramChunk, timeMs: number): boolean {
    const { f64 } = this.#memory
    const startMs = f64[(base + S_OPEN_MIN_TIME) >>> 3]!
    const newestMs = int64At(this.#memory.u32, base + S_LAST_TIME)
    const rangeEndMs = this.#rangeEnd(startMs)
    const bytes = chunk.bytes.length
    if (!chunk.endComputed && bytes >= TARGET_BYTES / 4) {
      const parts = Math.floor((rangeEndMs - startMs) / ((newestMs - startMs + 1) * (TARGET_BYTES / bytes)))
      if (parts > 1) f64[(base + S_CUT_TIME) >>> 3] = Math.trunc(startMs + (rangeEndMs - startMs) / parts)
      chunk.endComputed = true
    }
    const due = timeMs >= f64[(base + S_CUT_TIME) >>> 3]! || bytes >= 2 * TARGET_BYTES
    return due && (chunk.samples >= SAMPLES_MIN || timeMs >= rangeEndMs)
  }

  #rangeEnd(timeMs: number): number {
    return Math.floor(timeMs / this.#rangeMs) * this.#rangeMs + this.#rangeMs
  }

  /** Seals the open chunk, of whatever encoding, and puts the new one in its place. */
  #start(base: number, chunk: HistogramChunk, timeMs: number): boolean {
    const { u16, u32, f64 } = this.#memory
    const address = this.#place(chunk.bytes)
    if (address === 0) return false
    const hadOpen = u16[(base + S_NUM) >>> 1]! > 0
    if (hadOpen && this.#kernels.headSeal(base) === 0) {
      this.#kernels.release(address, this.#kernels.allocationClass(roomFor(chunk.bytes.length)))
      return false
    }
    u32[(base + S_OPEN) >>> 2] = address
    u32[(base + S_OPEN_CAPACITY) >>> 2] = roomFor(chunk.bytes.length)
    f64[(base + S_OPEN_MIN_TIME) >>> 3] = timeMs
    f64[(base + S_CUT_TIME) >>> 3] = this.#rangeEnd(timeMs)
    u32[H_CHUNKS] = u32[H_CHUNKS]! + 1
    return true
  }

  /** Copies what was added to the chunk, into a new block if need be. */
  #store(base: number, { chunk, how }: { readonly chunk: HistogramChunk; readonly how: string }): boolean {
    const { u8, u32 } = this.#memory
    const { bytes } = chunk
    const capacity = u32[(base + S_OPEN_CAPACITY) >>> 2]!
    const old = u32[(base + S_OPEN) >>> 2]!
    if (how === 'added' && bytes.length <= capacity) {
      // The last byte may have had free bits.
      const from = Math.max(0, ((u32[(base + S_BIT) >>> 2]! + 7) >>> 3) - 1)
      u8.set(bytes.subarray(from), old + from)
      u8.set(bytes.subarray(0, 2), old)
      return true
    }
    const address = this.#place(bytes)
    if (address === 0) return false
    this.#kernels.retire(old, this.#kernels.allocationClass(capacity))
    u32[(base + S_OPEN) >>> 2] = address
    u32[(base + S_OPEN_CAPACITY) >>> 2] = roomFor(bytes.length)
    return true
  }

  #place(bytes: Uint8Array): number {
    const address = this.#kernels.allocate(roomFor(bytes.length)) >>> 0
    if (address !== 0) this.#memory.u8.set(bytes, address)
    return address
  }

  #describe(base: number, chunk: HistogramChunk, timeMs: number): void {
    const { u8, u16, u32 } = this.#memory
    u32[(base + S_BIT) >>> 2] = chunk.bits
    u16[(base + S_NUM) >>> 1] = chunk.samples
    u8[base + S_ENCODING] = chunk.encoding
    storeInt64(u32, base + S_LAST_TIME, timeMs)
  }
}

/** Half as much again, so that most samples find room. */
function roomFor(bytes: number): number {
  return (Math.max(96, bytes + (bytes >>> 1)) + 31) & ~31
}

/** As many buckets as the spans say: everything else would be read wrongly. */
function isWellFormed(histogram: FloatHistogram): boolean {
  return (
    bucketsOf(histogram.positiveSpans) === histogram.positiveBuckets.length &&
    bucketsOf(histogram.negativeSpans) === histogram.negativeBuckets.length
  )
}
