/**
 * Prometheus marks the end of a series by a NaN with the payload 0x7ff0000000000002. JavaScript may rewrite NaN bits
 * once a value passes through arithmetic, so staleness is always read from the bits of a typed array.
 */
export const STALE_HIGH = 0x7ff00000
export const STALE_LOW = 0x00000002

/** `bits` is a Uint32Array on the same buffer as the Float64Array of values (little-endian). */
export function isStaleAt(bits: Uint32Array, index: number): boolean {
  return bits[2 * index] === STALE_LOW && bits[2 * index + 1] === STALE_HIGH
}

export function setStaleAt(bits: Uint32Array, index: number): void {
  bits[2 * index] = STALE_LOW
  bits[2 * index + 1] = STALE_HIGH
}
