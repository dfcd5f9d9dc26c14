/** Floats as Go's strconv writes them: exact decimal expansion, halves rounded to even. */

interface Decimal {
  /** Without leading zeros; empty for 0. */
  readonly digits: string
  /** The decimal point stands before `digits[pointAt]`. */
  readonly pointAt: number
}

export type FloatForm = 'e' | 'f' | 'g'

/**
 * `strconv.FormatFloat(value, form, precision, 64)`; precision −1 asks for the shortest text that reads back equal.
 * `keepZeros` is the `#` flag of `%g`.
 */
export function formatFloatAs(value: number, form: FloatForm, precision: number, keepZeros = false): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const size = Math.abs(value)
  if (precision < 0) return sign + shortestForm(shortest(size), form)
  if (form === 'f') {
    const exact = exactDecimal(size)
    return sign + fixed(round(exact, exact.pointAt + precision), precision)
  }
  if (form === 'e') return sign + scientific(round(exactDecimal(size), precision + 1), precision)
  return sign + general(size, Math.max(1, precision), keepZeros)
}

function shortestForm(decimal: Decimal, form: FloatForm): string {
  const exponent = decimal.digits === '' ? 0 : decimal.pointAt - 1
  const fraction = Math.max(0, decimal.digits.length - decimal.pointAt)
  const mantissaFraction = Math.max(0, decimal.digits.length - 1)
  if (form === 'e') return scientific(decimal, mantissaFraction)
  if (form === 'f') return fixed(decimal, fraction)
  return exponent < -4 || exponent >= 6 ? scientific(decimal, mantissaFraction) : fixed(decimal, fraction)
}

function general(size: number, precision: number, keepZeros: boolean): string {
  const rounded = round(exactDecimal(size), precision)
  const exponent = rounded.digits === '' ? 0 : rounded.pointAt - 1
  const count = rounded.digits.length
  if (exponent < -4 || exponent >= precision)
    return scientific(rounded, keepZeros ? precision - 1 : Math.max(0, count - 1))
  const fraction = keepZeros ? precision - exponent - 1 : Math.max(0, count - rounded.pointAt)
  return fixed(rounded, count === 0 && !keepZeros ? 0 : fraction)
}

function shortest(size: number): Decimal {
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(size))!
  const whole = match[1]!
  return normalise(whole + (match[2] ?? ''), whole.length + Number(match[3] ?? 0))
}

/** mantissa × 2^exponent, written out: exact, at most some 770 digits. */
function exactDecimal(size: number): Decimal {
  if (size === 0) return { digits: '', pointAt: 0 }
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, size)
  const bits = view.getBigUint64(0)
  const field = Number(bits >> 52n)
  const mantissa = (bits & 0xfffffffffffffn) | (field === 0 ? 0n : 1n << 52n)
  const exponent = (field === 0 ? 1 : field) - 1075
  if (exponent >= 0) {
    const text = (mantissa << BigInt(exponent)).toString()
    return normalise(text, text.length)
  }
  const text = (mantissa * 5n ** BigInt(-exponent)).toString()
  return normalise(text, text.length + exponent)
}

function normalise(digits: string, pointAt: number): Decimal {
  const leading = /^0*/.exec(digits)![0].length
  const trimmed = digits.slice(leading).replace(/0+$/, '')
  return trimmed === '' ? { digits: '', pointAt: 0 } : { digits: trimmed, pointAt: pointAt - leading }
}

/** Keeps `count` digits, the half going to the even neighbour. */
function round(decimal: Decimal, count: number): Decimal {
  const { digits, pointAt } = decimal
  if (count >= digits.length) return decimal
  if (count < 0) return { digits: '', pointAt: 0 }
  const rest = digits.slice(count)
  const isHalf = rest === '5'
  const lastIsOdd = count > 0 && Number(digits[count - 1]) % 2 === 1
  const up = isHalf ? lastIsOdd : rest[0]! >= '5'
  const kept = digits.slice(0, count)
  if (!up) return normalise(kept, pointAt)
  const raised = (BigInt(kept === '' ? '0' : kept) + 1n).toString()
  return normalise(raised, pointAt + (raised.length - kept.length))
}

function fixed({ digits, pointAt }: Decimal, precision: number): string {
  const whole = pointAt > 0 ? digits.slice(0, pointAt).padEnd(pointAt, '0') : '0'
  if (precision === 0) return whole
  const fraction = '0'.repeat(Math.min(precision, Math.max(0, -pointAt))) + digits.slice(Math.max(0, pointAt))
  return `${whole}.${fraction.slice(0, precision).padEnd(precision, '0')}`
}

function scientific({ digits, pointAt }: Decimal, precision: number): string {
  const exponent = digits === '' ? 0 : pointAt - 1
  const mantissa = digits.padEnd(precision + 1, '0')
  const fraction = precision > 0 ? `.${mantissa.slice(1, precision + 1)}` : ''
  const size = String(Math.abs(exponent)).padStart(2, '0')
  return `${mantissa[0]}${fraction}e${exponent < 0 ? '-' : '+'}${size}`
}
