import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import snappy from 'snappy'
import { crc32c } from '../checksum.ts'
import { StorageError } from '../errors.ts'
import {
  FragmentType,
  HEADER_BYTES,
  PAGE_BYTES,
  SEGMENT_BYTES,
  SNAPPY_FLAG,
  segmentIndex,
  segmentName,
  type WalCompression,
  ZSTD_FLAG,
} from './format.ts'

export interface WalWriterOptions {
  readonly directory: string
  readonly compression: WalCompression
  readonly segmentBytes?: number
}

/**
 * Appends records to the log. `log` returns when the operating system has the bytes (safe against a dead process);
 * `sync` when the disk has them (safe against power loss). Always starts a new segment, as Prometheus does, so that a
 * torn end of the last one stays where it is for the next repair.
 */
export class WalWriter {
  readonly #options: WalWriterOptions
  readonly #segmentBytes: number
  #segment: number
  #file: number
  /** Bytes of the current segment that are written. */
  #offset = 0
  #pending: Buffer = Buffer.alloc(4 * PAGE_BYTES)
  #pendingBytes = 0
  #dirty = false
  #syncing = false
  /** Bytes written to segments since the start. */
  bytesWritten = 0
  recordsWritten = 0

  /** Writes that the disk refused. */
  writesFailed = 0

  /** @throws StorageError when the directory cannot be written */
  constructor(options: WalWriterOptions) {
    this.#options = options
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES
    mkdirSync(options.directory, { recursive: true })
    this.#segment = Math.max(-1, ...listSegments(options.directory)) + 1
    this.#file = this.#openSegment()
  }

  get segment(): number {
    return this.#segment
  }

  /**
   * Writes the records in order with one system call.
   * @throws StorageError when the disk refuses; then none of them is in the log
   */
  log(...records: readonly Uint8Array[]): void {
    const startOffset = this.#offset
    const startSegment = this.#segment
    try {
      for (const record of records) this.#add(record)
      this.#flush()
    } catch (error) {
      this.writesFailed++
      this.#undo(startSegment, startOffset)
      throw new StorageError(`cannot write the log ${this.#path()}: ${(error as Error).message}`, {
        cause: error,
      })
    }
    this.recordsWritten += records.length
  }

  /** Starts the next segment. @returns its number */
  nextSegment(): number {
    this.#flush()
    this.#padPage()
    this.#flush()
    fdatasyncSync(this.#file)
    closeSync(this.#file)
    this.#segment++
    this.#offset = 0
    this.#file = this.#openSegment()
    return this.#segment
  }

  /** Brings what was logged to the disk, without blocking the thread. Errors go to `onError`. */
  sync(onError: (error: Error) => void, onDone?: (milliseconds: number) => void): void {
    if (!this.#dirty || this.#syncing) return
    this.#dirty = false
    this.#syncing = true
    const started = performance.now()
    fdatasync(this.#file, (error) => {
      this.#syncing = false
      if (error && error.code !== 'EBADF') onError(error)
      else onDone?.(performance.now() - started)
    })
  }

  close(): void {
    fdatasyncSync(this.#file)
    closeSync(this.#file)
  }

  #path(): string {
    return join(this.#options.directory, segmentName(this.#segment))
  }

  #openSegment(): number {
    try {
      return openSync(this.#path(), 'wx')
    } catch (error) {
      throw new StorageError(`cannot create the log segment ${this.#path()}: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }

  #add(record: Uint8Array): void {
    const [data, flag] = this.#compress(record)
    const needed = data.length + HEADER_BYTES * (2 + Math.floor(data.length / (PAGE_BYTES - HEADER_BYTES)))
    if (this.#position + needed > this.#segmentBytes && this.#position > 0) this.nextSegment()
    let at = 0
    let first = true
    do {
      const room = PAGE_BYTES - (this.#position % PAGE_BYTES)
      if (room <= HEADER_BYTES) {
        this.#padPage()
        continue
      }
      const length = Math.min(data.length - at, room - HEADER_BYTES)
      const last = at + length === data.length
      const type = first
        ? last
          ? FragmentType.full
          : FragmentType.first
        : last
          ? FragmentType.last
          : FragmentType.middle
      this.#fragment(type | flag, data.subarray(at, at + length))
      at += length
      first = false
    } while (at < data.length)
  }

  get #position(): number {
    return this.#offset + this.#pendingBytes
  }

  #compress(record: Uint8Array): [data: Uint8Array, flag: number] {
    if (this.#options.compression === 'none') return [record, 0]
    const packed =
      this.#options.compression === 'snappy'
        ? snappy.compressSync(asBuffer(record))
        : zstdCompressSync(record)
    if (packed.length >= record.length) return [record, 0]
    return [packed, this.#options.compression === 'snappy' ? SNAPPY_FLAG : ZSTD_FLAG]
  }

  #fragment(type: number, data: Uint8Array): void {
    this.#reserve(HEADER_BYTES + data.length)
    const at = this.#pendingBytes
    this.#pending[at] = type
    this.#pending.writeUInt16BE(data.length, at + 1)
    this.#pending.writeUInt32BE(crc32c(data), at + 3)
    this.#pending.set(data, at + HEADER_BYTES)
    this.#pendingBytes += HEADER_BYTES + data.length
  }

  #padPage(): void {
    const rest = (PAGE_BYTES - (this.#position % PAGE_BYTES)) % PAGE_BYTES
    this.#reserve(rest)
    this.#pending.fill(0, this.#pendingBytes, this.#pendingBytes + rest)
    this.#pendingBytes += rest
  }

  #reserve(bytes: number): void {
    if (this.#pendingBytes + bytes <= this.#pending.length) return
    const larger = Buffer.alloc(2 * (this.#pendingBytes + bytes))
    this.#pending.copy(larger, 0, 0, this.#pendingBytes)
    this.#pending = larger
  }

  #flush(): void {
    let done = 0
    while (done < this.#pendingBytes)
      done += writeSync(this.#file, this.#pending, done, this.#pendingBytes - done, this.#offset + done)
    this.#offset += this.#pendingBytes
    this.bytesWritten += this.#pendingBytes
    this.#dirty ||= this.#pendingBytes > 0
    this.#pendingBytes = 0
  }

  /** After a failed write: what lies behind the last whole record goes. */
  #undo(segment: number, offset: number): void {
    this.#pendingBytes = 0
    if (segment !== this.#segment) offset = 0
    try {
      ftruncateSync(this.#file, offset)
    } catch {
      // The next open repairs: the torn record fails its checksum.
    }
    this.#offset = offset
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  // A view on shared memory must not reach the native compressor: it may keep or transfer it.
  return bytes.buffer instanceof SharedArrayBuffer
    ? Buffer.from(bytes)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Numbers of the segments in `directory`, ascending; empty when it does not exist. */
export function listSegments(directory: string): number[] {
  try {
    return readdirSync(directory)
      .map(segmentIndex)
      .filter((index) => index !== undefined)
      .sort((a, b) => a - b)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new StorageError(`cannot read ${directory}: ${(error as Error).message}`, { cause: error })
  }
}

/** Bytes of all segments in `directory`. */
export function walBytes(directory: string): number {
  return listSegments(directory).reduce(
    (sum, index) => sum + statSync(join(directory, segmentName(index))).size,
    0,
  )
}
