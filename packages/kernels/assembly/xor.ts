// Prometheus's XOR chunk (Pelkonen et al. 2015, "Gorilla"): two count bytes, then a bit stream. Decoders read up to 16
// bytes behind the stream: buffers need that much padding.

@inline function peek(chunk: usize, bit: u32): u64 {
  return bswap<u64>(load<u64>(chunk + (bit >> 3))) << (bit & 7)
}

@inline function read64(chunk: usize, bit: u32): u64 {
  const shift = bit & 7
  const at = chunk + (bit >> 3)
  return (bswap<u64>(load<u64>(at)) << shift) | (<u64>load<u8>(at, 8) >> (8 - shift))
}


/**
 * Decodes `count` samples of the chunk at `chunk` (`length` bytes, count bytes included) to `times` (f64) and `values`
 * (raw bits).
 * @returns samples decoded; fewer than `count` means that the stream ended early
 */
export function xorDecode(chunk: usize, length: u32, count: u32, times: usize, values: usize): u32 {
  if (count == 0 || length < 11) return 0
  const endBit = length << 3
  const end = chunk + length
  let at = chunk + 2
  let raw: u64 = 0, shift: u64 = 0
  let byte: u8
  do { byte = load<u8>(at++); raw |= <u64>(byte & 127) << shift; shift += 7 } while (byte & 128 && at < end && shift < 70)
  let time: i64 = <i64>(raw >> 1) ^ -(<i64>(raw & 1))
  if (at + 8 > end) return 0
  let value: u64 = bswap<u64>(load<u64>(at)); at += 8
  store<f64>(times, <f64>time)
  store<u64>(values, value)
  if (count == 1) return 1
  raw = 0; shift = 0
  do { byte = load<u8>(at++); raw |= <u64>(byte & 127) << shift; shift += 7 } while (byte & 128 && at < end && shift < 70)
  let delta: i64 = <i64>raw
  time += delta
  let bit: u32 = <u32>(at - chunk) * 8
  let meaning: u32 = 0
  let trail: u64 = 0
  let done: u32 = 1
  let skip: u32 = 0
  let word = peek(chunk, bit)
  while (true) {
    // `word` has 57 bits at least from `bit` on; `skip` of them were the time's. Most samples need no other word.
    const control = word << skip
    bit += skip
    if (<i64>control >= 0) bit += 1
    else if ((control & 0x4000000000000000) == 0) {
      if (meaning == 0) return done
      bit += 2
      if (meaning <= 39) value ^= ((control << 2) >> (64 - meaning)) << trail
      else value ^= (read64(chunk, bit) >> (64 - meaning)) << trail
      bit += meaning
    } else {
      const lead = <u32>((control >> 57) & 31)
      meaning = <u32>((control >> 51) & 63)
      if (meaning == 0) meaning = 64
      if (lead + meaning > 64) return done
      trail = 64 - lead - meaning
      bit += 13
      value ^= (read64(chunk, bit) >> (64 - meaning)) << trail
      bit += meaning
    }
    if (bit > endBit) return done
    times += 8; values += 8
    store<f64>(times, <f64>time)
    store<u64>(values, value)
    if (++done == count) return done
    if (bit >= endBit) return done
    word = peek(chunk, bit)
    if (<i64>word >= 0) skip = 1
    else if ((word & 0x4000000000000000) == 0) {
      let d = <i64>((word >> 48) & 0x3fff)
      if (d > 0x2000) d -= 0x4000
      delta += d
      skip = 16
    } else {
      if ((word & 0x2000000000000000) == 0) {
        let d = <i64>((word >> 44) & 0x1ffff)
        if (d > 0x10000) d -= 0x20000
        delta += d; bit += 20
      } else if ((word & 0x1000000000000000) == 0) {
        let d = <i64>((word >> 40) & 0xfffff)
        if (d > 0x80000) d -= 0x100000
        delta += d; bit += 24
      } else { bit += 4; delta += <i64>read64(chunk, bit); bit += 64 }
      if (bit >= endBit) return done
      word = peek(chunk, bit)
      skip = 0
    }
    time += delta
  }
}

// ---- encoding ----
// State of 32 bytes: u32 bit, u16 count, u8 lead, u8 trail, i64 time, i64 delta, u64 value. It opens a series record.

