import {
  list,
  optional,
  str,
  struct,
  text,
  transformed,
  withDefault,
  type Schema,
} from '@promontory/base/yaml'
import { offsetAt } from './zone.ts'

/** Both ends included. */
export interface InclusiveRange {
  readonly begin: number
  readonly end: number
}

/** Minutes since midnight; the end is excluded and may be 24:00. */
export interface MinuteRange {
  readonly startMinute: number
  readonly endMinute: number
}

/** When something holds: every list that is given must have a range that fits. */
export interface TimeInterval {
  readonly times: readonly MinuteRange[] | undefined
  readonly weekdays: readonly InclusiveRange[] | undefined
  /** Negative days count from the end of the month. */
  readonly days_of_month: readonly InclusiveRange[] | undefined
  readonly months: readonly InclusiveRange[] | undefined
  readonly years: readonly InclusiveRange[] | undefined
  /** IANA name; UTC when absent. */
  readonly location: string | undefined
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
)

function readRange(source: string, member: (part: string) => number): InclusiveRange {
  const parts = source.toLowerCase().split(':')
  if (parts.length > 2) throw new Error(`couldn't parse range ${source.toLowerCase()}, invalid format`)
  const begin = member(parts[0]!)
  return { begin, end: parts.length === 2 ? member(parts[1]!) : begin }
}

function wholeNumber(part: string): number {
  if (!/^[+-]?\d+$/.test(part)) throw new Error(`strconv.Atoi: parsing "${part}": invalid syntax`)
  return Number(part)
}

function weekday(source: string): InclusiveRange {
  const range = readRange(source, (part) => {
    const index = WEEKDAYS.indexOf(part)
    if (index < 0) throw new Error(`${part} is not a valid weekday`)
    return index
  })
  if (range.begin > range.end) throw new Error('start day cannot be before end day')
  return range
}

function dayOfMonth(source: string): InclusiveRange {
  const range = readRange(source, wholeNumber)
  for (const day of [range.begin, range.end])
    if (day === 0 || day < -31 || day > 31)
      throw new Error(`${day} is not a valid day of the month: out of range`)
  if (range.begin < 0 && range.end > 0) throw new Error('end day must be negative if start day is negative')
  // February decides whether a range can ever hold.
  const inShortMonth = (day: number): number => (day < 0 ? 28 + day : day)
  if (inShortMonth(range.begin) > inShortMonth(range.end))
    throw new Error(`end day ${range.end} is always before start day ${range.begin}`)
  return range
}

function month(source: string): InclusiveRange {
  const range = readRange(source, (part) => {
    const index = MONTHS.indexOf(part)
    if (index >= 0) return index + 1
    if (!/^\d+$/.test(part)) throw new Error(`${part} is not a valid month`)
    return Number(part)
  })
  if (range.begin > range.end)
    throw new Error(
      `end month ${MONTHS[range.end - 1] ?? ''} is before start month ${MONTHS[range.begin - 1] ?? ''}`,
    )
  return range
}

function year(source: string): InclusiveRange {
  const range = readRange(source, wholeNumber)
  if (range.begin > range.end) throw new Error(`end year ${range.end} is before start year ${range.begin}`)
  return range
}

const showRange =
  (name: (value: number) => string) =>
  ({ begin, end }: InclusiveRange): string =>
    begin === end ? name(begin) : `${name(begin)}:${name(end)}`

function minutes(source: string): number {
  if (!/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/.test(source))
    throw new Error(`couldn't parse timestamp ${source}, invalid format`)
  return Number(source.slice(0, 2)) * 60 + Number(source.slice(3))
}

const clockText = (value: number): string =>
  `${String(Math.floor(value / 60)).padStart(2, '0')}:${String(value % 60).padStart(2, '0')}`

const minuteRange: Schema<MinuteRange> = transformed(
  struct('timeinterval.yamlTimeRange', { start_time: withDefault(str, ''), end_time: withDefault(str, '') }),
  ({ start_time, end_time }, node, context) => {
    if (start_time === '' || end_time === '')
      return context.fail(node, 'both start and end times must be provided')
    try {
      const range = { startMinute: minutes(start_time), endMinute: minutes(end_time) }
      if (range.startMinute >= range.endMinute)
        return context.fail(node, 'start time cannot be equal or greater than end time')
      return range
    } catch (error) {
      return context.fail(node, (error as Error).message, error)
    }
  },
  ({ startMinute, endMinute }) => ({ start_time: clockText(startMinute), end_time: clockText(endMinute) }),
)

const zone: Schema<string> = text('timeinterval.Location', (source) => {
  const name = source === '' || source === 'Local' ? 'UTC' : source
  offsetAt(name, 0)
  return name
})

export const timeInterval: Schema<TimeInterval> = struct('timeinterval.TimeInterval', {
  times: optional(list(minuteRange)),
  weekdays: optional(
    list(
      text(
        'timeinterval.WeekdayRange',
        weekday,
        showRange((value) => WEEKDAYS[value]!),
      ),
    ),
  ),
  days_of_month: optional(list(text('timeinterval.DayOfMonthRange', dayOfMonth, showRange(String)))),
  months: optional(list(text('timeinterval.MonthRange', month, showRange(String)))),
  years: optional(list(text('timeinterval.YearRange', year, showRange(String)))),
  location: optional(zone),
})

/** Whether a time (Unix milliseconds) lies in the interval. */
export function containsTime(interval: TimeInterval, timeMs: number): boolean {
  const local = new Date(timeMs + offsetAt(interval.location ?? 'UTC', timeMs) * 1000)
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes()
  const inSome = (ranges: readonly InclusiveRange[] | undefined, value: number): boolean =>
    ranges === undefined || ranges.some(({ begin, end }) => value >= begin && value <= end)
  return (
    (interval.times === undefined ||
      interval.times.some(({ startMinute, endMinute }) => minute >= startMinute && minute < endMinute)) &&
    inSome(monthDays(interval.days_of_month, local), local.getUTCDate()) &&
    inSome(interval.months, local.getUTCMonth() + 1) &&
    inSome(interval.weekdays, local.getUTCDay()) &&
    inSome(interval.years, local.getUTCFullYear())
  )
}

/** Day ranges of the month at hand: negative days resolved, ranges that begin after its end left out. */
function monthDays(ranges: readonly InclusiveRange[] | undefined, local: Date): InclusiveRange[] | undefined {
  const last = new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + 1, 0)).getUTCDate()
  const resolve = (day: number): number => (day < 0 ? last + day + 1 : day)
  return ranges
    ?.map(({ begin, end }) => ({ begin: resolve(begin), end: Math.min(last, resolve(end)) }))
    .filter(({ begin }) => begin <= last)
}
