import { SampleColumns } from '@promontory/model'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ChunkToWrite } from '../block/block-writer.ts'
import { ChunkEncoding, JOINED_SAMPLES_MAX } from '../block/format.ts'
import { ChunkDecoder } from '../chunk-decoder.ts'
import { ChunkEncoder } from './chunk-encoder.ts'
import { ChunkJoiner } from './chunk-joiner.ts'

const joiner = new ChunkJoiner()

/** Chunks of 120 samples, as the head cuts them. */
function chunksOf(samples: readonly { readonly delta: number; readonly bits: bigint }[]): ChunkToWrite[] {
  const columns = new SampleColumns()
  columns.length = samples.length
  columns.timesMs = new Float64Array(samples.length)
  columns.values = new Float64Array(samples.length)
  const bits = new BigUint64Array(columns.values.buffer)
  let timeMs = 1_700_000_000_000
  samples.forEach(({ delta, bits: value }, i) => {
    columns.timesMs[i] = timeMs += delta
    bits[i] = value
  })
  return new ChunkEncoder().encode(columns)
}

function samplesOf(chunks: readonly ChunkToWrite[]): { timesMs: number[]; bits: number[] } {
  const [decoder, columns] = [new ChunkDecoder(), new SampleColumns()]
  decoder.begin()
  for (const { encoding, data, samples } of chunks) decoder.add(encoding, data, samples)
  decoder.finish(columns, -Infinity, Infinity)
  return {
    timesMs: [...columns.timesMs.subarray(0, columns.length)],
    bits: [...columns.bits.subarray(0, 2 * columns.length)],
  }
}

test('joined chunks have the same samples, bit for bit, in chunks as full as they may be', () => {
  const sample = fc.record({
    delta: fc.oneof(fc.constant(15_000), fc.integer({ min: 1, max: 2 ** 33 })),
    bits: fc.oneof(
      fc.constantFrom(0n, 0x7ff0000000000002n, 0x7ff8000000000001n, 0x4059000000000000n),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    ),
  })
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 1300, size: 'max' }), (samples) => {
      const chunks = chunksOf(samples)
      const joined = joiner.join(chunks)
      expect(samplesOf(joined)).toEqual(samplesOf(chunks))
      expect(joined).toHaveLength(Math.ceil(samples.length / JOINED_SAMPLES_MAX))
      expect(joined[0]!.minTimeMs).toBe(chunks[0]!.minTimeMs)
      expect(joined.at(-1)!.maxTimeMs).toBe(chunks.at(-1)!.maxTimeMs)
    }),
    { numRuns: 40, seed: 5 },
  )
})

test('histograms between floats, long chunks and damaged ones stay as they are', () => {
  const steady = (count: number): ChunkToWrite[] => chunksOf(Array.from({ length: count }, () => ({ delta: 15_000, bits: 0n }))) // prettier-ignore
  const [floats] = steady(120)
  const histogram: ChunkToWrite = { ...floats!, encoding: ChunkEncoding.histogram }
  const mixed = joiner.join([floats!, floats!, histogram, histogram, floats!])
  expect(mixed.map(({ encoding, samples }) => [encoding, samples])).toEqual([
    [1, 240],
    [2, 120],
    [2, 120],
    [1, 120],
  ])
  const long: ChunkToWrite = { ...floats!, samples: 60_000, data: new Uint8Array(100_000) }
  expect(joiner.join([long, floats!])).toEqual([long, floats])
  const cut: ChunkToWrite = { ...floats!, data: floats!.data.subarray(0, 12) }
  expect(joiner.join([floats!, cut])).toEqual([floats, cut])
})
