import { DECODE_PADDING, instantiateKernels, type Kernels } from '@promontory/kernels'
import { loadKernelModule } from '@promontory/kernels/node'
import {
  type FloatHistogram,
  PICK_STEPS_MAX,
  type PickSteps,
  type SampleColumns,
  STALE_HIGH,
  STALE_LOW,
  withHint,
} from '@promontory/model'
import type { ChunkNumbers } from './block/chunk-reader.ts'
import { type DeletedRange, isDeleted } from './block/deleted-ranges.ts'
import { ChunkEncoding } from './block/format.ts'
import { PAGE_BYTES, type PagedFile } from './block/page-cache.ts'
import { NUMBERS } from './block/series-cache.ts'
import { decodeHistograms } from './chunk/histogram-decoder.ts'
import { DecoderPages } from './decoder-pages.ts'

/** The decoder's memory: first the bytes of one chunk, then pages of files, then a column of times, then one of values. */
const CHUNK_AT = 65536
const CHUNK_BYTES_MAX = 2 * 1024 * 1024
const PAGES_AT: number = CHUNK_AT + CHUNK_BYTES_MAX + 65536
/** Pages that are not used take no memory. */
const PAGES_KEPT = 128
/** Picked values and flags. */
const PICKED_AT: number = PAGES_AT + (PAGES_KEPT + 1) * PAGE_BYTES
const FLAGS_AT: number = PICKED_AT + 8 * PICK_STEPS_MAX
const TIMES_AT: number = FLAGS_AT + PICK_STEPS_MAX
/** Behind the bytes, and further from them than decoders read ahead. */
const RESULT_AT: number = PAGES_AT - 32_768
const STARTS_AT: number = RESULT_AT + 64
const CRC_TABLE_AT: number = PAGES_AT - 16_384
/** Chunks that are decoded at once: their starts lie between the result and the table. */
export const RUN_CHUNKS_MAX: number = (CRC_TABLE_AT - STARTS_AT) / 4
const FIRST_CAPACITY = 16_384
const PAGES_MAX = 32768

/**
 * Decodes chunks one behind the other into columns of its own memory; one per thread. What `finish` hands out stays good
 * until the next `begin`.
 */
export class ChunkDecoder {
  readonly #memory: WebAssembly.Memory
  readonly #kernels: Kernels
  readonly #pages = new DecoderPages(PAGES_AT, PAGES_KEPT)
  #capacity = FIRST_CAPACITY
  #u8!: Uint8Array
  #u32!: Uint32Array
  #f64!: Float64Array
  /** What was handed out last, and from where to where in `#f64` its times are. */
  #timesView!: Float64Array
  #valuesView!: Float64Array
  #viewFrom = -1
  #viewTo = -1
  /** Only floats are wanted: where there is anything else the rest need not be decoded. */
  #floatsOnly = false
  #notFloats = false
  #pickedView: Float64Array = new Float64Array(0)
  #flagsView: Uint8Array = new Uint8Array(0)
  #timesId = 0
  /** How many times are kept of the columns that were handed out last. */
  #lastCount = -1
  #length = 0
  /** Whether a chunk began before the last one ended: then the columns need sorting. */
  #overlap = false
  /** By index of the sample; undefined while there are only floats. */
  #histograms: (FloatHistogram | undefined)[] | undefined
  /** Encoding of the chunk that each sample came from, beside `#histograms`. */
  #encodings: number[] = []
  /** By index of the sample; undefined while each stands for itself. */
  #weights: number[] | undefined

  constructor() {
    const initial = pagesFor(FIRST_CAPACITY)
    this.#memory = new WebAssembly.Memory({ initial, maximum: PAGES_MAX, shared: true })
    this.#kernels = instantiateKernels(loadKernelModule(), this.#memory).kernels
    this.#makeViews()
    this.#kernels.crc32cInit(CRC_TABLE_AT)
  }

  begin(): void {
    this.#floatsOnly = false
    this.#length = 0
    this.#overlap = false
    this.#histograms = undefined
    this.#weights = undefined
  }

  /** As {@link begin}, for {@link pick}. */
  beginPick(): void {
    this.begin()
    this.#floatsOnly = true
    this.#notFloats = false
  }

