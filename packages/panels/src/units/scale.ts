/** A number as text, with what stands before and behind it. */
export interface FormattedValue {
  readonly text: string
  readonly prefix?: string
  readonly suffix?: string
}

/** How a unit writes a value; `decimals` undefined stands for "as many as the number needs". */
export type ValueFormat = (value: number, decimals?: number) => FormattedValue

/** Decimals that show about two significant digits, one more where rounding would be coarse. */
function decimalsFor(value: number): number {
  if (!Number.isFinite(value) || value === 0) return 0
  const magnitude = Math.floor(Math.log(Math.abs(value)) / Math.LN10)
  let decimals = 1 - magnitude
  if (Math.abs(value) * 10 ** decimals > 2.25) decimals++
  if (value % 1 === 0) decimals = 0
  return Math.max(0, decimals)
}

/** The number with its decimals, padded with zeros; very large and very small ones in scientific form. */
export function toFixed(value: number, decimals?: number): string {
  if (Math.abs(value) === Infinity) return value > 0 ? '∞' : '-∞'
  const count = decimals ?? decimalsFor(value)
  if (value === 0) return value.toFixed(Math.max(0, Math.min(100, count)))
  const factor = count > 0 ? 10 ** count : 1
  const text = String(Math.round(value * factor) / factor)
  if (text.includes('e')) return text
  const point = text.indexOf('.')
  const present = point === -1 ? 0 : text.length - point - 1
  if (present >= count) return text
  return (present > 0 ? text : `${text}.`) + '0'.repeat(count - present)
}

const SI = ['f', 'p', 'n', 'µ', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']
const SI_ONE = SI.indexOf('')
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']
const THOUSANDS = ['', 'K', 'M', 'B', 'T']

/**
 * A format that divides by a factor until the number is small, and names the power.
 * @param first  index of the suffix that stands for the unit itself
 */
export function scaled(factor: number, suffixes: readonly string[], first = 0): ValueFormat {
  return (value, decimals) => {
    if (!Number.isFinite(value)) return { text: Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞' }
    const power = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)) / Math.log10(factor))
    const index = clamp(first + power, 0, suffixes.length - 1)
    return { text: toFixed(value / factor ** (index - first), decimals), suffix: suffixes[index]! }
  }
}

export function fixed(unit: string, isPrefix = false): ValueFormat {
  return (value, decimals) => {
    const text = toFixed(value, decimals)
    if (unit === '') return { text }
    return isPrefix ? { text, prefix: unit } : { text, suffix: ` ${unit}` }
  }
}

/** @param power  of the unit itself: 1 for a kilowatt */
export function si(unit: string, power = 0): ValueFormat {
  return scaled(
    1000,
    SI.map((prefix) => ` ${prefix}${unit}`),
    SI_ONE + power,
  )
}

/** The power that a prefix such as `m` or `k` stands for, 0 when it is none. */
export function siPower(prefix: string): number {
  const index = SI.findIndex((known) => known.normalize('NFKD') === prefix.normalize('NFKD'))
  return index === -1 ? 0 : index - SI_ONE
}

export function binary(unit: string, power = 0): ValueFormat {
  return scaled(
    1024,
    BINARY.map((prefix) => ` ${prefix}${unit}`),
    power,
  )
}

export function count(unit: string): ValueFormat {
  const scale = scaled(1000, THOUSANDS)
  return (value, decimals) => {
    const written = scale(value, decimals)
    return { ...written, suffix: `${written.suffix} ${unit}` }
  }
}

export function currency(symbol: string, isSuffix = false): ValueFormat {
  const scale = scaled(1000, THOUSANDS)
  return (value, decimals) => {
    const { text, suffix } = scale(Math.abs(value), decimals)
    const sign = value < 0 ? '-' : ''
    const behind = suffix === undefined ? {} : { suffix: isSuffix ? suffix + symbol : suffix }
    const before = sign + (isSuffix ? '' : symbol)
    return { text, ...behind, ...(before === '' ? {} : { prefix: before }) }
  }
}

/** All digits with thousands apart, as accountants want it. */
export function financial(symbol: string, isSuffix: boolean): ValueFormat {
  return (value, decimals) => ({
    text: new Intl.NumberFormat('en-US', {
      minimumFractionDigits: decimals ?? 0,
      maximumFractionDigits: decimals ?? 1,
    }).format(value),
    ...(isSuffix ? { suffix: symbol } : { prefix: symbol }),
  })
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value))
}
