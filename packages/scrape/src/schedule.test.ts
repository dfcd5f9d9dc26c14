import { FakeClock } from '@promontory/base'
import { expect, onTestFinished, test } from 'vitest'
import { ScrapeSchedule, toleranceOf } from './schedule.ts'

/** The time of day is not the time that timers go by. */
class JumpingClock extends FakeClock {
  aheadMs = 0
  override nowMs(): number {
    return super.nowMs() + this.aheadMs
  }
}

test.each([
  ['forward', 3_600_000],
  ['back', -3_600_000],
])('a clock that is set %s an hour: scrapes go on, in the same rhythm', async (_, aheadMs) => {
  const clock = new JumpingClock(1_700_000_000_000)
  const times: number[] = []
  const schedule = new ScrapeSchedule(clock, 15_000, async (timeMs) => void times.push(timeMs))
  onTestFinished(() => schedule.stop())
  schedule.start(4000)
  await clock.advance(30_000)
  expect(times.splice(0)).toEqual([1_700_000_004_000, 1_700_000_019_000])
  clock.aheadMs = aheadMs
  await clock.advance(60_000)
  expect(times).toHaveLength(4)
  // The first one was waited for by the old time.
  expect(times.slice(1).map((timeMs) => (timeMs - 1_700_000_004_000 - aheadMs) % 15_000)).toEqual([0, 0, 0])
  expect(Math.abs(times.at(-1)! - clock.nowMs())).toBeLessThan(15_000)
})

test.each([
  [15_000, undefined, 15],
  [1000, undefined, 2],
  [100, undefined, 1],
  [15_000, 2, 2],
  [1000, 500, 10],
  [15_000, 0, 0],
])(
  'a scrape every %d ms, tolerance %s: up to %d ms late it has its nominal time',
  (intervalMs, givenMs, toleranceMs) => {
    expect(toleranceOf(intervalMs, givenMs)).toBe(toleranceMs)
  },
)

test('a scrape that begins a little late gets its nominal time, a later one its own', async () => {
  const clock = new JumpingClock(1_700_000_000_000)
  const times: number[] = []
  const schedule = new ScrapeSchedule(clock, 15_000, async (timeMs) => void times.push(timeMs))
  onTestFinished(() => schedule.stop())
  schedule.start(0)
  await clock.advance(0)
  // Each wait ends so much later than it was meant to.
  for (const lateMs of [15, 16]) {
    clock.aheadMs += lateMs
    await clock.advance(15_000)
  }
  expect(times.map((timeMs) => timeMs - 1_700_000_000_000)).toEqual([0, 15_000, 30_016])
})
