const formatters = new Map<string, Intl.DateTimeFormat>()

/** Seconds east of UTC that a zone has at a time. @throws Error in Go's words for an unknown zone */
export function offsetAt(zone: string, timeMs: number): number {
  if (zone === 'UTC') return 0
  let formatter = formatters.get(zone)
  if (formatter === undefined) {
    try {
      formatter = new Intl.DateTimeFormat('en-US', {
        timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
      }) // prettier-ignore
    } catch {
      throw new Error(`unknown time zone ${zone}, expected an IANA name such as Europe/Berlin`)
    }
    formatters.set(zone, formatter)
  }
  const part = Object.fromEntries(
    formatter.formatToParts(timeMs).map(({ type, value }) => [type, Number(value)]),
  )
  const local = Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!)
  return Math.round((local - Math.floor(timeMs / 1000) * 1000) / 1000)
}
