import type { Field, FieldType } from './frame.ts'

/** A calculation over the values of a field. */
export interface Reducer {
  readonly id: string
  readonly name: string
  /** Whether the result has the field's unit; counts and shares have their own. */
  readonly keepsUnit: boolean
}

const STANDARD: readonly Reducer[] = [
  ['lastNotNull', 'Last *', true],
  ['last', 'Last', true],
  ['firstNotNull', 'First *', true],
  ['first', 'First', true],
  ['min', 'Min', true],
  ['max', 'Max', true],
  ['mean', 'Mean', true],
  ['median', 'Median', true],
  ['variance', 'Variance', true],
  ['stdDev', 'StdDev', true],
  ['sum', 'Total', true],
  ['count', 'Count', false],
  ['countAll', 'Count all', false],
  ['range', 'Range', true],
  ['delta', 'Delta', true],
  ['step', 'Step', true],
  ['diff', 'Difference', true],
  ['logmin', 'Min (above zero)', true],
  ['allIsZero', 'All Zeros', true],
  ['allIsNull', 'All Nulls', false],
  ['changeCount', 'Change Count', false],
  ['distinctCount', 'Distinct Count', false],
  ['diffperc', 'Difference percent', false],
  ['allValues', 'All values', false],
  ['uniqueValues', 'All unique values', false],
].map(([id, name, keepsUnit]) => ({ id, name, keepsUnit }) as Reducer)

const PERCENTILES: readonly Reducer[] = Array.from({ length: 99 }, (_, i) => ({
  id: `p${i + 1}`,
  name: `${ordinal(i + 1)} %`,
  keepsUnit: true,
}))

/** `1st`, `12th`, `22nd` */
function ordinal(count: number): string {
  const isTeen = Math.floor(count / 10) === 1
  return `${count}${isTeen ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th')}`
}

/** Old names that dashboards still have. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  avg: 'mean',
  current: 'lastNotNull',
  total: 'sum',
  lastnotnull: 'lastNotNull',
  firstnotnull: 'firstNotNull',
}

const BY_ID = new Map([...STANDARD, ...PERCENTILES].map((reducer) => [reducer.id, reducer]))

export const REDUCERS: readonly Reducer[] = STANDARD

/** The reducer of a dashboard's name, old names included; undefined when there is none. */
export function reducerOf(id: string): Reducer | undefined {
  return BY_ID.get(OLD_NAMES[id] ?? id)
}

/** How nulls count: as they are, not at all, or as zeros. */
export type NullMode = 'null' | 'ignore' | 'zero'

/** A reducer's result for a field; null where there is none, undefined for a name that is unknown. */
export function reduce(field: Field, id: string, nulls: NullMode = 'ignore'): unknown {
  const reducer = reducerOf(id)
  if (reducer === undefined) return undefined
  return field.values.length === 0 ? (EMPTY[reducer.id] ?? null) : calculate(field, reducer, nulls)
}

/** As `reduce`, of a row of a table: nulls are values there, and a row without values gives what its loop begins with. */
export function reduceRow(values: readonly unknown[], id: string, nulls: NullMode = 'null'): unknown {
  const reducer = reducerOf(id)
  return reducer && calculate({ name: '', type: 'number', config: {}, values }, reducer, nulls)
}

function calculate(field: Field, reducer: Reducer, nulls: NullMode): unknown {
  const { values, type } = field
  if (reducer.id.startsWith('p') && PERCENTILE.test(reducer.id))
    return percentile(withNulls(values, nulls), Number(reducer.id.slice(1)) / 100)
  switch (reducer.id) {
    case 'last':
      return values.at(-1) ?? null
    case 'first':
      return values[0] ?? null
    case 'lastNotNull':
      return values.findLast(isPresent) ?? null
    case 'firstNotNull':
      return values.find(isPresent) ?? null
    case 'median':
      return median(withNulls(values, nulls).filter((value) => nulls !== 'ignore' || value !== undefined))
    case 'variance':
      return variance(values, type)
    case 'stdDev':
      return Math.sqrt(variance(values, type))
    case 'changeCount':
      return withNulls(values, nulls).reduce<number>(
        (count, value, i, all) => (i > 0 && value !== all[i - 1] ? count + 1 : count),
        0,
      )
    case 'distinctCount':
      return new Set(withNulls(values, nulls)).size
    case 'countAll':
      return values.length
    case 'allValues':
      return [...values]
    case 'uniqueValues':
      return [...new Set(values)]
    default:
      return standardCalcs(field, nulls)[reducer.id as keyof StandardCalcs]
  }
}

