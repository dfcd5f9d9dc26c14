import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sortInTurns } from './sort-in-turns.ts'

test('as Array.sort, short and long', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(50), { size: 'max', maxLength: 5000 }), async (numbers) => {
      const items = numbers.map((n, i) => [n, i] as const)
      const byNumber = ([a]: readonly [number, number], [b]: readonly [number, number]): number => a - b
      expect(await sortInTurns(items, byNumber)).toEqual([...items].sort(byNumber))
    }),
    { numRuns: 30 },
  )
})
