import { expect, test } from 'vitest'
import { Intake } from './intake.ts'

test('short batches are taken at once, long ones in turns; nobody overtakes', async () => {
  const taken: number[] = []
  const intake = new Intake<number>((item) => {
    taken.push(item)
    const untilMs = performance.now() + 0.1
    while (performance.now() < untilMs);
  })
  expect(intake.add([1, 2])).toBeUndefined()
  expect(taken).toEqual([1, 2])
  const long = intake.add(Array.from({ length: 500 }, (_, i) => 100 + i))
  const short = intake.add([3])
  expect(taken.length).toBeLessThan(500)
  await Promise.all([long, short])
  expect(taken.slice(2)).toEqual([...Array.from({ length: 500 }, (_, i) => 100 + i), 3])
  await Promise.resolve()
  expect(intake.add([4])).toBeUndefined()
})
