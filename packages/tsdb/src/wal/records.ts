import type { Exemplar, Labels, SeriesMetadata } from '@promontory/model'
import { ByteReader, ByteWriter } from './bytes.ts'
import { RecordType } from './format.ts'

/**
 * Records other than samples (those are written by a kernel). Integers are big-endian or varints, strings have a uvarint
 * length, as in Prometheus's `tsdb/docs/format/wal.md`.
 */

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

/** One float sample, its value as bits. */
export interface SampleRecord {
  readonly ref: number
  readonly timeMs: number
  readonly low: number
  readonly high: number
}

/** The same as the kernel's `walEncodeSamples`, for a few samples outside of a batch. */
export function encodeSamples(samples: readonly SampleRecord[]): Uint8Array {
  const out = new ByteWriter()
  out.byte(RecordType.samples)
  const first = samples[0]!
  out.uint64(first.ref)
  out.int64(first.timeMs)
  for (const { ref, timeMs, low, high } of samples) {
    out.varint(ref - first.ref)
    out.varint(timeMs - first.timeMs)
    out.uint32(high)
    out.uint32(low)
  }
  return out.take()
}

/** @throws RangeError when the record ends early */
export function decodeSamples(record: Uint8Array): SampleRecord[] {
  const input = new ByteReader(record)
  input.byte()
  const samples: SampleRecord[] = []
  if (input.done) return samples
  const [firstRef, firstTimeMs] = [input.uint64(), input.int64()]
  while (!input.done) {
    const ref = firstRef + input.varint()
    const timeMs = firstTimeMs + input.varint()
    const high = input.uint32()
    samples.push({ ref, timeMs, low: input.uint32(), high })
  }
  return samples
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

export interface MetadataRecord {
  readonly ref: number
  readonly metadata: SeriesMetadata
}

/** Types of metrics by the number that records have for them. */
const METRIC_TYPES = ['unknown', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset'] // prettier-ignore

export function encodeMetadata(entries: readonly MetadataRecord[]): Uint8Array {
  const out = new ByteWriter()
  out.byte(RecordType.metadata)
  for (const { ref, metadata } of entries) {
    out.uvarint(ref)
    out.byte(Math.max(0, METRIC_TYPES.indexOf(metadata.type)))
    out.uvarint(2)
    out.string('UNIT')
    out.string(metadata.unit)
    out.string('HELP')
    out.string(metadata.help)
  }
  return out.take()
}

/** @throws RangeError when the record ends early */
export function decodeMetadata(record: Uint8Array): MetadataRecord[] {
  const input = new ByteReader(record)
  input.byte()
  const entries: MetadataRecord[] = []
  while (!input.done) {
    const ref = input.uvarint()
    const type = METRIC_TYPES[input.byte()] ?? 'unknown'
    const texts = new Map<string, string>()
    for (let left = input.count(2); left > 0; left--) texts.set(input.string(), input.string())
    entries.push({ ref, metadata: { type, unit: texts.get('UNIT') ?? '', help: texts.get('HELP') ?? '' } })
  }
  return entries
}
