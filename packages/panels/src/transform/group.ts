import { fieldDisplayName } from '../frame/field-name.ts'
import { frameOf, guessedType, type Field, type Frame } from '../frame/frame.ts'
import { reduce, reducedType, reducerOf } from '../frame/reducers.ts'
import { listOf, objectOf, textOf, type JsonObject } from '../json.ts'
import { fieldMatcher } from '../field/overrides.ts'

/** A row per combination of some columns' values, with calculations over the others. */
export function groupBy(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const rules = objectOf(options['fields'])
  const names = Object.keys(rules).filter((name) => objectOf(rules[name])['operation'] === 'groupby')
  if (names.length === 0) return frames
  const matches = fieldMatcher('byNames', { names })!
  return frames.flatMap((frame) => {
    const keys = frame.fields.filter((field) => matches(field, frame, frames))
    if (keys.length === 0) return []
    const groups = groupRows(frame, keys, ',')
    const fields: Field[] = keys.map((field) => ({
      name: field.name,
      type: field.type,
      config: field.config,
      values: groups.map((rows) => field.values[rows[0]!]),
    }))
    for (const field of frame.fields) {
      // Of a single frame, names that had to be looked up stay as they are shown.
      const isShown = frames.length === 1 && !names.includes(field.name)
      const name = isShown ? fieldDisplayName(field, frame, frames) : fieldDisplayName(field)
      for (const id of calculationsOf(objectOf(rules[name] ?? rules[field.name])))
        fields.push(groupedField(field, name, groups, id))
    }
    return [{ ...(frame.refId === undefined ? {} : { refId: frame.refId }), fields, length: groups.length }]
  })
}

/** The calculations of a rule; a column that makes the groups can be counted, and nothing else. */
function calculationsOf({ operation, aggregations }: JsonObject): readonly string[] {
  const ids = listOf(aggregations).map(String)
  if (operation === 'aggregate') return ids
  return operation === 'groupby' && ids.length === 1 && ids[0] === 'count' ? ids : []
}

function groupedField(field: Field, name: string, groups: readonly number[][], id: string): Field {
  return {
    name: `${name} (${id})`,
    type: reducedType(id, field.type),
    config: {},
    values: groups.map((rows) => reduce({ ...field, values: rows.map((row) => field.values[row]) }, id)),
  }
}

/** Rows by the values of key columns, in order of first appearance; a missing value counts as an empty text. */
export function groupRows(frame: Frame, keys: readonly Field[], between = '\u0000'): number[][] {
  const groups = new Map<string, number[]>()
  for (let row = 0; row < frame.length; row++) {
    const key = keys.map((field) => String(field.values[row] ?? '')).join(between)
    const rows = groups.get(key)
    if (rows === undefined) groups.set(key, [row])
    else rows.push(row)
  }
  return [...groups.values()]
}

/** Calculations over whole columns: a row per series, or each column as one value. */
export function reduceFrames(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const ids = listOf(options['reducers'] ?? ['max']).map(String)
  if (ids.length === 0) return frames
  const known = ids.flatMap((id) => reducerOf(id)?.id ?? [])
  const { id, options: matcherOptions } = objectOf(options['fields'])
  const isReduced = options['mode'] === 'reduceFields'
  const hasTime = isReduced && options['includeTimeField'] === true
  const matches =
    (id === undefined ? undefined : fieldMatcher(String(id), matcherOptions)) ??
    ((field: Field): boolean => hasTime || field.type !== 'time')
  if (isReduced) return reducedFields(frames, known, matches)
  return frames.length === 0 ? [] : [seriesRows(frames, known, options, matches)]
}

function reducedFields(
  frames: readonly Frame[],
  ids: readonly string[],
  matches: NonNullable<ReturnType<typeof fieldMatcher>>,
): readonly Frame[] {
  return frames.flatMap((frame) => {
    const fields = frame.fields
      .filter((field) => matches(field, frame, frames))
      .flatMap((field) => ids.map((id) => reducedField(field, id, ids.length > 1)))
    return fields.length === 0 ? [] : [{ ...frame, fields, length: 1 }]
  })
}

