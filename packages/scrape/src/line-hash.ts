/**
 * A 64-bit hash of a line's series part, eight bytes at a time. It tells a line from the one that stood in its place at
 * the last scrape, so it must be fast rather than cryptographic; the seed keeps a target from preparing collisions.
 */
export class LineHash {
  readonly #seedLow: number
  readonly #seedHigh: number
  low = 0
  high = 0

  constructor(seedLow: number, seedHigh: number) {
    this.#seedLow = seedLow
    this.#seedHigh = seedHigh
  }

  /** Hashes `[at, at + length)` into {@link low} and {@link high}. `view` and `bytes` are of the same memory. */
  update(view: DataView, bytes: Uint8Array, at: number, length: number): void {
    let a = (this.#seedLow ^ length) | 0
    let b = this.#seedHigh
    const end = at + length
    let i = at
    for (; i + 8 <= end; i += 8) {
      a = Math.imul(a ^ view.getInt32(i, true), 0x9e3779b1)
      b = Math.imul(b ^ view.getInt32(i + 4, true), 0x85ebca77)
      const mixed = (a << 15) | (a >>> 17)
      a = (a + ((b << 13) | (b >>> 19))) | 0
      b = (b ^ mixed) | 0
    }
    if (length >= 8) {
      // The last eight bytes once more, some of them twice: cheaper than a loop over the rest.
      a = Math.imul(a ^ view.getInt32(end - 8, true), 0x9e3779b1)
      b = Math.imul(b ^ view.getInt32(end - 4, true), 0x85ebca77)
    } else for (; i < end; i++) a = Math.imul(a ^ bytes[i]!, 0x01000193)
    a ^= (b << 7) | (b >>> 25)
    a = Math.imul(a ^ (a >>> 15), 0x2c1b3c6d)
    b = Math.imul(b ^ a ^ (b >>> 13), 0x297a2d39)
    this.low = (a ^ (a >>> 16)) | 0
    this.high = (b ^ (b >>> 15)) | 0
  }
}
