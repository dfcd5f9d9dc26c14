import { fieldDisplayName, TIME, VALUE } from '../frame/field-name.ts'
import { frameOf, pickRows, timeFieldOf, type Field, type Frame } from '../frame/frame.ts'
import { reduce } from '../frame/reducers.ts'
import { listOf, objectOf, objectsOf, textOf, type JsonObject } from '../json.ts'
import { groupRows } from './group.ts'
import { joinFrames } from './join.ts'
import { sortedRows } from './organize.ts'

/** Labels as columns beside the values, or as rows of their own. */
export function labelsToFields(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const kept = listOf(options['keepLabels']).map(String)
  if (options['mode'] === 'rows') return frames.flatMap((frame) => labelRows(frame, frames, kept))
  const valueLabel = textOf(options['valueLabel'])
  return frames.map((frame) => {
    const fields: Field[] = []
    const labels = new Map<string, Set<string>>()
    for (const field of frame.fields) {
      if (field.labels === undefined) {
        fields.push(field)
        continue
      }
      const { displayName: _, displayNameFromDS: __, ...config } = field.config
      const isKept = kept.length === 0 || (valueLabel !== undefined && kept.includes(valueLabel))
      const named = valueLabel === undefined || !isKept ? undefined : field.labels[valueLabel]
      fields.push({ name: named ?? field.name, type: field.type, config, values: field.values })
      for (const [name, value] of Object.entries(field.labels)) {
        if (kept.length > 0 && !kept.includes(name)) continue
        if (name === valueLabel) continue
        labels.set(name, (labels.get(name) ?? new Set()).add(value))
      }
    }
    for (const [name, values] of labels)
      for (const value of values)
        fields.push({ name, type: 'string', config: {}, values: Array<string>(frame.length).fill(value) })
    return { ...frame, fields }
  })
}

function labelRows(frame: Frame, frames: readonly Frame[], kept: readonly string[]): Frame[] {
  return frame.fields.flatMap((field) => {
    if (field.labels === undefined) return []
    const labels = field.labels
    const keys = kept.length > 0 ? kept : Object.keys(labels)
    if (keys.length === 0) return []
    return [
      frameOf(
        [
          { name: 'label', type: 'string', config: {}, values: keys },
          { name: 'value', type: 'string', config: {}, values: keys.map((key) => labels[key]) },
        ],
        { name: fieldDisplayName(field, frame, frames) },
      ),
    ]
  })
}

/** Times that are looked at to tell a series from a table. */
const TIMES_COMPARED = 100

/** Series as rows: time, the series' name, its value; newest first. Tables stay as they are. */
export function seriesToRows(all: readonly Frame[]): readonly Frame[] {
  if (all.length === 0) return all
  const frames = all.filter(({ length }) => length > 0)
  if (!frames.every(isSeries)) return frames
  const columns = rowColumns(frames)
  const rows = frames.flatMap((frame) => {
    const timeIndex = frame.fields.findLastIndex(({ type }) => type === 'time')
    const time = frame.fields[timeIndex]!
    // Of a frame with more columns than a series has, the first one counts.
    const value = frame.fields[timeIndex === 0 ? 1 : 0]!
    const name = frame.name || shownFields(frame).join(', ')
    return time.values.map((at, i): Record<string, unknown> => ({
      [TIME]: at,
      [METRIC]: name,
      [VALUE]: value.values[i],
    }))
  })
  const frame = frameOf(
    columns.map((field) => ({ ...field, values: rows.map((row) => row[field.name]) })),
    { refId: `seriesToRows-${frames.map(({ refId = '' }) => refId).join('-')}` },
  )
  const [first] = frame.fields
  return [first === undefined ? frame : pickRows(frame, sortedRows(first, true))]
}

const METRIC = 'Metric'

/** The columns of rows, in the order in which the frames' columns ask for them, with the types and options of the first. */
function rowColumns(frames: readonly Frame[]): Field[] {
  const fields = frames.flatMap((frame) => frame.fields)
  const time = fields.find(({ type }) => type === 'time')
  const value = fields.find(({ type }) => type !== 'time')
  if (time === undefined || value === undefined) return []
  const timeColumns = [emptyColumn(time, TIME), emptyColumn({ ...time, type: 'string', config: {} }, METRIC)]
  const valueColumn = emptyColumn(value, VALUE)
  return fields.indexOf(time) < fields.indexOf(value)
    ? [...timeColumns, valueColumn]
    : [valueColumn, ...timeColumns]
}

