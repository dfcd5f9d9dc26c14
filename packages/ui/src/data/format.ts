const UNITS = ['', 'k', 'M', 'G', 'T', 'P']
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** Three significant digits with a unit prefix: 1234567 → `1.23 M`. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  const size = Math.abs(value)
  if (size !== 0 && size < 0.001) return value.toExponential(2)
  let power = 0
  let scaled = value
  while (Math.abs(scaled) >= 999.5 && power < UNITS.length - 1) {
    scaled /= 1000
    power++
  }
  const digits = Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2
  const text =
    Number.isInteger(scaled) && power === 0
      ? String(scaled)
      : Number(scaled.toFixed(power === 0 && size < 1 ? 3 : digits)).toString()
  return power === 0 ? text : `${text} ${UNITS[power]}`
}

export function bytes(value: number): string {
  let power = 0
  let scaled = value
  while (Math.abs(scaled) >= 1024 && power < BYTE_UNITS.length - 1) {
    scaled /= 1024
    power++
  }
  return `${scaled >= 100 || power === 0 ? Math.round(scaled) : scaled.toFixed(1)} ${BYTE_UNITS[power]}`
}

export function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(ratio < 0.0995 ? 1 : 0)} %`
}

/** 0.0123 → `12.3 ms`, 95 → `1m 35s`. */
export function seconds(value: number): string {
  if (value < 0.001) return `${(value * 1e6).toFixed(0)} µs`
  if (value < 1) return `${(value * 1000).toFixed(value < 0.1 ? 1 : 0)} ms`
  if (value < 60) return `${Number(value.toFixed(1))} s`
  const parts: string[] = []
  let left = Math.floor(value)
  for (const [unit, length] of [
    ['d', 86400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(left / length)
    left -= count * length
    if (count > 0 && parts.length < 2) parts.push(`${count}${unit}`)
  }
  return parts.join(' ')
}

/** `12 s ago`; `never` for the year 1, which is Go's zero time. */
export function ago(timestamp: string, nowMs: number): string {
  const time = Date.parse(timestamp)
  if (Number.isNaN(time) || time < 0) return 'never'
  const passed = (nowMs - time) / 1000
  return passed < 1 ? 'just now' : `${seconds(Math.floor(passed))} ago`
}

/** `name{a="b"}` for people. */
export function seriesName(metric: Readonly<Record<string, string>>): string {
  const { __name__: name = '', ...labels } = metric
  const inner = Object.entries(labels)
    .map(
      ([key, value]) => `${/^[a-zA-Z_]\w*$/.test(key) ? key : JSON.stringify(key)}=${JSON.stringify(value)}`,
    )
    .join(', ')
  return inner === '' ? name || '{}' : `${name}{${inner}}`
}

/** `90m` → 5400. Undefined when it is not a duration. */
export function parseRange(text: string): number | undefined {
  const match = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text.trim())
  if (match === null || text.trim() === '') return undefined
  const lengths = [31_536_000, 604_800, 86_400, 3600, 60, 1]
  return lengths.reduce((sum, length, i) => sum + length * Number(match[i + 1] ?? 0), 0) || undefined
}

export function formatRange(length: number): string {
  for (const [unit, size] of [
    ['w', 604_800],
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const)
    if (length % size === 0) return `${length / size}${unit}`
  return `${Math.round(length)}s`
}

/** A count to the last digit up to a million, its thousands apart: 12345 → `12 345` (narrow spaces). */
export function wholeNumber(value: number): string {
  if (!Number.isInteger(value) || Math.abs(value) >= 1_000_000) return shortNumber(value)
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f')
}

/** `2026-01-02 03:04:05` in the browser's time zone. */
export function dateTime(timeMs: number): string {
  return `${date(timeMs)} ${clock(timeMs)}`
}

/** `2026-01-02` in the browser's time zone. */
export function date(timeMs: number): string {
  const at = new Date(timeMs)
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

/** `03:04:05` in the browser's time zone. */
export function clock(timeMs: number): string {
  const at = new Date(timeMs)
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

/** `2026-01-02 03:04[:05]`, in the browser's time zone, as Unix seconds; undefined when it is not one. */
export function parseDateTime(text: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text.trim())
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0))
  const time = new Date(year!, month! - 1, day!, hour!, minute!, second!)
  return time.getMonth() === month! - 1 && time.getDate() === day! ? time.getTime() / 1000 : undefined
}

function two(count: number): string {
  return String(count).padStart(2, '0')
}
