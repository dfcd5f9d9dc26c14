import snappy from 'snappy'
import { WireError } from './errors.ts'

/**
 * Decompresses snappy's block format.
 * @param bytesMax  the announced size is compared with it before anything is allocated
 * @throws WireError
 */
export function uncompressSnappy(bytes: Buffer, bytesMax: number): Buffer {
  const announced = announcedLength(bytes)
  if (announced > bytesMax)
    throw new WireError(`a message of ${announced} bytes is longer than ${bytesMax} bytes`)
  try {
    return snappy.uncompressSync(bytes, { asBuffer: true }) as Buffer
  } catch (error) {
    throw new WireError(`snappy: corrupt input (${(error as Error).message})`, { cause: error })
  }
}

/** Compresses into snappy's block format. */
export function compressSnappy(bytes: Buffer): Buffer {
  return snappy.compressSync(bytes)
}

/** {@link compressSnappy} on another thread. The bytes must stay as they are until then. */
export function compressSnappyAside(bytes: Buffer): Promise<Buffer> {
  return snappy.compress(bytes)
}

function announcedLength(bytes: Uint8Array): number {
  let length = 0
  for (let i = 0; i < 5; i++) {
    const byte = bytes[i]
    if (byte === undefined) throw new WireError('snappy: corrupt input (it ends in its length)')
    length += (byte & 127) * 128 ** i
    if (byte < 128) return length
  }
  throw new WireError('snappy: corrupt input (its length is too long)')
}
