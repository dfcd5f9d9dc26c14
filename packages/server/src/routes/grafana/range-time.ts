import { parseTime } from '../../http/params.ts'
import { Denied } from './exchange.ts'

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  M: 30 * 86_400_000,
  y: 365 * 86_400_000,
}

/** `now`, `now-6h`, Unix ms as text or number, or RFC 3339. @returns Unix ms. @throws Denied 400 */
export function parseRangeTime(value: unknown, nowMs: number): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string') {
    if (value === 'now') return nowMs
    const [, sign, count, unit] = /^now([-+])(\d+)([smhdwMy])$/.exec(value) ?? []
    if (unit !== undefined) return nowMs + (sign === '-' ? -1 : 1) * Number(count) * UNIT_MS[unit]!
    if (/^\d+$/.test(value)) return Number(value)
    const timeMs = parseTime(value)
    if (timeMs !== undefined) return timeMs
  }
  throw new Denied(400, `invalid time range: "${String(value)}", expected Unix milliseconds or now-6h`)
}
