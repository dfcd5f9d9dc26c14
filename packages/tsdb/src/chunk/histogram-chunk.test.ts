import { bucketIndices, FloatHistogram, type Span } from '@promontory/model'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChunkEncoding } from '../block/format.ts'
import { BitReader, BitWriter } from './bits.ts'
import { appendHistogram, HistogramChunk, type HistogramOrStale, ResetHeader } from './histogram-chunk.ts'
import { decodeHistograms } from './histogram-decoder.ts'

const { histogram: INTEGER, floatHistogram: FLOAT } = ChunkEncoding

function counts(offset: number, buckets: number[], more: Partial<FloatHistogram> = {}): FloatHistogram {
  return new FloatHistogram({
    positiveSpans: [{ offset, length: buckets.length }],
    positiveBuckets: buckets,
    count: buckets.reduce((a, b) => a + b, 0),
    ...more,
  })
}

function decoded(chunk: HistogramChunk): [number, HistogramOrStale][] {
  const found: [number, HistogramOrStale][] = []
  decodeHistograms(chunk.encoding, chunk.bytes, chunk.samples, (timeMs, histogram) =>
    found.push([timeMs, histogram]),
  )
  return found
}

function chunksOf(encoding: typeof INTEGER | typeof FLOAT, histograms: HistogramOrStale[]): HistogramChunk[] {
  const chunks: HistogramChunk[] = []
  histograms.forEach((histogram, i) => {
    const { chunk, how } = appendHistogram(encoding, chunks.at(-1), undefined, i * 15_000, histogram)
    if (how !== 'new') chunks.pop()
    chunks.push(chunk)
  })
  return chunks
}

test('variable-length integers', () => {
  const numbers = [0, 1, -1, 3, 4, 5, -3, -4, 32, 33, 256, 257, -255, -256, 2048, 131072, 131073, -131072, 16777216, 16777217, -16777216, 2 ** 40, -(2 ** 40), 2 ** 52, -(2 ** 52), 2 ** 53, -(2 ** 53)] // prettier-ignore
  const out = new BitWriter(0)
  for (const number of numbers) out.varint(number)
  for (const number of numbers) out.uvarint(Math.abs(number))
  const input = new BitReader(out.bytes, 0)
  expect(numbers.map(() => input.varint())).toEqual(numbers)
  expect(numbers.map(() => input.uvarint())).toEqual(numbers.map(Math.abs))
})