/** A column as one value; of several calculations, each says its name as a label. */
function reducedField(field: Field, id: string, isNamed: boolean): Field {
  const value = reduce(field, id) ?? null
  const isOther = id === 'allValues' || id === 'uniqueValues'
  const type = /^(first|last)(NotNull)?$/.test(id) ? field.type : isOther ? 'other' : 'number'
  const labels = isNamed ? { ...field.labels, reducer: reducerOf(id)?.name ?? id } : field.labels
  return { ...field, ...(labels === undefined ? {} : { labels }), values: [value], type }
}

function seriesRows(
  frames: readonly Frame[],
  ids: readonly string[],
  options: JsonObject,
  matches: NonNullable<ReturnType<typeof fieldMatcher>>,
): Frame {
  const rows = frames.flatMap((frame) =>
    frame.fields
      .filter((field) => matches(field, frame, frames))
      .map((field) => ({ field, name: fieldDisplayName(field, frame, frames) })),
  )
  const isLabels = options['labelsToFields'] === true
  const labels = isLabels ? [...new Set(rows.flatMap(({ field }) => Object.keys(field.labels ?? {})))] : []
  return frameOf(
    [
      {
        name: 'Field',
        type: 'string',
        config: {},
        values: rows.map(({ field, name }) => (isLabels ? field.name : name)),
      } satisfies Field,
      ...labels.map((name): Field => ({
        name,
        type: 'string',
        config: {},
        values: rows.map(({ field }) => field.labels?.[name] ?? null),
      })),
      ...ids.map((id): Field => {
        const values = rows.map(({ field }) => resultOf(field, id))
        return { name: reducerOf(id)!.name, type: guessedType(values), config: {}, values }
      }),
    ],
    { refId: `reduce-${frames.map((frame) => frame.refId ?? '').join('-')}` },
  )
}

/** In a table of results, values without a result give NaN; a column without values stays empty. */
function resultOf(field: Field, id: string): unknown {
  const value = reduce(field, id)
  return value === null && field.values.length > 0 ? NaN : value
}

const EMPTY_VALUES: Readonly<Record<string, unknown>> = { null: null, zero: 0, true: true, false: false }

/** A table of two columns' values against each other. */
export function groupingToMatrix(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const [frame] = frames
  if (frame === undefined || frames.length !== 1) return frames
  const nameOf = (key: string, fallback: string): string => textOf(options[key]) || fallback
  const [columnName, rowName] = [nameOf('columnField', 'Time'), nameOf('rowField', 'Time')]
  const [columns, rows, values] = [columnName, rowName, nameOf('valueField', 'Value')].map((name) => {
    const matches = fieldMatcher('byName', name)!
    return frame.fields.find((field) => matches(field, frame, frames))
  })
  if (columns === undefined || rows === undefined || values === undefined) return frames
  const wanted = String(options['emptyValue'] ?? 'empty')
  const empty = Object.hasOwn(EMPTY_VALUES, wanted) ? EMPTY_VALUES[wanted] : ''
  const columnValues = [...new Set(columns.values)]
  // Columns are called after what they stand for, not after the query.
  const { displayName: _, displayNameFromDS, ...rest } = values.config
  const hasLegend = displayNameFromDS !== undefined && !columnValues.some((one) => typeof one === 'number')
  const config = hasLegend ? { ...rest, displayNameFromDS } : rest
  const rowValues = [...new Set(rows.values)]
  const cells = new Map(
    values.values.map((value, i) => [JSON.stringify([columns.values[i], rows.values[i]]), value]),
  )
  return [
    frameOf([
      { name: `${rowName}\\${columnName}`, type: rows.type, config: rows.config, values: rowValues },
      ...columnValues.map((column): Field => ({
        name: String(column ?? ''),
        type: values.type,
        config,
        values: rowValues.map((row) => cells.get(JSON.stringify([column, row])) ?? empty),
      })),
    ]),
  ]
}