function emptyColumn({ type, config }: Field, name: string): Field {
  const { displayName: _, displayNameFromDS: __, ...rest } = config
  return { name, type, config: rest, values: [] }
}

/** Whether a frame has numbers, and a time column whose first times follow each other. */
function isSeries({ fields }: Frame): boolean {
  return (
    fields.some(({ type }) => type === 'number') &&
    fields.some(
      ({ type, values }) =>
        type === 'time' &&
        values.slice(0, TIMES_COMPARED).every((time, i) => i === 0 || Number(time) > Number(values[i - 1])),
    )
  )
}

/** Names of a frame's columns but time. */
function shownFields(frame: Frame): string[] {
  return frame.fields.filter(({ type }) => type !== 'time').map((field) => fieldDisplayName(field, frame))
}

/** Frames as charts want them: one per series, all in one, or with labels as columns. */
export function prepareTimeSeries(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const format = textOf(options['format']) ?? 'wide'
  if (format === 'wide' || format === 'timeSeriesWide') {
    const joined = joinFrames(frames.flatMap(splitLong), { mode: 'outer' })
    return joined === undefined ? frames : [joined]
  }
  if (format === 'long' || format === 'timeSeriesLong') return longFrames(frames)
  return frames.flatMap(splitLong).flatMap((frame) => {
    const time = timeFieldOf(frame)
    if (time === undefined) return []
    return frame.fields
      .filter((field) => field.type === 'number' || field.type === 'boolean')
      .map((field) => ({ ...frame, fields: [time, field], length: field.values.length }))
  })
}

/** A table of times, texts and numbers as one series per combination of the texts. */
export function splitLong(frame: Frame): Frame[] {
  const time = timeFieldOf(frame)
  const texts = frame.fields.filter((field) => field.type === 'string')
  if (time === undefined || texts.length === 0) return [frame]
  return groupRows(frame, texts).flatMap((rows) => {
    const part = pickRows(frame, rows)
    const labels = Object.fromEntries(
      texts.map((field) => [field.name, String(field.values[rows[0]!] ?? '')]),
    )
    return part.fields
      .filter((field) => field.type === 'number')
      .map((field) => {
        const times = part.fields[frame.fields.indexOf(time)]!
        return frameOf([times, { ...field, labels: { ...field.labels, ...labels } }], {
          ...(frame.refId === undefined ? {} : { refId: frame.refId }),
        })
      })
  })
}

function longFrames(frames: readonly Frame[]): readonly Frame[] {
  const names = [
    ...new Set(frames.flatMap(({ fields }) => fields.flatMap(({ labels = {} }) => Object.keys(labels)))),
  ]
  const rows = frames.flatMap((frame) => {
    const time = timeFieldOf(frame)
    return frame.fields
      .filter((field) => field.type === 'number')
      .flatMap(({ labels = {}, values, name }) =>
        values.map((value, i) => ({ time: time?.values[i] as number, labels, value, name })),
      )
  })
  rows.sort((a, b) => a.time - b.time)
  const valueNames = [...new Set(rows.map(({ name }) => name))]
  return [
    frameOf([
      { name: 'time', type: 'time', config: {}, values: rows.map(({ time }) => time) },
      ...valueNames.map((name): Field => ({
        name,
        type: 'number',
        config: {},
        values: rows.map((row) => (row.name === name ? row.value : null)),
      })),
      ...names.map((name): Field => ({
        name,
        type: 'string',
        config: {},
        values: rows.map(({ labels }) => labels[name] ?? ''),
      })),
    ]),
  ]
}

