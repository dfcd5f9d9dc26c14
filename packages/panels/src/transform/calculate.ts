import { fieldMatcher } from '../field/overrides.ts'
import { fieldDisplayName } from '../frame/field-name.ts'
import { timeFieldOf, type Field, type Frame } from '../frame/frame.ts'
import { reduce, reduceRow, reducerOf, type NullMode } from '../frame/reducers.ts'
import { listOf, numberOf, objectOf, textOf, type JsonObject } from '../json.ts'
import { joinFrames } from './join.ts'

type Column = readonly unknown[]

const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '**': (a, b) => a ** b,
  '%': (a, b) => a % b,
}

const UNARY: Readonly<Record<string, (value: number, total: number) => number>> = {
  abs: Math.abs,
  exp: Math.exp,
  ln: Math.log,
  floor: Math.floor,
  ceil: Math.ceil,
  round: Math.round,
  percent: (value, total) => value / (total || 1),
}

/** A new column from others: over each row, of two columns, of one, or along the column. */
export function calculateField(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const mode = textOf(options['mode']) ?? 'reduceRow'
  const isSeries = options['timeSeries'] !== false
  const data = isSeries && !isFixed(mode, options) ? oneFrame(frames) : frames
  if (mode === 'index') return data.map((frame) => withIndex(frame, options))
  const { left, right, operator } = objectOf(options['binary'])
  const type = mode === 'binary' ? typeOfSide(left) : undefined
  if (type !== undefined)
    return data.flatMap((frame) => withTypeResults(frame, data, { type, right, operator, isSeries, options }))
  return data.flatMap((frame) => {
    const values = columnOf(frame, data, mode, options)
    if (values === undefined) return options['replaceFields'] === true ? [] : [frame]
    const alias = textOf(options['alias'])
    const field: Field = {
      name: alias || nameOf(mode, options),
      type: 'number',
      config: alias ? { displayName: alias } : {},
      values,
    }
    if (options['replaceFields'] !== true) return [{ ...frame, fields: [...frame.fields, field] }]
    const time = isSeries ? frame.fields.filter((one) => one.type === 'time').slice(0, 1) : []
    return [{ ...frame, fields: [...time, field] }]
  })
}

/** Whether one side of an operation is a number: then each frame can do it alone. */
function isFixed(mode: string, options: JsonObject): boolean {
  const { right } = objectOf(options['binary'])
  return mode === 'binary' && !Number.isNaN(Number(textOf(right) ?? objectOf(right)['fixed']))
}

/** Columns of different series can only meet in one frame. */
function oneFrame(frames: readonly Frame[]): readonly Frame[] {
  const name = commonTimeName(frames)
  const joined =
    frames.length > 1 && name !== undefined ? joinFrames(frames, { name, mode: 'outer' }) : undefined
  return joined === undefined ? frames : [joined]
}

function withIndex(frame: Frame, options: JsonObject): Frame {
  const isShare = objectOf(options['index'])['asPercentile'] === true
  const field: Field = {
    name: textOf(options['alias']) ?? 'Row',
    type: 'number',
    config: isShare ? { unit: 'percentunit' } : {},
    values: Array.from({ length: frame.length }, (_, i) => (isShare ? i / frame.length : i)),
  }
  return { ...frame, fields: options['replaceFields'] === true ? [field] : [...frame.fields, field] }
}

interface TypeOperation {
  readonly type: string
  readonly right: unknown
  readonly operator: unknown
  readonly isSeries: boolean
  readonly options: JsonObject
}

/** The type that the left side of an operation asks for, when it means all columns of a type. */
function typeOfSide(side: unknown): string | undefined {
  const { id, options } = objectOf(objectOf(side)['matcher'])
  return id === 'byType' ? textOf(options) : undefined
}

