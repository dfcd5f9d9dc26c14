import { offsetMinutes, type TimeZone } from './date-format.ts'

const FULL_DATE = 'YYYY-MM-DD HH:mm:ss'
const ISO_UTC = 'YYYY-MM-DDTHH:mm:ss.SSSZ'

/** What has been read of a date; what is missing is undefined. */
interface Found {
  year?: number
  month?: number
  day?: number
  hour?: number
  minute?: number
  second?: number
  ms?: number
  isPm?: boolean
  offsetMinutes?: number
  timeMs?: number
}

interface Token {
  readonly pattern: RegExp
  readonly read: (found: Found, text: string) => void
}

const MONTH_NAMES = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const TWO_DIGITS = /\d\d?/
type NumberPart = 'day' | 'hour' | 'minute' | 'second'
const part = (key: NumberPart): Token => ({
  pattern: TWO_DIGITS,
  read: (found, text) => void (found[key] = Number(text)),
})
const YEAR = (text: string): number =>
  text.length === 2 ? Number(text) + (Number(text) > 68 ? 1900 : 2000) : Number(text)
const year = (pattern: RegExp): Token => ({
  pattern,
  read: (found, text) => void (found.year = YEAR(text)),
})
const month: Token = { pattern: TWO_DIGITS, read: (found, text) => void (found.month = Number(text) - 1) }
const monthName: Token = {
  pattern: /[a-z]{3,9}/i,
  read: (found, text) => void (found.month = MONTH_NAMES.indexOf(text.slice(0, 3).toLowerCase())),
}
const fraction: Token = {
  pattern: /\d{1,3}/,
  read: (found, text) => void (found.ms = Math.trunc(Number(`0.${text}`) * 1000)),
}
const meridiem: Token = {
  pattern: /[ap]\.?m?\.?/i,
  read: (found, text) => void (found.isPm = /^p/i.test(text)),
}
const zone: Token = {
  pattern: /Z|[+-]\d\d(?::?\d\d)?/i,
  read: (found, text) => {
    const [, sign = '+', hours = '0', minutes = '0'] = /([+-])(\d\d):?(\d\d)?/.exec(text) ?? []
    found.offsetMinutes = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
  },
}

const TOKENS: Readonly<Record<string, Token>> = {
  YYYY: year(/\d{1,4}/), YY: year(TWO_DIGITS),
  MMMM: monthName, MMM: monthName, MM: month, M: month,
  DD: part('day'), D: part('day'),
  HH: part('hour'), H: part('hour'), hh: part('hour'), h: part('hour'),
  mm: part('minute'), m: part('minute'), ss: part('second'), s: part('second'),
  SSS: fraction, SS: fraction, S: fraction, A: meridiem, a: meridiem, ZZ: zone, Z: zone,
  X: { pattern: /[+-]?\d+(\.\d{1,3})?/, read: (found, text) => void (found.timeMs = Number(text) * 1000) },
  x: { pattern: /[+-]?\d+/, read: (found, text) => void (found.timeMs = Number(text)) },
} // prettier-ignore

/**
 * A text as a time by a form of moment.js's letters, as forgiving as moment.js is: between the parts anything may stand,
 * parts may be missing. Digits alone that do not fit the form are milliseconds.
 * @returns milliseconds; NaN for what is no date
 */
export function parseDate(
  text: string,
  form: string | undefined,
  at: TimeZone,
  nowMs: number = Date.now(),
): number {
  const isUtc = text.endsWith('Z')
  const time = parsedBy(text, isUtc ? ISO_UTC : (form ?? FULL_DATE), isUtc ? 'utc' : at, nowMs)
  return Number.isNaN(time) && /^\d+$/.test(text) ? Number(text) : time
}

function parsedBy(text: string, form: string, at: TimeZone, nowMs: number): number {
  const found: Found = {}
  let rest = text
  let count = 0
  for (const [piece, quoted] of form.matchAll(/\[([^\]]*)\]|YYYY|MMMM|MMM|SSS|([YMDHhmsSZ])\2|./g)) {
    const token = Object.hasOwn(TOKENS, piece) ? TOKENS[piece] : undefined
    const literal = quoted ?? piece
    const match = token === undefined ? literal : token.pattern.exec(rest)?.[0]
    const index = match === undefined ? -1 : rest.indexOf(match)
    if (match === undefined || index === -1) continue
    token?.read(found, match)
    if (token !== undefined) count++
    rest = rest.slice(index + match.length)
  }
  return count === 0 ? NaN : timeOf(found, at, nowMs)
}

function timeOf(found: Found, at: TimeZone, nowMs: number): number {
  if (found.timeMs !== undefined) return found.timeMs
  const today = new Date(nowMs + offsetMinutes(nowMs, at) * 60_000)
  // Only what stands before the first part that is there comes from today.
  const year = found.year ?? today.getUTCFullYear()
  const month = found.month ?? (found.year === undefined ? today.getUTCMonth() : 0)
  const isToday = found.year === undefined && found.month === undefined
  const day = found.day ?? (isToday ? today.getUTCDate() : 1)
  const { hour: written = 0, minute = 0, second = 0, ms = 0, isPm } = found
  const hour = isPm === undefined ? written : (written % 12) + (isPm ? 12 : 0)
  if (month < 0 || month > 11 || hour > 24 || minute > 59 || second > 59) return NaN
  const local = new Date(0)
  local.setUTCFullYear(year, month, day)
  if (local.getUTCMonth() !== month || local.getUTCDate() !== day) return NaN
  local.setUTCHours(hour, minute, second, ms)
  const time = local.getTime()
  if (found.offsetMinutes !== undefined) return time - found.offsetMinutes * 60_000
  const guess = time - offsetMinutes(time, at) * 60_000
  return time - offsetMinutes(guess, at) * 60_000
}
