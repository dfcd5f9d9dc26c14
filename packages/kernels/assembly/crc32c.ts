// CRC-32C (Castagnoli), eight bytes at a step. The caller owns the 8 KiB table and fills it once per memory.

const POLYNOMIAL: u32 = 0x82f63b78

export function crc32cInit(table: usize): void {
  for (let i: u32 = 0; i < 256; i++) {
    let crc = i
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >> 1) ^ POLYNOMIAL : crc >> 1
    store<u32>(table + (<usize>i << 2), crc)
  }
  for (let i: u32 = 0; i < 256; i++) {
    let crc = load<u32>(table + (<usize>i << 2))
    for (let k: u32 = 1; k < 8; k++) {
      crc = load<u32>(table + (<usize>(crc & 255) << 2)) ^ (crc >> 8)
      store<u32>(table + (<usize>(k * 256 + i) << 2), crc)
    }
  }
}

@inline function at(table: usize, row: u32, index: u32): u32 {
  return load<u32>(table + (<usize>(row * 256 + index) << 2))
}

/** @param seed  0, or the CRC of the bytes before */
export function crc32c(table: usize, bytes: usize, length: u32, seed: u32): u32 {
  let crc = ~seed
  let p = bytes
  const end = bytes + length
  while (p + 8 <= end) {
    const low = load<u32>(p) ^ crc
    const high = load<u32>(p, 4)
    crc = at(table, 7, low & 255) ^ at(table, 6, (low >> 8) & 255) ^ at(table, 5, (low >> 16) & 255) ^ at(table, 4, low >> 24)
      ^ at(table, 3, high & 255) ^ at(table, 2, (high >> 8) & 255) ^ at(table, 1, (high >> 16) & 255) ^ at(table, 0, high >> 24)
    p += 8
  }
  while (p < end) { crc = at(table, 0, (crc ^ load<u8>(p)) & 255) ^ (crc >> 8); p++ }
  return ~crc
}
