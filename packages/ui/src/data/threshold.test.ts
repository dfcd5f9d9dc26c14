import { expect, test } from 'vitest'
import { splitThreshold } from './threshold.ts'

test.each([
  ['up == 0', 'up', [0]],
  ['1 < rate(x[5m])', 'rate(x[5m])', [1]],
  ['(a > -5) < 9 and b', 'a', [9, -5]],
  ['a > b', 'a', []],
  ['absent(up)', 'absent(up)', []],
  ['not ( promql', 'not ( promql', []],
])('%s looks at %s', (query, expr, bounds) => {
  expect(splitThreshold(query)).toEqual({ expr, bounds })
})
