import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chooseReplicas, type ReplicaPoint } from './replica-queryable.ts'

const points = (replica: number, ...seconds: number[]): ReplicaPoint[] =>
  seconds.map((second) => ({ timeMs: second * 1000, low: replica, high: 0, histogram: undefined }))
const shown = (chosen: readonly ReplicaPoint[]): string =>
  chosen.map(({ timeMs, low }) => `${low}@${timeMs / 1000}`).join(' ')

test.each([
  [
    'one stays as long as it speaks',
    [points(0, 0, 15, 30, 45), points(1, 2, 17, 32, 47)],
    '0@0 0@15 0@30 0@45 1@47',
  ],
  [
    'the other one helps out where it falls silent',
    [points(0, 0, 15, 30, 120), points(1, 2, 17, 32, 47, 62, 77, 92, 107, 122)],
    '0@0 0@15 0@30 1@32 1@47 1@62 1@77 1@92 1@107 1@122',
  ],
  [
    'a single scrape that is missing changes nothing',
    [points(0, 0, 15, 30, 60, 75), points(1, 2, 17, 32, 47, 62)],
    '0@0 0@15 0@30 0@60 0@75',
  ],
  ['nothing', [[], []], ''],
])('%s', (_name, replicas, expected) => {
  expect(shown(chooseReplicas(replicas))).toBe(expected)
})

test('times rise, whatever comes', () => {
  const replica = fc.uniqueArray(fc.integer({ min: 0, max: 500 })).map((all) => all.sort((a, b) => a - b))
  fc.assert(
    fc.property(fc.array(replica, { maxLength: 4 }), (all) => {
      const chosen = chooseReplicas(all.map((seconds, i) => points(i, ...seconds)))
      for (let i = 1; i < chosen.length; i++) expect(chosen[i]!.timeMs).toBeGreaterThan(chosen[i - 1]!.timeMs)
      const newest = Math.max(-1, ...all.flat())
      expect((chosen.at(-1)?.timeMs ?? -1000) / 1000).toBe(newest)
    }),
  )
})
