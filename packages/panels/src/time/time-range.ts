import { offsetMinutes, partsOf, type TimeZone } from './date-format.ts'

/** A dashboard's time as it is written: `now-6h`, `now/d`, milliseconds, or an ISO date. */
export interface RawRange {
  readonly from: string
  readonly to: string
}

export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

/** A time that cannot be read; the message quotes it. */
export class TimeError extends Error {
  override readonly name = 'TimeError'
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const STEP = /([+-/])(\d{0,9})(ms|fQ|fy|[smhdwMQy])/y

/**
 * A written time as milliseconds. Days and longer follow the calendar of the zone.
 * @param isEnd  `/d` then means the end of the day, not its beginning
 * @throws TimeError
 */
export function parseTime(
  text: string,
  nowMs: number,
  zone: TimeZone,
  isEnd = false,
  fiscalStart = 0,
): number {
  const trimmed = text.trim()
  if (/^-?\d{1,16}$/.test(trimmed)) return Number(trimmed)
  if (!trimmed.startsWith('now')) return parseDate(trimmed, zone)
  let time = nowMs
  STEP.lastIndex = 3
  while (STEP.lastIndex < trimmed.length) {
    const match = STEP.exec(trimmed)
    if (match === null) throw new TimeError(`'${text}' is no time: expected such as now-6h or now/d`)
    const [, sign, count, unit = ''] = match
    if (sign === '/') time = roundTo(time, unit, zone, isEnd, fiscalStart)
    else time = add(time, (sign === '-' ? -1 : 1) * (count === '' ? 1 : Number(count)), unit, zone)
  }
  return time
}

/** @throws TimeError */
export function parseRange(raw: RawRange, nowMs: number, zone: TimeZone, fiscalStart = 0): TimeRange {
  return {
    fromMs: parseTime(raw.from, nowMs, zone, false, fiscalStart),
    toMs: parseTime(raw.to, nowMs, zone, true, fiscalStart),
  }
}

function parseDate(text: string, zone: TimeZone): number {
  const match =
    /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?)?(Z|[+-]\d\d:?\d\d)?$/.exec(text)
  if (match === null) throw new TimeError(`'${text}' is no time: expected 2026-01-02 03:04:05 or now-6h`)
  const [, year, month, day, hour = '0', minute = '0', second = '0', ms = '0', offset] = match
  const local = Date.UTC(+year!, +month! - 1, +day!, +hour, +minute, +second, +ms.padEnd(3, '0'))
  if (offset === 'Z') return local
  if (offset !== undefined) return Date.parse(text.replace(' ', 'T'))
  return fromLocal(local, zone)
}

/** The time at which the zone's clock shows what `localMs` shows in UTC. */
function fromLocal(localMs: number, zone: TimeZone): number {
  const first = localMs - offsetMinutes(localMs, zone) * 60_000
  return localMs - offsetMinutes(first, zone) * 60_000
}

function add(timeMs: number, count: number, unit: string, zone: TimeZone): number {
  const length = UNIT_MS[unit]
  if (length !== undefined) return timeMs + count * length
  const at = partsOf(timeMs, zone)
  const clock = [at.hour, at.minute, at.second, at.ms] as const
  if (unit === 'd' || unit === 'w')
    return fromLocal(Date.UTC(at.year, at.month, at.day + count * (unit === 'w' ? 7 : 1), ...clock), zone)
  const months = unit === 'M' ? count : unit === 'Q' || unit === 'fQ' ? count * 3 : count * 12
  const last = new Date(Date.UTC(at.year, at.month + months + 1, 0)).getUTCDate()
  return fromLocal(Date.UTC(at.year, at.month + months, Math.min(at.day, last), ...clock), zone)
}

