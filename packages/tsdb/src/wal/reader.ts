import { readFileSync } from 'node:fs'
import { zstdDecompressSync } from 'node:zlib'
import snappy from 'snappy'
import { crc32c } from '../checksum.ts'
import { CorruptionError } from '../errors.ts'
import {
  FRAGMENT_TYPE_MASK,
  FragmentType,
  HEADER_BYTES,
  PAGE_BYTES,
  SNAPPY_FLAG,
  ZSTD_FLAG,
} from './format.ts'

/** The most that one record may decompress to: a guard against damaged lengths. */
const RECORD_BYTES_MAX = 512 * 1024 * 1024

export interface WalRecord {
  /** Decompressed; valid until the next record is asked for. */
  readonly data: Uint8Array
  /** Byte offset in the segment behind this record. */
  readonly endOffset: number
}

/**
 * Reads the records of one segment in order. A segment may end in the middle of a page: what is missing counts as zeros.
 * @throws CorruptionError at the first damaged fragment, with the offset of the last whole record's end as `offset`
 */
export function* readSegment(file: string): IterableIterator<WalRecord> {
  const bytes = readFileSync(file)
  let at = 0
  let goodUntil = 0
  let parts: Buffer[] = []
  let flags = 0
  const fail = (problem: string): never => {
    throw new CorruptionError(file, goodUntil, problem)
  }
  while (at < bytes.length) {
    const pageLeft = PAGE_BYTES - (at % PAGE_BYTES)
    const type = bytes[at]! & FRAGMENT_TYPE_MASK
    if (type === FragmentType.pageEnd) {
      if (!isZero(bytes, at, Math.min(bytes.length, at + pageLeft)))
        fail(`unexpected bytes behind the end of a page at ${at}`)
      at += pageLeft
      continue
    }
    if (pageLeft < HEADER_BYTES || at + HEADER_BYTES > bytes.length)
      fail(`fragment header at ${at} is cut off`)
    const length = bytes.readUInt16BE(at + 1)
    const start = at + HEADER_BYTES
    if (HEADER_BYTES + length > pageLeft) fail(`fragment of ${length} bytes at ${at} crosses its page`)
    if (start + length > bytes.length) fail(`fragment of ${length} bytes at ${at} is cut off`)
    const data = bytes.subarray(start, start + length)
    const expected = bytes.readUInt32BE(at + 3)
    if (crc32c(data) !== expected) fail(`checksum of the fragment at ${at} does not match`)
    if (type === FragmentType.full || type === FragmentType.first) {
      if (parts.length > 0) fail(`a record starts at ${at} inside another one`)
      flags = bytes[at]!
    } else if (type > FragmentType.last) fail(`unknown fragment type ${type} at ${at}`)
    else if (parts.length === 0) fail(`a record continues at ${at} without a start`)
    parts.push(data)
    at = start + length
    if (type === FragmentType.full || type === FragmentType.last) {
      const record = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
      parts = []
      let decompressed: Uint8Array
      try {
        decompressed = decompress(record, flags)
      } catch (error) {
        return fail(`record before ${at} does not decompress: ${(error as Error).message}`)
      }
      goodUntil = at
      yield { data: decompressed, endOffset: at }
    }
  }
  if (parts.length > 0) fail('the last record is cut off')
}

function decompress(record: Buffer, flags: number): Uint8Array {
  if (flags & SNAPPY_FLAG) {
    const length = uvarintAt(record)
    if (length > RECORD_BYTES_MAX) throw new RangeError(`record of ${length} bytes`)
    return snappy.uncompressSync(record, { asBuffer: true }) as Buffer
  }
  if (flags & ZSTD_FLAG) return zstdDecompressSync(record, { maxOutputLength: RECORD_BYTES_MAX })
  return record
}

function uvarintAt(bytes: Uint8Array): number {
  let value = 0
  for (let i = 0; i < 5 && i < bytes.length; i++) {
    value += (bytes[i]! & 127) * 128 ** i
    if (bytes[i]! < 128) break
  }
  return value
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false
  return true
}
