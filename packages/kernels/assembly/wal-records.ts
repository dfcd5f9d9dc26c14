// The samples record of Prometheus's write-ahead log: type 2, then the first ref and time as 64-bit big-endian, then per
// sample the differences to those two as signed varints and the value's bits big-endian.

@inline function writeVarint(at: usize, value: i64): usize {
  let raw = (<u64>value << 1) ^ <u64>(value >> 63)
  while (raw >= 128) { store<u8>(at++, <u8>raw | 128); raw >>= 7 }
  store<u8>(at++, <u8>raw)
  return at
}

/**
 * Writes the samples with status 0. Room needed: 17 + 28·count bytes.
 * @returns bytes written, 0 when no sample passed
 */
export function walEncodeSamples(refs: usize, times: usize, values: usize, statuses: usize, count: u32, out: usize): u32 {
  let at = out
  let firstRef: i64 = 0, firstTime: i64 = 0
  for (let i: usize = 0; i < <usize>count; i++) {
    if (load<u8>(statuses + i) != 0) continue
    const ref = <i64>load<f64>(refs + (i << 3))
    const time = <i64>load<f64>(times + (i << 3))
    if (at == out) {
      firstRef = ref; firstTime = time
      store<u8>(at, 2)
      store<u64>(at + 1, bswap<u64>(<u64>ref))
      store<u64>(at + 9, bswap<u64>(<u64>time))
      at += 17
    }
    at = writeVarint(at, ref - firstRef)
    at = writeVarint(at, time - firstTime)
    store<u64>(at, bswap<u64>(load<u64>(values + (i << 3))))
    at += 8
  }
  return <u32>(at - out)
}


/**
 * Reads a samples record of `length` bytes into columns with room for (length − 17) / 10 samples.
 * @returns samples read; 0xffffffff when the record ends inside a sample
 */
export function walDecodeSamples(record: usize, length: u32, refs: usize, times: usize, values: usize): u32 {
  const end = record + length
  if (length < 17) return length == 1 ? 0 : 0xffffffff
  const firstRef = <i64>bswap<u64>(load<u64>(record + 1))
  const firstTime = <i64>bswap<u64>(load<u64>(record + 9))
  let at = record + 17
  let count: u32 = 0
  while (at < end) {
    let raw: u64 = 0, shift: u64 = 0
    let byte: u8 = 128
    while (byte & 128 && at < end && shift < 70) { byte = load<u8>(at++); raw |= <u64>(byte & 127) << shift; shift += 7 }
    const ref = firstRef + (<i64>(raw >> 1) ^ -(<i64>(raw & 1)))
    raw = 0; shift = 0; byte = 128
    while (byte & 128 && at < end && shift < 70) { byte = load<u8>(at++); raw |= <u64>(byte & 127) << shift; shift += 7 }
    const time = firstTime + (<i64>(raw >> 1) ^ -(<i64>(raw & 1)))
    if (at + 8 > end) return 0xffffffff
    const column = <usize>count << 3
    store<f64>(refs + column, <f64>ref)
    store<f64>(times + column, <f64>time)
    store<u64>(values + column, bswap<u64>(load<u64>(at)))
    at += 8
    count++
  }
  return count
}
