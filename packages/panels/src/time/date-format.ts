/** Time zone of a dashboard: `browser`, `utc`, or an IANA name. */
export type TimeZone = string

interface Parts {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly ms: number
  readonly weekday: number
}

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'] // prettier-ignore
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

const formatters = new Map<string, Intl.DateTimeFormat>()

/** What stands in the calendar and on the clock at a time. */
export function partsOf(timeMs: number, zone: TimeZone): Parts {
  const offset = offsetMinutes(timeMs, zone)
  const at = new Date(timeMs + offset * 60_000)
  return {
    year: at.getUTCFullYear(),
    month: at.getUTCMonth(),
    day: at.getUTCDate(),
    hour: at.getUTCHours(),
    minute: at.getUTCMinutes(),
    second: at.getUTCSeconds(),
    ms: at.getUTCMilliseconds(),
    weekday: at.getUTCDay(),
  }
}

/** Minutes that the zone is ahead of UTC at a time; an unknown zone counts as UTC. */
export function offsetMinutes(timeMs: number, zone: TimeZone): number {
  if (zone === 'utc' || zone === 'UTC') return 0
  if (zone === 'browser' || zone === '' || zone === 'default') return -new Date(timeMs).getTimezoneOffset()
  const formatter = zoneFormatter(zone)
  if (formatter === undefined || !Number.isFinite(timeMs)) return 0
  const found: Record<string, number> = {}
  for (const { type, value } of formatter.formatToParts(timeMs)) found[type] = Number(value)
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = found
  const local = Date.UTC(year, month - 1, day, hour % 24, minute, second)
  return Math.round((local - Math.floor(timeMs / 1000) * 1000) / 60_000)
}

function zoneFormatter(zone: string): Intl.DateTimeFormat | undefined {
  const known = formatters.get(zone)
  if (known !== undefined) return known
  try {
    const made = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formatters.set(zone, made)
    return made
  } catch {
    return undefined
  }
}

const TOKENS =
  /\[([^\]]*)\]|\\(.)|YYYY|YY|MMMM|MMM|MM|Mo|M|DDDD|DDD|DD|Do|D|dddd|ddd|dd|d|HH|H|hh|h|mm|m|ss|s|SSS|SS|S|A|a|ZZ|Z|X|x|Q|E|ww|w|LTS|LT|LLLL|LLL|LL|L/g

const LOCAL_FORMS: Readonly<Record<string, string>> = {
  LT: 'h:mm A',
  LTS: 'h:mm:ss A',
  L: 'MM/DD/YYYY',
  LL: 'MMMM D, YYYY',
  LLL: 'MMMM D, YYYY h:mm A',
  LLLL: 'dddd, MMMM D, YYYY h:mm A',
}

/** A time in a form of moment.js's letters, such as `YYYY-MM-DD HH:mm:ss`; `Invalid date` when it is none. */
export function formatDate(timeMs: number, form: string, zone: TimeZone): string {
  if (!Number.isFinite(timeMs) || Math.abs(timeMs) > 8.64e15) return 'Invalid date'
  const parts = partsOf(timeMs, zone)
  return form.replace(TOKENS, (token: string, quoted: string | undefined, escaped: string | undefined) => {
    if (quoted !== undefined) return quoted
    if (escaped !== undefined) return escaped
    const local = LOCAL_FORMS[token]
    return local === undefined ? writeToken(token, parts, timeMs, zone) : formatDate(timeMs, local, zone)
  })
}

function writeToken(token: string, at: Parts, timeMs: number, zone: TimeZone): string {
  const hour12 = at.hour % 12 === 0 ? 12 : at.hour % 12
  switch (token) {
    case 'YYYY': return String(at.year)
    case 'YY': return pad(at.year % 100)
    case 'MMMM': return MONTHS[at.month]!
    case 'MMM': return MONTHS[at.month]!.slice(0, 3)
    case 'MM': return pad(at.month + 1)
    case 'Mo': return ordinal(at.month + 1)
    case 'M': return String(at.month + 1)
    case 'DDDD': return pad(dayOfYear(at), 3)
    case 'DDD': return String(dayOfYear(at))
    case 'DD': return pad(at.day)
    case 'Do': return ordinal(at.day)
    case 'D': return String(at.day)
    case 'dddd': return DAYS[at.weekday]!
    case 'ddd': return DAYS[at.weekday]!.slice(0, 3)
    case 'dd': return DAYS[at.weekday]!.slice(0, 2)
    case 'd': return String(at.weekday)
    case 'E': return String(at.weekday === 0 ? 7 : at.weekday)
    case 'HH': return pad(at.hour)
    case 'H': return String(at.hour)
    case 'hh': return pad(hour12)
    case 'h': return String(hour12)
    case 'mm': return pad(at.minute)
    case 'm': return String(at.minute)
    case 'ss': return pad(at.second)
    case 's': return String(at.second)
    case 'SSS': return pad(at.ms, 3)
    case 'SS': return pad(Math.floor(at.ms / 10))
    case 'S': return String(Math.floor(at.ms / 100))
    case 'A': return at.hour < 12 ? 'AM' : 'PM'
    case 'a': return at.hour < 12 ? 'am' : 'pm'
    case 'Z': return zoneText(offsetMinutes(timeMs, zone), ':')
    case 'ZZ': return zoneText(offsetMinutes(timeMs, zone), '')
    case 'X': return String(Math.floor(timeMs / 1000))
    case 'x': return String(timeMs)
    case 'Q': return String(Math.floor(at.month / 3) + 1)
    case 'w': return String(weekOfYear(at))
    case 'ww': return pad(weekOfYear(at))
    default: return token
  } // prettier-ignore
}

function pad(value: number, length = 2): string {
  return String(value).padStart(length, '0')
}

function ordinal(value: number): string {
  const last = value % 10
  const isTeen = Math.floor((value % 100) / 10) === 1
  return `${value}${isTeen ? 'th' : last === 1 ? 'st' : last === 2 ? 'nd' : last === 3 ? 'rd' : 'th'}`
}

function dayOfYear(at: Parts): number {
  return Math.round((Date.UTC(at.year, at.month, at.day) - Date.UTC(at.year, 0, 1)) / 86_400_000) + 1
}

function weekOfYear(at: Parts): number {
  const first = new Date(Date.UTC(at.year, 0, 1)).getUTCDay()
  return Math.floor((dayOfYear(at) - 1 + first) / 7) + 1
}

function zoneText(minutes: number, between: string): string {
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}${between}${pad(size % 60)}`
}

/** `5 minutes ago`, `in 3 days`: rounded as people say it. */
export function fromNow(timeMs: number, nowMs: number): string {
  const seconds = Math.abs(timeMs - nowMs) / 1000
  const text = humanDuration(seconds)
  return timeMs > nowMs ? `in ${text}` : `${text} ago`
}

function humanDuration(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  const hours = Math.round(seconds / 3600)
  const days = Math.round(seconds / 86_400)
  const months = Math.round(days / 30.4375)
  const years = Math.round(days / 365.25)
  if (Math.round(seconds) <= 44) return 'a few seconds'
  if (minutes <= 1) return 'a minute'
  if (minutes < 45) return `${minutes} minutes`
  if (hours <= 1) return 'an hour'
  if (hours < 22) return `${hours} hours`
  if (days <= 1) return 'a day'
  if (days < 26) return `${days} days`
  if (months <= 1) return 'a month'
  if (months < 11) return `${months} months`
  return years <= 1 ? 'a year' : `${years} years`
}
