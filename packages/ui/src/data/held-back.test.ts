import { expect, test } from 'vitest'
import { heldBack } from './held-back.ts'

const silence = {
  id: 's1', status: { state: 'active' }, matchers: [], startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-02-03T04:05:06Z',
  createdBy: 'ann', comment: 'known',
} as const // prettier-ignore

test('reasons are told in words, with ids where nothing more is known', () => {
  const held = (status: Partial<Parameters<typeof heldBack>[0]>): string[] =>
    heldBack(
      { state: 'suppressed', silencedBy: [], inhibitedBy: [], mutedBy: [], ...status },
      new Map([['s1', silence]]),
      { f1: { alertname: 'NodeDown', instance: 'a' } },
    )
  expect(held({})).toEqual([])
  expect(held({ silencedBy: ['s1', 's2'] })).toEqual([
    'silenced by ann until 2026-02-03 04:05: known',
    'silenced by s2',
  ])
  expect(held({ inhibitedBy: ['f1', 'f2'] })).toEqual([
    'inhibited by {alertname="NodeDown", instance="a"}',
    'inhibited by alert f2',
  ])
  expect(held({ mutedBy: ['nights'] })).toEqual(['held back by the time interval nights'])
})
