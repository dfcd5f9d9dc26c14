import { writeDouble, writePadded, writeWhole } from './decimal'

// Points of Prometheus's JSON: [<seconds>,"<value>"].

/** Whole milliseconds as seconds, with three digits behind the point or none. */
@inline function writeTime(table: usize, out: usize, timeMs: f64): usize {
  if (timeMs < 0) store<u8>(out++, 45)
  const size = <u64>abs(timeMs)
  const seconds = size / 1000
  const fraction = size - seconds * 1000
  out = writeWhole(table, out, seconds)
  if (fraction == 0) return out
  store<u8>(out, 46)
  return writePadded(table, out + 1, fraction, 3)
}

/**
 * Writes `count` points with commas between them; `out` needs room for 64 bytes each. `times` (ms) and `values` are f64, `table`
 * is that of decimal.ts.
 * @returns bytes written
 */
export function jsonPoints(table: usize, times: usize, values: usize, count: u32, out: usize): u32 {
  let at = out
  for (let i: usize = 0; i < <usize>count; i++) {
    if (i > 0) store<u8>(at++, 44)
    store<u8>(at, 91)
    at = writeTime(table, at + 1, load<f64>(times + (i << 3)))
    store<u16>(at, 0x222c)
    at = writeDouble(table, at + 2, load<f64>(values + (i << 3)))
    store<u16>(at, 0x5d22)
    at += 2
  }
  return <u32>(at - out)
}

/** Writes one value. @returns bytes written */
export function jsonNumber(table: usize, value: f64, out: usize): u32 {
  return <u32>(writeDouble(table, out, value) - out)
}
