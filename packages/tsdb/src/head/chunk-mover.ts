import type { Logger } from '@promontory/base'
import {
  C_ADDRESS,
  C_ENCODING,
  C_FILE,
  C_LENGTH,
  C_MIN_TIME,
  C_SAMPLES,
  C_SPAN,
  H_BYTES_IN_USE,
  IN_FILE,
  S_SEALED,
  S_SEALED_COUNT,
  SEALED_BYTES,
} from '@promontory/kernels'
import { ChunkFileWriter, type PlaceInFile } from './chunk-files.ts'
import type { Head } from './head.ts'
import { I_FILES_FIRST, I_FILES_PATH } from './memory.ts'

/** Bytes of chunks that are written before their memory is given up: a turn of a few milliseconds. */
const TURN_BYTES = 256 * 1024
/** Series that are looked at in one turn. */
const TURN_SERIES = 20_000
/** Records name a file by the low byte of its number. */
const FILES_MAX = 250
/** Memory grows by so much before it is tried again: most of it may be what cannot be moved. */
const GROWTH = 1.05

/** A chunk that was written, to be forgotten in memory. */
interface Moved extends PlaceInFile {
  readonly entry: number
}

/**
 * Moves full chunks from memory to `chunks_head` when the head takes more memory than it should. Readers go on undisturbed: the record
 * of a chunk changes in one store, and its memory is freed when nobody can be reading it.
 */
export class ChunkMover {
  readonly #head: Head
  readonly #files: ChunkFileWriter
  readonly #limitBytes: number
  readonly #logger: Logger
  #running = false
  #nextBytes: number

  /** @param limitBytes  of memory in use, above which chunks are moved */
  constructor(head: Head, directory: string, limitBytes: number, logger: Logger) {
    this.#head = head
    this.#files = new ChunkFileWriter(directory)
    this.#limitBytes = limitBytes
    this.#nextBytes = limitBytes
    this.#logger = logger
    this.#publishPath(directory)
  }

  get isDue(): boolean {
    return this.#bytesInUse > this.#nextBytes && this.#files.files < FILES_MAX
  }

  get #bytesInUse(): number {
    return this.#head.memory.u32[H_BYTES_IN_USE]!
  }

  get files(): number {
    return this.#files.files
  }

  /** Moves all full chunks, in turns. A disk that refuses costs a log line: the chunks stay where they are. @returns how many were moved */
  async run(): Promise<number> {
    if (this.#running) return 0
    this.#running = true
    let moved = 0
    try {
      for (const turn of this.#turns()) {
        moved += turn
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
    } finally {
      this.#running = false
    }
    return this.#finish(moved)
  }

  /** As {@link run}, in one go: while the log is replayed nobody waits for a turn. */
  runAtOnce(): number {
    let moved = 0
    for (const turn of this.#turns()) moved += turn
    return this.#finish(moved)
  }

  #finish(moved: number): number {
    this.#nextBytes = Math.max(this.#limitBytes, this.#bytesInUse * GROWTH)
    return moved
  }

  *#turns(): IterableIterator<number> {
    const { series, memory } = this.#head
    let batch: Moved[] = []
    let bytes = 0
    let looked = 0
    for (let slot = 1; slot < series.top; slot++) {
      if (!series.isAlive(slot)) continue
      const base = memory.seriesAddress(slot)
      const list = memory.u32[(base + S_SEALED) >>> 2]!
      const count = memory.u16[(base + S_SEALED_COUNT) >>> 1]!
      let first = count
      // What stands before one that was moved was moved earlier.
      while (first > 0 && memory.u32[(list + (first - 1) * SEALED_BYTES + C_ADDRESS) >>> 2]! < IN_FILE)
        first--
      // Oldest first: Prometheus takes chunks of a series that go back in time for damaged.
      for (let i = first; i < count; i++) {
        const entry = list + i * SEALED_BYTES
        const place = this.#write(slot, entry)
        if (place === undefined) return
        batch.push({ ...place, entry })
        bytes += memory.u32[(entry + C_LENGTH) >>> 2]!
      }
      if (bytes < TURN_BYTES && ++looked < TURN_SERIES) continue
      if (!this.#publish(batch)) return
      // Between two turns lists may be replaced: nothing of one is kept over it.
      yield batch.length
      batch = []
      bytes = 0
      looked = 0
    }
    if (batch.length > 0 && this.#publish(batch)) yield batch.length
  }

  #write(slot: number, entry: number): PlaceInFile | undefined {
    const { memory, series } = this.#head
    const { u8, u16, u32, f64 } = memory
    const address = u32[(entry + C_ADDRESS) >>> 2]!
    const data = u8.slice(address, address + u32[(entry + C_LENGTH) >>> 2]!)
    const samples = u16[(entry + C_SAMPLES) >>> 1]!
    data[0] = samples >>> 8
    data[1] = samples & 255
    const minTimeMs = f64[(entry + C_MIN_TIME) >>> 3]!
    try {
      return this.#files.write({
        ref: series.refOfSlot(slot),
        minTimeMs,
        maxTimeMs: minTimeMs + u32[(entry + C_SPAN) >>> 2]!,
        encoding: u8[entry + C_ENCODING]!,
        data,
      })
    } catch (error) {
      return this.#refuse(error as Error)
    }
  }

  /** What is in the files from now on counts, and the memory is given up. */
  #publish(batch: readonly Moved[]): boolean {
    try {
      this.#files.flush()
    } catch (error) {
      this.#refuse(error as Error)
      return false
    }
    const { memory, kernels, epochs } = this.#head
    const { u8, u32, i32 } = memory
    u32[I_FILES_FIRST] = this.#files.first
    for (const { entry, file, offset } of batch) {
      const address = u32[(entry + C_ADDRESS) >>> 2]!
      u8[entry + C_FILE] = file & 0xff
      Atomics.store(i32, (entry + C_ADDRESS) >>> 2, (IN_FILE + offset) | 0)
      kernels.retire(address, kernels.allocationClass(u32[(entry + C_LENGTH) >>> 2]!))
    }
    epochs.collect()
    return true
  }

  #refuse(error: Error): undefined {
    this.#files.abandon()
    this.#logger.error('full chunks cannot be moved out of memory', { error })
  }

  /** Gives up the files that hold nothing from `minTimeMs` on, once no reader of today is left. */
  truncate(minTimeMs: number): void {
    const old = this.#files.takeOlderThan(minTimeMs)
    if (old.length === 0) return
    this.#head.epochs.defer(() => {
      for (const number of old) this.#files.remove(number)
      this.#head.memory.u32[I_FILES_FIRST] = this.#files.first
    })
  }

  close(): void {
    this.#files.close()
  }

  #publishPath(directory: string): void {
    const { memory, kernels } = this.#head
    const path = Buffer.from(directory)
    const address = kernels.allocate(path.length + 4) >>> 0
    memory.u32[address >>> 2] = path.length
    memory.u8.set(path, address + 4)
    memory.u32[I_FILES_PATH] = address
  }
}
