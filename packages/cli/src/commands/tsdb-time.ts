import { UsageError } from '../serve-flags.ts'

/** Unix seconds or RFC 3339, as a flag. @returns ms @throws UsageError */
export function timeArgument(flag: string, text: string): number {
  const timeMs = /^[+-]?\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : Date.parse(text)
  if (Number.isNaN(timeMs))
    throw new UsageError(`--${flag} must be an RFC 3339 date or a Unix timestamp, got "${text}"`)
  return timeMs
}
