import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import snappy from 'snappy'
import { crc32c } from '../checksum.ts'
import { CorruptionError } from '../errors.ts'
import { FRAGMENT_TYPE_MASK, FragmentType, HEADER_BYTES, PAGE_BYTES, segmentName, SNAPPY_FLAG, ZSTD_FLAG } from './format.ts' // prettier-ignore
import { listSegments } from './writer.ts'

/** A place in the log, between two records. */
export interface WalPosition {
  readonly segment: number
  readonly offset: number
}

/** Bytes that are read from a segment at once. */
const READ_BYTES = 1024 * 1024
/** The most that one record may decompress to. */
const RECORD_BYTES_MAX = 512 * 1024 * 1024

/**
 * Follows the log while it is written: hands out whole records from a position on, and stops where the log ends so far. In
 * a segment behind which there is another one, what is cut off at the end was cut off by a crash and is passed over.
 */
export class WalTail {
  readonly #directory: string
  #segment: number
  #offset: number
  #file: number | undefined
  #buffer: Buffer = Buffer.alloc(0)
  /** Offset of the buffer's first byte in the segment. */
  #bufferStart = 0

  /** @param directory  `wal/` of a data directory */
  constructor(directory: string, from: WalPosition) {
    this.#directory = directory
    this.#segment = from.segment
    this.#offset = from.offset
  }

  /** Behind the last record that was handed out. */
  get position(): WalPosition {
    return { segment: this.#segment, offset: this.#offset }
  }

  /**
   * The next record, decompressed; undefined when there is none yet.
   * @throws CorruptionError for a damaged record that is not the end of its segment
   */
  next(): Uint8Array | undefined {
    for (;;) {
      const record = this.#readRecord()
      if (record !== undefined) return record
      const later = listSegments(this.#directory).find((index) => index > this.#segment)
      if (later === undefined) return undefined
      // Something may have been written between the two looks.
      const last = this.#readRecord()
      if (last !== undefined) return last
      this.#open(later)
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #open(segment: number): void {
    this.close()
    this.#segment = segment
    this.#offset = 0
    this.#buffer = Buffer.alloc(0)
  }

  #readRecord(): Uint8Array | undefined {
    let at = this.#offset
    let flags = 0
    const parts: Buffer[] = []
    for (;;) {
      const pageLeft = PAGE_BYTES - (at % PAGE_BYTES)
      if (pageLeft < HEADER_BYTES) {
        at += pageLeft
        continue
      }
      const header = this.#bytes(at, HEADER_BYTES)
      if (header === undefined) return undefined
      const type = header[0]! & FRAGMENT_TYPE_MASK
      if (type === FragmentType.pageEnd) {
        // Zeros up to the page's end: what comes next starts on the next page, if there is one.
        if (this.#bytes(at, pageLeft) === undefined) return undefined
        at += pageLeft
        continue
      }
      const [kind, length, expected] = [header[0]!, header.readUInt16BE(1), header.readUInt32BE(3)]
      const data = this.#bytes(at + HEADER_BYTES, length)
      if (data === undefined) return undefined
      if (crc32c(data) !== expected)
        throw new CorruptionError(this.#path(), at, 'the checksum of a fragment does not match')
      if (type === FragmentType.full || type === FragmentType.first) {
        parts.length = 0
        flags = kind
      }
      parts.push(Buffer.from(data))
      at += HEADER_BYTES + length
      if (type === FragmentType.full || type === FragmentType.last) {
        this.#offset = at
        return decompress(parts.length === 1 ? parts[0]! : Buffer.concat(parts), flags)
      }
    }
  }

  /** Bytes of the segment as a view; undefined when they are not there yet. */
  #bytes(at: number, length: number): Buffer | undefined {
    const from = at - this.#bufferStart
    if (from >= 0 && from + length <= this.#buffer.length) return this.#buffer.subarray(from, from + length)
    this.#file ??= this.#openFile()
    if (this.#file === undefined) return undefined
    const room = Buffer.allocUnsafe(Math.max(READ_BYTES, length))
    const read = readSync(this.#file, room, 0, room.length, at)
    this.#buffer = room.subarray(0, read)
    this.#bufferStart = at
    return read < length ? undefined : this.#buffer.subarray(0, length)
  }

  #openFile(): number | undefined {
    try {
      return openSync(this.#path(), 'r')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  #path(): string {
    return join(this.#directory, segmentName(this.#segment))
  }
}

function decompress(record: Buffer, flags: number): Uint8Array {
  if (flags & SNAPPY_FLAG) return snappy.uncompressSync(record, { asBuffer: true }) as Buffer
  if (flags & ZSTD_FLAG) return zstdDecompressSync(record, { maxOutputLength: RECORD_BYTES_MAX })
  return record
}
