import { expect, test } from 'vitest'
import { hash64, scrapeOffsetMs } from './target.ts'

test('10,000 targets at 15 s: no second has more than twice its share, whatever the seed', () => {
  const [count, intervalMs, nowMs] = [10_000, 15_000, 1_700_000_000_123]
  for (const seed of [0n, hash64('host-a'), hash64('host-b{replica="b"}')]) {
    const perSecond = Array.from({ length: intervalMs / 1000 }, () => 0)
    for (let i = 0; i < count; i++) {
      const offsetMs = scrapeOffsetMs(
        hash64(`{instance="10.0.${i >> 8}.${i & 255}:9100"}`),
        seed,
        intervalMs,
        nowMs,
      )
      expect(offsetMs).toBeGreaterThanOrEqual(0)
      expect(offsetMs).toBeLessThanOrEqual(intervalMs)
      perSecond[Math.min(perSecond.length - 1, Math.floor(offsetMs / 1000))]!++
    }
    const mean = count / perSecond.length
    expect(Math.max(...perSecond)).toBeLessThan(1.25 * mean)
    expect(Math.min(...perSecond)).toBeGreaterThan(0.75 * mean)
  }
})
