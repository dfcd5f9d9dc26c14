import { FakeClock, silentLogger } from '@promontory/base'
import { expect, test } from 'vitest'
import { MemoryRecordLog } from '../record-log.ts'
import { silenceState } from '../silence/silence.ts'
import { Silences } from '../silence/silences.ts'
import { Maintenance, MaintenanceError } from './maintenance.ts'
import { occurrences, windowFault, type MaintenanceWindow } from './maintenance-window.ts'

const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2024, 2, 28, 21)
const WINDOW: MaintenanceWindow = {
  id: 'w', name: 'backup', matchers: [{ name: 'job', value: 'db', isRegex: false, isEqual: true }], comment: '', createdBy: 'ann',
  startsAtMs: START_MS, durationMs: HOUR_MS, repeat: 'daily', weekdays: [], timeZone: 'Europe/Berlin', untilMs: undefined, updatedAtMs: 0, isDeleted: false,
} // prettier-ignore

const starts = (change: Partial<MaintenanceWindow>, days: number): string[] =>
  occurrences({ ...WINDOW, ...change }, START_MS, START_MS + days * 24 * HOUR_MS).map(({ startsAtMs }) =>
    new Date(startsAtMs).toISOString().slice(5, 16),
  )

test('the local time of day stays when clocks change; weekdays, months, ends', () => {
  // Berlin goes to summer time on 31 March 2024.
  expect(starts({}, 5)).toEqual([
    '03-28T21:00',
    '03-29T21:00',
    '03-30T21:00',
    '03-31T20:00',
    '04-01T20:00',
    '04-02T20:00',
  ])
  expect(starts({ repeat: 'once' }, 100)).toEqual(['03-28T21:00'])
  expect(starts({ repeat: 'weekly' }, 10)).toEqual(['03-28T21:00', '04-04T20:00'])
  expect(starts({ repeat: 'weekly', weekdays: [0, 6] }, 8)).toEqual(['03-30T21:00', '03-31T20:00'])
  expect(starts({ repeat: 'monthly' }, 62)).toEqual(['03-28T21:00', '04-28T20:00', '05-28T20:00'])
  expect(starts({ untilMs: START_MS + 24 * HOUR_MS }, 9)).toEqual(['03-28T21:00', '03-29T21:00'])
  expect(occurrences(WINDOW, START_MS + HOUR_MS, START_MS + 2 * HOUR_MS)).toEqual([])
})

test.each<[Partial<MaintenanceWindow>, RegExp]>([
  [{ name: '' }, /^name/],
  [{ durationMs: 0 }, /^duration/],
  [{ durationMs: 25 * HOUR_MS }, /^duration/],
  [{ weekdays: [7], repeat: 'weekly' }, /^weekdays/],
  [{ weekdays: [1] }, /^weekdays/],
  [{ timeZone: 'Mars/Base' }, /^timeZone: unknown time zone/],
  [{ matchers: [] }, /^matchers/],
  [{ untilMs: 0 }, /^until/],
  [{ startsAtMs: Number.NaN }, /^startsAt/],
])('%j is refused', (change, fault) => {
  expect(windowFault({ ...WINDOW, ...change })).toMatch(fault)
})

test('windows make silences a day ahead, once; what is taken away takes them along', async () => {
  const clock = new FakeClock(START_MS - HOUR_MS)
  const silences = new Silences(clock, new MemoryRecordLog())
  const maintenance = new Maintenance(clock, silentLogger, new MemoryRecordLog(), silences)
  const window = await maintenance.add(WINDOW)
  expect(silences.all().map((silence) => silenceState(silence, clock.nowMs()))).toEqual(['pending'])
  await clock.advance(HOUR_MS + 1000)
  await maintenance.makeSilences()
  const states = (): string[] => silences.all().map((silence) => silenceState(silence, clock.nowMs()))
  expect(states()).toEqual(['active', 'pending'])
  // Ended by hand: not made again.
  await silences.expire(silences.all()[0]!.id)
  await maintenance.makeSilences()
  expect(states()).toEqual(['expired', 'pending'])
  expect(await maintenance.remove(window.id)).toBe(true)
  expect(states()).toEqual(['expired', 'expired'])
  expect(await maintenance.remove(window.id)).toBe(false)
  await expect(maintenance.add({ ...WINDOW, name: '' })).rejects.toBeInstanceOf(MaintenanceError)
})