/** What a field without values gives; null where nothing is said. */
const EMPTY: Readonly<Record<string, unknown>> = {
  sum: 0,
  count: 0,
  countAll: 0,
  allIsZero: false,
  allIsNull: true,
}

const PERCENTILE = /^p\d+$/

/** The type of a reducer's result: counts and tests have their own, anything else that of its field. */
export function reducedType(id: string, type: FieldType): FieldType {
  if (id === 'allIsZero' || id === 'allIsNull') return 'boolean'
  return /^(count|countAll|changeCount|distinctCount)$/.test(id) ? 'number' : type
}

/** Whether a value is there: neither null nor NaN. */
export function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined && !Number.isNaN(value)
}

interface StandardCalcs {
  sum: number
  count: number
  min: number | null
  max: number | null
  mean: number | null
  range: number | null
  delta: number
  step: number | null
  diff: number | null
  diffperc: number
  logmin: number
  allIsNull: boolean
  allIsZero: boolean
}

/** All that one pass over the values gives. */
export function standardCalcs({ values, type }: Field, nulls: NullMode = 'ignore'): StandardCalcs {
  const isNumber = type === 'number' || type === 'time'
  let [sum, count, present, delta] = [0, 0, 0, 0]
  // Grafana begins with the largest finite numbers: infinite values alone have no minimum and no step.
  let [min, max, step] = [Number.MAX_VALUE, -Number.MAX_VALUE, Number.MAX_VALUE]
  let logmin = Number.MAX_VALUE
  let [allIsNull, allIsZero, wentUp] = [true, true, true]
  let first: unknown = null
  let last: unknown = null
  for (const raw of values) {
    let value = raw
    if (value === null || value === undefined) {
      if (nulls === 'ignore') continue
      if (nulls === 'zero') value = 0
    }
    count++
    if (!isPresent(value)) continue
    const isFirst = first === null
    if (isFirst) first = value
    if (isNumber) {
      const number = value as number
      sum += number
      allIsNull = false
      present++
      if (!isFirst) {
        const difference = number - (last as number)
        if (difference < step) step = difference
        if ((last as number) > number) wentUp = false
        else {
          if (wentUp) delta += difference
          wentUp = true
        }
      }
      // Compared, not Math.max: a text among the numbers is neither more nor less.
      if (number > max) max = number
      if (number < min) min = number
      if (number > 0 && number < logmin) logmin = number
    }
    if (value !== 0) allIsZero = false
    last = value
  }
  const hasEnds = typeof first === 'number' && typeof last === 'number'
  const lowest = min === Number.MAX_VALUE ? null : min
  const highest = max === -Number.MAX_VALUE ? null : max
  const diff = hasEnds ? (last as number) - (first as number) : null
  return {
    sum,
    count,
    min: lowest,
    max: highest,
    mean: present > 0 ? sum / present : null,
    range: lowest === null || highest === null ? null : highest - lowest,
    delta,
    step: step === Number.MAX_VALUE ? null : step,
    diff,
    diffperc: diff === null ? 0 : (diff / (first as number)) * 100,
    logmin,
    allIsNull,
    allIsZero: allIsNull ? false : allIsZero,
  }
}

function withNulls(values: readonly unknown[], nulls: NullMode): readonly unknown[] {
  if (nulls === 'ignore') return values.filter((value) => value !== null)
  return nulls === 'zero' ? values.map((value) => value ?? 0) : values
}

function ascending(values: readonly unknown[]): unknown[] {
  return [...values].sort((a, b) => (a as number) - (b as number))
}

function percentile(values: readonly unknown[], share: number): unknown {
  return ascending(values)[Math.round((values.length - 1) * share)]
}

function median(values: readonly unknown[]): unknown {
  const sorted = ascending(values)
  const middle = Math.floor(sorted.length / 2)
  if (sorted.length % 2 === 1) return sorted[middle]
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Of the population; Welford's method. */
function variance(values: readonly unknown[], type: FieldType): number {
  if (type !== 'number' && type !== 'time') return 0
  let [mean, squares, count] = [0, 0, 0]
  for (const value of values) {
    if (value === null || value === undefined) continue
    count++
    const before = mean
    mean += ((value as number) - before) / count
    squares += ((value as number) - before) * ((value as number) - mean)
  }
  return count === 0 ? 0 : squares / count
}
