import { FunctionError } from '../errors.ts'

/** Go's reference-time layouts (`Mon Jan 2 15:04:05 MST 2006`), written and read. */
export interface WallClock {
  readonly year: number
  /** 1…12 */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly nanosecond: number
  /** 0 is Sunday. */
  readonly weekday: number
  readonly yearDay: number
  readonly offsetSeconds: number
  readonly abbreviation: string
}

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
)
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

/** The pieces a layout is made of, longest first where one begins another. */
const CHUNK =
  /January|Jan|Monday|Mon|MST|2006|15|01|02|03|04|05|06|002|__2|_2006|_2|PM|pm|Z070000|Z07:00:00|Z0700|Z07:00|Z07|-070000|-07:00:00|-0700|-07:00|-07|[.,]0+(?![0-9])|[.,]9+(?![0-9])|1|2|3|4|5/g

const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterFor(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone)
  if (formatter === undefined) {
    try {
      formatter = new Intl.DateTimeFormat('en-US', {
        timeZone: zone === 'Local' || zone === '' ? 'UTC' : zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
        era: 'short',
        timeZoneName: 'short',
      })
    } catch {
      throw new FunctionError(`unknown time zone ${zone}`)
    }
    formatters.set(zone, formatter)
  }
  return formatter
}

/** Seconds east of UTC in a zone. @throws FunctionError for an unknown zone */
export function offsetAt(zone: string, unixNanos: bigint): number {
  if (zone === 'UTC') return 0
  const fixed = /^([+-])(\d\d):(\d\d)$/.exec(zone)
  if (fixed !== null) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 3600 + Number(fixed[3]) * 60)
  const ms = Number(unixNanos / 1_000_000n)
  const part = Object.fromEntries(
    formatterFor(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  )
  const year = part.era === 'BC' ? 1 - Number(part.year) : Number(part.year)
  const local = Date.UTC(
    year,
    Number(part.month) - 1,
    Number(part.day),
    Number(part.hour),
    Number(part.minute),
    Number(part.second),
  )
  return Math.round((local - Math.floor(ms / 1000) * 1000) / 1000)
}

function abbreviationAt(zone: string, unixNanos: bigint, offset: number): string {
  if (zone === 'UTC') return 'UTC'
  if (!/^[+-]/.test(zone)) {
    const parts = formatterFor(zone).formatToParts(Number(unixNanos / 1_000_000n))
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
    // ICU's English has CEST and the like only for its own region; elsewhere it says GMT+2.
    if (!/^(GMT|UTC)[+-]/.test(name)) return name
    const known = EUROPEAN[`${zone.startsWith('Europe/')}${offset}`]
    if (known !== undefined) return known[isSummer(zone, unixNanos, offset) ? 1 : 0]!
  }
  return showOffset(offset, '-07').replace(/00$/, (zeros) =>
    offset % 3600 === 0 && zeros.length > 2 ? '' : zeros,
  )
}

/** Offsets in seconds to the winter and summer abbreviations of the European zones. */
const EUROPEAN: Readonly<Record<string, readonly [string, string]>> = {
  true0: ['GMT', 'WEST'],
  true3600: ['CET', 'BST'],
  true7200: ['EET', 'CEST'],
  true10800: ['MSK', 'EEST'],
}

function isSummer(zone: string, unixNanos: bigint, offset: number): boolean {
  const year = new Date(Number(unixNanos / 1_000_000n)).getUTCFullYear()
  const january = offsetAt(zone, BigInt(Date.UTC(year, 0, 1)) * 1_000_000n)
  return offset !== january
}