  /** Instead of {@link finish}: what `SeriesSet.pick` gives. */
  pick(steps: PickSteps, values: Float64Array, flags: Uint8Array): number {
    if (this.#notFloats || this.#weights !== undefined) return -1
    if (this.#overlap) this.#sort()
    const { startMs, stepMs, offsetMs, windowMs, count } = steps
    const picked = this.#kernels.pickSteps(
      TIMES_AT, this.#valuesAt, this.#length, startMs, stepMs, offsetMs, windowMs, count, PICKED_AT, FLAGS_AT,
    ) // prettier-ignore
    if (this.#flagsView.length !== count) {
      this.#pickedView = new Float64Array(this.#memory.buffer, PICKED_AT, count)
      this.#flagsView = new Uint8Array(this.#memory.buffer, FLAGS_AT, count)
    }
    values.set(this.#pickedView)
    flags.set(this.#flagsView)
    return picked
  }

  /** Samples that are there. */
  get length(): number {
    return this.#length
  }

  /**
   * Decodes the first `count` samples of a chunk behind those that are there.
   * @returns samples decoded: fewer than `count` when the chunk ends early
   * @throws RangeError when a histogram chunk does not decode, or the encoding is unknown
   */
  add(encoding: number, data: Uint8Array, count: number): number {
    if (this.#floatsOnly && encoding !== ChunkEncoding.xor) this.#notFloats = true
    if (this.#floatsOnly && this.#notFloats) return count
    if (encoding === ChunkEncoding.xor) return this.addXor(data, count)
    if (encoding === ChunkEncoding.histogram || encoding === ChunkEncoding.floatHistogram)
      return this.#addHistograms(encoding, data, count)
    throw new RangeError(`chunk encoding ${encoding} is unknown`)
  }

  /** Adds one float by its bits. */
  addFloat(timeMs: number, low: number, high: number): void {
    this.#reserve(this.#length + 1)
    const value = this.#valuesAt / 4 + 2 * this.#length
    this.#u32[value] = low
    this.#u32[value + 1] = high
    this.#placed(timeMs)
  }

  /** Adds one float that stands for `weight` samples. */
  addWeighted(timeMs: number, value: number, weight: number): void {
    this.#reserve(this.#length + 1)
    this.#weights ??= Array<number>(this.#length).fill(1)
    this.#weights[this.#length] = weight
    this.#f64[this.#valuesAt / 8 + this.#length] = value
    this.#placed(timeMs)
  }

  #placed(timeMs: number): void {
    const at = this.#length++
    this.#f64[TIMES_AT / 8 + at] = timeMs
    if (this.#histograms !== undefined) this.#fillFloats(1)
    if (at > 0 && timeMs <= this.#f64[TIMES_AT / 8 + at - 1]!) this.#overlap = true
  }

  #addHistograms(encoding: number, data: Uint8Array, count: number): number {
    this.#reserve(this.#length + count)
    this.#startHistograms()
    const words = this.#u32
    decodeHistograms(encoding, data, count, (timeMs, histogram) => {
      const at = this.#length++
      this.#f64[TIMES_AT / 8 + at] = timeMs
      this.#histograms![at] = histogram
      this.#encodings[at] = encoding
      const value = this.#valuesAt / 4 + 2 * at
      words[value] = STALE_LOW
      words[value + 1] = STALE_HIGH
      if (at > 0 && timeMs <= this.#f64[TIMES_AT / 8 + at - 1]!) this.#overlap = true
    })
    return count
  }

  /**
   * Decodes the first `count` samples of an XOR chunk behind those that are there.
   * @param data  the chunk's data with its two count bytes; copied
   * @returns samples decoded: fewer than `count` when the stream ends early
   */
  addXor(data: Uint8Array, count: number): number {
    if (data.length > CHUNK_BYTES_MAX) return 0
    this.#reserve(this.#length + count)
    this.#u8.set(data, CHUNK_AT)
    this.#u8.fill(0, CHUNK_AT + data.length, CHUNK_AT + data.length + DECODE_PADDING)
    const times = TIMES_AT + 8 * this.#length
    const values = this.#valuesAt + 8 * this.#length
    const done = this.#kernels.xorDecode(CHUNK_AT, data.length, count, times, values)
    const first = TIMES_AT / 8 + this.#length
    if (this.#length > 0 && done > 0 && this.#f64[first]! <= this.#f64[first - 1]!) this.#overlap = true
    this.#length += done
    if (this.#histograms !== undefined) this.#fillFloats(done)
    return done
  }

  /**
   * Checks and decodes XOR chunks as they follow each other in a chunk file, behind those that are there; stops at one that is of
   * another kind, damaged, or not whole.
   * @param offset  in the file, of the first chunk's length
   * @param length  of the bytes that may be read
   * @param chunks  at most {@link RUN_CHUNKS_MAX}
   * @param samplesExpected  room to make
   * @returns how many chunks were decoded
   */
  addRun(
    file: PagedFile,
    offset: number,
    length: number,
    { numbers, from, to }: ChunkNumbers,
    samplesExpected: number,
  ): number {
    if (length > CHUNK_BYTES_MAX) return 0
    const first = numbers[from]!
    for (let i = from, at = STARTS_AT / 4; i < to; i += NUMBERS) this.#u32[at++] = numbers[i]! - first
    this.#reserve(this.#length + samplesExpected)
    const address = this.#bytesOf(file, offset, length)
    const times = TIMES_AT + 8 * this.#length
    const values = this.#valuesAt + 8 * this.#length
    const room = this.#capacity - this.#length
    const count = (to - from) / NUMBERS
    this.#kernels.xorDecodeRun(
      address, length, STARTS_AT, count, room, times, values, CRC_TABLE_AT, RESULT_AT,
    ) // prettier-ignore
    const result = RESULT_AT / 4
    const samples = this.#u32[result]!
    const newest = TIMES_AT / 8 + this.#length
    if (this.#u32[result + 3] === 1) this.#overlap = true
    if (this.#length > 0 && samples > 0 && this.#f64[newest]! <= this.#f64[newest - 1]!) this.#overlap = true
    this.#length += samples
    if (this.#histograms !== undefined) this.#fillFloats(samples)
    return this.#u32[result + 1]!
  }

  /** Where bytes of a file are in the memory: in a page, or put together when they lie in several. */
  #bytesOf(file: PagedFile, offset: number, length: number): number {
    const first = Math.floor(offset / PAGE_BYTES)
    const within = offset - first * PAGE_BYTES
    if (within + length <= PAGE_BYTES) return this.#pages.address(file, first, this.#u8) + within
    for (let done = 0; done < length;) {
      const at = (offset + done) % PAGE_BYTES
      const part = Math.min(PAGE_BYTES - at, length - done)
      const page = this.#pages.address(file, Math.floor((offset + done) / PAGE_BYTES), this.#u8)
      this.#u8.copyWithin(CHUNK_AT + done, page + at, page + at + part)
      done += part
    }
    return CHUNK_AT
  }

  /** Points `into` at the samples with startMs ≤ time ≤ endMs, sorted, one per time. */
  finish(into: SampleColumns, startMs: number, endMs: number): void {
    if (this.#overlap) this.#sort()
    const base = TIMES_AT / 8
    const from = lowerBound(this.#f64, base, base + this.#length, startMs)
    const to = lowerBound(this.#f64, from, base + this.#length, endMs + 1)
    const values = this.#valuesAt / 8 + (from - base)
    if (from !== this.#viewFrom || to !== this.#viewTo) this.#makeColumns(from, to, values)
    into.setArrays(this.#timesView, this.#valuesView)
    into.timesId = this.#idOfTimes(from, to)
    const found = this.#kernels.lookAtValues(8 * values, to - from)
    into.staleFree = this.#histograms === undefined && (found & 1) === 0
    into.neverFalls = (found & 2) === 0
    into.histograms = this.#histograms?.slice(from - base, to - base)
    if (into.histograms?.every((histogram) => histogram === undefined)) into.histograms = undefined
    into.startTimesMs = undefined
    into.weights = this.#weightsOf(from - base, to - base)
    into.length = to - from
  }

  /** A number for the times [from, to): that of the columns before when those had the same. */
  #idOfTimes(from: number, to: number): number {
    const [at, count] = [8 * from, to - from]
    if (count === this.#lastCount && this.#kernels.sameNumbers(at, this.#lastTimesAt, count) === 1)
      return this.#timesId
    this.#u8.copyWithin(this.#lastTimesAt, at, at + 8 * count)
    this.#lastCount = count
    return ++this.#timesId
  }

  /** Series of a query mostly have as many samples each: then the views of the one before serve again. */
  #makeColumns(from: number, to: number, values: number): void {
    this.#viewFrom = from
    this.#viewTo = to
    this.#timesView = this.#f64.subarray(from, to)
    this.#valuesView = this.#f64.subarray(values, values + (to - from))
  }

  /** Undefined when each of the samples [from, to) stands for itself. */
  #weightsOf(from: number, to: number): Float64Array | undefined {
    const weights = this.#weights
    if (weights === undefined || from >= weights.length) return undefined
    return Float64Array.from({ length: to - from }, (_, i) => weights[from + i] ?? 1)
  }

  /** Drops the samples from number `first` on that lie inside the ranges (both ends included). */
  remove(ranges: readonly DeletedRange[], first = 0): void {
    const words = new BigUint64Array(this.#memory.buffer, this.#valuesAt, this.#length)
    const times = TIMES_AT / 8
    let out = first
    let kept = first - 1
    for (let i = first; i < this.#length; i++) {
      const time = this.#f64[times + i]!
      if (isDeleted(ranges, time)) continue
      this.#f64[times + out] = time
      if (this.#weights !== undefined) this.#weights[out] = this.#weights[i] ?? 1
      if (this.#histograms !== undefined) {
        this.#histograms[out] = this.#hinted(i, kept)
        this.#encodings[out] = this.#encodings[i]!
      }
      kept = i
      words[out++] = words[i]!
    }
    this.#length = out
    if (this.#histograms !== undefined) this.#histograms.length = out
  }

  get #valuesAt(): number {
    return TIMES_AT + 8 * this.#capacity
  }

  get #lastTimesAt(): number {
    return TIMES_AT + 16 * this.#capacity + DECODE_PADDING
  }

  #reserve(samples: number): void {
    if (samples <= this.#capacity) return
    const oldValues = this.#valuesAt
    const capacity = Math.max(samples, 2 * this.#capacity)
    const pages = pagesFor(capacity)
    const now = this.#memory.buffer.byteLength / 65536
    if (pages > now) this.#memory.grow(pages - now)
    this.#capacity = capacity
    this.#makeViews()
    this.#u8.copyWithin(this.#valuesAt, oldValues, oldValues + 8 * this.#length)
  }

  #makeViews(): void {
    this.#viewFrom = -1
    this.#lastCount = -1
    this.#flagsView = new Uint8Array(0)
    this.#u8 = new Uint8Array(this.#memory.buffer)
    this.#u32 = new Uint32Array(this.#memory.buffer)
    this.#f64 = new Float64Array(this.#memory.buffer)
  }

  /** Sorts by time; of samples at one time the first decoded stays. Values move as bits. */
  #sort(): void {
    const times = this.#f64.slice(TIMES_AT / 8, TIMES_AT / 8 + this.#length)
    const words = new BigUint64Array(this.#memory.buffer, this.#valuesAt, this.#length)
    const values = words.slice()
    const order = Uint32Array.from(times, (_, i) => i).sort((a, b) => times[a]! - times[b]! || a - b)
    const histograms = this.#histograms
    const sorted = histograms === undefined ? undefined : Array<FloatHistogram | undefined>(0)
    const encodings: number[] = []
    const weights: number[] = []
    let out = 0
    let last = NaN
    let before = -1
    for (const i of order) {
      if (times[i] === last) continue
      last = times[i]!
      this.#f64[TIMES_AT / 8 + out] = last
      if (histograms !== undefined) {
        sorted!.push(this.#hinted(i, before))
        encodings.push(this.#encodings[i]!)
      }
      before = i
      weights.push(this.#weights?.[i] ?? 1)
      words[out++] = values[i]!
    }
    this.#length = out
    this.#histograms = sorted
    this.#encodings = encodings
    if (this.#weights !== undefined) this.#weights = weights
    this.#overlap = false
  }

  /** How many of the samples are older; after `finish`. */
  countBefore(timeMs: number): number {
    const base = TIMES_AT / 8
    return lowerBound(this.#f64, base, base + this.#length, timeMs) - base
  }

  /** Encoding of the chunk that sample `i` of everything came from; only known beside histograms. */
  encodingOf(i: number): number {
    return this.#histograms === undefined ? ChunkEncoding.xor : this.#encodings[i]!
  }

  #startHistograms(): void {
    if (this.#histograms !== undefined) return
    this.#histograms = []
    this.#encodings = []
    this.#fillFloats(this.#length)
  }

  #fillFloats(count: number): void {
    for (let i = 0; i < count; i++) {
      this.#histograms!.push(undefined)
      this.#encodings.push(ChunkEncoding.xor)
    }
  }

  /** Histogram `i`; it no longer knows of a reset when another sample than `i` − 1 has come before it. */
  #hinted(i: number, before: number): FloatHistogram | undefined {
    const histogram = this.#histograms![i]
    if (histogram === undefined || histogram.counterResetHint !== 'not_reset' || before === i - 1)
      return histogram
    return withHint(histogram, 'unknown')
  }
}

/** Columns of times, values, and the times of the columns before. */
function pagesFor(capacity: number): number {
  return Math.ceil((TIMES_AT + 24 * capacity + DECODE_PADDING) / 65536)
}

/** First index in [from, to) whose time is ≥ `timeMs`; `to` when there is none. */
function lowerBound(times: Float64Array, from: number, to: number, timeMs: number): number {
  while (from < to) {
    const middle = (from + to) >>> 1
    if (times[middle]! < timeMs) from = middle + 1
    else to = middle
  }
  return from
}