/** A row per series: its labels, and the series itself for a sparkline cell. */
export function timeSeriesTable(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const refIds = [...new Set(frames.map((frame) => frame.refId ?? ''))]
  return refIds.flatMap((refId) => {
    const own = frames.filter((frame) => (frame.refId ?? '') === refId && timeFieldOf(frame) !== undefined)
    const series = own.flatMap((frame) =>
      frame.fields.filter((field) => field.type === 'number').map((field) => ({ frame, field })),
    )
    if (series.length === 0) return frames.filter((frame) => (frame.refId ?? '') === refId)
    const names = [...new Set(series.flatMap(({ field }) => Object.keys(field.labels ?? {})))]
    const settings = objectOf(objectOf(options)[refId])
    const stat = textOf(settings['stat']) ?? 'lastNotNull'
    return [
      frameOf(
        [
          ...names.map((name): Field => ({
            name,
            type: 'string',
            config: {},
            values: series.map(({ field }) => field.labels?.[name] ?? ''),
          })),
          {
            name: refId === '' ? 'Trend' : `Trend #${refId}`,
            type: 'other',
            config: series[0]!.field.config.unit === undefined ? {} : { unit: series[0]!.field.config.unit },
            values: series.map(({ frame, field }) => ({
              ...frame,
              fields: [timeFieldOf(frame)!, field],
              value: reduce(field, stat) ?? null,
            })),
          },
        ],
        { refId },
      ),
    ]
  })
}

/** One row as fields: names from one column, values from another. */
export function rowsToFields(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const mappings = objectsOf(options['mappings'])
  const wanted = (key: string): string | undefined =>
    textOf(mappings.find((mapping) => mapping['handlerKey'] === key)?.['fieldName'])
  return frames.map((frame) => {
    const byName = (name: string | undefined): Field | undefined =>
      frame.fields.find((field) => name !== undefined && fieldDisplayName(field, frame, frames) === name)
    const names = byName(wanted('field.name')) ?? frame.fields.find((field) => field.type === 'string')
    const values = byName(wanted('field.value')) ?? frame.fields.find((field) => field.type === 'number')
    if (names === undefined || values === undefined) return frame
    return frameOf(
      names.values.map((name, i): Field => ({
        name: String(name ?? ''),
        type: values.type,
        config: values.config,
        values: [values.values[i]],
      })),
    )
  })
}

/** A frame per combination of some columns' values. */
export function partitionByValues(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const wanted = new Set(listOf(options['fields']).map(String))
  if (wanted.size === 0) return frames
  const isKept = options['keepFields'] === true
  return frames.flatMap((frame) => {
    const keys = frame.fields.filter(
      (field) => wanted.has(field.name) || wanted.has(fieldDisplayName(field, frame, frames)),
    )
    if (keys.length === 0) return [frame]
    return groupRows(frame, keys).map((rows) => {
      const part = pickRows(frame, rows)
      const name = keys.map((field) => String(field.values[rows[0]!])).join(' ')
      const fields = part.fields.filter((_, i) => isKept || !keys.includes(frame.fields[i]!))
      return { ...part, name, fields }
    })
  })
}

/** Columns as rows. */
export function transpose(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  return frames.map((frame) => transposed(frame, frames, options))
}

/** What becomes the heads: texts and times of the first column; without such a column, rows are numbered. */
const HEADS = new Set(['string', 'time'])

function transposed(frame: Frame, frames: readonly Frame[], options: JsonObject): Frame {
  const [first] = frame.fields
  if (first === undefined) return frame
  const hasHeads = HEADS.has(first.type)
  const columns = hasHeads ? frame.fields.slice(1) : frame.fields
  const restName = textOf(options['restFieldsName']) || VALUE
  const types = new Set(columns.map(({ type }) => type))
  const type = types.size === 1 ? columns[0]!.type : 'string'
  return frameOf(
    [
      {
        name: textOf(options['firstFieldName']) || 'Field',
        type: 'string',
        config: {},
        values: columns.map((field) => fieldDisplayName(field, frame, frames)),
      },
      ...first.values.map((head, row): Field => ({
        name: restName,
        labels: hasHeads ? { [first.name]: String(head ?? '') } : { row: String(row + 1) },
        type,
        config: {},
        values: columns.map(({ values }) => (type === 'string' ? String(values[row] ?? '') : values[row])),
      })),
    ],
    frame.name === undefined ? {} : { name: frame.name },
  )
}