export function wallClock(unixNanos: bigint, zone: string): WallClock {
  const offsetSeconds = offsetAt(zone, unixNanos)
  const local = unixNanos + BigInt(offsetSeconds) * 1_000_000_000n
  const nanosecond = Number(((local % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)
  const date = new Date(Number((local - BigInt(nanosecond)) / 1_000_000n))
  const year = date.getUTCFullYear()
  const startOfYear = new Date(0)
  startOfYear.setUTCFullYear(year, 0, 1)
  return {
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    nanosecond,
    weekday: date.getUTCDay(),
    yearDay: Math.floor((date.getTime() - startOfYear.getTime()) / 86_400_000) + 1,
    offsetSeconds,
    abbreviation: abbreviationAt(zone, unixNanos, offsetSeconds),
  }
}

const pad = (value: number, width: number, fill = '0'): string => String(value).padStart(width, fill)

/** Formats an instant by a Go layout. @throws FunctionError for an unknown zone */
export function formatLayout(layout: string, unixNanos: bigint, zone: string): string {
  const wall = wallClock(unixNanos, zone)
  return layout.replace(chunkPattern(), (chunk) => formatChunk(chunk, wall))
}

/** `Jan` is a chunk of its own only when no lower-case letter follows, as in Go. */
function chunkPattern(): RegExp {
  return new RegExp(CHUNK.source.replace('|Jan|', '|Jan(?![a-z])|').replace('|Mon|', '|Mon(?![a-z])|'), 'g')
}

function formatChunk(chunk: string, wall: WallClock): string {
  const hour12 = wall.hour % 12 === 0 ? 12 : wall.hour % 12
  switch (chunk) {
    case 'January':
      return MONTHS[wall.month - 1]!
    case 'Jan':
      return MONTHS[wall.month - 1]!.slice(0, 3)
    case '1':
      return String(wall.month)
    case '01':
      return pad(wall.month, 2)
    case 'Monday':
      return DAYS[wall.weekday]!
    case 'Mon':
      return DAYS[wall.weekday]!.slice(0, 3)
    case '2':
      return String(wall.day)
    case '_2':
      return pad(wall.day, 2, ' ')
    case '02':
      return pad(wall.day, 2)
    case '002':
      return pad(wall.yearDay, 3)
    case '__2':
      return pad(wall.yearDay, 3, ' ')
    case '15':
      return pad(wall.hour, 2)
    case '3':
      return String(hour12)
    case '03':
      return pad(hour12, 2)
    case '4':
      return String(wall.minute)
    case '04':
      return pad(wall.minute, 2)
    case '5':
      return String(wall.second)
    case '05':
      return pad(wall.second, 2)
    case '2006':
      return wall.year < 0 ? `-${pad(-wall.year, 4)}` : pad(wall.year, 4)
    case '_2006':
      return `_${pad(wall.year, 4)}`
    case '06':
      return pad(((wall.year % 100) + 100) % 100, 2)
    case 'PM':
      return wall.hour >= 12 ? 'PM' : 'AM'
    case 'pm':
      return wall.hour >= 12 ? 'pm' : 'am'
    case 'MST':
      return wall.abbreviation
  }
  if (chunk.startsWith('.') || chunk.startsWith(',')) return formatFraction(chunk, wall.nanosecond)
  if (chunk.startsWith('Z') && wall.offsetSeconds === 0) return 'Z'
  return showOffset(wall.offsetSeconds, chunk.replace('Z', '-'))
}

function formatFraction(chunk: string, nanosecond: number): string {
  const digits = pad(nanosecond, 9)
    .slice(0, chunk.length - 1)
    .padEnd(chunk.length - 1, '0')
  if (chunk[1] === '0') return chunk[0]! + digits
  const trimmed = digits.replace(/0+$/, '')
  return trimmed === '' ? '' : chunk[0]! + trimmed
}

function showOffset(offsetSeconds: number, chunk: string): string {
  const size = Math.abs(offsetSeconds)
  const parts = [pad(Math.floor(size / 3600), 2)]
  if (chunk.length > 3) parts.push(pad(Math.floor(size / 60) % 60, 2))
  if (chunk.length > 6) parts.push(pad(size % 60, 2))
  return (offsetSeconds < 0 ? '-' : '+') + parts.join(chunk.includes(':') ? ':' : '')
}

/**
 * Reads a time by a Go layout, in UTC unless the text has an offset.
 * @returns nanoseconds and the zone
 * @throws FunctionError in Go's words
 */
export function parseLayout(layout: string, text: string): { unixNanos: bigint; zone: string } {
  const fail = (rest: string, chunk: string): never => {
    throw new FunctionError(
      `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(chunk)}`,
    )
  }
  const fields: ParsedFields = {
    year: 0,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    nanos: 0n,
    zone: 'UTC',
  }
  let rest = text
  let at = 0
  const literal = (expected: string): void => {
    if (!rest.startsWith(expected)) fail(rest, expected)
    rest = rest.slice(expected.length)
  }
  for (const match of layout.matchAll(chunkPattern())) {
    literal(layout.slice(at, match.index))
    at = match.index + match[0].length
    const taken = parseChunk(match[0], rest, fields)
    if (taken === undefined) fail(rest, match[0])
    rest = rest.slice(taken)
    rest = takeFraction(match[0], layout.slice(at), rest, fields)
  }
  literal(layout.slice(at))
  if (rest !== '')
    throw new FunctionError(`parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`)
  return finishParse(text, fields)
}

interface ParsedFields {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  nanos: bigint
  zone: string
  pm?: boolean
}

function finishParse(text: string, fields: ParsedFields): { unixNanos: bigint; zone: string } {
  let { hour } = fields
  if (fields.pm === true && hour < 12) hour += 12
  if (fields.pm === false && hour === 12) hour = 0
  const date = new Date(0)
  date.setUTCFullYear(fields.year, fields.month - 1, fields.day)
  date.setUTCHours(hour, fields.minute, fields.second)
  const outOfRange = (what: string): never => {
    throw new FunctionError(`parsing time ${JSON.stringify(text)}: ${what} out of range`)
  }
  if (fields.month < 1 || fields.month > 12) outOfRange('month')
  if (date.getUTCDate() !== fields.day && hour < 24) outOfRange('day')
  if (hour > 23) outOfRange('hour')
  if (fields.minute > 59) outOfRange('minute')
  if (fields.second > 59) outOfRange('second')
  const local = BigInt(date.getTime()) * 1_000_000n + fields.nanos
  return { unixNanos: local - BigInt(offsetAt(fields.zone, local)) * 1_000_000_000n, zone: fields.zone }
}

/** Go takes a fraction after the seconds even when the layout has none. */
function takeFraction(chunk: string, restOfLayout: string, rest: string, fields: ParsedFields): string {
  if ((chunk !== '5' && chunk !== '05') || /^[.,](0+|9+)(?!\d)/.test(restOfLayout)) return rest
  const fraction = /^[.,](\d+)/.exec(rest)
  if (fraction === null) return rest
  fields.nanos = BigInt(fraction[1]!.slice(0, 9).padEnd(9, '0'))
  return rest.slice(fraction[0].length)
}

/** Fills one field; returns how many characters it took, undefined when they do not fit. */
function parseChunk(chunk: string, rest: string, fields: ParsedFields): number | undefined {
  const digits = (
    pattern: RegExp,
    key: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second',
  ): number | undefined => {
    const match = pattern.exec(rest)
    if (match === null) return undefined
    fields[key] = Number(match[0])
    return match[0].length
  }
  const word = (words: readonly string[], set: (index: number) => void): number | undefined => {
    const index = words.findIndex((name) => rest.toLowerCase().startsWith(name.toLowerCase()))
    if (index < 0) return undefined
    set(index)
    return words[index]!.length
  }
  const short = (words: readonly string[]): string[] => words.map((name) => name.slice(0, 3))
  switch (chunk) {
    case 'January':
      return word(MONTHS, (index) => (fields.month = index + 1))
    case 'Jan':
      return word(short(MONTHS), (index) => (fields.month = index + 1))
    case 'Monday':
      return word(DAYS, () => {})
    case 'Mon':
      return word(short(DAYS), () => {})
    case '1':
      return digits(/^\d{1,2}/, 'month')
    case '01':
      return digits(/^\d\d/, 'month')
    case '2':
    case '_2':
      return digits(/^ ?\d{1,2}/, 'day')
    case '02':
      return digits(/^\d\d/, 'day')
    case '15':
    case '03':
      return digits(/^\d\d/, 'hour')
    case '3':
      return digits(/^\d{1,2}/, 'hour')
    case '4':
      return digits(/^\d{1,2}/, 'minute')
    case '04':
      return digits(/^\d\d/, 'minute')
    case '5':
      return digits(/^\d{1,2}/, 'second')
    case '05':
      return digits(/^\d\d/, 'second')
    case '2006':
      return digits(/^\d{4}/, 'year')
    case '06': {
      const taken = digits(/^\d\d/, 'year')
      fields.year += fields.year >= 69 ? 1900 : 2000
      return taken
    }
    case 'PM':
    case 'pm':
      return word(['am', 'pm'], (index) => (fields.pm = index === 1))
    case 'MST': {
      const match = /^(?:UTC|[A-Z]{3,5}|[+-]\d\d)/.exec(rest)
      return match?.[0].length
    }
  }
  return parseFractionOrZone(chunk, rest, fields)
}

function parseFractionOrZone(chunk: string, rest: string, fields: ParsedFields): number | undefined {
  if (/^[.,]/.test(chunk)) {
    const match = chunk[1] === '9' ? /^[.,]\d*|^/.exec(rest) : /^[.,]\d+/.exec(rest)
    if (match === null || (chunk[1] === '0' && match[0].length !== chunk.length)) return undefined
    fields.nanos = BigInt(match[0].slice(1, 10).padEnd(9, '0'))
    return match[0].length
  }
  if (chunk.startsWith('Z') && rest.startsWith('Z')) return 1
  const match = /^([+-])(\d\d)(?::?(\d\d))?/.exec(rest)
  if (match === null) return undefined
  const minutes = match[3] ?? '00'
  fields.zone = `${match[2]}${minutes}` === '0000' ? 'UTC' : `${match[1]}${match[2]}:${minutes}`
  return match[0].length
}
