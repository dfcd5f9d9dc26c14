import { fieldDisplayName } from '../frame/field-name.ts'
import { frameOf, typeOfValues, type Field, type Frame } from '../frame/frame.ts'
import { reduce, reducedType, reducerOf } from '../frame/reducers.ts'
import { listOf, objectOf, textOf, type JsonObject } from '../json.ts'
import { fieldMatcher } from '../field/overrides.ts'

/** A row per combination of some columns' values, with calculations over the others. */
export function groupBy(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const rules = objectOf(options['fields'])
  const ruleOf = (field: Field, frame: Frame): JsonObject =>
    objectOf(rules[fieldDisplayName(field, frame)] ?? rules[field.name])
  if (!Object.values(rules).some((rule) => objectOf(rule)['operation'] === 'groupby')) return frames
  return frames.flatMap((frame) => {
    const keys = frame.fields.filter((field) => ruleOf(field, frame)['operation'] === 'groupby')
    if (keys.length === 0) return []
    const groups = groupRows(frame, keys)
    const fields: Field[] = keys.map((field) => ({
      name: field.name,
      type: field.type,
      config: field.config,
      values: groups.map((rows) => field.values[rows[0]!]),
    }))
    for (const field of frame.fields) {
      const rule = ruleOf(field, frame)
      const ids = listOf(rule['aggregations']).map(String)
      const isCount = rule['operation'] === 'groupby' && ids.length === 1 && ids[0] === 'count'
      if (rule['operation'] !== 'aggregate' && !isCount) continue
      for (const id of ids)
        fields.push({
          name: `${fieldDisplayName(field, frame)} (${id})`,
          type: reducedType(id, field.type),
          config: {},
          values: groups.map((rows) =>
            reduce({ ...field, values: rows.map((row) => field.values[row]) }, id),
          ),
        })
    }
    return [{ ...(frame.refId === undefined ? {} : { refId: frame.refId }), fields, length: groups.length }]
  })
}

/** Rows by the values of key columns, in order of first appearance. */
export function groupRows(frame: Frame, keys: readonly Field[]): number[][] {
  const groups = new Map<string, number[]>()
  for (let row = 0; row < frame.length; row++) {
    const key = keys.map((field) => String(field.values[row])).join('\u0000')
    const rows = groups.get(key)
    if (rows === undefined) groups.set(key, [row])
    else rows.push(row)
  }
  return [...groups.values()]
}

/** Calculations over whole columns: a row per series, or each column as one value. */
export function reduceFrames(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const asked = listOf(options['reducers']).map(String)
  const ids = asked.length === 0 ? ['max'] : asked
  const { id, options: matcherOptions } = objectOf(options['fields'])
  const every = (): boolean => true
  const matches = id === undefined ? every : (fieldMatcher(String(id), matcherOptions) ?? every)
  if (options['mode'] === 'reduceFields')
    return reducedFields(
      frames,
      ids,
      (field, frame, all) =>
        (field.type !== 'time' || options['includeTimeField'] === true) && matches(field, frame, all),
    )
  return [seriesRows(frames, ids, options, matches)].filter((frame) => frame.length > 0)
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
      .filter((field) => field.type !== 'time' && matches(field, frame, frames))
      .map((field) => ({ field, name: fieldDisplayName(field, frame, frames) })),
  )
  const isLabels = options['labelsToFields'] === true
  const labels = isLabels ? [...new Set(rows.flatMap(({ field }) => Object.keys(field.labels ?? {})))] : []
  return frameOf([
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
      const values = rows.map(({ field }) => reduce(field, id) ?? null)
      return { name: reducerOf(id)?.name ?? id, type: typeOfValues(values), config: {}, values }
    }),
  ])
}

const EMPTY_VALUES: Readonly<Record<string, unknown>> = { null: null, zero: 0, true: true, false: false }

/** A table of two columns' values against each other. */
export function groupingToMatrix(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const [frame] = frames
  if (frame === undefined || frames.length !== 1) return frames
  const find = (key: string, fallback: string): Field | undefined => {
    const name = textOf(options[key]) ?? fallback
    return frame.fields.find(
      (field) => field.name === name || fieldDisplayName(field, frame, frames) === name,
    )
  }
  const [columns, rows, values] = [
    find('columnField', 'Time'),
    find('rowField', 'Time'),
    find('valueField', 'Value'),
  ]
  if (columns === undefined || rows === undefined || values === undefined) return frames
  const wanted = String(options['emptyValue'] ?? 'empty')
  const empty = Object.hasOwn(EMPTY_VALUES, wanted) ? EMPTY_VALUES[wanted] : ''
  const columnValues = [...new Set(columns.values)]
  const rowValues = [...new Set(rows.values)]
  const cells = new Map(
    values.values.map((value, i) => [JSON.stringify([columns.values[i], rows.values[i]]), value]),
  )
  return [
    frameOf([
      { name: `${rows.name}\\${columns.name}`, type: rows.type, config: {}, values: rowValues },
      ...columnValues.map((column): Field => ({
        name: String(column ?? ''),
        type: values.type,
        config: values.config,
        values: rowValues.map((row) => cells.get(JSON.stringify([column, row])) ?? empty),
      })),
    ]),
  ]
}
