import { FunctionError } from '../errors.ts'
import { formatLayout, offsetAt, wallClock, type WallClock } from './time-layout.ts'
import { fn, type FunctionTable } from './function.ts'
import type { GoObject } from './value.ts'

const NANOS_PER_MS = 1_000_000n

/** Go's `time.Duration`: nanoseconds. */
export class GoDuration implements GoObject {
  readonly goType = 'time.Duration'
  readonly nanos: bigint
  constructor(nanos: bigint) {
    this.nanos = BigInt.asIntN(64, nanos)
  }
  static fromSeconds(seconds: number): GoDuration {
    if (!Number.isFinite(seconds)) return new GoDuration(0n)
    return new GoDuration(BigInt(Math.trunc(seconds * 1e9)))
  }
  get seconds(): number {
    return Number(this.nanos) / 1e9
  }
  get methods(): FunctionTable {
    return durationMethods(this)
  }
  toGoString(): string {
    return formatGoDuration(this.nanos)
  }
}

function durationMethods(duration: GoDuration): FunctionTable {
  return {
    Hours: fn([], () => duration.seconds / 3600),
    Minutes: fn([], () => duration.seconds / 60),
    Seconds: fn([], () => duration.seconds),
    Milliseconds: fn([], () => duration.nanos / NANOS_PER_MS),
    Microseconds: fn([], () => duration.nanos / 1000n),
    Nanoseconds: fn([], () => duration.nanos),
    String: fn([], () => duration.toGoString()),
    Abs: fn([], () => new GoDuration(duration.nanos < 0n ? -duration.nanos : duration.nanos)),
    Truncate: fn(['time.Duration'], (unit: GoDuration) =>
      unit.nanos <= 0n ? duration : new GoDuration(duration.nanos - (duration.nanos % unit.nanos)),
    ),
    Round: fn(['time.Duration'], (unit: GoDuration) => roundDuration(duration, unit)),
  }
}

function roundDuration(duration: GoDuration, unit: GoDuration): GoDuration {
  if (unit.nanos <= 0n) return duration
  const sign = duration.nanos < 0n ? -1n : 1n
  const size = sign * duration.nanos
  const rest = size % unit.nanos
  return new GoDuration(sign * (size - rest + (rest + rest >= unit.nanos ? unit.nanos : 0n)))
}

/** `1h2m3.5s`, `1.5ms`, `0s`: Go's `Duration.String()`. */
export function formatGoDuration(nanos: bigint): string {
  if (nanos === 0n) return '0s'
  const sign = nanos < 0n ? '-' : ''
  const size = nanos < 0n ? -nanos : nanos
  if (size < 1000n) return `${sign}${size}ns`
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}µs`
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 6)}ms`
  const minutes = size / 60_000_000_000n
  const seconds = `${decimal(size % 60_000_000_000n, 9)}s`
  if (minutes === 0n) return sign + seconds
  const hours = minutes / 60n
  return `${sign}${hours > 0n ? `${hours}h` : ''}${minutes % 60n}m${seconds}`
}

function decimal(value: bigint, places: number): string {
  const unit = 10n ** BigInt(places)
  const fraction = (value % unit).toString().padStart(places, '0').replace(/0+$/, '')
  return fraction === '' ? `${value / unit}` : `${value / unit}.${fraction}`
}

/** Seconds from year 1 (Go's zero time) to 1970. */
const ZERO_TIME_NANOS = -62_135_596_800n * 1_000_000_000n

/** 9999-01-01: later years have more digits. */
const YEAR_9999_NANOS = BigInt(Date.UTC(9999, 0, 1)) * 1_000_000n

/** Go's `time.Time`: an instant and a zone (IANA name, `UTC`, or a fixed offset such as `+02:00`). */
export class GoTime implements GoObject {
  readonly goType = 'time.Time'
  readonly unixNanos: bigint
  readonly zone: string
  constructor(unixNanos: bigint, zone = 'UTC') {
    this.unixNanos = unixNanos
    this.zone = zone
  }
  static fromMs(ms: number, zone = 'UTC'): GoTime {
    const whole = Math.floor(ms)
    return new GoTime(BigInt(whole) * NANOS_PER_MS + BigInt(Math.round((ms - whole) * 1e6)), zone)
  }
  static readonly ZERO: GoTime = new GoTime(ZERO_TIME_NANOS)

