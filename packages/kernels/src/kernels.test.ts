import fc from 'fast-check'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { FIXED_END, HEADER, SEALED_BYTES, SERIES_BYTES, instantiateKernels } from './index.ts'
import { loadKernelModule } from './node.ts'
import { decodeXorChunk, encodeXorChunk } from './xor-twin.ts'

const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true })
const { kernels } = instantiateKernels(loadKernelModule(), memory)
const bytes = new Uint8Array(memory.buffer)
const floats = new Float64Array(memory.buffer)
const words = new BigUint64Array(memory.buffer)

const STATE = 1 << 20
const CHUNK = STATE + 64
const TIMES = 2 << 20
const VALUES = 3 << 20

function encodeInKernel(times: number[], values: bigint[]): Uint8Array {
  bytes.fill(0, STATE, CHUNK + 64 + times.length * 24)
  times.forEach((time, i) => (floats[TIMES / 8 + i] = time))
  values.forEach((value, i) => (words[VALUES / 8 + i] = value))
  const length = kernels.xorEncode(STATE, CHUNK, TIMES, VALUES, times.length)
  return bytes.slice(CHUNK, CHUNK + length)
}

function decodeInKernel(chunk: Uint8Array, count: number): { times: number[]; values: bigint[] } {
  bytes.fill(0, CHUNK, CHUNK + chunk.length + 16)
  bytes.set(chunk, CHUNK)
  const done = kernels.xorDecode(CHUNK, chunk.length, count, TIMES, VALUES)
  return {
    times: [...floats.slice(TIMES / 8, TIMES / 8 + done)],
    values: [...words.slice(VALUES / 8, VALUES / 8 + done)],
  }
}

test('both sides agree on the layout', () => {
  expect(kernels.layoutHeader()).toBe(HEADER)
  expect(kernels.layoutFixedEnd()).toBe(FIXED_END)
  expect(kernels.layoutSeriesBytes()).toBe(SERIES_BYTES)
  expect(kernels.layoutSealedBytes()).toBe(SEALED_BYTES)
})

const bitsOf = (value: number): bigint => new BigUint64Array(new Float64Array([value]).buffer)[0]!
const STALE = 0x7ff0000000000002n

