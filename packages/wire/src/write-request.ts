import { type HistogramMessage, readHistogram } from './histogram-message.ts'
import { ProtoReader, WireType } from './proto-reader.ts'
import { WireError } from './errors.ts'

/**
 * Takes a remote-write request (`prometheus.WriteRequest`, version 1.0) piece by piece, series by series. Views on the
 * message are only valid inside the call.
 */
export interface WriteRequestSink {
  /**
   * Opens a series.
   * @param key  the bytes of its labels as a binary string: equal for equal labels in the same order
   * @param labels  reads the labels: `[name, value, …]` in the order of the message
   */
  series(key: string, labels: () => string[]): void
  /** @param at  offset of the value in `bytes`, 8 bytes little-endian: bits, so that stale markers survive */
  sample(timeMs: number, bytes: Buffer, at: number): void
  exemplar(labels: string[], value: number, timeMs: number): void
  /** A native histogram of the open series. */
  histogram(message: HistogramMessage): void
  metadata(metricFamily: string, type: number, help: string, unit: string): void
}

/** @throws WireError when the bytes are not such a message */
export function decodeWriteRequest(message: Buffer, sink: WriteRequestSink): void {
  const reader = new ProtoReader(message)
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === WireType.bytes)
      reader.nested(() => readSeries(reader, sink))
    else if (reader.field === 3 && reader.wireType === WireType.bytes)
      reader.nested(() => readMetadata(reader, sink))
    else reader.skip()
  }
}

/** Labels come first in what every sender writes; the series is opened when the first thing behind them is met. */
function readSeries(reader: ProtoReader, sink: WriteRequestSink): void {
  const start = reader.at
  let labelsEnd = start
  let opened = false
  const open = (): void => {
    if (opened) return
    opened = true
    const end = labelsEnd
    sink.series(reader.bytes.toString('latin1', start, end), () => readLabels(reader.bytes, start, end))
  }
  while (reader.next()) {
    if (reader.wireType !== WireType.bytes) {
      reader.skip()
      continue
    }
    switch (reader.field) {
      case 1:
        if (opened) throw new WireError('remote write: labels stand behind samples')
        reader.skip()
        labelsEnd = reader.at
        break
      case 2:
        open()
        reader.nested(() => readSample(reader, sink))
        break
      case 3:
        open()
        reader.nested(() => readExemplar(reader, sink))
        break
      case 4:
        open()
        reader.nested(() => sink.histogram(readHistogram(reader)))
        break
      default:
        reader.skip()
    }
  }
}

function readLabels(bytes: Buffer, start: number, end: number): string[] {
  const reader = new ProtoReader(bytes)
  reader.at = start
  reader.end = end
  const labels: string[] = []
  while (reader.next()) reader.nested(() => readLabel(reader, labels))
  return labels
}

function readLabel(reader: ProtoReader, into: string[]): void {
  let name = ''
  let value = ''
  while (reader.next()) {
    if (reader.wireType !== WireType.bytes || reader.field > 2) reader.skip()
    else if (reader.field === 1) name = readString(reader)
    else value = readString(reader)
  }
  into.push(name, value)
}

function readString(reader: ProtoReader): string {
  const length = reader.length()
  const text = reader.bytes.toString('utf8', reader.at, reader.at + length)
  reader.at += length
  return text
}

const ZERO = Buffer.alloc(8)

function readSample(reader: ProtoReader, sink: WriteRequestSink): void {
  let valueAt = -1
  let timeMs = 0
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === WireType.fixed64) valueAt = reader.fixed64()
    else if (reader.field === 2 && reader.wireType === WireType.varint) timeMs = reader.int64()
    else reader.skip()
  }
  // A value of 0 is not written at all.
  if (valueAt < 0) sink.sample(timeMs, ZERO, 0)
  else sink.sample(timeMs, reader.bytes, valueAt)
}

function readExemplar(reader: ProtoReader, sink: WriteRequestSink): void {
  const labels: string[] = []
  let value = 0
  let timeMs = 0
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === WireType.bytes)
      reader.nested(() => readLabel(reader, labels))
    else if (reader.field === 2 && reader.wireType === WireType.fixed64)
      value = reader.bytes.readDoubleLE(reader.fixed64())
    else if (reader.field === 3 && reader.wireType === WireType.varint) timeMs = reader.int64()
    else reader.skip()
  }
  sink.exemplar(labels, value, timeMs)
}

function readMetadata(reader: ProtoReader, sink: WriteRequestSink): void {
  let type = 0
  const texts = ['', '', '']
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === WireType.varint) type = reader.varint()
    else if (reader.wireType === WireType.bytes && [2, 4, 5].includes(reader.field)) {
      const text = readString(reader)
      texts[reader.field === 2 ? 0 : reader.field - 3] = text
    } else reader.skip()
  }
  sink.metadata(texts[0]!, type, texts[1]!, texts[2]!)
}
