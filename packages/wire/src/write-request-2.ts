import { readHistogram } from './histogram-message.ts'
import { ProtoReader, WireType } from './proto-reader.ts'
import { WireError } from './errors.ts'
import type { WriteRequestSink } from './write-request.ts'

/** Texts that one request may name. */
const SYMBOLS_MAX = 4_000_000

/** What version 2 tells of a series beyond version 1. Types are {@link METRIC_TYPE_NUMBERS}. */
export interface WriteRequest2Sink extends WriteRequestSink {
  /** @param metadata  reads type and unit of the series, which are told behind its samples as well */
  series(key: string, labels: () => string[], metadata?: () => { type: number; unit: string }): void
  seriesMetadata(type: number, help: string, unit: string): void
}

/**
 * Reads `io.prometheus.write.v2.Request` (remote write 2.0) into the sink of version 1. A series' key is made of its labels'
 * texts: numbers of symbols differ from request to request. Start timestamps are passed over.
 * @throws WireError when the bytes are not such a message
 */
export function decodeWriteRequest2(message: Buffer, sink: WriteRequest2Sink): void {
  const symbols = readSymbols(message)
  const reader = new ProtoReader(message)
  while (reader.next())
    if (reader.field === 5 && reader.wireType === WireType.bytes)
      reader.nested(() => readSeries(reader, symbols, sink))
    else reader.skip()
}

function readSymbols(message: Buffer): string[] {
  const reader = new ProtoReader(message)
  const symbols: string[] = []
  while (reader.next()) {
    if (reader.field !== 4 || reader.wireType !== WireType.bytes) {
      reader.skip()
      continue
    }
    if (symbols.length >= SYMBOLS_MAX) throw new WireError(`remote write: more than ${SYMBOLS_MAX} symbols`)
    const length = reader.length()
    symbols.push(message.toString('utf8', reader.at, reader.at + length))
    reader.at += length
  }
  if (symbols.length > 0 && symbols[0] !== '')
    throw new WireError('remote write: the first symbol must be the empty string')
  return symbols
}

function readSeries(reader: ProtoReader, symbols: readonly string[], sink: WriteRequest2Sink): void {
  const start = reader.at
  const labels: string[] = []
  while (reader.next()) {
    if (reader.field === 1 && (reader.wireType === WireType.bytes || reader.wireType === WireType.varint))
      readTexts(reader, symbols, labels)
    else reader.skip()
  }
  if (labels.length % 2 === 1) throw new WireError('remote write: an odd number of label references')
  const metadata = (): { type: number; unit: string } => {
    const found = { type: 0, unit: '' }
    const at = reader.at
    reader.at = start
    while (reader.next())
      if (reader.field === 5 && reader.wireType === WireType.bytes)
        reader.nested(() =>
          readMetadata(reader, symbols, (type, _help, unit) => Object.assign(found, { type, unit })),
        )
      else reader.skip()
    reader.at = at
    return found
  }
  sink.series(`2${labels.map((text) => `${text.length}:${text}`).join('')}`, () => labels, metadata)
  reader.at = start
  while (reader.next()) {
    if (reader.wireType !== WireType.bytes) reader.skip()
    else if (reader.field === 2) reader.nested(() => readSample(reader, sink))
    else if (reader.field === 3) reader.nested(() => sink.histogram(readHistogram(reader)))
    else if (reader.field === 4) reader.nested(() => readExemplar(reader, symbols, sink))
    else if (reader.field === 5)
      reader.nested(() => readMetadata(reader, symbols, sink.seriesMetadata.bind(sink)))
    else reader.skip()
  }
}

/** Texts by packed or single numbers. */
function readTexts(reader: ProtoReader, symbols: readonly string[], into: string[]): void {
  const one = (): void => {
    into.push(symbolOf(symbols, reader.varint()))
  }
  if (reader.wireType === WireType.varint) one()
  else
    reader.nested(() => {
      while (reader.at < reader.end) one()
    })
}

function symbolOf(symbols: readonly string[], index: number): string {
  const text = symbols[index]
  if (text === undefined)
    throw new WireError(`remote write: symbol ${index} is named, there are ${symbols.length}`)
  return text
}

const ZERO = Buffer.alloc(8)

function readSample(reader: ProtoReader, sink: WriteRequest2Sink): void {
  let valueAt = -1
  let timeMs = 0
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === WireType.fixed64) valueAt = reader.fixed64()
    else if (reader.field === 2 && reader.wireType === WireType.varint) timeMs = reader.int64()
    else reader.skip()
  }
  if (valueAt < 0) sink.sample(timeMs, ZERO, 0)
  else sink.sample(timeMs, reader.bytes, valueAt)
}

function readExemplar(reader: ProtoReader, symbols: readonly string[], sink: WriteRequest2Sink): void {
  const labels: string[] = []
  let value = 0
  let timeMs = 0
  while (reader.next()) {
    if (reader.field === 1 && (reader.wireType === WireType.bytes || reader.wireType === WireType.varint))
      readTexts(reader, symbols, labels)
    else if (reader.field === 2 && reader.wireType === WireType.fixed64)
      value = reader.bytes.readDoubleLE(reader.fixed64())
    else if (reader.field === 3 && reader.wireType === WireType.varint) timeMs = reader.int64()
    else reader.skip()
  }
  if (labels.length % 2 === 1) throw new WireError('remote write: an odd number of label references')
  sink.exemplar(labels, value, timeMs)
}

function readMetadata(
  reader: ProtoReader,
  symbols: readonly string[],
  found: WriteRequest2Sink['seriesMetadata'],
): void {
  let type = 0
  let help = ''
  let unit = ''
  while (reader.next()) {
    if (reader.wireType !== WireType.varint) reader.skip()
    else if (reader.field === 1) type = reader.varint()
    else if (reader.field === 3) help = symbolOf(symbols, reader.varint())
    else if (reader.field === 4) unit = symbolOf(symbols, reader.varint())
    else reader.skip()
  }
  found(type, help, unit)
}