function roundTo(timeMs: number, unit: string, zone: TimeZone, isEnd: boolean, fiscalStart: number): number {
  const at = partsOf(timeMs, zone)
  const shifted = (((at.month - fiscalStart) % 12) + 12) % 12
  const start = ((): [number, number, number, number, number, number] => {
    switch (unit) {
      case 's': return [at.year, at.month, at.day, at.hour, at.minute, at.second]
      case 'm': return [at.year, at.month, at.day, at.hour, at.minute, 0]
      case 'h': return [at.year, at.month, at.day, at.hour, 0, 0]
      case 'd': return [at.year, at.month, at.day, 0, 0, 0]
      case 'w': return [at.year, at.month, at.day - at.weekday, 0, 0, 0]
      case 'M': return [at.year, at.month, 1, 0, 0, 0]
      case 'Q': return [at.year, at.month - (at.month % 3), 1, 0, 0, 0]
      case 'fQ': return [at.year, at.month - (shifted % 3), 1, 0, 0, 0]
      case 'fy': return [at.year, at.month - shifted, 1, 0, 0, 0]
      case 'y': return [at.year, 0, 1, 0, 0, 0]
      default: return [at.year, at.month, at.day, at.hour, at.minute, at.second]
    } // prettier-ignore
  })()
  const startMs = fromLocal(Date.UTC(...start), zone)
  return isEnd ? add(startMs, 1, unit === 'fy' ? 'y' : unit, zone) - 1 : startMs
}

const NAMES: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', M: 'month', y: 'year' } // prettier-ignore

/** `Last 6 hours`, `Today`, or the two times as they are written. */
export function describeRange({ from, to }: RawRange): string {
  const last = /^now-(\d+)([smhdwMy])$/.exec(from)
  if (last !== null && to === 'now') {
    const [, count = '1', unit = 'h'] = last
    return `Last ${count === '1' ? '' : `${count} `}${NAMES[unit]}${count === '1' ? '' : 's'}`
  }
  const known: Readonly<Record<string, string>> = {
    'now/d to now/d': 'Today',
    'now/d to now': 'Today so far',
    'now/w to now/w': 'This week',
    'now/w to now': 'This week so far',
    'now/M to now/M': 'This month',
    'now/M to now': 'This month so far',
    'now-1d/d to now-1d/d': 'Yesterday',
    'now-1w/w to now-1w/w': 'Previous week',
    'now-1M/M to now-1M/M': 'Previous month',
  }
  return known[`${from} to ${to}`] ?? `${from} to ${to}`
}

/** `1m30s`, `5m`, `500ms`, also with a `>` in front, as milliseconds; undefined when it is no duration. */
export function durationMs(text: string): number | undefined {
  const body = text.trim().replace(/^>=?\s*/, '')
  if (/^\d+(\.\d+)?$/.test(body)) return Number(body) * 1000
  const lengths: Readonly<Record<string, number>> = { ...UNIT_MS, d: 864e5, w: 6048e5, M: 2592e6, y: 31536e6 }
  if (!/^(\d+(?:\.\d+)?(ms|[smhdwMy]))+$/.test(body)) return undefined
  let total = 0
  for (const [, count = '0', unit = ''] of body.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwMy])/g))
    total += Number(count) * lengths[unit]!
  return total
}

/** Milliseconds as Prometheus writes a duration: `90s`, `5m`, `1h30m` as `90m`. */
export function durationText(ms: number): string {
  for (const [unit, length] of [
    ['d', 864e5],
    ['h', 36e5],
    ['m', 6e4],
    ['s', 1000],
  ] as const)
    // prettier-ignore
    if (ms >= length && ms % length === 0) return `${ms / length}${unit}`
  return `${Math.round(ms)}ms`
}

/** The steps that look tidy; `$__interval` is rounded to one of them. From, in milliseconds: below it the step is this. */
const ROUND_STEPS: readonly (readonly [below: number, step: number])[] = [
  [10, 1], [15, 10], [35, 20], [75, 50], [150, 100], [350, 200], [750, 500], [1500, 1000], [3500, 2000],
  [7500, 5000], [12_500, 10_000], [17_500, 15_000], [25_000, 20_000], [45_000, 30_000], [90_000, 60_000],
  [210_000, 120_000], [450_000, 300_000], [750_000, 600_000], [1_050_000, 900_000], [1_500_000, 1_200_000],
  [2_700_000, 1_800_000], [5_400_000, 3_600_000], [9_000_000, 7_200_000], [16_200_000, 10_800_000],
  [32_400_000, 21_600_000], [86_400_000, 43_200_000], [604_800_000, 86_400_000],
  [1_814_400_000, 604_800_000], [3_628_800_000, 2_592_000_000],
] // prettier-ignore

/** The step that fits the points onto the range, rounded, and no shorter than the minimum. */
export function intervalOf(range: TimeRange, points: number, minMs: number): number {
  const exact = (range.toMs - range.fromMs) / Math.max(1, points)
  const rounded = ROUND_STEPS.find(([below]) => exact < below)?.[1] ?? 31_536_000_000
  return Math.max(minMs, rounded)
}