describe('XOR chunks', () => {
  test.each([
    ['one sample', [1000], [1]],
    ['counter', [0, 15_000, 30_000, 45_001], [1, 2, 3, 10]],
    ['large gap', [0, 15_000, 15_000 + 5e12], [1, 1, 1]],
    ['negative times', [-5000, -4000, 10], [0, -0, NaN]],
    ['infinities', [1, 2, 3, 4], [Infinity, -Infinity, 1e-320, Number.MAX_VALUE]],
  ])('%s: kernel and twin write the same bytes and read them back', (_name, times, values) => {
    const raw = values.map(bitsOf)
    const chunk = encodeInKernel(times, raw)
    expect(chunk).toEqual(encodeXorChunk(times, raw))
    expect(decodeInKernel(chunk, times.length)).toEqual({ times, values: raw })
    expect(decodeXorChunk(chunk)).toEqual({ times, values: raw })
  })

  test('stale markers keep their payload', () => {
    const chunk = encodeInKernel([1, 2], [bitsOf(7), STALE])
    expect(decodeInKernel(chunk, 2).values[1]).toBe(STALE)
  })

  test('any samples', () => {
    const sample = fc.tuple(fc.integer({ min: 1, max: 2 ** 40 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 130 }), (steps) => {
        let time = 0
        const times = steps.map(([step]) => (time += step))
        const values = steps.map(([, value]) => value)
        const chunk = encodeInKernel(times, values)
        expect(chunk).toEqual(encodeXorChunk(times, values))
        expect(decodeInKernel(chunk, times.length)).toEqual({ times, values })
      }),
      { numRuns: 200 },
    )
  })

  test('random bytes decode to at most the promised count and stop', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 0, maxLength: 400 }),
        fc.integer({ min: 0, max: 65535 }),
        (chunk, count) => {
          expect(decodeInKernel(chunk, count).times.length).toBeLessThanOrEqual(count)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('CRC-32C', () => {
  const TABLE = 1 << 19
  kernels.crc32cInit(TABLE)
  const checksum = (data: Uint8Array): number => {
    bytes.set(data, TIMES)
    return kernels.crc32c(TABLE, TIMES, data.length, 0) >>> 0
  }
  test('the check value of RFC 3720', () => {
    expect(checksum(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(checksum(new Uint8Array(32))).toBe(0x8a9136aa)
  })
  test('is not the CRC-32 of zlib', () => {
    expect(checksum(Buffer.from('abc'))).not.toBe(crc32('abc'))
  })
})

test('WAL sample records are read back as written', () => {
  const refs = [5, 3, 1 << 30, 7]
  const times = [1000, 999, 5e12, -4]
  const OUT = 1 << 19
  refs.forEach((ref, i) => (floats[STATE / 8 + i] = ref))
  times.forEach((time, i) => (floats[TIMES / 8 + i] = time))
  times.forEach((_, i) => (words[VALUES / 8 + i] = STALE + BigInt(i)))
  bytes.set([0, 0, 3, 0], CHUNK)
  const length = kernels.walEncodeSamples(STATE, TIMES, VALUES, CHUNK, 4, OUT)
  expect(bytes[OUT]).toBe(2)
  const count = kernels.walDecodeSamples(OUT, length, STATE + 4096, TIMES + 4096, VALUES + 4096)
  expect(count).toBe(3)
  expect([...floats.slice(STATE / 8 + 512, STATE / 8 + 515)]).toEqual([5, 3, 7])
  expect([...floats.slice(TIMES / 8 + 512, TIMES / 8 + 515)]).toEqual([1000, 999, -4])
  expect([...words.slice(VALUES / 8 + 512, VALUES / 8 + 515)]).toEqual([STALE, STALE + 1n, STALE + 3n])
  expect(kernels.walDecodeSamples(OUT, length - 1, STATE, TIMES, VALUES) >>> 0).toBe(0xffffffff)
})

test('a stale marker is found wherever it is, and other NaNs are not taken for one', () => {
  const marker = 0x7ff0000000000002n
  for (const count of [0, 1, 2, 3, 8, 9]) {
    for (let i = 0; i < count + 2; i++) words[VALUES / 8 + i] = 0x7ff8000000000001n
    expect(kernels.lookAtValues(VALUES, count)).toBe(0)
    for (let at = 0; at < count; at++) {
      words[VALUES / 8 + at] = marker
      expect(kernels.lookAtValues(VALUES, count)).toBe(1)
      words[VALUES / 8 + at] = marker + 1n
    }
    words[VALUES / 8 + count] = marker
    expect(kernels.lookAtValues(VALUES, count)).toBe(0)
  }
})

test('a fall of values is found wherever it is', () => {
  for (const count of [2, 3, 4, 7, 8, 9]) {
    floats.set(
      Array.from({ length: count + 2 }, (_, i) => (i < count ? Math.floor(i / 2) : -1)),
      VALUES / 8,
    )
    expect(kernels.lookAtValues(VALUES, count)).toBe(0)
    for (let at = 1; at < count; at++) {
      const before = floats[VALUES / 8 + at - 1]!
      floats[VALUES / 8 + at - 1] = 99
      expect(kernels.lookAtValues(VALUES, count)).toBe(2)
      floats[VALUES / 8 + at - 1] = NaN
      if (at === 1) expect(kernels.lookAtValues(VALUES, count)).toBe(0)
      floats[VALUES / 8 + at - 1] = before
    }
  }
})

test('times are the same or not, whatever their number', () => {
  for (const count of [0, 1, 2, 129, 500]) {
    const times = Array.from({ length: count }, (_, i) => i * 15_000)
    floats.set(times, TIMES / 8)
    floats.set(times, VALUES / 8)
    expect(kernels.sameNumbers(TIMES, VALUES, count)).toBe(1)
    for (const at of [0, 1, 127, 128, count - 1].filter((index) => index >= 0 && index < count)) {
      floats[VALUES / 8 + at]! += 1
      expect(kernels.sameNumbers(TIMES, VALUES, count)).toBe(0)
      floats[VALUES / 8 + at]! -= 1
    }
  }
})
