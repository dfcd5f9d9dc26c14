import { formatDate, fromNow, partsOf, type TimeZone } from '../time/date-format.ts'
import { clock, clockDhms, clockHms, days, duration, hours, microseconds, milliseconds, minutes, nanoseconds, seconds } from './durations.ts' // prettier-ignore
import { binary, count, currency, financial, fixed, scaled, si, siPower, toFixed, type FormattedValue, type ValueFormat } from './scale.ts' // prettier-ignore
import { UNIT_TABLE } from './unit-table.ts'

const ISO = 'YYYY-MM-DD HH:mm:ss'
const US = 'MM/DD/YYYY h:mm:ss a'
const LOCAL = 'MM/DD/YYYY, hh:mm:ss A'

const SHORT = ['', ' K', ' Mil', ' Bil', ' Tri', ' Quadr', ' Quint', ' Sext', ' Sept']

const SPECS: ReadonlyMap<string, string> = new Map(
  UNIT_TABLE.flatMap(([, units]) => units.map(([id, , spec]) => [id, spec] as const)),
)

/** A unit written at a place: dates need the dashboard's time zone, relative ones the present time. */
export type UnitFormat = (
  value: number,
  decimals?: number,
  place?: { readonly zone?: TimeZone; readonly nowMs?: number },
) => FormattedValue

const SIMPLE: Readonly<Record<string, ValueFormat>> = {
  none: fixed(''),
  string: (value) => ({ text: String(value) }),
  short: scaled(1000, SHORT),
  percent: (value, decimals) => ({ text: toFixed(value, decimals), suffix: '%' }),
  percentunit: (value, decimals) => ({ text: toFixed(100 * value, decimals), suffix: '%' }),
  hex: (value, decimals) => ({ text: hexadecimal(value, decimals) }),
  hex0x: (value, decimals) => ({ text: hexadecimal(value, decimals).replace(/^(-?)/, '$10x') }),
  sci: (value, decimals) => ({ text: value.toExponential(decimals) }),
  locale: (value, decimals) => ({
    text: value.toLocaleString('en-US', decimals === undefined ? {} : { maximumFractionDigits: decimals }),
  }),
  psi: scaled(1000, ['psi', 'ksi', 'Mpsi']),
  ns: nanoseconds,
  micro: microseconds,
  ms: milliseconds,
  s: seconds,
  m: minutes,
  h: hours,
  d: days,
  durationMs: (value, decimals) => duration(value, decimals, 1),
  durationS: (value, decimals) => duration(value, decimals, 1000),
  hms: clockHms,
  dhms: clockDhms,
  timeticks: (value, decimals) => seconds(value / 100, decimals),
  clockMs: (value, decimals) => clock(value, decimals),
  clockS: (value, decimals) => clock(value * 1000, decimals),
}

/** Whether a dashboard's unit is one of the table; any other text is a suffix. */
export function isKnownUnit(id: string): boolean {
  return SPECS.has(id)
}

/** The format of a unit id: of the table, one of the forms `prefix: suffix: si: time: count: currency: bool:`, or a bare suffix. */
export function unitFormat(id: string | undefined): UnitFormat {
  if (id === undefined || id === '') return SIMPLE['none']!
  const spec = SPECS.get(id)
  return spec === undefined ? customFormat(id) : specFormat(spec)
}

/** The whole text of a formatted value. */
export function formattedText({ prefix = '', text, suffix = '' }: FormattedValue): string {
  return prefix + text + suffix
}

function specFormat(spec: string): UnitFormat {
  const [kind = '', unit = '', more = ''] = spec.split('|')
  if (SIMPLE[kind] !== undefined) return SIMPLE[kind]
  switch (kind) {
    case 'fixed': return fixed(unit)
    case 'si': return si(unit, Number(more))
    case 'bin': return binary(unit, Number(more))
    case 'count': return count(unit)
    case 'currency': return currency(unit, more === 'suffix')
    case 'bool': return (value) => ({ text: value ? unit : more })
    case 'iso': return dated(ISO)
    case 'isoToday': return dated(ISO, 'HH:mm:ss')
    case 'us': return dated(US)
    case 'usToday': return dated(US, 'h:mm:ss a')
    case 'local': return dated(LOCAL)
    case 'localToday': return dated(LOCAL, 'hh:mm:ss A')
    case 'fromNow': return (value, _decimals, place) => ({ text: fromNow(value, place?.nowMs ?? Date.now()) })
    default: throw new Error(`BUG: unit table has the unknown kind '${kind}'`)
  } // prettier-ignore
}

function customFormat(id: string): UnitFormat {
  const colon = id.indexOf(':')
  const [kind, rest] = colon > 0 ? [id.slice(0, colon), id.slice(colon + 1)] : ['', id]
  switch (kind) {
    case 'prefix': return fixed(rest, true)
    case 'suffix': return fixed(rest)
    case 'time': return dated(rest)
    case 'count': return count(rest)
    case 'si': {
      const power = siPower(rest.charAt(0))
      return si(power === 0 ? rest : rest.slice(1), power)
    }
    case 'currency': {
      const [first = '', symbol = '', place] = rest.split(':')
      if (first !== 'financial' || !rest.includes(':')) return currency(rest)
      return symbol === '' ? fixed('') : financial(symbol, place === 'suffix')
    }
    case 'bool': {
      const slash = rest.indexOf('/')
      const [yes, no] = slash === -1 ? [rest, '-'] : [rest.slice(0, slash), rest.slice(slash + 1)]
      return (value) => ({ text: value ? yes : no })
    }
    default: return fixed(id)
  } // prettier-ignore
}

function dated(form: string, todayForm?: string): UnitFormat {
  return (value, _decimals, place) => {
    const zone = place?.zone ?? 'browser'
    const nowMs = place?.nowMs ?? Date.now()
    const isToday = todayForm !== undefined && isSameDay(value, nowMs, zone)
    return { text: formatDate(value, isToday ? todayForm : form, zone) }
  }
}

function isSameDay(a: number, b: number, zone: TimeZone): boolean {
  const [one, other] = [partsOf(a, zone), partsOf(b, zone)]
  return one.year === other.year && one.month === other.month && one.day === other.day
}

function hexadecimal(value: number, decimals?: number): string {
  return Number.parseFloat(toFixed(value, decimals)).toString(16).toUpperCase()
}
