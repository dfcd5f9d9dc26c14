// What columns of values are like. Prometheus's stale marker is one NaN of many: it is known by its bits.
const STALE: i64 = 0x7ff0000000000002

/** Whether the first `count` numbers (f64) of both are the same, bit for bit. @returns 1 or 0 */
export function sameNumbers(a: usize, b: usize, count: u32): u32 {
  const even = <usize>(count & ~1) << 3
  let at: usize = 0
  while (at < even) {
    // A piece at a time: most that differ do so at once, or are the same.
    const end = min(even, at + 1024)
    let differs = i64x2.splat(0)
    for (; at < end; at += 16) differs = v128.or(differs, v128.xor(v128.load(a + at), v128.load(b + at)))
    if (v128.any_true(differs)) return 0
  }
  return <u32>((count & 1) == 0 || load<u64>(a + even) == load<u64>(b + even))
}

/**
 * Looks at `count` values (f64, 16 bytes behind them readable).
 * @returns 1 when any is a stale marker, plus 2 when any is smaller than the one before
 */
export function lookAtValues(values: usize, count: u32): u32 {
  const marker = i64x2.splat(STALE)
  const end = values + (<usize>count << 3)
  let stale = i64x2.splat(0)
  let falls = i64x2.splat(0)
  let at = values
  for (; at + 24 <= end; at += 16) {
    const here = v128.load(at)
    stale = v128.or(stale, i64x2.eq(here, marker))
    falls = v128.or(falls, f64x2.lt(v128.load(at, 8), here))
  }
  let found: u32 = (v128.any_true(stale) ? 1 : 0) | (v128.any_true(falls) ? 2 : 0)
  for (; at < end; at += 8) {
    if (load<i64>(at) == STALE) found |= 1
    if (at + 8 < end && load<f64>(at, 8) < load<f64>(at)) found |= 2
  }
  return found
}