/** A result beside each column of a type. */
function withTypeResults(frame: Frame, frames: readonly Frame[], asked: TypeOperation): Frame[] {
  const { type, right, operator = '+', isSeries, options } = asked
  const isReplaced = options['replaceFields'] === true
  const run = BINARY[String(operator)]
  const other = sideOf(right, frame, frames)
  const time = timeFieldOf(frame)
  const hasResults = frame.fields.some((field) => field.type === type)
  if (hasResults ? run === undefined || other === undefined : isReplaced) return []
  const made = frame.fields.flatMap((field): Field[] => {
    const kept = isReplaced || (field === time && isSeries) ? [] : [field]
    if (field.type !== type) return kept
    const values = field.values.map((value, i) => run!(value as number, other!(i)))
    return [...kept, { ...field, name: `${field.name} ${String(operator)} ${sideName(right)}`, values }]
  })
  return [{ ...frame, fields: isSeries && time !== undefined ? [time, ...made] : made }]
}

/** The name of the time columns, when every frame has one and all are called alike. */
function commonTimeName(frames: readonly Frame[]): string | undefined {
  const names = new Set(frames.map((frame) => timeFieldOf(frame)?.name))
  const [name] = names
  return names.size === 1 ? name : undefined
}

function columnOf(
  frame: Frame,
  frames: readonly Frame[],
  mode: string,
  options: JsonObject,
): Column | undefined {
  switch (mode) {
    case 'reduceRow':
      return reducedRows(frame, frames, objectOf(options['reduce']))
    case 'binary':
      return binaryColumn(frame, frames, objectOf(options['binary']))
    case 'unary':
      return unaryColumn(frame, frames, objectOf(options['unary']))
    case 'cumulativeFunctions':
      return cumulative(frame, frames, objectOf(options['cumulative']))
    case 'windowFunctions':
      return windowed(frame, frames, objectOf(options['window']))
    default:
      return undefined
  }
}

function nameOf(mode: string, options: JsonObject): string {
  const reducerName = (json: unknown, fallback: string): string =>
    reducerOf(String(objectOf(json)['reducer'] ?? fallback))?.name ?? ''
  switch (mode) {
    case 'binary': {
      const { left, operator = '+', right } = objectOf(options['binary'])
      const [a, b] = [sideName(left), sideName(right)]
      return a === '' || b === '' || `${a}${b}`.includes('$') ? '' : `${a} ${String(operator)} ${b}`
    }
    case 'unary': {
      const { operator, fieldName } = objectOf(options['unary'])
      return `${String(operator)}${fieldName ? `(${String(fieldName)})` : ''}`
    }
    case 'cumulativeFunctions': {
      const { field, reducer = 'sum' } = objectOf(options['cumulative'])
      return `cumulative ${String(reducer)}${field ? `(${String(field)})` : ''}`
    }
    case 'windowFunctions': {
      const { field, windowAlignment, reducer = 'mean' } = objectOf(options['window'])
      return `${windowAlignment === 'centered' ? 'centered' : 'trailing'} moving ${String(reducer)}${field ? `(${String(field)})` : ''}`
    }
    default:
      return reducerName(options['reduce'], 'sum')
  }
}

/** A side of an operation: a name, a number, or `{ fixed }` / `{ matcher }`. */
function sideName(side: unknown): string {
  if (typeof side === 'string') return side
  const { fixed, matcher } = objectOf(side)
  return String(objectOf(matcher)['options'] ?? fixed ?? '')
}

/** What a side has in each row: the column that is shown under its name, or a number. */
function sideOf(
  side: unknown,
  frame: Frame,
  frames: readonly Frame[],
): ((row: number) => number) | undefined {
  const name = sideName(side)
  const isNumber = typeof side === 'string' && !Number.isNaN(Number(side))
  const isName = !isNumber || frames.some(({ fields }) => fields.some((field) => field.name === name))
  const isMatcher = typeof side === 'string' ? isName : objectOf(objectOf(side)['matcher'])['id'] === 'byName'
  const field = isMatcher
    ? frame.fields.find((one) => fieldDisplayName(one, frame, frames) === name)
    : undefined
  if (field?.type === 'boolean') return (row) => (field.values[row] ? 1 : 0)
  if (field !== undefined) return (row) => field.values[row] as number
  const number = Number.parseFloat(name)
  return Number.isNaN(number) ? undefined : () => number
}

