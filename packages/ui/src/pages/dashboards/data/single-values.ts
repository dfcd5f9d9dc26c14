import {
  dataScope,
  displayOf,
  displayText,
  fieldDisplayName,
  fieldRange,
  interpolate,
  isMatch,
  isPresent,
  listOf,
  numberOf,
  objectOf,
  reduce,
  reducerOf,
  safeUrl,
  textOf,
  timeFieldOf,
  type ColorTheme,
  type Display,
  type Field,
  type Frame,
  type JsonObject,
  type Scope,
  chain,
} from '@promontory/panels'

/** One value of a stat, gauge, bar gauge or pie chart. */
export interface SingleValue {
  readonly key: string
  readonly name: string
  readonly display: Display
  readonly field: Field
  readonly min: number
  readonly max: number
  /** The series behind the value, for a sparkline. */
  readonly series: readonly (number | null)[] | undefined
  readonly href: string | undefined
  readonly changePercent: number | undefined
}

/** Values shown at most. */
const VALUES_MAX = 200

export interface SingleInput {
  readonly frames: readonly Frame[]
  readonly options: JsonObject
  readonly theme: ColorTheme
  readonly zone: string
  readonly scope: Scope
}

/** The values that `reduceOptions` asks for: one per series, or one per row. */
export function singleValues(input: SingleInput): SingleValue[] {
  const reduceOptions = objectOf(input.options['reduceOptions'])
  const calcs = listOf(reduceOptions['calcs']).map(String)
  const calc = calcs.length > 0 ? calcs[0]! : 'lastNotNull'
  const limit = numberOf(reduceOptions['limit']) ?? VALUES_MAX
  const wanted = textOf(reduceOptions['fields']) ?? ''
  const out: SingleValue[] = []
  for (const frame of input.frames) {
    for (const field of frame.fields) {
      if (!isWanted(field, frame, input.frames, wanted)) continue
      const perRow = reduceOptions['values'] === true
      const rows = perRow ? field.values.map((_, row) => row) : calcs.length > 1 ? calcs : [calc]
      for (const row of rows) {
        if (out.length >= limit) return out
        const value = typeof row === 'number' ? field.values[row] : reduce(field, row)
        out.push(oneValue(input, frame, field, value, row, out.length, rows.length > 1 && !perRow))
      }
    }
  }
  return out
}

function isWanted(field: Field, frame: Frame, frames: readonly Frame[], wanted: string): boolean {
  if (objectOf(objectOf(field.config.custom)['hideFrom'])['viz'] === true) return false
  if (wanted === '' || wanted === '/^(?!Time).*$/') return field.type === 'number' || field.type === 'boolean'
  if (wanted === '/.*/') return field.type !== 'time' || frame.fields.length === 1
  const name = fieldDisplayName(field, frame, frames)
  return isMatch(wanted.startsWith('/') ? wanted : `^${wanted}$`, name)
}

function oneValue(
  { frames, theme, zone, scope }: SingleInput,
  frame: Frame,
  field: Field,
  value: unknown,
  row: number | string,
  index: number,
  isNamedByCalc: boolean,
): SingleValue {
  const range = fieldRange(field, frames)
  const name = nameOf(field, frame, frames, row, isNamedByCalc, scope)
  const isCount = typeof row === 'string' && reducerOf(row)?.keepsUnit === false
  const shown = isCount ? { ...field, config: { ...field.config, unit: 'none' } } : field
  const format = displayOf(shown, { theme, zone, index, name }, range)
  const display = format(value)
  const link = (field.config.links ?? [])[0]
  const place = dataScope({
    field,
    frame,
    frames,
    row: typeof row === 'number' ? row : field.values.length - 1,
    display: () => display,
  })
  const first = field.values.find(isPresent)
  const isNumbers = typeof first === 'number' && typeof value === 'number'
  return {
    key: `${index}`,
    name,
    display,
    field,
    ...range,
    series:
      timeFieldOf(frame) !== undefined && field.type === 'number' && field.values.length > 1
        ? (field.values as (number | null)[])
        : undefined,
    href:
      link === undefined ? undefined : safeUrl(interpolate(textOf(link['url']) ?? '', chain(place, scope))),
    changePercent: isNumbers && first !== 0 ? ((value - first) / Math.abs(first)) * 100 : undefined,
  }
}

function nameOf(
  field: Field,
  frame: Frame,
  frames: readonly Frame[],
  row: number | string,
  isNamedByCalc: boolean,
  scope: Scope,
): string {
  const own = fieldDisplayName(field, frame, frames)
  const place = dataScope({ field, frame, frames, ...(typeof row === 'number' ? { row } : {}) })
  const filled = interpolate(own, chain(place, scope))
  if (isNamedByCalc) return `${filled} (${reducerOf(String(row))?.name ?? row})`
  if (typeof row !== 'number') return filled
  const text = frame.fields.find(({ type }) => type === 'string')
  return text === undefined || field.config.displayName !== undefined
    ? filled
    : String(text.values[row] ?? filled)
}

/** Text of a value for people. */
export function valueText(value: SingleValue): string {
  return displayText(value.display)
}