describe.each([
  ['integer', INTEGER],
  ['float', FLOAT],
] as const)('%s histograms', (_name, encoding) => {
  test('counts that only go up stay in one chunk; new buckets write it anew', () => {
    const [chunk, ...more] = chunksOf(encoding, [counts(0, [1, 2]), counts(0, [1, 3]), counts(-1, [1, 1, 3]), undefined]) // prettier-ignore
    expect(more).toEqual([])
    const found = decoded(chunk!)
    expect(found.map(([timeMs]) => timeMs)).toEqual([0, 15_000, 30_000, 45_000])
    expect(found[0]![1]).toMatchObject({ positiveBuckets: [0, 1, 2], counterResetHint: 'unknown' })
    expect(found[2]![1]).toMatchObject({ positiveBuckets: [1, 1, 3], counterResetHint: 'not_reset' })
    expect(found[3]![1]).toBeUndefined()
  })

  test.each([
    ['a count went down', counts(0, [5, 5]), counts(0, [5, 4], { count: 11 }), ResetHeader.reset],
    ['a bucket vanished', counts(0, [5, 5]), counts(0, [11]), ResetHeader.reset],
    ['the schema changed', counts(0, [5]), counts(0, [6], { schema: 1 }), ResetHeader.unknown],
    ['a hint says so', counts(0, [5]), counts(0, [6], { counterResetHint: 'reset' }), ResetHeader.reset],
    ['a gauge', counts(0, [5]), counts(0, [4], { counterResetHint: 'gauge' }), ResetHeader.gauge],
    ['the marker before', undefined, counts(0, [4]), ResetHeader.unknown],
    ['other bounds', counts(0, [1], { schema: -53, customBounds: [1] }), counts(0, [2], { schema: -53, customBounds: [2] }), ResetHeader.reset], // prettier-ignore
  ])('%s: a new chunk', (_why, first, second, header) => {
    const chunks = chunksOf(encoding, [first, second])
    expect(chunks.map(({ samples }) => samples)).toEqual([1, 1])
    expect(chunks[1]!.bytes[2]).toBe(header)
  })

  test('an empty bucket that the histogram no longer has is kept', () => {
    const [chunk, ...more] = chunksOf(encoding, [counts(0, [1, 0, 2]), counts(0, [1])].map((each, i) => i === 0 ? each : new FloatHistogram({ ...each, count: 4, positiveSpans: [{ offset: 0, length: 1 }, { offset: 1, length: 1 }], positiveBuckets: [1, 3] }))) // prettier-ignore
    expect(more).toEqual([])
    expect(decoded(chunk!)[1]![1]).toMatchObject({ positiveBuckets: [1, 0, 3] })
  })

  test('whatever goes in comes out', () => {
    const spans = fc.array(fc.record({ offset: fc.integer({ min: 0, max: 3 }), length: fc.integer({ min: 1, max: 3 }) }), { maxLength: 3 }) // prettier-ignore
    const side = spans.chain((list: Span[]) => {
      const length = list.reduce((sum, span) => sum + span.length, 0)
      return fc.tuple(fc.constant(list), fc.array(fc.nat(1e6), { minLength: length, maxLength: length }))
    })
    const one = fc
      .tuple(
        side,
        side,
        fc.integer({ min: -4, max: 8 }),
        fc.nat(99),
        fc.double({ noNaN: true }),
        fc.constantFrom(0, 2 ** -128, 0.3),
        fc.boolean(),
      ) // prettier-ignore
      .map(
        ([[positiveSpans, positiveBuckets], [negativeSpans, negativeBuckets], schema, zeroCount, sum, zeroThreshold, gauge]) =>
        new FloatHistogram({ schema, zeroThreshold, zeroCount, sum, positiveSpans, positiveBuckets, negativeSpans, negativeBuckets,
          count: [...positiveBuckets, ...negativeBuckets].reduce((a, b) => a + b, zeroCount), counterResetHint: gauge ? 'gauge' : 'unknown' }), // prettier-ignore
      )
    fc.assert(
      fc.property(fc.array(fc.option(one, { nil: undefined, freq: 10 }), { maxLength: 12 }), (histograms) => {
        const found = chunksOf(encoding, histograms).flatMap(decoded)
        expect(found.length).toBe(histograms.length)
        found.forEach(([timeMs, got], i) => {
          expect(timeMs).toBe(i * 15_000)
          const wanted = histograms[i]
          if (wanted === undefined || got === undefined) expect(got).toBe(wanted)
          else expect(content(got)).toEqual(content(wanted))
        })
      }),
      { numRuns: 200 },
    )
  })

  test('damaged bytes give an error, or numbers, and nothing worse', () => {
    const [chunk] = chunksOf(encoding, [counts(0, [1, 2, 3]), counts(0, [2, 3, 4]), counts(0, [9, 9, 9])])
    fc.assert(
      fc.property(fc.nat(chunk!.bytes.length - 1), fc.nat(255), fc.nat(20), (at, byte, cut) => {
        const damaged = Uint8Array.from(chunk!.bytes)
        damaged[at] = byte
        try {
          decodeHistograms(encoding, damaged.subarray(0, damaged.length - cut), 3, () => {})
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
      { numRuns: 300 },
    )
  })
})

/** Everything but which empty buckets are written down. */
function content(histogram: FloatHistogram): object {
  const side = (spans: readonly Span[], buckets: readonly number[]): [number, number][] =>
    bucketIndices(spans)
      .map((index, i): [number, number] => [index, buckets[i]!])
      .filter(([, count]) => count !== 0)
  const { schema, zeroThreshold, zeroCount, count, sum } = histogram
  const positive = side(histogram.positiveSpans, histogram.positiveBuckets)
  const negative = side(histogram.negativeSpans, histogram.negativeBuckets)
  return { schema, zeroThreshold, zeroCount, count, sum, positive, negative }
}
