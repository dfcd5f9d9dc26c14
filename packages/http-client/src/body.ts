import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { BODY_PADDING } from './body-pool.ts'
import { BodyTooLargeError, HttpRequestError } from './errors.ts'
import { Inflater } from './inflater.ts'

/** What a body may hold when the caller names no limit. */
export const DEFAULT_BODY_BYTES_MAX: number = 256 * 1024 * 1024
/** Large output chunks: Node's 16 KiB cost 2.6 times as much. */
const CHUNK_BYTES = 256 * 1024

/** A body in memory: `bytes[0, length)`, with {@link BODY_PADDING} bytes behind it. */
export interface Body {
  readonly bytes: Uint8Array
  readonly length: number
  /** Gives the bytes back for the next body: nobody may read them then. May be left out. */
  readonly release?: () => void
}

/**
 * Collects and decompresses a body.
 * @param limitBytes for the bytes on the wire and for what they decompress to
 * @throws BodyTooLargeError
 */
export async function readBody(
  chunks: AsyncIterable<Uint8Array>,
  encoding: string | undefined,
  limitBytes: number,
): Promise<Body> {
  const parts: Uint8Array[] = []
  let total = 0
  for await (const chunk of chunks) {
    total += chunk.length
    // Leaving the loop destroys the stream, so an endless body ends here.
    if (total > limitBytes) throw new BodyTooLargeError(limitBytes)
    parts.push(chunk)
  }
  // Snappy's block format, which remote read answers in, is the caller's to open.
  const isOpaque = encoding === 'snappy'
  if (encoding === undefined || encoding === '' || encoding === 'identity' || isOpaque)
    return padded(parts, total)
  return decompressed(parts.length === 1 ? parts[0]! : Buffer.concat(parts, total), encoding, limitBytes)
}

function padded(parts: readonly Uint8Array[], total: number): Body {
  const bytes = new Uint8Array(total + BODY_PADDING)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return { bytes, length: total }
}

type Decompressor = (
  bytes: Uint8Array,
  options: { maxOutputLength: number; chunkSize: number },
) => Promise<Buffer>

const DECOMPRESSORS: Readonly<Record<string, Decompressor>> = {
  gzip: promisify(zlib.gunzip) as Decompressor,
  'x-gzip': promisify(zlib.gunzip) as Decompressor,
  deflate: promisify(zlib.inflate) as Decompressor,
  zstd: promisify(zlib.zstdDecompress) as Decompressor,
}

/** What {@link readBody} can decompress, for an `Accept-Encoding`. */
export const ACCEPTED_ENCODINGS = 'gzip, zstd'

let inflater: Inflater | undefined

/** A whole body, decompressed. @throws BodyTooLargeError, HttpRequestError */
export async function decompressed(bytes: Uint8Array, encoding: string, limitBytes: number): Promise<Body> {
  if (encoding === 'gzip' || encoding === 'x-gzip') {
    inflater ??= new Inflater()
    const opened = inflater.gunzip(bytes, limitBytes)
    if (opened !== undefined) return opened
  }
  const plain = await decompress(bytes, encoding, limitBytes)
  return padded([plain], plain.length)
}

async function decompress(bytes: Uint8Array, encoding: string, limitBytes: number): Promise<Uint8Array> {
  const decompressor = DECOMPRESSORS[encoding]
  if (decompressor === undefined) throw new HttpRequestError(`unsupported Content-Encoding "${encoding}"`)
  try {
    return await decompressor(bytes, { maxOutputLength: limitBytes, chunkSize: CHUNK_BYTES })
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw new BodyTooLargeError(limitBytes)
    throw new HttpRequestError(`${encoding}: ${(error as Error).message}`, { cause: error })
  }
}
