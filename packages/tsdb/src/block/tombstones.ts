import { existsSync, readFileSync } from 'node:fs'
import { crc32c } from '../checksum.ts'
import { CorruptionError } from '../errors.ts'
import { Cursor } from './cursor.ts'
import { TOMBSTONES_MAGIC, TOMBSTONES_VERSION } from './format.ts'

/** A deleted range of one series, both ends included. */
export interface DeletedRange {
  readonly minTimeMs: number
  readonly maxTimeMs: number
}

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
