import type { Field, Frame } from '../frame/frame.ts'
import { standardCalcs } from '../frame/reducers.ts'
import { formatDate, type TimeZone } from '../time/date-format.ts'
import { unitFormat } from '../units/units.ts'
import { colorModeOf, isByValue, resolveColor, scaleColor, seriesColor, type ColorTheme } from './colors.ts'
import { mapValue } from './mappings.ts'
import { stepOf, thresholdsOf } from './thresholds.ts'

/** A value as people see it. */
export interface Display {
  readonly text: string
  readonly prefix: string
  readonly suffix: string
  /** NaN when the value is no number. */
  readonly numeric: number
  readonly color: string
  /** Where the value lies between the field's min and max, 0 to 1. */
  readonly share: number
}

export interface DisplayPlace {
  readonly theme: ColorTheme
  readonly zone: TimeZone
  readonly nowMs?: number
  /** The field's place among the series, for palettes. */
  readonly index?: number
  readonly name?: string
}

/** The whole text of a value. */
export function displayText({ prefix, text, suffix }: Display): string {
  return prefix + text + suffix
}

/** The limits of a field: configured, or what its values have (those of all given frames). */
export function fieldRange(
  field: Field,
  frames: readonly Frame[] = [],
): { readonly min: number; readonly max: number } {
  const { min, max } = field.config
  if (min !== undefined && max !== undefined) return { min, max }
  const fields = frames.length === 0 ? [field] : frames.flatMap((frame) => frame.fields)
  let [low, high] = [Infinity, -Infinity]
  for (const one of fields) {
    if (one.type !== 'number') continue
    const calcs = standardCalcs(one)
    if (calcs.min !== null) low = Math.min(low, calcs.min)
    if (calcs.max !== null) high = Math.max(high, calcs.max)
  }
  return { min: min ?? (Number.isFinite(low) ? low : 0), max: max ?? (Number.isFinite(high) ? high : 100) }
}

/** Milliseconds are shown when a time column spans less than this. */
const SHORT_SPAN_MS = 60_000

/** How a field's values are written and coloured: mappings first, then unit and decimals, then thresholds or scheme. */
export function displayOf(
  field: Field,
  place: DisplayPlace,
  range: { readonly min: number; readonly max: number } = fieldRange(field),
): (value: unknown) => Display {
  const { config } = field
  const unit = unitOf(field)
  const format = unit === 'string' ? undefined : unitFormat(unit)
  const color = colorOfValues(field, place, range)
  const mappings = config.mappings ?? []
  const timeForm = field.type === 'time' && unit === 'dateTimeAsSystem' ? timeFormOf(field) : undefined
  return (value) => {
    const numeric = toNumber(value, unit)
    const mapped = mappings.length === 0 ? undefined : mapValue(mappings, value)
    let text = mapped?.text
    let [prefix, suffix] = ['', '']
    // A truth value is written as it is, whatever the unit.
    const isWritten = format !== undefined && !Number.isNaN(numeric) && typeof value !== 'boolean'
    if (text === undefined && isWritten) {
      const written =
        timeForm === undefined
          ? format(numeric, config.decimals, place)
          : { text: formatDate(numeric, timeForm, place.zone) }
      ;({ text } = written)
      prefix = ('prefix' in written ? written.prefix : undefined) ?? ''
      suffix = ('suffix' in written ? written.suffix : undefined) ?? ''
    }
    const span = range.max - range.min
    return {
      text: text ?? (plainText(value) || (config.noValue ?? '')),
      prefix,
      suffix,
      numeric,
      color: mapped?.color === undefined ? color(numeric) : resolveColor(mapped.color, place.theme),
      share: span === 0 ? 0 : Math.max(0, Math.min(1, (numeric - range.min) / span)),
    }
  }
}

function unitOf(field: Field): string | undefined {
  const { unit } = field.config
  const isDate = unit !== undefined && (unit.startsWith('dateTime') || unit.startsWith('time:'))
  if (field.type === 'time' && !isDate) return 'dateTimeAsSystem'
  if (field.type === 'boolean') return unit?.startsWith('bool') ? unit : 'bool'
  return unit ?? (field.type === 'string' ? 'string' : undefined)
}

function timeFormOf({ values }: Field): string {
  const span = Math.abs(Number(values.at(-1)) - Number(values[0]))
  return values.length > 1 && span < SHORT_SPAN_MS ? 'YYYY-MM-DD HH:mm:ss.SSS' : 'YYYY-MM-DD HH:mm:ss'
}

function toNumber(value: unknown, unit: string | undefined): number {
  if (unit === 'string' || value === null || value === undefined || value === '') return NaN
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  return typeof value === 'string' ? Number(value) : NaN
}

function plainText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function colorOfValues(
  field: Field,
  { theme, index = 0, name = field.name }: DisplayPlace,
  { min, max }: { readonly min: number; readonly max: number },
): (value: number) => string {
  const mode = colorModeOf(field.config.color)
  if (!isByValue(mode)) {
    const color = seriesColor(mode, index, name, theme)
    return () => color
  }
  if (mode.mode.startsWith('continuous-'))
    return (value) => scaleColor(mode.mode, (value - min) / (max - min || 1), theme)
  const thresholds = thresholdsOf(field.config.thresholds)
  return (value) =>
    resolveColor(stepOf(thresholds, Number.isNaN(value) ? -Infinity : value, min, max).color, theme)
}
