import {
  C_ADDRESS,
  C_ENCODING,
  C_LENGTH,
  C_MIN_TIME,
  C_SAMPLES,
  C_SPAN,
  H_CHUNKS,
  S_LATE,
  S_NUM,
  S_SEALED,
  S_SEALED_CAPACITY,
  S_SEALED_COUNT,
  SEALED_BYTES,
} from '@promontory/kernels'
import { SampleColumns } from '@promontory/model'
import type { ChunkToWrite } from '../block/block-writer.ts'
import type { DeletedRange } from '../block/deleted-ranges.ts'
import { ChunkDecoder } from '../chunk-decoder.ts'
import { ChunkEncoder } from '../chunk/chunk-encoder.ts'
import { StorageError } from '../errors.ts'
import type { Head } from './head.ts'
import { retireChunk } from './truncate.ts'
import { L_SEALED, L_SEALED_COUNT, L_SEALED_ROOM } from './late-layout.ts'

/**
 * Takes samples out of the head: chunks inside the range go, others are encoded anew without them. Readers that have
 * begun keep what they saw. The log must have the deletion before.
 */
export class HeadDeleter {
  readonly #head: Head
  readonly #decoder = new ChunkDecoder()
  readonly #encoder = new ChunkEncoder()

  constructor(head: Head) {
    this.#head = head
  }

  /** First and last time of a series' samples; undefined when it has none. */
  extent(slot: number): DeletedRange | undefined {
    const { memory } = this.#head
    this.#seal(slot)
    let minTimeMs = Infinity
    let maxTimeMs = -Infinity
    for (const { list, count } of this.#lists(slot))
      for (let i = 0; i < count; i++) {
        const first = memory.f64[(list + i * SEALED_BYTES + C_MIN_TIME) >>> 3]!
        minTimeMs = Math.min(minTimeMs, first)
        maxTimeMs = Math.max(maxTimeMs, first + memory.u32[(list + i * SEALED_BYTES + C_SPAN) >>> 2]!)
      }
    return minTimeMs > maxTimeMs ? undefined : { minTimeMs, maxTimeMs }
  }

  /** @throws StorageError when the memory is full; then nothing is deleted */
  delete(slot: number, range: DeletedRange): void {
    this.#seal(slot)
    for (const place of this.#lists(slot)) this.#rewrite(place, range)
    this.#head.epochs.collect()
  }

  /** The open chunk becomes a sealed one, which can be replaced; the next sample opens another. */
  #seal(slot: number): void {
    const head = this.#head
    const base = head.memory.seriesAddress(slot)
    head.step(() => {
      if (head.memory.u16[(base + S_NUM) >>> 1]! > 0) head.kernels.headSeal(base)
      head.late.seal(slot)
    })
  }

  /** The list of chunks that came in order, and that of late ones. */
  #lists(slot: number): ChunkList[] {
    const { memory } = this.#head
    const { u16, u32 } = memory
    const base = memory.seriesAddress(slot)
    const late = u32[(base + S_LATE) >>> 2]! >>> 2
    const list = u32[(base + S_SEALED) >>> 2]!
    const lists: ChunkList[] = []
    if (list !== 0)
      lists.push({
        list,
        count: u16[(base + S_SEALED_COUNT) >>> 1]!,
        room: u16[(base + S_SEALED_CAPACITY) >>> 1]!,
        put: (address, count) => {
          u32[(base + S_SEALED) >>> 2] = address
          u16[(base + S_SEALED_COUNT) >>> 1] = count
          u16[(base + S_SEALED_CAPACITY) >>> 1] = count
        },
      })
    if (late !== 0 && u32[late + L_SEALED] !== 0)
      lists.push({
        list: u32[late + L_SEALED]!,
        count: u32[late + L_SEALED_COUNT]!,
        room: u32[late + L_SEALED_ROOM]!,
        put: (address, count) => {
          u32[late + L_SEALED] = address
          u32[late + L_SEALED_COUNT] = count
          u32[late + L_SEALED_ROOM] = count
        },
      })
    return lists
  }

  #rewrite({ list, count, room, put }: ChunkList, range: DeletedRange): void {
    const { memory, kernels } = this.#head
    const { u8, u32, f64 } = memory
    const kept: (number | ChunkToWrite)[] = []
    const gone: number[] = []
    for (let i = 0; i < count; i++) {
      const entry = list + i * SEALED_BYTES
      const minTimeMs = f64[(entry + C_MIN_TIME) >>> 3]!
      const maxTimeMs = minTimeMs + u32[(entry + C_SPAN) >>> 2]!
      if (minTimeMs > range.maxTimeMs || maxTimeMs < range.minTimeMs) kept.push(entry)
      else {
        gone.push(entry)
        kept.push(...this.#without(entry, range))
      }
    }
    if (gone.length === 0) return
    const next = kept.length === 0 ? 0 : this.#allocate(kept.length * SEALED_BYTES)
    kept.forEach((each, i) => {
      const to = next + i * SEALED_BYTES
      if (typeof each === 'number') u8.copyWithin(to, each, each + SEALED_BYTES)
      else this.#write(to, each)
    })
    this.#head.step(() => put(next, kept.length))
    for (const entry of gone) retireChunk(this.#head, entry)
    kernels.retire(list, kernels.allocationClass(room * SEALED_BYTES))
    u32[H_CHUNKS] = u32[H_CHUNKS]! + kept.length - count
  }

  /** What a chunk holds outside of the range. */
  #without(entry: number, range: DeletedRange): ChunkToWrite[] {
    const { u8, u16, files } = this.#head.memory
    const data = files.data(entry)
    this.#decoder.begin()
    this.#decoder.add(u8[entry + C_ENCODING]!, data, u16[(entry + C_SAMPLES) >>> 1]!)
    this.#decoder.remove([range])
    const columns = new SampleColumns()
    this.#decoder.finish(columns, -Infinity, Infinity)
    return this.#encoder.encode(columns, (i) => this.#decoder.encodingOf(i))
  }

  #write(entry: number, chunk: ChunkToWrite): void {
    const { u8, u16, u32, f64 } = this.#head.memory
    const address = this.#allocate(chunk.data.length)
    u8.set(chunk.data, address)
    f64[(entry + C_MIN_TIME) >>> 3] = chunk.minTimeMs
    u32[(entry + C_SPAN) >>> 2] = chunk.maxTimeMs - chunk.minTimeMs
    u32[(entry + C_ADDRESS) >>> 2] = address
    u32[(entry + C_LENGTH) >>> 2] = chunk.data.length
    u16[(entry + C_SAMPLES) >>> 1] = chunk.samples
    u8[entry + C_ENCODING] = chunk.encoding
  }

  #allocate(bytes: number): number {
    const address = this.#head.kernels.allocate(bytes) >>> 0
    if (address === 0) throw new StorageError('the memory of the head is full: samples cannot be deleted')
    return address
  }
}

interface ChunkList {
  readonly list: number
  readonly count: number
  readonly room: number
  /** Puts another list in its place. */
  readonly put: (address: number, count: number) => void
}
