/** A signed 64-bit integer as a number; exact within ±2^53. */
export function int64At(u32: Uint32Array, address: number): number {
  const word = address >>> 2
  return (u32[word + 1]! | 0) * 4294967296 + u32[word]!
}

export function storeInt64(u32: Uint32Array, address: number, value: number): void {
  const word = address >>> 2
  u32[word] = value >>> 0
  u32[word + 1] = Math.floor(value / 4294967296)
}
