import { crc32c } from './crc32c'
import { xorDecode } from './xor'

// A run of chunks as they follow each other in a chunk file of Prometheus: length (uvarint), encoding, data, CRC-32C of encoding and data.

const ENCODING_XOR: u8 = 1

/**
 * Decodes up to `chunks` XOR chunks, until one is of another kind, is damaged, has no room, is not whole, or does not begin where the one before
 * ended. `starts` (u32 each) tells where they begin in `bytes`.
 * Writes to `result` (u32 each): samples decoded, chunks done, bytes done, whether a chunk begins before the one before has ended.
 */
export function xorDecodeRun(
  bytes: usize, length: u32, starts: usize, chunks: u32, capacity: u32, times: usize, values: usize, table: usize, result: usize,
): void {
  let done: u32 = 0
  let samples: u32 = 0
  let at: u32 = 0
  let overlap: u32 = 0
  let lastTime: f64 = -Infinity
  while (done < chunks && load<u32>(starts + (<usize>done << 2)) == at) {
    let p = at
    let size: u32 = 0
    let shift: u32 = 0
    let byte: u8 = 128
    while (byte & 128 && p < length && shift < 28) {
      byte = load<u8>(bytes + p++)
      size |= <u32>(byte & 127) << shift
      shift += 7
    }
    if (byte & 128 || size < 2 || size > length || p + 1 + size + 4 > length) break
    const chunk = bytes + p
    if (load<u8>(chunk) != ENCODING_XOR) break
    if (crc32c(table, chunk, size + 1, 0) != bswap<u32>(load<u32>(chunk + 1 + size))) break
    const count = <u32>bswap<u16>(load<u16>(chunk + 1))
    if (samples + count > capacity) break
    const into = times + (<usize>samples << 3)
    if (xorDecode(chunk + 1, size, count, into, values + (<usize>samples << 3)) != count) break
    if (count > 0) {
      if (load<f64>(into) <= lastTime) overlap = 1
      lastTime = load<f64>(into + (<usize>(count - 1) << 3))
    }
    samples += count
    at = p + 1 + size + 4
    done++
  }
  store<u32>(result, samples)
  store<u32>(result, done, 4)
  store<u32>(result, at, 8)
  store<u32>(result, overlap, 12)
}
