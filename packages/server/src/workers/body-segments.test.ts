import type { ByteWriter } from '@promontory/promql'
import { expect, test } from 'vitest'
import { BodySegments, type PostedBytes, SEGMENT_BYTES, takeBytes } from './body-segments.ts'
import { FanOut, GatheredBody } from './body-sink.ts'

/** A body of so many bytes that tells where a piece is missing or out of order. */
const body =
  (bytes: number) =>
  (writer: ByteWriter): void => {
    for (let at = 0; at < bytes; at += 8) writer.ascii(String(at).padStart(8, ' '))
  }

const expected = (bytes: number): string => {
  let text = ''
  for (let at = 0; at < bytes; at += 8) text += String(at).padStart(8, ' ')
  return text
}

const isSegment = (piece: PostedBytes): boolean => !(piece instanceof Uint8Array)

test('a body comes in segments, in order, and segments that were sent are used again', () => {
  const segments = new BodySegments()
  for (let round = 0; round < 20; round++) {
    const bytes = 3 * SEGMENT_BYTES + 800 * round
    let text = ''
    const take = (piece: PostedBytes): void => {
      expect(isSegment(piece)).toBe(true)
      text += Buffer.from(takeBytes(segments.memory, piece).copy()).toString()
    }
    take(segments.fill(body(bytes), take))
    expect(text).toBe(expected(bytes))
  }
})

test('when nothing is sent, bytes are given away as copies, and segments stay as they are', () => {
  const segments = new BodySegments()
  const pieces: PostedBytes[] = []
  const bytes = 24 * SEGMENT_BYTES
  pieces.push(segments.fill(body(bytes), (piece) => pieces.push(piece)))
  const held = pieces.filter(isSegment)
  expect(held.length).toBeGreaterThan(8)
  expect(held.length).toBeLessThan(pieces.length)
  pieces.push(segments.fill(body(80), () => {}))
  const texts = pieces.map((piece) => Buffer.from(takeBytes(segments.memory, piece).copy()).toString())
  expect(texts.pop()).toBe(expected(80))
  expect(texts.join('')).toBe(expected(bytes))
  // All have been released by the copies.
  expect(isSegment(segments.fill(body(80), () => {}))).toBe(true)
})

test('a body for several is released when the last of them is done', () => {
  let begun = 0
  const fan = new FanOut(() => begun++)
  const [one, other] = [new GatheredBody(), new GatheredBody()]
  const held: (() => void)[] = []
  fan.add(one)
  fan.add({ piece: (_bytes, _how, release) => held.push(release) })
  fan.add(other)
  fan.delete(other)
  let released = 0
  const how = { isLast: false, encoding: undefined }
  fan.piece(Uint8Array.of(1, 2), how, () => released++)
  fan.piece(Uint8Array.of(3), { ...how, isLast: true }, () => released++)
  expect([begun, released, [...one.bytes], [...other.bytes]]).toEqual([1, 0, [1, 2, 3], []])
  for (const release of held) release()
  expect(released).toBe(2)
  expect(() => fan.add(other)).toThrow('BUG')
})
