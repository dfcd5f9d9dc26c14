import type { HistogramMessage } from './histogram-message.ts'
import { ProtoReader, WireType } from './proto-reader.ts'
import { ProtoWriter } from './proto-writer.ts'
import { WireError } from './errors.ts'
import { decodeWriteRequest } from './write-request.ts'
import { encodeWriteRequest, type OutgoingSeries } from './write-message.ts'

/** `=`, `!=`, `=~`, `!~`, by the number that the protocol has for them. */
export const READ_OPERATORS = ['=', '!=', '=~', '!~'] as const

export interface ReadMatcher {
  readonly operator: (typeof READ_OPERATORS)[number]
  readonly name: string
  readonly value: string
}

/** One question of a remote read; times are Unix milliseconds, both ends included. */
export interface ReadQuery {
  readonly startMs: number
  readonly endMs: number
  readonly matchers: readonly ReadMatcher[]
}

export interface ReadRequest {
  readonly queries: readonly ReadQuery[]
  /** The client takes chunks, frame by frame. */
  readonly takesChunks: boolean
}

/** Questions in one request. */
const QUERIES_MAX = 1000
const MATCHERS_MAX = 1000

/** Reads `prometheus.ReadRequest`. @throws WireError */
export function decodeReadRequest(message: Buffer): ReadRequest {
  const reader = new ProtoReader(message)
  const queries: ReadQuery[] = []
  const accepted: number[] = []
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === WireType.bytes) {
      if (queries.length >= QUERIES_MAX) throw new WireError(`remote read: more than ${QUERIES_MAX} queries`)
      reader.nested(() => queries.push(readQuery(reader)))
    } else if (reader.field === 2 && reader.wireType === WireType.varint) accepted.push(reader.varint())
    else if (reader.field === 2 && reader.wireType === WireType.bytes)
      reader.nested(() => {
        while (reader.at < reader.end && accepted.length < 16) accepted.push(reader.varint())
      })
    else reader.skip()
  }
  // The first that is known counts; none means samples.
  return { queries, takesChunks: accepted.find((type) => type === 0 || type === 1) === 1 }
}

function readQuery(reader: ProtoReader): ReadQuery {
  let startMs = 0
  let endMs = 0
  const matchers: ReadMatcher[] = []
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === WireType.varint) startMs = reader.int64()
    else if (reader.field === 2 && reader.wireType === WireType.varint) endMs = reader.int64()
    else if (reader.field === 3 && reader.wireType === WireType.bytes) {
      if (matchers.length >= MATCHERS_MAX)
        throw new WireError(`remote read: more than ${MATCHERS_MAX} matchers`)
      reader.nested(() => matchers.push(readMatcher(reader)))
    } else reader.skip()
  }
  return { startMs, endMs, matchers }
}

function readMatcher(reader: ProtoReader): ReadMatcher {
  let type = 0
  const texts = ['', '']
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === WireType.varint) type = reader.varint()
    else if ((reader.field === 2 || reader.field === 3) && reader.wireType === WireType.bytes) {
      const length = reader.length()
      texts[reader.field - 2] = reader.bytes.toString('utf8', reader.at, reader.at + length)
      reader.at += length
    } else reader.skip()
  }
  const operator = READ_OPERATORS[type]
  if (operator === undefined) throw new WireError(`remote read: matcher type ${type} is not known`)
  return { operator, name: texts[0]!, value: texts[1]! }
}

/** Forms of an answer, by the number that the protocol has for them. */
const [SAMPLES, STREAMED_CHUNKS] = [0, 1]

/** A request for samples. @param takesChunks  the other side may stream chunks instead */
export function encodeReadRequest(queries: readonly ReadQuery[], takesChunks = false): Buffer {
  const out = new ProtoWriter()
  for (const { startMs, endMs, matchers } of queries)
    out.nested(1, () => {
      out.integer(1, startMs)
      out.integer(2, endMs)
      for (const { operator, name, value } of matchers)
        out.nested(3, () => {
          out.integer(1, READ_OPERATORS.indexOf(operator))
          out.string(2, name)
          out.string(3, value)
        })
    })
  if (takesChunks) out.bytes(2, Uint8Array.of(STREAMED_CHUNKS, SAMPLES))
  return out.view()
}

/** `prometheus.ReadResponse` with the series of each query. */
export function encodeReadResponse(results: readonly (readonly OutgoingSeries[])[]): Buffer {
  const out = new ProtoWriter(64 * 1024)
  // A result holds its series in the same field and form as a write request does.
  for (const series of results) out.bytes(1, encodeWriteRequest(series))
  return out.view()
}

/** A series of an answer. Values are 8 bytes, little-endian, of `bytes`: bits, so that stale markers survive. */
export interface ReadSeriesSink {
  series(query: number, labels: readonly string[]): void
  sample(timeMs: number, bytes: Buffer, at: number): void
  histogram(message: HistogramMessage): void
}

/** Reads `prometheus.ReadResponse`. @throws WireError */
export function decodeReadResponse(message: Buffer, sink: ReadSeriesSink): void {
  const reader = new ProtoReader(message)
  let query = 0
  while (reader.next()) {
    if (reader.field !== 1 || reader.wireType !== WireType.bytes) {
      reader.skip()
      continue
    }
    const index = query++
    const length = reader.length()
    decodeWriteRequest(message.subarray(reader.at, reader.at + length), {
      series: (_key, labels) => sink.series(index, labels()),
      sample: (timeMs, bytes, at) => sink.sample(timeMs, bytes, at),
      histogram: (histogram) => sink.histogram(histogram),
      exemplar: () => {},
      metadata: () => {},
    })
    reader.at += length
  }
}

/** A chunk as Prometheus stores it: 1 XOR, 2 histograms, 3 float histograms. */
export interface ReadChunk {
  readonly encoding: number
  readonly data: Uint8Array
  readonly minTimeMs: number
  readonly maxTimeMs: number
}

/** `prometheus.ChunkedReadResponse` with one series. */
export function encodeChunkedSeries(
  labels: readonly string[],
  chunks: readonly ReadChunk[],
  query: number,
): Buffer {
  const out = new ProtoWriter()
  out.nested(1, () => {
    for (let i = 0; i + 1 < labels.length; i += 2)
      out.nested(1, () => {
        out.string(1, labels[i]!)
        out.string(2, labels[i + 1]!)
      })
    for (const { encoding, data, minTimeMs, maxTimeMs } of chunks)
      out.nested(2, () => {
        out.integer(1, minTimeMs)
        out.integer(2, maxTimeMs)
        out.integer(3, encoding)
        out.bytes(4, data)
      })
  })
  out.integer(2, query)
  return out.view()
}

/** A frame of the stream: length as uvarint, CRC-32C big-endian, message. @param crc32c of the message */
export function encodeFrame(message: Buffer, crc32c: number): Buffer {
  const head = new ProtoWriter(16)
  head.varint(message.length)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32c >>> 0)
  return Buffer.concat([head.view(), checksum, message])
}
