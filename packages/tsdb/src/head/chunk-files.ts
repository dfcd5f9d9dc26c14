import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32c } from '../checksum.ts'
import { chunkFileName } from './chunk-file-reader.ts'

/** Header of a file: magic number, version, padding. */
const MAGIC = 0x0130bc91
const VERSION = 1
const HEADER_BYTES = 8
/** Prometheus begins another file at this size. */
const FILE_BYTES_MAX = 128 * 1024 * 1024
/** Reference, first and last time (8 bytes each), encoding. */
const CHUNK_HEADER_BYTES = 25
const BUFFER_BYTES = 1024 * 1024

/** A chunk that is to be moved out of memory. Times are inclusive, in ms. */
export interface ChunkToFile {
  readonly ref: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly encoding: number
  readonly data: Uint8Array
}

/** Where the data of a chunk begin. */
export interface PlaceInFile {
  readonly file: number
  readonly offset: number
}

/**
 * Writes `chunks_head`: chunks of the head in files of Prometheus's format. They hold nothing that the log does not have,
 * so they need not be brought to the disk; after a crash they are thrown away.
 */
export class ChunkFileWriter {
  readonly #directory: string
  readonly #buffer: Buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  #buffered = 0
  #descriptor = -1
  #number = 0
  /** Bytes of the file, those in the buffer included. */
  #size = 0
  /** Newest sample of each file. */
  readonly #newestMs = new Map<number, number>()
  /** Files that somebody may still be reading, although nobody needs them. */
  readonly #leaving = new Set<number>()

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Number of the oldest file that is there; the next one's when there is none. */
  get first(): number {
    return Math.min(this.#number + 1, ...this.#newestMs.keys(), ...this.#leaving)
  }

  get files(): number {
    return this.#newestMs.size + this.#leaving.size
  }

  /** What is written can be read after the next {@link flush}. @throws what the file system says */
  write({ ref, minTimeMs, maxTimeMs, encoding, data }: ChunkToFile): PlaceInFile {
    const needed = CHUNK_HEADER_BYTES + 5 + data.length + 4
    if (this.#descriptor < 0 || this.#size + needed > FILE_BYTES_MAX) this.#cut()
    if (this.#buffered + needed > BUFFER_BYTES) this.flush()
    const target = needed > BUFFER_BYTES ? Buffer.allocUnsafe(needed) : this.#buffer
    const start = target === this.#buffer ? this.#buffered : 0
    let at = target.writeBigUInt64BE(BigInt(ref), start)
    at = target.writeBigInt64BE(BigInt(minTimeMs), at)
    at = target.writeBigInt64BE(BigInt(maxTimeMs), at)
    target[at++] = encoding
    at = writeUvarint(target, at, data.length)
    const offset = this.#size + (at - start)
    target.set(data, at)
    at += data.length
    at = target.writeUInt32BE(crc32c(target.subarray(start, at)), at)
    if (target === this.#buffer) this.#buffered = at
    else this.#writeOut(target.subarray(0, at))
    this.#size += at - start
    this.#newestMs.set(this.#number, Math.max(this.#newestMs.get(this.#number)!, maxTimeMs))
    return { file: this.#number, offset }
  }

  /** @throws what the file system says; then nothing that was written since the last flush may be counted on */
  flush(): void {
    const bytes = this.#buffer.subarray(0, this.#buffered)
    this.#buffered = 0
    if (bytes.length > 0) this.#writeOut(bytes)
  }

  /** After a write that failed: the file's end is unknown, so another one begins. */
  abandon(): void {
    this.#buffered = 0
    if (this.#descriptor >= 0) closeSync(this.#descriptor)
    this.#descriptor = -1
  }

  /** Files in which everything is older than `minTimeMs`, which nobody needs from now on; the newest stays. */
  takeOlderThan(minTimeMs: number): number[] {
    const old = [...this.#newestMs].filter(
      ([number, newestMs]) => number !== this.#number && newestMs < minTimeMs,
    )
    for (const [number] of old) {
      this.#newestMs.delete(number)
      this.#leaving.add(number)
    }
    return old.map(([number]) => number)
  }

  /** Once nobody reads it. */
  remove(number: number): void {
    this.#leaving.delete(number)
    rmSync(join(this.#directory, chunkFileName(number)), { force: true })
  }

  close(): void {
    if (this.#descriptor < 0) return
    this.flush()
    closeSync(this.#descriptor)
    this.#descriptor = -1
  }

  #cut(): void {
    this.close()
    mkdirSync(this.#directory, { recursive: true })
    this.#number++
    this.#descriptor = openSync(join(this.#directory, chunkFileName(this.#number)), 'w')
    this.#newestMs.set(this.#number, -Infinity)
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt32BE(MAGIC)
    header[4] = VERSION
    this.#writeOut(header)
    this.#size = HEADER_BYTES
  }

  #writeOut(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) done += writeSync(this.#descriptor, bytes, done)
  }
}

function writeUvarint(target: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest >= 128) {
    target[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  target[at++] = rest
  return at
}
