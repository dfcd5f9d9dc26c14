import { WireError } from './errors.ts'
import { ProtoReader, WireType } from './proto-reader.ts'
import type { ReadChunk } from './read-message.ts'

/** A frame may have so many bytes; Prometheus sends 1 MiB, or one series. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024
/** Length as uvarint, at most so long, and a checksum. */
const LENGTH_BYTES_MAX = 5
const CHECKSUM_BYTES = 4

/** Takes a stream of frames apart: pieces as the network brings them go in, whole messages come out. */
export class FrameReader {
  readonly #crc32c: (bytes: Buffer) => number
  #pieces: Buffer[] = []
  #bytes = 0
  /** Bytes that are needed to go on. */
  #wanted = 1

  constructor(crc32c: (bytes: Buffer) => number) {
    this.#crc32c = crc32c
  }

  /** @returns messages that are whole now; good until the next call @throws WireError for a wrong checksum or too long a frame */
  push(piece: Uint8Array): Buffer[] {
    this.#pieces.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
    this.#bytes += piece.byteLength
    if (this.#bytes < this.#wanted) return []
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces)
    const messages: Buffer[] = []
    let at = 0
    for (let next = this.#frame(all, at); next !== undefined; next = this.#frame(all, at)) {
      messages.push(next.message)
      at = next.end
    }
    this.#pieces = at < all.length ? [Buffer.from(all.subarray(at))] : []
    this.#bytes = all.length - at
    return messages
  }

  /** @throws WireError when a frame was not whole */
  end(): void {
    if (this.#bytes > 0) throw new WireError('remote read: the stream ends inside a frame')
  }

  #frame(all: Buffer, at: number): { message: Buffer; end: number } | undefined {
    this.#wanted = 1
    const head = all.subarray(at, at + LENGTH_BYTES_MAX)
    if (head.length < LENGTH_BYTES_MAX && !head.some((byte) => byte < 128)) return undefined
    const reader = new ProtoReader(head)
    const length = reader.varint()
    if (length > FRAME_BYTES_MAX)
      throw new WireError(`remote read: a frame of ${length} bytes, at most ${FRAME_BYTES_MAX} are taken`)
    const start = at + reader.at + CHECKSUM_BYTES
    const end = start + length
    if (end > all.length) {
      this.#wanted = end - at
      return undefined
    }
    const message = all.subarray(start, end)
    if (this.#crc32c(message) >>> 0 !== all.readUInt32BE(start - CHECKSUM_BYTES))
      throw new WireError('remote read: the checksum of a frame does not match')
    return { message, end }
  }
}

/** Reads `prometheus.ChunkedReadResponse`. @param found  gets `[name, value, …]`; data are views @throws WireError */
export function decodeChunkedSeries(
  message: Buffer,
  found: (labels: readonly string[], chunks: readonly ReadChunk[]) => void,
): void {
  const reader = new ProtoReader(message)
  while (reader.next()) {
    if (reader.field !== 1 || reader.wireType !== WireType.bytes) {
      reader.skip()
      continue
    }
    const [labels, chunks]: [string[], ReadChunk[]] = [[], []]
    reader.nested(() => {
      while (reader.next()) {
        if (reader.field === 1 && reader.wireType === WireType.bytes)
          reader.nested(() => labels.push(...readLabel(reader)))
        else if (reader.field === 2 && reader.wireType === WireType.bytes)
          reader.nested(() => chunks.push(readChunk(reader)))
        else reader.skip()
      }
    })
    found(labels, chunks)
  }
}

function readLabel(reader: ProtoReader): [string, string] {
  let [name, value] = ['', '']
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === WireType.bytes) name = reader.text()
    else if (reader.field === 2 && reader.wireType === WireType.bytes) value = reader.text()
    else reader.skip()
  }
  return [name, value]
}

function readChunk(reader: ProtoReader): ReadChunk {
  let [minTimeMs, maxTimeMs, encoding] = [0, 0, 0]
  let data: Uint8Array = new Uint8Array(0)
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === WireType.varint) minTimeMs = reader.int64()
    else if (reader.field === 2 && reader.wireType === WireType.varint) maxTimeMs = reader.int64()
    else if (reader.field === 3 && reader.wireType === WireType.varint) encoding = reader.varint()
    else if (reader.field === 4 && reader.wireType === WireType.bytes) {
      const length = reader.length()
      data = reader.bytes.subarray(reader.at, reader.at + length)
      reader.at += length
    } else reader.skip()
  }
  return { encoding, data, minTimeMs, maxTimeMs }
}
