import type { Labels } from '@promontory/model'

const MASK = (1n << 64n) - 1n
const PRIME1 = 11400714785074694791n
const PRIME2 = 14029467366897019727n
const PRIME3 = 1609587929392839161n
const PRIME4 = 9650029242287828579n
const PRIME5 = 2870177450012600261n

/**
 * Where a series lies in [0, 1] for `limit_ratio`: the XXH64 of its labels, so that the choice is the same at each step
 * and in each query. The labels are hashed in the form in which Prometheus keeps them: each string behind its length.
 */
export function sampleOffset(labels: Labels): number {
  return Number(xxh64(encode(labels))) / Number(MASK)
}

function encode(labels: Labels): Uint8Array {
  const encoder = new TextEncoder()
  const bytes: number[] = []
  for (const part of labels.pairs) {
    const text = encoder.encode(part)
    if (text.length < 255) bytes.push(text.length)
    else bytes.push(255, text.length & 255, (text.length >> 8) & 255, (text.length >> 16) & 255)
    for (const byte of text) bytes.push(byte)
  }
  return new Uint8Array(bytes)
}

/** XXH64 with seed 0. */
export function xxh64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  let hash: bigint
  if (bytes.length >= 32) {
    const lanes = [(PRIME1 + PRIME2) & MASK, PRIME2, 0n, (MASK + 1n - PRIME1) & MASK]
    for (; at + 32 <= bytes.length; at += 32)
      for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i]!, view.getBigUint64(at + 8 * i, true))
    hash =
      (rotate(lanes[0]!, 1n) + rotate(lanes[1]!, 7n) + rotate(lanes[2]!, 12n) + rotate(lanes[3]!, 18n)) & MASK
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * PRIME1 + PRIME4) & MASK
  } else hash = PRIME5
  hash = (hash + BigInt(bytes.length)) & MASK
  for (; at + 8 <= bytes.length; at += 8)
    hash = (rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * PRIME1 + PRIME4) & MASK
  if (at + 4 <= bytes.length) {
    hash = (rotate(hash ^ ((BigInt(view.getUint32(at, true)) * PRIME1) & MASK), 23n) * PRIME2 + PRIME3) & MASK
    at += 4
  }
  for (; at < bytes.length; at++)
    hash = (rotate(hash ^ ((BigInt(bytes[at]!) * PRIME5) & MASK), 11n) * PRIME1) & MASK
  hash = ((hash ^ (hash >> 33n)) * PRIME2) & MASK
  hash = ((hash ^ (hash >> 29n)) * PRIME3) & MASK
  return hash ^ (hash >> 32n)
}

function round(lane: bigint, input: bigint): bigint {
  return (rotate((lane + input * PRIME2) & MASK, 31n) * PRIME1) & MASK
}

function rotate(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & MASK
}
