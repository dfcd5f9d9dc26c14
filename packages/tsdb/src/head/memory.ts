import {
  FIXED_END,
  H_BUMP,
  H_FREE_FOR_INDEX,
  H_LIMIT,
  H_MAX_TIME_F64,
  H_MIN_TIME_F64,
  H_SERIES_BASE,
  H_SERIES_TOP,
  SERIES_BYTES,
  SLOTS_MAX,
} from '@promontory/kernels'
import { StorageError } from '../errors.ts'
import { ChunkFileReader } from './chunk-file-reader.ts'

/**
 * The shared memory of one head: a header, fixed tables (series, symbols, label pairs), and behind them the arena of the
 * kernels' allocator. The memory is created at its full size: pages that nobody touched cost address space only, so
 * nothing ever grows, and views made once stay good in every thread.
 */

/** Words of the header that belong to the index and to the epochs. */
export const I_SYMBOL_BASE: number = H_FREE_FOR_INDEX
export const I_SYMBOL_COUNT: number = H_FREE_FOR_INDEX + 1
/** Address of the hash table of symbols: word 0 is its mask, the entries follow. */
export const I_SYMBOL_TABLE: number = H_FREE_FOR_INDEX + 2
export const I_SYMBOL_MAX: number = H_FREE_FOR_INDEX + 3
export const I_PAIR_BASE: number = H_FREE_FOR_INDEX + 4
export const I_PAIR_COUNT: number = H_FREE_FOR_INDEX + 5
export const I_PAIR_TABLE: number = H_FREE_FOR_INDEX + 6
export const I_PAIR_MAX: number = H_FREE_FOR_INDEX + 7
export const I_SERIES_MAX: number = H_FREE_FOR_INDEX + 8
export const I_LIVE_SERIES: number = H_FREE_FOR_INDEX + 9
export const I_EPOCH: number = H_FREE_FOR_INDEX + 10
/** Address of the path of the chunk files (its length in bytes, then UTF-8), 0 when there are none; and the number of the oldest file. */
export const I_FILES_PATH: number = H_FREE_FOR_INDEX + 11
export const I_FILES_FIRST: number = H_FREE_FOR_INDEX + 12
/** Goes up when a symbol is dropped: what threads remember of symbols is void then. */
export const I_SYMBOLS_DROPPED: number = H_FREE_FOR_INDEX + 13
/** Where the arena begins. */
export const I_ARENA: number = H_FREE_FOR_INDEX + 14
/** One word per reader thread: the epoch that it reads in, 0 when idle. */
export const I_READERS: number = H_FREE_FOR_INDEX + 16
export const READERS_MAX = 64

/** A symbol: address of its bytes, the newest label pair that has it as name (0 none), how many label pairs have it. */
export const SYMBOL_BYTES = 12
/** A label pair: name, value, address of its postings, their capacity, next and previous pair of the same name. */
export const PAIR_BYTES = 24

export interface HeadMemoryOptions {
  /** Address space of the head, at most 65,536 pages of 64 KiB (4 GiB). */
  readonly pages: number
}

/** 2 GiB of address space: offsets stay small integers in JavaScript, and 1.5 M series fit. */
export const DEFAULT_HEAD_PAGES = 32768
const LEAST_HEAD_PAGES = 1024

/** Views on a head memory, good in any thread. */
export class HeadMemory {
  readonly memory: WebAssembly.Memory
  readonly u8: Uint8Array
  readonly u16: Uint16Array
  readonly u32: Uint32Array
  readonly i32: Int32Array
  readonly f64: Float64Array
  /** Chunks that were moved to files, as this thread reads them. */
  readonly files: ChunkFileReader

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory
    this.files = new ChunkFileReader(this, I_FILES_PATH, I_FILES_FIRST)
    this.u8 = new Uint8Array(memory.buffer)
    this.u16 = new Uint16Array(memory.buffer)
    this.u32 = new Uint32Array(memory.buffer)
    this.i32 = new Int32Array(memory.buffer)
    this.f64 = new Float64Array(memory.buffer)
  }

  /** Address of the record of series slot `slot`. */
  seriesAddress(slot: number): number {
    return this.u32[H_SERIES_BASE]! + slot * SERIES_BYTES
  }
}

/**
 * Reserves and lays out an empty head. Halves its wish until the system grants it.
 * @throws StorageError when not even 64 MiB can be had
 */
export function createHeadMemory(options: HeadMemoryOptions): HeadMemory {
  for (
    let pages = Math.min(65536, options.pages);
    pages >= Math.min(options.pages, LEAST_HEAD_PAGES);
    pages >>= 1
  ) {
    try {
      const head = new HeadMemory(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }))
      layOut(head)
      return head
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }
  throw new StorageError(
    `cannot reserve ${(options.pages * 65536) / 2 ** 20} MiB of address space for the head`,
  )
}

function layOut({ u32, f64, u8 }: HeadMemory): void {
  const total = u8.length
  // One slot per 1 KiB: a series needs about 400 bytes with its labels, postings and open chunk.
  const seriesMax = Math.min(SLOTS_MAX, Math.floor(total / 1024))
  let next = alignUp(FIXED_END)
  u32[H_SERIES_BASE] = next
  u32[I_SERIES_MAX] = seriesMax
  // Slot 0 is never used: a ref of 0 and a posting of 0 mean "none".
  u32[H_SERIES_TOP] = 1
  next = alignUp(next + seriesMax * SERIES_BYTES)
  u32[I_SYMBOL_BASE] = next
  u32[I_SYMBOL_MAX] = 2 * seriesMax
  u32[I_SYMBOL_COUNT] = 1
  next = alignUp(next + 2 * seriesMax * SYMBOL_BYTES)
  u32[I_PAIR_BASE] = next
  u32[I_PAIR_MAX] = 2 * seriesMax
  u32[I_PAIR_COUNT] = 1
  next = alignUp(next + 2 * seriesMax * PAIR_BYTES)
  u32[H_BUMP] = next
  u32[I_ARENA] = next
  // Decoders read a little behind a chunk.
  u32[H_LIMIT] = total - 65536
  u32[I_EPOCH] = 1
  f64[H_MIN_TIME_F64] = Infinity
  f64[H_MAX_TIME_F64] = -Infinity
}

function alignUp(address: number): number {
  return Math.ceil(address / 65536) * 65536
}
