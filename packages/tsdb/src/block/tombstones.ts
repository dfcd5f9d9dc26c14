import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { crc32c } from '../checksum.ts'
import { CorruptionError } from '../errors.ts'
import { Cursor } from './cursor.ts'
import type { DeletedRange } from './deleted-ranges.ts'
import { Section } from './file-writer.ts'
import { TOMBSTONES_MAGIC, TOMBSTONES_VERSION } from './format.ts'

/** Deleted ranges by series reference. */
export type Tombstones = ReadonlyMap<number, readonly DeletedRange[]>

const HEADER_BYTES = 5

/** @returns no tombstones when the file is absent @throws CorruptionError */
export function readTombstones(path: string): Tombstones {
  const stones = new Map<number, DeletedRange[]>()
  if (!existsSync(path)) return stones
  const bytes = readFileSync(path)
  if (bytes.length < HEADER_BYTES + 4)
    throw new CorruptionError(path, 0, `a tombstone file of ${bytes.length} bytes`)
  if (bytes.readUInt32BE(0) !== TOMBSTONES_MAGIC)
    throw new CorruptionError(path, 0, 'magic number does not match')
  if (bytes[4] !== TOMBSTONES_VERSION)
    throw new CorruptionError(path, 4, `tombstone version ${bytes[4]}, expected ${TOMBSTONES_VERSION}`)
  const body = bytes.subarray(HEADER_BYTES, bytes.length - 4)
  if (crc32c(body) !== bytes.readUInt32BE(bytes.length - 4))
    throw new CorruptionError(path, bytes.length - 4, 'checksum does not match')
  const cursor = new Cursor(body)
  try {
    while (!cursor.done) {
      const ref = cursor.uvarint()
      const range = { minTimeMs: cursor.varint(), maxTimeMs: cursor.varint() }
      const known = stones.get(ref)
      if (known === undefined) stones.set(ref, [range])
      else known.push(range)
    }
  } catch (error) {
    throw new CorruptionError(path, cursor.at, (error as Error).message)
  }
  return stones
}

/** The bytes of a tombstone file. */
export function encodeTombstones(stones: Tombstones): Buffer {
  const body = new Section()
  for (const ref of [...stones.keys()].sort((a, b) => a - b))
    for (const { minTimeMs, maxTimeMs } of stones.get(ref)!) {
      body.uvarint(ref)
      body.varint(minTimeMs)
      body.varint(maxTimeMs)
    }
  const bytes = Buffer.alloc(HEADER_BYTES + body.length + 4)
  bytes.writeUInt32BE(TOMBSTONES_MAGIC, 0)
  bytes[4] = TOMBSTONES_VERSION
  bytes.set(body.data, HEADER_BYTES)
  bytes.writeUInt32BE(crc32c(body.data), HEADER_BYTES + body.length)
  return bytes
}

/** Replaces a tombstone file in one step. */
export function writeTombstones(path: string, stones: Tombstones): void {
  writeFileSync(`${path}.tmp`, encodeTombstones(stones), { flush: true })
  renameSync(`${path}.tmp`, path)
}
