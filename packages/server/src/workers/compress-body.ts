import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { BodyEncoding } from './protocol.ts'

/** Bodies shorter than this are not worth compressing. */
const COMPRESS_FROM_BYTES = 1024

/** Compresses a body, in the worker that made it: big ones take milliseconds. */
export function compressBody(
  body: Uint8Array<ArrayBuffer>,
  encoding: BodyEncoding,
): { body: Uint8Array<ArrayBuffer>; encoding: BodyEncoding | undefined } {
  if (body.length < COMPRESS_FROM_BYTES) return { body, encoding: undefined }
  const bytes = encoding === 'zstd' ? zstdCompressSync(body) : gzipSync(body, { level: 1 })
  // A copy of exact size: what zlib returns may lie in a shared pool, which cannot be transferred.
  return { body: new Uint8Array(bytes), encoding }
}