@inline function writeBits(chunk: usize, bit: u32, bits: u64, count: u32): void {
  const at = chunk + (bit >> 3)
  const shifted = (bits << (64 - count)) >> (bit & 7)
  store<u64>(at, bswap<u64>(bswap<u64>(load<u64>(at)) | shifted))
}

@inline function writeLong(chunk: usize, bit: u32, bits: u64, count: u32): void {
  if (count <= 56) writeBits(chunk, bit, bits, count)
  else {
    writeBits(chunk, bit, bits >> 32, count - 32)
    writeBits(chunk, bit + count - 32, bits & 0xffffffff, 32)
  }
}

@inline function writeUvarint(at: usize, value: u64): usize {
  while (value >= 128) { store<u8>(at++, <u8>value | 128); value >>= 7 }
  store<u8>(at++, <u8>value)
  return at
}

/** Appends one sample; the buffer must have room for SAMPLE_BYTES_MAX more bytes, all zero. @returns bits written so far */
@inline export function xorAppendOne(state: usize, chunk: usize, time: i64, value: u64): u32 {
  let bit = load<u32>(state)
  const count = load<u16>(state, 4)
  if (count == 0) {
    let at = writeUvarint(chunk + 2, (<u64>time << 1) ^ <u64>(time >> 63))
    store<u64>(at, bswap<u64>(value))
    at += 8
    bit = <u32>(at - chunk) * 8
    store<u8>(state, 255, 6)
  } else {
    const delta = time - load<i64>(state, 8)
    if (count == 1) bit = <u32>(writeUvarint(chunk + (bit >> 3), <u64>delta) - chunk) * 8
    else {
      const dod = delta - load<i64>(state, 16)
      if (dod == 0) bit += 1
      else if (dod >= -8191 && dod <= 8192) { writeBits(chunk, bit, 0x8000 | (<u64>dod & 0x3fff), 16); bit += 16 }
      else if (dod >= -65535 && dod <= 65536) { writeBits(chunk, bit, (6 << 17) | (<u64>dod & 0x1ffff), 20); bit += 20 }
      else if (dod >= -524287 && dod <= 524288) { writeBits(chunk, bit, (14 << 20) | (<u64>dod & 0xfffff), 24); bit += 24 }
      else { writeBits(chunk, bit, 15, 4); writeLong(chunk, bit + 4, <u64>dod, 64); bit += 68 }
    }
    store<i64>(state, delta, 16)
    const difference = value ^ load<u64>(state, 24)
    if (difference == 0) bit += 1
    else {
      let newLead = <u32>clz(difference)
      const newTrail = <u32>ctz(difference)
      if (newLead > 31) newLead = 31
      let lead = <u32>load<u8>(state, 6)
      let trail = <u32>load<u8>(state, 7)
      if (lead != 255 && newLead >= lead && newTrail >= trail) { writeBits(chunk, bit, 2, 2); bit += 2 }
      else {
        lead = newLead; trail = newTrail
        store<u8>(state, <u8>lead, 6)
        store<u8>(state, <u8>trail, 7)
        writeBits(chunk, bit, (3 << 11) | (lead << 6) | ((64 - lead - trail) & 63), 13)
        bit += 13
      }
      const meaning = 64 - lead - trail
      writeLong(chunk, bit, difference >> trail, meaning)
      bit += meaning
    }
  }
  const now = count + 1
  store<u32>(state, bit)
  store<u16>(state, now, 4)
  store<i64>(state, time, 8)
  store<u64>(state, value, 24)
  store<u8>(chunk, <u8>(now >> 8))
  store<u8>(chunk, <u8>now, 1)
  return bit
}

/**
 * Encodes `count` samples into a fresh chunk at `chunk` (zeroed, room for 24 + 19·count bytes) using the zeroed 32-byte
 * `state`.
 * @returns bytes of the chunk
 */
export function xorEncode(state: usize, chunk: usize, times: usize, values: usize, count: u32): u32 {
  let bit: u32 = 0
  for (let i: usize = 0; i < <usize>count; i++)
    bit = xorAppendOne(state, chunk, <i64>load<f64>(times + (i << 3)), load<u64>(values + (i << 3)))
  return (bit + 7) >> 3
}
