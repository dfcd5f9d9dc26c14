// CRC-32C (Castagnoli). Eight bytes at a step ("slicing by 8": Kounavis and Berry, 2005), and of longer pieces three parts side by side: a step
// has to wait for the one before, those of other parts have not. Their sums are put together as that of a part followed by zeros and the sum
// of the next, which is linear: four look-ups.
//
// The caller owns the 16 KiB table and fills it once per memory: eight rows for the steps, four each for 64 and 16 zero bytes.

const POLYNOMIAL: u32 = 0x82f63b78
/** Lengths of the parts, and first rows of their tables. */
const LONG: u32 = 64
const LONG_ROW: u32 = 8
const SHORT: u32 = 16
const SHORT_ROW: u32 = 12

export function crc32cInit(table: usize): void {
  for (let i: u32 = 0; i < 256; i++) {
    let crc = i
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >> 1) ^ POLYNOMIAL : crc >> 1
    store<u32>(table + (<usize>i << 2), crc)
  }
  for (let i: u32 = 0; i < 256; i++) {
    let crc = load<u32>(table + (<usize>i << 2))
    for (let k: u32 = 1; k < 8; k++) {
      crc = at(table, 0, crc & 255) ^ (crc >> 8)
      store<u32>(table + (<usize>(k * 256 + i) << 2), crc)
    }
  }
  fillZeros(table, LONG_ROW, LONG)
  fillZeros(table, SHORT_ROW, SHORT)
}

/** What so many zero bytes make of each byte of a sum. */
function fillZeros(table: usize, row: u32, zeros: u32): void {
  for (let place: u32 = 0; place < 4; place++)
    for (let i: u32 = 0; i < 256; i++) {
      let crc = i << (8 * place)
      for (let k: u32 = 0; k < zeros; k++) crc = at(table, 0, crc & 255) ^ (crc >> 8)
      store<u32>(table + (<usize>((row + place) * 256 + i) << 2), crc)
    }
}

@inline function at(table: usize, row: u32, index: u32): u32 {
  return load<u32>(table + (<usize>(row * 256 + index) << 2))
}

@inline function eight(table: usize, crc: u32, bytes: usize): u32 {
  const low = load<u32>(bytes) ^ crc
  const high = load<u32>(bytes, 4)
  return at(table, 7, low & 255) ^ at(table, 6, (low >> 8) & 255) ^ at(table, 5, (low >> 16) & 255) ^ at(table, 4, low >> 24)
    ^ at(table, 3, high & 255) ^ at(table, 2, (high >> 8) & 255) ^ at(table, 1, (high >> 16) & 255) ^ at(table, 0, high >> 24)
}

@inline function afterZeros(table: usize, row: u32, crc: u32): u32 {
  return at(table, row, crc & 255) ^ at(table, row + 1, (crc >> 8) & 255) ^ at(table, row + 2, (crc >> 16) & 255) ^ at(table, row + 3, crc >> 24)
}

/** Three parts of `part` bytes each. */
@inline function three(table: usize, crc: u32, bytes: usize, part: u32, row: u32): u32 {
  let second: u32 = 0
  let third: u32 = 0
  for (let i: usize = 0; i < <usize>part; i += 8) {
    crc = eight(table, crc, bytes + i)
    second = eight(table, second, bytes + part + i)
    third = eight(table, third, bytes + 2 * part + i)
  }
  return afterZeros(table, row, afterZeros(table, row, crc) ^ second) ^ third
}

/** @param seed  0, or the CRC of the bytes before */
export function crc32c(table: usize, bytes: usize, length: u32, seed: u32): u32 {
  let crc = ~seed
  let p = bytes
  const end = bytes + length
  while (p + 3 * LONG <= end) { crc = three(table, crc, p, LONG, LONG_ROW); p += 3 * LONG }
  while (p + 3 * SHORT <= end) { crc = three(table, crc, p, SHORT, SHORT_ROW); p += 3 * SHORT }
  while (p + 8 <= end) { crc = eight(table, crc, p); p += 8 }
  while (p < end) { crc = at(table, 0, (crc ^ load<u8>(p)) & 255) ^ (crc >> 8); p++ }
  return ~crc
}
