// Prometheus's stale marker is one NaN of many: it is known by its bits.
const STALE: i64 = 0x7ff0000000000002

/** Whether any of `count` values (f64, 16 bytes behind them readable) is a stale marker. @returns 1 or 0 */
export function anyStale(values: usize, count: u32): u32 {
  const marker = i64x2.splat(STALE)
  const end = values + (<usize>(count & ~1) << 3)
  let found = i64x2.splat(0)
  for (let at = values; at < end; at += 16) found = v128.or(found, i64x2.eq(v128.load(at), marker))
  if (v128.any_true(found)) return 1
  return <u32>((count & 1) == 1 && load<i64>(end) == STALE)
}
