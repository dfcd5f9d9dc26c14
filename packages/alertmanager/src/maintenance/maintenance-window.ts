import { offsetAt } from '../config/zone.ts'
import { silenceFault, type SilenceMatcher } from '../silence/silence.ts'

export const REPEATS = ['once', 'daily', 'weekly', 'monthly'] as const

/** A time in which matching alerts are not told, once or again and again. Times in Unix milliseconds. */
export interface MaintenanceWindow {
  readonly id: string
  readonly name: string
  readonly matchers: readonly SilenceMatcher[]
  readonly comment: string
  readonly createdBy: string
  /** The first one; its local time of day is that of all. */
  readonly startsAtMs: number
  readonly durationMs: number
  readonly repeat: (typeof REPEATS)[number]
  /** Of a weekly one, 0 for Sunday; the first one's day when empty. */
  readonly weekdays: readonly number[]
  /** IANA name: the time of day stays when the clocks are changed. */
  readonly timeZone: string
  /** None begins later. */
  readonly untilMs: number | undefined
  readonly updatedAtMs: number
  readonly isDeleted: boolean
}

const DAY_MS = 86_400_000
/** Longest time that one may last. */
const DURATION_MAX_MS = 31 * DAY_MS

/** What is wrong with one, naming the field; undefined when nothing is. */
export function windowFault(window: MaintenanceWindow): string | undefined {
  const { name, durationMs, weekdays, timeZone, startsAtMs, untilMs } = window
  if (name.trim() === '') return 'name: must not be empty'
  if (!Number.isFinite(startsAtMs)) return 'startsAt: expected a time such as 2026-05-01T22:00:00Z'
  if (!(durationMs >= 1000 && durationMs <= DURATION_MAX_MS))
    return 'duration: expected between 1 second and 31 days'
  if (window.repeat === 'daily' && durationMs > DAY_MS) return 'duration: a daily one lasts a day at most'
  if (weekdays.some((day) => !Number.isInteger(day) || day < 0 || day > 6))
    return 'weekdays: expected numbers from 0 (Sunday) to 6'
  if (weekdays.length > 0 && window.repeat !== 'weekly') return 'weekdays: only a weekly one has them'
  if (untilMs !== undefined && !(untilMs >= startsAtMs)) return 'until: lies before startsAt'
  try {
    offsetAt(timeZone, 0)
  } catch (error) {
    return `timeZone: ${(error as Error).message}`
  }
  const { matchers, comment, createdBy } = window
  const fault = silenceFault({
    matchers,
    comment,
    createdBy,
    startsAtMs,
    endsAtMs: startsAtMs,
    annotations: {},
  })
  return fault?.replace(/^invalid silence: /, 'matchers: ')
}

/** The times of a window that have not ended at `fromMs` and begin before `toMs`, in order. */
export function occurrences(
  window: MaintenanceWindow,
  fromMs: number,
  toMs: number,
): { readonly startsAtMs: number; readonly endsAtMs: number }[] {
  const { startsAtMs, durationMs, repeat, timeZone, untilMs = Infinity } = window
  const localStart = startsAtMs + offsetAt(timeZone, startsAtMs) * 1000
  const firstDay = Math.floor(localStart / DAY_MS)
  const timeOfDay = localStart - firstDay * DAY_MS
  // One day of margin on both sides for zones.
  const begin = Math.max(firstDay, Math.floor((fromMs - durationMs) / DAY_MS) - 1)
  const end = repeat === 'once' ? firstDay : Math.floor(toMs / DAY_MS) + 1
  const found: { startsAtMs: number; endsAtMs: number }[] = []
  for (let day = begin; day <= end; day++) {
    if (!isOn(window, day, firstDay)) continue
    const at = utcOf(day * DAY_MS + timeOfDay, timeZone)
    if (at < startsAtMs || at > untilMs || at >= toMs || at + durationMs <= fromMs) continue
    found.push({ startsAtMs: at, endsAtMs: at + durationMs })
  }
  return found
}

function isOn({ repeat, weekdays }: MaintenanceWindow, day: number, firstDay: number): boolean {
  // 1 January 1970 was a Thursday.
  const weekday = (number: number): number => (((number + 4) % 7) + 7) % 7
  switch (repeat) {
    case 'once':
      return day === firstDay
    case 'daily':
      return true
    case 'weekly':
      return weekdays.length === 0 ? weekday(day) === weekday(firstDay) : weekdays.includes(weekday(day))
    case 'monthly':
      return new Date(day * DAY_MS).getUTCDate() === new Date(firstDay * DAY_MS).getUTCDate()
  }
}

/** A local time as a moment; within the hour that a change of clocks skips, the moment after it. */
function utcOf(localMs: number, timeZone: string): number {
  const guess = localMs - offsetAt(timeZone, localMs) * 1000
  return localMs - offsetAt(timeZone, guess) * 1000
}