  get isZero(): boolean {
    return this.unixNanos === ZERO_TIME_NANOS
  }
  get ms(): number {
    return Number(this.unixNanos / 1000n) / 1000
  }
  /** @throws FunctionError for an unknown zone */
  in(zone: string): GoTime {
    offsetAt(zone, 0n)
    return new GoTime(this.unixNanos, zone)
  }
  wallClock(): WallClock {
    return wallClock(this.unixNanos, this.zone)
  }
  format(layout: string): string {
    return formatLayout(layout, this.unixNanos, this.zone)
  }
  /** As encoding/json writes times. */
  toJSON(): string {
    const { unixNanos } = this
    // The usual case without the machinery of layouts: a notification of many alerts has two times for each.
    if (
      this.zone === 'UTC' &&
      unixNanos >= 0n &&
      unixNanos % NANOS_PER_MS === 0n &&
      unixNanos < YEAR_9999_NANOS
    )
      return new Date(Number(unixNanos / NANOS_PER_MS)).toISOString().replace(/\.?0*Z$/, 'Z')
    // As usual: the end of each alert that fires.
    if (this.isZero && this.zone === 'UTC') return '0001-01-01T00:00:00Z'
    return this.format('2006-01-02T15:04:05.999999999Z07:00')
  }
  get methods(): FunctionTable {
    return timeMethods(this)
  }
  toGoString(): string {
    return this.format('2006-01-02 15:04:05.999999999 -0700 MST')
  }
}

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
)
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

/** An integer that prints as a word: `time.Month`, `time.Weekday`. */
class NamedInt implements GoObject {
  readonly goType: string
  readonly value: bigint
  readonly #text: string
  constructor(goType: string, value: bigint, text: string) {
    this.goType = goType
    this.value = value
    this.#text = text
  }
  get methods(): FunctionTable {
    return { String: fn([], () => this.#text) }
  }
  toGoString(): string {
    return this.#text
  }
}

function timeMethods(time: GoTime): FunctionTable {
  const wall = (): WallClock => time.wallClock()
  const nanos = time.unixNanos
  const month = (): NamedInt => new NamedInt('time.Month', BigInt(wall().month), MONTHS[wall().month - 1]!)
  const weekday = (): NamedInt => new NamedInt('time.Weekday', BigInt(wall().weekday), DAYS[wall().weekday]!)
  return {
    Format: fn(['string'], (layout: string) => time.format(layout)),
    String: fn([], () => time.toGoString()),
    Unix: fn([], () => floorDiv(nanos, 1_000_000_000n)),
    UnixMilli: fn([], () => floorDiv(nanos, NANOS_PER_MS)),
    UnixMicro: fn([], () => floorDiv(nanos, 1000n)),
    UnixNano: fn([], () => nanos),
    Year: fn([], () => BigInt(wall().year)),
    Month: fn([], month),
    Day: fn([], () => BigInt(wall().day)),
    YearDay: fn([], () => BigInt(wall().yearDay)),
    Weekday: fn([], weekday),
    Hour: fn([], () => BigInt(wall().hour)),
    Minute: fn([], () => BigInt(wall().minute)),
    Second: fn([], () => BigInt(wall().second)),
    Nanosecond: fn([], () => BigInt(wall().nanosecond)),
    IsZero: fn([], () => time.isZero),
    UTC: fn([], () => time.in('UTC')),
    Local: fn([], () => time.in('UTC')),
    After: fn(['time.Time'], (other: GoTime) => nanos > other.unixNanos),
    Before: fn(['time.Time'], (other: GoTime) => nanos < other.unixNanos),
    Equal: fn(['time.Time'], (other: GoTime) => nanos === other.unixNanos),
    Compare: fn(['time.Time'], (other: GoTime) =>
      nanos === other.unixNanos ? 0n : nanos < other.unixNanos ? -1n : 1n,
    ),
    Sub: fn(['time.Time'], (other: GoTime) => new GoDuration(nanos - other.unixNanos)),
    Add: fn(['time.Duration'], (by: GoDuration) => new GoTime(nanos + by.nanos, time.zone)),
    AddDate: fn(['int', 'int', 'int'], (years: bigint, months: bigint, days: bigint) =>
      addDate(time, Number(years), Number(months), Number(days)),
    ),
    Truncate: fn(['time.Duration'], (unit: GoDuration) => truncateTime(time, unit)),
  }
}

export function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value % by < 0n ? quotient - 1n : quotient
}

function truncateTime(time: GoTime, unit: GoDuration): GoTime {
  if (unit.nanos <= 0n) return time
  const sinceZero = time.unixNanos - ZERO_TIME_NANOS
  return new GoTime(time.unixNanos - (sinceZero % unit.nanos), time.zone)
}

function addDate(time: GoTime, years: number, months: number, days: number): GoTime {
  const wall = time.wallClock()
  const ms = Date.UTC(
    wall.year + years,
    wall.month - 1 + months,
    wall.day + days,
    wall.hour,
    wall.minute,
    wall.second,
  )
  if (Number.isNaN(ms)) throw new FunctionError('date out of range')
  const local = BigInt(ms) * NANOS_PER_MS + BigInt(wall.nanosecond)
  return new GoTime(local - BigInt(offsetAt(time.zone, local)) * 1_000_000_000n, time.zone)
}
