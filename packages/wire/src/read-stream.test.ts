import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeChunkedSeries, encodeChunkedSeries, encodeFrame, FrameReader, WireError } from './index.ts'

/** Any checksum will do here. */
const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => (total * 31 + byte) >>> 0, 7)

const MESSAGES = [0, 1, 127, 128, 300, 70_000].map((length) => Buffer.alloc(length, length % 251))

test('frames come out whole, however the stream is cut', () => {
  const stream = Buffer.concat(MESSAGES.map((message) => encodeFrame(message, sum(message))))
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 12 }), (cuts) => {
      const reader = new FrameReader(sum)
      const places = [0, ...cuts.sort((a, b) => a - b), stream.length]
      const found = places.slice(1).flatMap((end, i) =>
        reader.push(stream.subarray(places[i]!, end)).map((message) => Buffer.from(message)),
      ) // prettier-ignore
      reader.end()
      expect(found).toEqual(MESSAGES)
    }),
    { numRuns: 50 },
  )
})

test('what is wrong with a stream is named', () => {
  const frame = encodeFrame(Buffer.from('abc'), sum(Buffer.from('abc')))
  const wrong = Buffer.from(frame)
  wrong[6]! ^= 1
  expect(() => new FrameReader(sum).push(wrong)).toThrow(/checksum/)
  expect(() => new FrameReader(sum).push(Buffer.from([255, 255, 255, 255, 255, 1]))).toThrow(WireError)
  expect(() => new FrameReader(sum).push(Buffer.from([255, 255, 255, 127, 0, 0, 0, 0]))).toThrow(/at most/)
  const reader = new FrameReader(sum)
  reader.push(frame.subarray(0, 5))
  expect(() => reader.end()).toThrow(/ends inside/)
})

test('series with chunks as we write them are read', () => {
  const labels = ['__name__', 'm', 'ü', 'x y']
  const chunks = [
    { encoding: 1, data: Buffer.from('abc'), minTimeMs: -5, maxTimeMs: 1_700_000_000_000 },
    { encoding: 3, data: Buffer.alloc(0), minTimeMs: 0, maxTimeMs: 1 },
  ]
  const found: unknown[] = []
  decodeChunkedSeries(encodeChunkedSeries(labels, chunks, 2), (...series) => found.push(series))
  expect(found).toEqual([[labels, chunks.map((chunk) => ({ ...chunk, data: Buffer.from(chunk.data) }))]])
})

test('bent bytes give an error or another message, never more', () => {
  const message = encodeChunkedSeries(['a', 'b'], [{ encoding: 1, data: Buffer.from('abc'), minTimeMs: 1, maxTimeMs: 2 }], 0) // prettier-ignore
  fc.assert(
    fc.property(fc.nat(message.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const bent = Buffer.from(message)
      bent[at] = byte
      try {
        decodeChunkedSeries(bent, () => {})
      } catch (error) {
        expect(error).toBeInstanceOf(WireError)
      }
    }),
    { numRuns: 300 },
  )
})