function binaryColumn(frame: Frame, frames: readonly Frame[], options: JsonObject): Column | undefined {
  const run = BINARY[String(options['operator'] ?? '+')]
  const left = sideOf(options['left'], frame, frames)
  const right = sideOf(options['right'], frame, frames)
  if (run === undefined || left === undefined || right === undefined) return undefined
  return Array.from({ length: frame.length }, (_, i) => run(left(i), right(i)))
}

/** Of a column of numbers, by the name under which it is shown. */
function unaryColumn(frame: Frame, frames: readonly Frame[], options: JsonObject): Column | undefined {
  const { operator = 'abs', fieldName } = options
  const run = UNARY[String(operator)]
  const field = frame.fields.findLast(
    (one) => one.type === 'number' && fieldDisplayName(one, frame, frames) === fieldName,
  )
  if (run === undefined || field === undefined || field.values.length === 0) return undefined
  const values = field.values as readonly number[]
  const total = values.reduce((sum, value) => (Number.isFinite(value) ? sum + value : sum), 0)
  return values.map((value) => run(value, total))
}

const NULL_MODES: Readonly<Record<string, NullMode>> = { connected: 'ignore', 'null as zero': 'zero' }

function reducedRows(frame: Frame, frames: readonly Frame[], options: JsonObject): Column | undefined {
  const included = listOf(options['include']).map(String)
  const matches = fieldMatcher(
    included.length > 0 ? 'byNames' : 'numeric',
    included.length > 0 ? { names: included } : undefined,
  )!
  const columns = frame.fields.filter((field) => matches(field, frame, frames)).map((field) => field.values)
  const id = textOf(options['reducer']) ?? 'sum'
  const nulls = NULL_MODES[String(options['nullValueMode'])] ?? 'null'
  return Array.from({ length: frame.length }, (_, i) =>
    reduceRow(
      columns.map((column) => column[i]),
      id,
      nulls,
    ),
  )
}

function chosenField(frame: Frame, frames: readonly Frame[], name: unknown): Field | undefined {
  const matches = name ? fieldMatcher('byName', String(name)) : fieldMatcher('numeric', undefined)
  return frame.fields.find((field) => matches!(field, frame, frames))
}

function cumulative(frame: Frame, frames: readonly Frame[], options: JsonObject): Column | undefined {
  const field = chosenField(frame, frames, options['field'])
  const isMean = options['reducer'] === 'mean'
  let total = 0
  return field?.values.map((value, i) => {
    total += (value as number | null) ?? 0
    return isMean ? total / (i + 1) : total
  })
}

function windowed(frame: Frame, frames: readonly Frame[], options: JsonObject): Column | undefined {
  const field = chosenField(frame, frames, options['field'])
  if (field === undefined) return undefined
  const share = numberOf(options['windowSize']) ?? 0.1
  const size = Math.max(1, Math.ceil(share * (options['windowSizeMode'] === 'fixed' ? 1 : frame.length)))
  const isCentered = options['windowAlignment'] === 'centered'
  const id = textOf(options['reducer']) ?? 'mean'
  if (id === 'mean' && !isCentered) return trailingMeans(field.values as readonly (number | null)[], size)
  return field.values.map((_, i) => {
    const from = isCentered ? i - Math.floor(size / 2) : i - size + 1
    const to = isCentered ? i + Math.ceil(size / 2) : i + 1
    const values = field.values.slice(Math.max(0, from), to)
    return reduce({ ...field, type: 'number', values }, id, 'ignore') ?? 0
  })
}

/** As Grafana has them: a row without a value repeats the mean before, and drops nothing out of the window. */
function trailingMeans(values: readonly (number | null | undefined)[], size: number): number[] {
  let [sum, count] = [0, 0]
  return values.map((value, i) => {
    if (value !== null && value !== undefined) {
      const left = values[i - size] ?? null
      sum += value - (left ?? 0)
      count += left === null ? 1 : 0
    }
    return count === 0 ? 0 : sum / count
  })
}
