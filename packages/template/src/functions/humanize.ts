import { FunctionError } from '../errors.ts'
import { GoDuration } from '../exec/time.ts'
import { typeName, type Value } from '../exec/value.ts'
import { sprintf } from '../fmt/printf.ts'
import { quote } from '@promontory/model'

const SHRINKING = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y'] as const

/** What the humanizing functions take: numbers, durations, and strings that hold a number. */
export function toFloat(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof GoDuration) return value.seconds
  if (typeof value === 'string') return parseGoFloat(value)
  throw new FunctionError(`can't convert ${typeName(value)} to float`)
}

function parseGoFloat(text: string): number {
  if (/^[+-]?(?:inf|infinity)$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return Number.NaN
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Number(text)
  throw new FunctionError(`strconv.ParseFloat: parsing ${quote(text)}: invalid syntax`)
}

const four = (value: number, suffix = ''): string => sprintf('%.4g', [value]) + suffix

/** Metric prefixes: `1.234M`, `12m`. */
export function humanize(input: Value): string {
  let value = toFloat(input)
  if (value === 0 || !Number.isFinite(value)) return four(value)
  if (Math.abs(value) < 1) return shrink(value, '')
  let prefix = ''
  for (const next of ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']) {
    if (Math.abs(value) < 1000) break
    prefix = next
    value /= 1000
  }
  return four(value, prefix)
}

function shrink(input: number, unit: string): string {
  let value = input
  let prefix = ''
  for (const next of SHRINKING) {
    if (Math.abs(value) >= 1) break
    prefix = next
    value *= 1000
  }
  return four(value, prefix + unit)
}

/** Binary prefixes: `1.5Gi`. */
export function humanize1024(input: Value): string {
  let value = toFloat(input)
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return four(value)
  let prefix = ''
  for (const next of ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']) {
    if (Math.abs(value) < 1024) break
    prefix = next
    value /= 1024
  }
  return four(value, prefix)
}

/** Seconds as `1d 2h 3m 4s`, `12.5ms`. */
export function humanizeDuration(input: Value): string {
  const value = toFloat(input)
  if (!Number.isFinite(value)) return four(value)
  if (value === 0) return '0s'
  if (Math.abs(value) < 1) return shrink(value, 's')
  const sign = value < 0 ? '-' : ''
  const size = Math.abs(value)
  const whole = Math.trunc(size)
  const seconds = whole % 60
  const minutes = Math.floor(whole / 60) % 60
  const hours = Math.floor(whole / 3600) % 24
  const days = Math.floor(whole / 86_400)
  if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`
  if (hours > 0) return `${sign}${hours}h ${minutes}m ${seconds}s`
  if (minutes > 0) return `${sign}${minutes}m ${seconds}s`
  return sign + four(size, 's')
}

/** A ratio as per cent. */
export function humanizePercentage(input: Value): string {
  return four(toFloat(input) * 100, '%')
}

/** Upper case for the first letter of each word; `lowerRest` as Alertmanager's `title` does. */
export function titleCase(text: string, lowerRest: boolean): string {
  return text.replace(/[\p{L}\p{N}\p{M}_]+(?:['’.:·][\p{L}\p{M}]+)*/gu, (word) => {
    const first = word.search(/\p{L}/u)
    if (first < 0) return word
    const letter = String.fromCodePoint(word.codePointAt(first)!)
    const rest = word.slice(first + letter.length)
    return word.slice(0, first) + letter.toUpperCase() + (lowerRest ? rest.toLowerCase() : rest)
  })
}
