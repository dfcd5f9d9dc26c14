import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { BodyEncoding, QueryAnswer } from './protocol.ts'

/** Bodies shorter than this are not worth compressing. */
const COMPRESS_FROM_BYTES = 1024

/** Compresses the body of an answer, in the worker that made it: big ones take milliseconds. */
export function compressBody(answer: QueryAnswer, encoding: BodyEncoding | undefined): QueryAnswer {
  if (answer.kind !== 'body' || encoding === undefined || answer.body.length < COMPRESS_FROM_BYTES)
    return answer
  const { body } = answer
  const bytes = encoding === 'zstd' ? zstdCompressSync(body) : gzipSync(body, { level: 1 })
  // A copy of exact size: what zlib returns may lie in a shared pool, which cannot be transferred.
  return { ...answer, body: new Uint8Array(bytes), encoding }
}
