import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cursor } from './block/cursor.ts'
import { ChunkEncoding } from './block/format.ts'
import { crc32c } from './checksum.ts'
import type { ChunkDecoder } from './chunk-decoder.ts'
import { CorruptionError } from './errors.ts'
import { RecordType } from './wal/format.ts'
import { decodeHistogramRecord } from './wal/histogram-records.ts'
import { readSegment } from './wal/reader.ts'
import {
  decodeExemplars,
  decodeMetadata,
  decodeSamples,
  decodeSeries,
  decodeTombstones,
} from './wal/records.ts'

const HEAD_CHUNKS_MAGIC = 0x0130bc91
const HEAD_CHUNKS_VERSION = 1
const HEADER_BYTES = 8
/** Reference, two times, encoding. */
const CHUNK_HEAD_BYTES = 25
/** Prometheus marks chunks of late samples in the encoding. */
const LATE_MASK = 0x80

/**
 * Checks a segment of a log, and reads its records.
 * @param isSnapshot  its records are of kinds of their own: their checksums only
 * @returns records @throws CorruptionError
 */
export function verifySegment(file: string, isSnapshot = false): number {
  let records = 0
  let offset = 0
  for (const { data, endOffset } of readSegment(file)) {
    try {
      if (!isSnapshot) decodeRecord(data)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new CorruptionError(file, offset, `record does not decode: ${error.message}`)
    }
    offset = endOffset
    records++
  }
  return records
}

function decodeRecord(data: Uint8Array): void {
  switch (data[0]) {
    case RecordType.series:
      return decodeSeries(data, () => {})
    case RecordType.samples:
      decodeSamples(data)
      return
    case RecordType.tombstones:
      decodeTombstones(data)
      return
    case RecordType.exemplars:
      return decodeExemplars(data, () => {})
    case RecordType.metadata:
      decodeMetadata(data)
      return
    case RecordType.histograms:
    case RecordType.floatHistograms:
    case RecordType.customHistograms:
    case RecordType.customFloatHistograms:
      decodeHistogramRecord(data)
  }
}

/**
 * Checks a file of `chunks_head`: the checksum of every chunk, that it decodes, and its times.
 * @returns chunks @throws CorruptionError
 */
export function verifyHeadChunks(file: string, decoder: ChunkDecoder): number {
  const bytes = readFileSync(file)
  const fail = (offset: number, problem: string): never => {
    throw new CorruptionError(file, offset, problem)
  }
  if (bytes.length === 0) return 0
  if (bytes.length < HEADER_BYTES || bytes.readUInt32BE(0) !== HEAD_CHUNKS_MAGIC)
    fail(0, 'not a file of chunks of the head')
  if (bytes[4] !== HEAD_CHUNKS_VERSION) fail(4, `version ${bytes[4]}, expected ${HEAD_CHUNKS_VERSION}`)
  let chunks = 0
  for (let at = HEADER_BYTES; at < bytes.length; chunks++) {
    // Prometheus makes its files longer in advance: the rest is zeros.
    if (bytes.subarray(at, at + CHUNK_HEAD_BYTES).every((byte) => byte === 0)) break
    if (at + CHUNK_HEAD_BYTES > bytes.length) fail(at, 'a chunk ends early')
    const cursor = new Cursor(bytes.subarray(at + CHUNK_HEAD_BYTES, at + CHUNK_HEAD_BYTES + 5))
    const length = cursor.uvarint()
    const dataAt = at + CHUNK_HEAD_BYTES + cursor.at
    const end = dataAt + length
    if (end + 4 > bytes.length) fail(at, 'a chunk ends early')
    if (crc32c(bytes.subarray(at, end)) !== bytes.readUInt32BE(end))
      fail(at, 'checksum of a chunk does not match')
    const data = bytes.subarray(dataAt, end)
    const encoding = bytes[at + 24]! & ~LATE_MASK
    const samples = length < 2 ? 0 : data.readUInt16BE(0)
    decoder.begin()
    const isKnown = encoding >= ChunkEncoding.xor && encoding <= ChunkEncoding.floatHistogram
    if (!isKnown || decodes(decoder, encoding, data, samples) !== samples) fail(at, 'a chunk does not decode')
    at = end + 4
  }
  return chunks
}

function decodes(decoder: ChunkDecoder, encoding: number, data: Uint8Array, samples: number): number {
  try {
    return decoder.add(encoding, data, samples)
  } catch (error) {
    if (error instanceof RangeError) return -1
    throw error
  }
}

/** Files of `chunks_head`, and segments of snapshots of the head, of a data directory. */
export function headFiles(directory: string): { readonly chunks: string[]; readonly snapshots: string[] } {
  const place = join(directory, 'chunks_head')
  const chunks = existsSync(place) ? readdirSync(place).filter((name) => /^\d{6}$/.test(name)).map((name) => join(place, name)) : [] // prettier-ignore
  const snapshots = readdirSync(directory)
    .filter((name) => /^chunk_snapshot\.\d+\.\d+$/.test(name))
    .flatMap((name) => readdirSync(join(directory, name)).map((segment) => join(directory, name, segment)))
  return { chunks: chunks.sort(), snapshots: snapshots.sort() }
}
