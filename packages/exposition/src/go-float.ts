const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))
/** 2^53: integers up to here are exact. */
const EXACT_INTEGER_MAX = 9_007_199_254_740_992
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/**
 * Go's `strconv.ParseFloat` on ASCII bytes, as the exposition parsers use it (no underscores, no hexadecimal):
 * correctly rounded. Short decimals are one exact division or multiplication (Clinger's fast path), the rest is
 * JavaScript's own conversion.
 * @throws Error with Go's text: `strconv.ParseFloat: parsing "x": invalid syntax`
 */
export function parseGoFloat(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  const first = bytes[at]
  const negative = first === 45
  if (negative || first === 43) at++
  let mantissa = 0
  let digits = 0
  let exponent = 0
  let unit = at < end ? bytes[at]! - 48 : -1
  while (unit >= 0 && unit <= 9) {
    mantissa = mantissa * 10 + unit
    digits++
    unit = ++at < end ? bytes[at]! - 48 : -1
  }
  if (unit === -2) {
    unit = ++at < end ? bytes[at]! - 48 : -1
    while (unit >= 0 && unit <= 9) {
      mantissa = mantissa * 10 + unit
      digits++
      exponent--
      unit = ++at < end ? bytes[at]! - 48 : -1
    }
  }
  if (at !== end || digits === 0 || digits > 19 || mantissa > EXACT_INTEGER_MAX || exponent < -22)
    return parseGoFloatText(asciiText(bytes, start, end))
  const magnitude = exponent === 0 ? mantissa : mantissa / POWERS_OF_TEN[-exponent]!
  return negative ? -magnitude : magnitude
}

/** {@link parseGoFloat} for a string. */
export function parseGoFloatText(text: string): number {
  if (/[pP_]/.test(text)) throw new Error('unsupported character in float')
  if (DECIMAL.test(text)) {
    const value = Number(text)
    if (!Number.isFinite(value))
      throw new Error(`strconv.ParseFloat: parsing ${quoted(text)}: value out of range`)
    return value
  }
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return NaN
  throw new Error(`strconv.ParseFloat: parsing ${quoted(text)}: invalid syntax`)
}

/** Longest number text that is looked at: no float needs more digits, and a line may be a gigabyte. */
const NUMBER_BYTES_MAX = 4096

function asciiText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > NUMBER_BYTES_MAX)
    throw new Error(`strconv.ParseFloat: number of ${end - start} bytes: invalid syntax`)
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

/** Go's `strconv.FormatFloat(v, 'g', -1, 64)`: exponents below 1e-4 and from 1e+06 up, at least two digits in them. */
export function formatGoFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const magnitude = Math.abs(value)
  if (magnitude >= 1e-4 && magnitude < 1e6) return String(value)
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}

/** A float as OpenMetrics wants it in `le` and `quantile`: `1` is `1.0`. */
export function formatOpenMetricsFloat(value: number): string {
  const text = formatGoFloat(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}
