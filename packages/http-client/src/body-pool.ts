/** Spare bytes behind a body, so that parsers can set a sentinel and read ahead without a check. */
export const BODY_PADDING = 64
/** Smallest buffer, and the factor from one size to the next. */
const LEAST_BYTES = 4096
const CLASSES = 13
/** Bytes that lie ready at most; the largest class holds 16 MiB. */
const READY_BYTES_MAX = 32 * 1024 * 1024

/**
 * Buffers for bodies, used again. A scrape of 200 KB that leaves a buffer behind costs more in collections of garbage than in
 * reading it: memory outside of the heap makes the engine collect everything.
 */
export class BodyPool {
  readonly #ready: Uint8Array[][] = Array.from({ length: CLASSES }, () => [])
  #readyBytes = 0

  /** A buffer with room for `bytes`; what is in it is anybody's. */
  take(bytes: number): Uint8Array {
    const size = classOf(bytes)
    if (size >= CLASSES) return new Uint8Array(bytes)
    const buffer = this.#ready[size]!.pop()
    if (buffer === undefined) return new Uint8Array(LEAST_BYTES << size)
    this.#readyBytes -= buffer.length
    return buffer
  }

  /** Takes a buffer back that nobody reads any more. */
  give(buffer: Uint8Array): void {
    const size = classOf(buffer.length)
    if (size >= CLASSES || buffer.length !== LEAST_BYTES << size) return
    if (this.#readyBytes + buffer.length > READY_BYTES_MAX) return
    this.#ready[size]!.push(buffer)
    this.#readyBytes += buffer.length
  }
}

function classOf(bytes: number): number {
  return bytes <= LEAST_BYTES ? 0 : Math.ceil(Math.log2(bytes / LEAST_BYTES))
}
