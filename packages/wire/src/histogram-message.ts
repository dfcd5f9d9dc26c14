import { type ProtoReader, WireType } from './proto-reader.ts'
import { WireError } from './errors.ts'

export interface SpanMessage {
  readonly offset: number
  readonly length: number
}

/** A native histogram as `prometheus.Histogram` has it: integers as deltas between buckets, floats as counts. */
export interface HistogramMessage {
  timeMs: number
  isFloat: boolean
  count: number
  zeroCount: number
  /** 8 bytes, little-endian: as bits, so that a stale marker survives. */
  sum: Buffer
  schema: number
  zeroThreshold: number
  /** 0 unknown, 1 reset, 2 not reset, 3 gauge. */
  resetHint: number
  readonly positiveSpans: SpanMessage[]
  readonly negativeSpans: SpanMessage[]
  readonly positiveDeltas: number[]
  readonly negativeDeltas: number[]
  readonly positiveCounts: number[]
  readonly negativeCounts: number[]
  readonly customBounds: number[]
}

/** Reads the message that the reader stands in. @throws WireError */
export function readHistogram(reader: ProtoReader): HistogramMessage {
  const message: HistogramMessage = {
    timeMs: 0,
    isFloat: false,
    count: 0,
    zeroCount: 0,
    sum: Buffer.alloc(8),
    schema: 0,
    zeroThreshold: 0,
    resetHint: 0,
    positiveSpans: [],
    negativeSpans: [],
    positiveDeltas: [],
    negativeDeltas: [],
    positiveCounts: [],
    negativeCounts: [],
    customBounds: [],
  }
  while (reader.next()) readField(reader, message)
  return message
}

function readField(reader: ProtoReader, message: HistogramMessage): void {
  const double = (): number => reader.double()
  switch (reader.field * 8 + reader.wireType) {
    case 1 * 8 + WireType.varint:
      message.count = reader.varint()
      return
    case 2 * 8 + WireType.fixed64:
      message.isFloat = true
      message.count = double()
      return
    case 3 * 8 + WireType.fixed64:
      reader.bytes.copy(message.sum, 0, reader.fixed64())
      return
    case 4 * 8 + WireType.varint:
      message.schema = reader.zigzag()
      return
    case 5 * 8 + WireType.fixed64:
      message.zeroThreshold = double()
      return
    case 6 * 8 + WireType.varint:
      message.zeroCount = reader.varint()
      return
    case 7 * 8 + WireType.fixed64:
      message.zeroCount = double()
      return
    case 14 * 8 + WireType.varint:
      message.resetHint = reader.varint()
      return
    case 15 * 8 + WireType.varint:
      message.timeMs = reader.int64()
      return
    default:
      readRepeated(reader, message)
  }
}

/** Bucket fields: packed, or one by one, as protobuf allows. */
function readRepeated(reader: ProtoReader, message: HistogramMessage): void {
  const double = (): number => reader.double()
  const integer = (): number => reader.zigzag()
  switch (reader.field) {
    case 8:
      return readSpan(reader, message.negativeSpans)
    case 9:
      return readPacked(reader, WireType.varint, integer, message.negativeDeltas)
    case 10:
      return readPacked(reader, WireType.fixed64, double, message.negativeCounts)
    case 11:
      return readSpan(reader, message.positiveSpans)
    case 12:
      return readPacked(reader, WireType.varint, integer, message.positiveDeltas)
    case 13:
      return readPacked(reader, WireType.fixed64, double, message.positiveCounts)
    case 16:
      return readPacked(reader, WireType.fixed64, double, message.customBounds)
    default:
      reader.skip()
  }
}

function readPacked(reader: ProtoReader, single: number, read: () => number, into: number[]): void {
  if (reader.wireType === single) into.push(read())
  else if (reader.wireType === WireType.bytes)
    reader.nested(() => {
      while (reader.at < reader.end) into.push(read())
    })
  else
    throw new WireError(`remote write: field ${reader.field} of a histogram has wire type ${reader.wireType}`)
}

function readSpan(reader: ProtoReader, into: SpanMessage[]): void {
  if (reader.wireType !== WireType.bytes)
    throw new WireError(`remote write: field ${reader.field} of a histogram has wire type ${reader.wireType}`)
  let offset = 0
  let length = 0
  reader.nested(() => {
    while (reader.next())
      if (reader.field === 1 && reader.wireType === WireType.varint) offset = reader.zigzag()
      else if (reader.field === 2 && reader.wireType === WireType.varint) length = reader.varint()
      else reader.skip()
  })
  into.push({ offset, length })
}
