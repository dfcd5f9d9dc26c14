import { quote } from '@promontory/model'

/** Milliseconds and rank of the units of a duration, in the order in which they may follow each other. */
const UNITS: Readonly<Record<string, readonly [rank: number, ms: number]>> = {
  y: [1, 365 * 24 * 3600_000],
  w: [2, 7 * 24 * 3600_000],
  d: [3, 24 * 3600_000],
  h: [4, 3600_000],
  m: [5, 60_000],
  s: [6, 1000],
  ms: [7, 1],
}

/** The longest time, in seconds, that Go's int64 nanoseconds hold. */
export const LONGEST_SECONDS: number = 2 ** 63 / 1e9

/**
 * Seconds of a duration literal such as `1h30m`.
 * @throws Error with Prometheus's wording
 */
export function parseDurationLiteral(text: string): number {
  let totalMs = 0
  let lastRank = 0
  for (let rest = text; rest !== '';) {
    const match = /^(\d+)([^\d]+)/.exec(rest)
    if (match === null) throw new Error(`not a valid duration string: ${quote(text)}`)
    const unit = UNITS[match[2]!]
    if (unit === undefined) throw new Error(`unknown unit ${quote(match[2]!)} in duration ${quote(text)}`)
    const [rank, ms] = unit
    if (rank <= lastRank) throw new Error(`not a valid duration string: ${quote(text)}`)
    lastRank = rank
    totalMs += Number(match[1]) * ms
    if (totalMs > LONGEST_SECONDS * 1000) throw new Error('duration out of range')
    rest = rest.slice(match[0].length)
  }
  return totalMs / 1000
}

/**
 * The value of a number literal in Go's syntax: decimal, `0x…`, `0…` octal, floats, `_` between digits, `Inf`, `NaN`.
 * @throws Error with Go's wording, `strconv.ParseFloat: parsing "…": value out of range` or `invalid syntax`
 */
export function parseNumber(text: string): number {
  const lower = text.toLowerCase()
  if (lower === 'inf') return Infinity
  if (lower === 'nan') return NaN
  if (text.includes('_') && !/^(0x_?)?[0-9a-f.+-]+(_[0-9a-f.+-]+)*$/.test(lower))
    throw invalid(text, 'invalid syntax')
  const digits = lower.replaceAll('_', '')
  if (/^0x[0-9a-f]+$/.test(digits)) return hexadecimal(digits, text)
  if (/^0[0-7]+$/.test(digits)) return octal(digits)
  if (!/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(digits)) throw invalid(text, 'invalid syntax')
  const value = Number(digits)
  if (value === Infinity) throw invalid(text, 'value out of range')
  return value
}

function hexadecimal(digits: string, text: string): number {
  const value = BigInt(digits)
  // Beyond int64 Go tries it as a float, which would need a `p` exponent.
  if (value >= 1n << 63n) throw invalid(text, 'invalid syntax')
  return Number(value)
}

function octal(digits: string): number {
  const value = BigInt(`0o${digits.slice(1)}`)
  return value >= 1n << 63n ? Number(digits) : Number(value)
}

function invalid(text: string, reason: string): Error {
  return new Error(`strconv.ParseFloat: parsing ${quote(text)}: ${reason}`)
}
