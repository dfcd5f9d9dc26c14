import type { Exemplar, Labels } from '@promontory/model'
import { RecordType } from './format.ts'

/**
 * Records other than samples (those are written by a kernel). Integers are big-endian or varints, strings have a uvarint
 * length, as in Prometheus's `tsdb/docs/format/wal.md`.
 */

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A growing byte buffer. */
class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(4096)
  #view: DataView = new DataView(this.#bytes.buffer)
  #length = 0

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** An unsigned integer below 2^53. */
  uint64(value: number): void {
    this.#reserve(8)
    this.#view.setBigUint64(this.#length, BigInt(value))
    this.#length += 8
  }

  int64(value: number): void {
    this.#reserve(8)
    this.#view.setBigInt64(this.#length, BigInt(Math.trunc(value)))
    this.#length += 8
  }

  float64(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value)
    this.#length += 8
  }

  uvarint(value: number): void {
    this.#reserve(10)
    while (value >= 128) {
      this.#bytes[this.#length++] = (value % 128) | 128
      value = Math.floor(value / 128)
    }
    this.#bytes[this.#length++] = value
  }

  varint(value: number): void {
    this.uvarint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  string(text: string): void {
    const bytes = encoder.encode(text)
    this.uvarint(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = new Uint8Array(2 * (this.#length + more))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}

/** Reads what {@link ByteWriter} writes. @throws RangeError when the bytes end early */
class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get done(): boolean {
    return this.at >= this.#bytes.length
  }

  byte(): number {
    if (this.at >= this.#bytes.length) throw new RangeError('the record ends early')
    return this.#bytes[this.at++]!
  }

  uint64(): number {
    const value = this.#view.getBigUint64(this.at)
    this.at += 8
    return Number(value)
  }

  int64(): number {
    const value = this.#view.getBigInt64(this.at)
    this.at += 8
    return Number(value)
  }

  float64(): number {
    const value = this.#view.getFloat64(this.at)
    this.at += 8
    return value
  }

  uvarint(): number {
    let value = 0
    let factor = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.byte()
      value += (byte & 127) * factor
      if (byte < 128) return value
      factor *= 128
    }
    throw new RangeError('a varint is too long')
  }

  varint(): number {
    const raw = this.uvarint()
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
  }

  string(): string {
    const length = this.uvarint()
    if (this.at + length > this.#bytes.length) throw new RangeError('a string ends early')
    const text = decoder.decode(this.#bytes.subarray(this.at, this.at + length))
    this.at += length
    return text
  }
}

export interface SeriesRecord {
  readonly ref: number
  readonly labels: Labels
}

export function encodeSeries(series: readonly SeriesRecord[]): Uint8Array {
  const out = new ByteWriter()
  out.byte(RecordType.series)
  for (const { ref, labels } of series) {
    out.uint64(ref)
    out.uvarint(labels.size)
    for (const part of labels.pairs) out.string(part)
  }
  return out.take()
}

/** @param found  gets each series: its ref and `[name, value, …]` @throws RangeError when the record ends early */
export function decodeSeries(record: Uint8Array, found: (ref: number, pairs: string[]) => void): void {
  const input = new ByteReader(record)
  input.byte()
  while (!input.done) {
    const ref = input.uint64()
    const count = input.uvarint()
    const pairs: string[] = []
    for (let i = 0; i < 2 * count; i++) pairs.push(input.string())
    found(ref, pairs)
  }
}

export interface TombstoneRecord {
  readonly ref: number
  readonly minTimeMs: number
  /** Inclusive. */
  readonly maxTimeMs: number
}

export function encodeTombstones(tombstones: readonly TombstoneRecord[]): Uint8Array {
  const out = new ByteWriter()
  out.byte(RecordType.tombstones)
  for (const { ref, minTimeMs, maxTimeMs } of tombstones) {
    out.uint64(ref)
    out.varint(minTimeMs)
    out.varint(maxTimeMs)
  }
  return out.take()
}

/** @throws RangeError when the record ends early */
export function decodeTombstones(record: Uint8Array): TombstoneRecord[] {
  const input = new ByteReader(record)
  input.byte()
  const tombstones: TombstoneRecord[] = []
  while (!input.done)
    tombstones.push({ ref: input.uint64(), minTimeMs: input.varint(), maxTimeMs: input.varint() })
  return tombstones
}

export interface ExemplarRecord {
  readonly ref: number
  readonly exemplar: Exemplar
}

/** First ref and time in full, then differences to them. */
export function encodeExemplars(exemplars: readonly ExemplarRecord[]): Uint8Array {
  const out = new ByteWriter()
  out.byte(RecordType.exemplars)
  const first = exemplars[0]
  if (first === undefined) return out.take()
  out.uint64(first.ref)
  out.int64(first.exemplar.timeMs)
  for (const { ref, exemplar } of exemplars) {
    out.varint(ref - first.ref)
    out.varint(exemplar.timeMs - first.exemplar.timeMs)
    out.float64(exemplar.value)
    out.uvarint(exemplar.labels.size)
    for (const part of exemplar.labels.pairs) out.string(part)
  }
  return out.take()
}

/** @throws RangeError when the record ends early */
export function decodeExemplars(
  record: Uint8Array,
  found: (ref: number, timeMs: number, value: number, pairs: string[]) => void,
): void {
  const input = new ByteReader(record)
  input.byte()
  if (input.done) return
  const firstRef = input.uint64()
  const firstTime = input.int64()
  while (!input.done) {
    const ref = firstRef + input.varint()
    const timeMs = firstTime + input.varint()
    const value = input.float64()
    const count = input.uvarint()
    const pairs: string[] = []
    for (let i = 0; i < 2 * count; i++) pairs.push(input.string())
    found(ref, timeMs, value, pairs)
  }
}
