import { setImmediate, setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { FlushQueue } from './flush-queue.ts'

const work = (ms: number): void => {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

test('many at once begin in their order, others in between', async () => {
  const queue = new FlushQueue()
  const begun: number[] = []
  let turns = 0
  let isOver = false
  void (async () => {
    while (!isOver) {
      await setImmediate()
      turns++
    }
  })()
  await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const turn = queue.enter()
      if (turn !== undefined) await turn
      begun.push(i)
      work(1)
    }),
  )
  isOver = true
  expect(begun).toEqual(begun.map((_, i) => i))
  // Eight of a millisecond fit into one turn.
  expect(turns).toBeGreaterThan(2)
})

test('nothing begins while it is held', async () => {
  const queue = new FlushQueue()
  queue.hold()
  let isIn = false
  const entered = queue.enter()!.then(() => (isIn = true))
  await setTimeout(30)
  expect(isIn).toBe(false)
  queue.release()
  await entered
  expect(queue.enter()).toBeUndefined()
})
