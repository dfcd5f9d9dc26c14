const UNITS_MS: readonly (readonly [unit: string, ms: number])[] = [
  ['y', 365 * 24 * 3600_000],
  ['w', 7 * 24 * 3600_000],
  ['d', 24 * 3600_000],
  ['h', 3600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]

const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

/** The longest duration that Go's int64 nanoseconds hold. */
const LONGEST_MS = 9_223_372_036_854

/**
 * Parses a Prometheus duration: `1y2w3d4h5m6s7ms`, units in that order, each at most once, or `0`.
 * @returns milliseconds
 * @throws Error with Prometheus's wording
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0
  if (text === '') throw new Error('empty duration string')
  const match = DURATION.exec(text)
  if (match === null) throw new Error(`not a valid duration string: "${text}"`)
  let total = 0
  UNITS_MS.forEach(([, ms], i) => {
    const digits = match[i + 1]
    if (digits !== undefined) total += Number(digits) * ms
  })
  if (total > LONGEST_MS) throw new Error('duration out of range')
  return total
}

/** The shortest exact form, as Prometheus prints: weeks and years only when nothing is left over. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s'
  let left = Math.abs(Math.round(durationMs))
  let out = durationMs < 0 ? '-' : ''
  for (const [unit, ms] of UNITS_MS) {
    const exactOnly = unit === 'y' || unit === 'w'
    if (exactOnly && left % ms !== 0) continue
    const count = Math.floor(left / ms)
    if (count > 0) {
      out += `${count}${unit}`
      left -= count * ms
    }
  }
  return out
}
