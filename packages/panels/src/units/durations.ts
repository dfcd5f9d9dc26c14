import { toFixed, type FormattedValue, type ValueFormat } from './scale.ts'

/** From this size on (in the unit itself) the value is divided and named so. */
type Step = readonly [from: number, divisor: number, name: string]

const PLURAL = new Set([' min', ' hour', ' day', ' week', ' year'])

/** The last step whose limit the size reaches; names of a minute and more get an `s` above one. */
function stepped(steps: readonly Step[], hasPluralOfFirst = false): ValueFormat {
  return (value, decimals) => {
    const size = Math.abs(value)
    let index = steps.findLastIndex(([from]) => size >= from)
    if (index === -1) index = 0
    const [, divisor, name] = steps[index]!
    const amount = value / divisor
    const isPlural = PLURAL.has(name) && Math.abs(amount) > 1 && (index > 0 || hasPluralOfFirst)
    return { text: toFixed(amount, decimals), suffix: isPlural ? `${name}s` : name }
  }
}

/** Nanoseconds up to days. */
export const nanoseconds: ValueFormat = stepped([
  [0, 1, ' ns'],
  [1e3, 1e3, ' µs'],
  [1e6, 1e6, ' ms'],
  [1e9, 1e9, ' s'],
  [6e10, 6e10, ' min'],
  [36e11, 36e11, ' hour'],
  [864e11, 864e11, ' day'],
])

export const microseconds: ValueFormat = stepped([
  [0, 1, ' µs'],
  [1e3, 1e3, ' ms'],
  [1e6, 1e6, ' s'],
])

export const milliseconds: ValueFormat = stepped([
  [0, 1, ' ms'],
  [1e3, 1e3, ' s'],
  [6e4, 6e4, ' min'],
  [36e5, 36e5, ' hour'],
  [864e5, 864e5, ' day'],
  [31536e6, 31536e6, ' year'],
])

const SECONDS = stepped([
  [0, 1e-9, ' ns'],
  [1e-6, 1e-6, ' µs'],
  [1e-3, 1e-3, ' ms'],
  [1, 1, ' s'],
  [60, 60, ' min'],
  [3600, 3600, ' hour'],
  [86_400, 86_400, ' day'],
  [604_800, 604_800, ' week'],
  [31536e3, 31_556_900, ' year'],
])

export const seconds: ValueFormat = (value, decimals) =>
  value === 0 ? { text: '0', suffix: ' s' } : SECONDS(value, decimals)

export const minutes: ValueFormat = stepped([
  [0, 1, ' min'],
  [60, 60, ' hour'],
  [1440, 1440, ' day'],
  [10_080, 10_080, ' week'],
  [604_800, 525_948, ' year'],
])

export const hours: ValueFormat = stepped([
  [0, 1, ' hour'],
  [24, 24, ' day'],
  [168, 168, ' week'],
  [8760, 8760, ' year'],
])

export const days: ValueFormat = stepped(
  [
    [0, 1, ' day'],
    [7, 7, ' week'],
    [365, 365, ' year'],
  ],
  true,
)

const PARTS: readonly (readonly [name: string, lengthMs: number])[] = [
  ['year', 31_536_000_000],
  ['month', 2_592_000_000],
  ['week', 604_800_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
  ['millisecond', 1],
]

/** `3 hours, 25 minutes`: one part more than there are decimals, the largest first. */
export function duration(value: number, decimals: number | undefined, unitMs: number): FormattedValue {
  const own = PARTS.find(([, length]) => length === unitMs)?.[0] ?? 'second'
  if (value === 0) return { text: '0', suffix: ` ${own}s` }
  if (value < 0) {
    const past = duration(-value, decimals, unitMs)
    return { ...past, suffix: `${past.suffix ?? ''} ago` }
  }
  let rest = value * unitMs
  let left = decimals ?? 0
  const texts: string[] = []
  for (const [name, length] of PARTS) {
    if (left < 0) break
    const amount = rest / length
    if (amount < 1 && texts.length === 0) continue
    const whole = Math.floor(amount)
    texts.push(`${whole} ${name}${whole === 1 ? '' : 's'}`)
    rest %= length
    left--
  }
  return { text: texts.join(', ') }
}

/** `03:25:45`; more than a day shows as hours. */
export function clockHms(value: number): FormattedValue {
  if (value < 0) {
    const past = clockHms(-value)
    return { ...past, suffix: `${past.suffix ?? ''} ago` }
  }
  const parts = [value / 3600, (value % 3600) / 60, (value % 3600) % 60]
  return { text: parts.map((part) => String(Math.floor(part)).padStart(2, '0')).join(':') }
}

/** `2 d 03:25:45`. */
export function clockDhms(value: number): FormattedValue {
  if (value < 0) {
    const past = clockDhms(-value)
    return { ...past, suffix: `${past.suffix ?? ''} ago` }
  }
  const wholeDays = Math.floor(value / 86_400)
  const rest = clockHms(value - wholeDays * 86_400)
  return { text: `${wholeDays > 0 ? `${wholeDays} d ` : ''}${rest.text}` }
}

/** `3h:25m:45s:678ms`; `decimals` is how many parts follow the largest one. */
export function clock(valueMs: number, decimals?: number): FormattedValue {
  const whole = Math.trunc(valueMs)
  const modulo = (divisor: number, size: number): number =>
    ((Math.floor(whole / divisor) % size) + size) % size
  const ms = `${String(modulo(1, 1000)).padStart(3, '0')}ms`
  const s = `${String(modulo(1000, 60)).padStart(2, '0')}s`
  const m = `${String(modulo(60_000, 60)).padStart(2, '0')}m`
  if (valueMs < 1000) return { text: ms }
  const all =
    valueMs < 60_000
      ? [s, ms]
      : valueMs < 3_600_000
        ? [m, s, ms]
        : [`${Math.floor(valueMs / 3_600_000)}h`, m, s, ms]
  // Below an hour one decimal less shows nothing less: seconds and milliseconds are one part there.
  const parts = valueMs < 60_000 ? (decimals === 0 ? 1 : 2) : Math.min(all.length, (decimals ?? 3) + 1)
  return { text: all.slice(0, parts).join(':') }
}
