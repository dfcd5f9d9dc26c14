import { fieldMatcher } from '../field/overrides.ts'
import { fieldDisplayName } from '../frame/field-name.ts'
import { timeFieldOf, type Field, type Frame } from '../frame/frame.ts'
import { reduce, reducerOf } from '../frame/reducers.ts'
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

const UNARY: Readonly<Record<string, (a: number) => number>> = {
  abs: Math.abs,
  exp: Math.exp,
  ln: Math.log,
  floor: Math.floor,
  ceil: Math.ceil,
  round: Math.round,
}

/** A new column from others: over each row, of two columns, of one, or along the column. */
export function calculateField(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const mode = textOf(options['mode']) ?? 'reduceRow'
  const isSeries = options['timeSeries'] !== false
  const right = objectOf(options['binary'])['right']
  const isFixed =
    mode === 'binary' && !Number.isNaN(Number(textOf(right) ?? textOf(objectOf(right)['fixed'])))
  // Columns of different series can only meet in one frame.
  const time = commonTimeName(frames)
  const joined =
    isSeries && !isFixed && frames.length > 1 && time !== undefined
      ? joinFrames(frames, { name: time, mode: 'outer' })
      : undefined
  const data = joined === undefined ? frames : [joined]
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
    const time = isSeries ? frame.fields.filter(({ type }) => type === 'time').slice(0, 1) : []
    return [{ ...frame, fields: [...time, field] }]
  })
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
    case 'unary': {
      const { operator, fieldName } = objectOf(options['unary'])
      const run = UNARY[String(operator)]
      return namedField(frame, frames, String(fieldName))?.values.map(
        (value) => run?.(value as number) ?? null,
      )
    }
    case 'index': {
      const isShare = objectOf(options['index'])['asPercentile'] === true
      return Array.from({ length: frame.length }, (_, i) => (isShare ? i / frame.length : i))
    }
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
      return `${sideName(left)} ${String(operator)} ${sideName(right)}`
    }
    case 'unary': {
      const { operator, fieldName } = objectOf(options['unary'])
      return `${String(operator)}${fieldName ? `(${String(fieldName)})` : ''}`
    }
    case 'index':
      return 'Row'
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
  return textOf(fixed) ?? String(objectOf(matcher)['options'] ?? '')
}

function namedField(frame: Frame, frames: readonly Frame[], name: string): Field | undefined {
  return frame.fields.find((field) => fieldDisplayName(field, frame, frames) === name || field.name === name)
}

function binaryColumn(frame: Frame, frames: readonly Frame[], options: JsonObject): Column | undefined {
  const run = BINARY[String(options['operator'] ?? '+')]
  const side = (json: unknown): ((row: number) => number) | undefined => {
    const name = sideName(json)
    const field = namedField(frame, frames, name)
    if (field !== undefined) return (row) => field.values[row] as number
    const number = numberOf(name)
    return number === undefined ? undefined : () => number
  }
  const [left, right] = [side(options['left']), side(options['right'])]
  if (run === undefined || left === undefined || right === undefined) return undefined
  return Array.from({ length: frame.length }, (_, i) => run(left(i), right(i)))
}

function reducedRows(frame: Frame, frames: readonly Frame[], options: JsonObject): Column | undefined {
  const included = listOf(options['include']).map(String)
  const matches = fieldMatcher(
    included.length > 0 ? 'byNames' : 'numeric',
    included.length > 0 ? { names: included } : undefined,
  )!
  const columns = frame.fields.filter((field) => matches(field, frame, frames)).map((field) => field.values)
  const id = textOf(options['reducer']) ?? 'sum'
  return Array.from({ length: frame.length }, (_, i) =>
    reduce({ name: '', type: 'number', config: {}, values: columns.map((column) => column[i]) }, id),
  )
}

function chosenField(frame: Frame, frames: readonly Frame[], name: unknown): Field | undefined {
  return name
    ? namedField(frame, frames, String(name))
    : frame.fields.find((field) => field.type === 'number')
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
  const share = numberOf(options['windowSize']) ?? 0.1
  const size = Math.max(1, Math.ceil(share * (options['windowSizeMode'] === 'fixed' ? 1 : frame.length)))
  const isCentered = options['windowAlignment'] === 'centered'
  const id = textOf(options['reducer']) ?? 'mean'
  return field?.values.map((_, i) => {
    const from = isCentered ? i - Math.floor(size / 2) : i - size + 1
    const to = isCentered ? i + Math.ceil(size / 2) : i + 1
    const values = field.values.slice(Math.max(0, from), to)
    return reduce({ ...field, values }, id, 'ignore') ?? 0
  })
}
