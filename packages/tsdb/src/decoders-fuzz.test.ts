import { FloatHistogram, Labels, SampleColumns } from '@promontory/model'
import { expect, test } from 'vitest'
import { ChunkEncoding } from './block/format.ts'
import { ChunkDecoder } from './chunk-decoder.ts'
import { ChunkEncoder } from './chunk/chunk-encoder.ts'
import { appendHistogram, type HistogramChunk, type HistogramEncoding } from './chunk/histogram-chunk.ts'
import { Random } from './sim/random.ts'
import { AggregateReader, encodeAggregates } from './tier/aggregate-chunk.ts'
import { Aggregator } from './tier/aggregates.ts'
import { decodeHistogramRecord, encodeHistograms } from './wal/histogram-records.ts'
import {
  decodeExemplars,
  decodeMetadata,
  decodeSamples,
  decodeSeries,
  decodeTombstones,
  encodeExemplars,
  encodeMetadata,
  encodeSamples,
  encodeSeries,
  encodeTombstones,
} from './wal/records.ts'

// Behind the checksums nothing else stands: what decodes bytes must take any, with a RangeError at most.

/** `npm run soak` has a hundred times as many. */
const ROUNDS = Number(process.env['DECODER_ROUNDS'] ?? 3000)
const SEED = Number(process.env['DECODER_SEED'] ?? 1)
const random = new Random(SEED)
/** For the long form. */
const TIMEOUT_MS = 20_000 + ROUNDS

/** A few bytes changed, or the end cut off. */
function bent(data: Uint8Array): Uint8Array {
  const out = Uint8Array.from(data)
  for (let left = 1 + random.below(4); left > 0; left--) {
    const at = random.below(out.length)
    if (random.once(2)) out[at]! ^= 1 << random.below(8)
    else out[at] = random.once(2) ? random.below(256) : [0, 1, 127, 128, 255][random.below(5)]!
  }
  return random.once(5) ? out.subarray(0, random.below(out.length)) : out
}

/** Memory that a damaged length asked for would be an error of another kind, or of V8's words. */
function survives(decode: () => void): void {
  try {
    decode()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    expect(error.message).not.toMatch(/Invalid (typed )?array|allocation failed|Array buffer/)
  }
}

function histogram(n: number, isCustom: boolean): FloatHistogram {
  const kind = isCustom
    ? { schema: -53, customBounds: [1, 2, 3, 4, 5, 6, 7] }
    : { schema: 3, zeroCount: n, zeroThreshold: 0.001 }
  return new FloatHistogram({
    ...kind,
    count: isCustom ? 6 * n : 7 * n,
    sum: n,
    positiveSpans: [{ offset: 0, length: 2 }, { offset: 3, length: 1 }],
    positiveBuckets: [n, 2 * n, 3 * n],
  }) // prettier-ignore
}

function histogramChunk(encoding: HistogramEncoding, isCustom: boolean): Uint8Array {
  let chunk: HistogramChunk | undefined
  for (let i = 0; i < 100; i++)
    chunk = appendHistogram(encoding, chunk, chunk, 1000 * i + (i % 3), histogram(i + 1, isCustom)).chunk
  return chunk!.bytes.slice()
}

function floats(): SampleColumns {
  const columns = new SampleColumns()
  columns.setArrays(
    Float64Array.from({ length: 120 }, (_, i) => 15_000 * i + (i % 2)),
    Float64Array.from({ length: 120 }, (_, i) => Math.sin(i)),
  )
  columns.length = 120
  return columns
}

test(
  `chunks of every encoding (seed ${SEED})`,
  () => {
    const chunks: readonly (readonly [encoding: number, data: Uint8Array])[] = [
      [ChunkEncoding.xor, new ChunkEncoder().encode(floats())[0]!.data],
      ...[ChunkEncoding.histogram, ChunkEncoding.floatHistogram].flatMap((encoding) =>
        [false, true].map((isCustom) => [encoding, histogramChunk(encoding, isCustom)] as const),
      ),
    ]
    const decoder = new ChunkDecoder()
    for (let round = 0; round < ROUNDS; round++) {
      const [encoding, whole] = chunks[round % chunks.length]!
      const data = bent(whole)
      const samples = data.length < 2 ? 0 : Buffer.from(data).readUInt16BE(0)
      survives(() => {
        decoder.begin()
        expect(decoder.add(encoding, data, samples)).toBeLessThanOrEqual(samples)
        decoder.finish(new SampleColumns(), -Infinity, Infinity)
      })
    }
  },
  TIMEOUT_MS,
)

test(
  `aggregate chunks (seed ${SEED})`,
  () => {
    const aggregator = new Aggregator(300_000)
    aggregator.add(floats())
    const [chunk] = encodeAggregates(aggregator.rows, new ChunkEncoder())
    const decoder = new ChunkDecoder()
    for (let round = 0; round < ROUNDS; round++)
      survives(() => new AggregateReader(decoder).add(bent(chunk!.data)))
  },
  TIMEOUT_MS,
)

test(
  `records of logs (seed ${SEED})`,
  () => {
    const labels = Labels.from({ __name__: 'm', a: 'ü'.repeat(50), b: 'c' })
    const list = <T>(make: (i: number) => T): T[] => Array.from({ length: 20 }, (_, i) => make(i))
    const records: readonly (readonly [data: Uint8Array, decode: (data: Uint8Array) => unknown])[] = [
    [encodeSeries([{ ref: 1, labels }, { ref: 2, labels }]), (data) => decodeSeries(data, () => {})],
    [encodeSamples(list((i) => ({ ref: i, timeMs: 1000 + i, low: i, high: i }))), decodeSamples],
    [encodeTombstones(list((i) => ({ ref: i, minTimeMs: i, maxTimeMs: 1e12 }))), decodeTombstones],
    [encodeExemplars(list((i) => ({ ref: i, exemplar: { labels, value: i, timeMs: i } }))), (data) => decodeExemplars(data, () => {})],
    [encodeMetadata(list((i) => ({ ref: i, metadata: { type: 'gauge', help: 'h'.repeat(i), unit: 's' } }))), decodeMetadata],
    ...[true, false].flatMap((isInteger) =>
      encodeHistograms(list((i) => ({ ref: i, timeMs: i, isInteger, histogram: histogram(i, i % 2 === 0) }))).map(
        (data) => [data, decodeHistogramRecord] as const,
      ),
    ),
  ] // prettier-ignore
    for (let round = 0; round < ROUNDS; round++) {
      const [data, decode] = records[round % records.length]!
      survives(() => void decode(bent(data)))
    }
  },
  TIMEOUT_MS,
)
