import { expect, test } from 'vitest'
import { timeOfDay } from './clock.ts'

test('the time of day: even while it is slewed, followed when it is set or the machine slept', () => {
  let [wall, elapsed] = [1_700_000_000_000, 500]
  const nowMs = timeOfDay(
    () => wall,
    () => elapsed,
  )
  const pass = (wallMs: number, elapsedMs = wallMs): number => {
    wall += wallMs
    elapsed += elapsedMs
    return nowMs() - 1_700_000_000_000
  }
  expect(pass(0)).toBe(0)
  expect(pass(10, 10.25)).toBe(10.25)
  expect(pass(10, 10)).toBe(20.25)
  // Slewed by 40 ms in all: time goes by evenly.
  expect(pass(140, 100)).toBe(120.25)
  // Set forward, set back, slept through.
  expect(pass(3_600_000, 0)).toBe(3_600_160)
  expect(pass(-7_200_000, 5)).toBe(-3_599_840)
  expect(pass(60_000, 3)).toBe(-3_539_840)
  expect(pass(1000)).toBe(-3_538_840)
})
