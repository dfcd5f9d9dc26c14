import { fieldDisplayName } from '../frame/field-name.ts'
import { frameOf, type Field, type Frame } from '../frame/frame.ts'
import { objectOf, textOf, listOf, type JsonObject } from '../json.ts'
import { compareValues } from './organize.ts'

/** Frames side by side, rows met by a common column (time when none is named). */
export function joinByField(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  if (frames.length < 2) return frames
  const name = textOf(options['byField'])
  const joined = joinFrames(frames, {
    ...(name ? { name } : {}),
    mode: options['mode'] === 'inner' ? 'inner' : options['mode'] === 'outerTabular' ? 'tabular' : 'outer',
  })
  // Frames without the column have no rows in common.
  return joined === undefined ? [frameOf([])] : [joined]
}

export interface JoinOptions {
  /** Of the column that rows meet by; the first time column otherwise. */
  readonly name?: string
  readonly mode: 'outer' | 'inner' | 'tabular'
}

interface Side {
  readonly key: Field
  readonly others: readonly Field[]
}

/** One frame with all columns; undefined when no frame has the key. */
export function joinFrames(frames: readonly Frame[], options: JoinOptions): Frame | undefined {
  const sides = frames.flatMap((frame): Side[] => {
    const key =
      options.name === undefined
        ? (frame.fields.find((field) => field.type === 'time') ?? undefined)
        : frame.fields.find(
            (field) => field.name === options.name || fieldDisplayName(field, frame, frames) === options.name,
          )
    if (key === undefined) return []
    const others = frame.fields
      .filter((field) => field !== key)
      .map((field) => withName(field, frame, frames))
    return [{ key, others }]
  })
  if (sides.length === 0) return undefined
  const [only] = sides
  // With nothing to be joined to, rows stay as they are.
  if (sides.length === 1 && frames.length > 1 && options.mode !== 'inner')
    return frameOf([only!.key, ...only!.others], {
      refId: `joinByField-${frames.map((frame) => frame.refId ?? '').join('-')}`,
    })
  const refId = `joinByField-${frames.map((frame) => frame.refId ?? '').join('-')}`
  const rows = options.mode === 'outer' ? outerRows(sides) : tabularRows(sides, options.mode)
  return frameOf(
    [
      { ...sides[0]!.key, values: rows.keys },
      ...sides.flatMap(({ others }, side) =>
        others.map((field) => ({
          ...field,
          values: rows.sources.map((source) => {
            const row = source[side]!
            return row === -1 ? (options.mode === 'outer' ? undefined : null) : field.values[row]
          }),
        })),
      ),
    ],
    { refId },
  )
}

/** The frame's name becomes a label of the field, so that columns of one name can be told apart. */
function withName(field: Field, frame: Frame, frames: readonly Frame[]): Field {
  if (frames.length < 2) return field
  const labels = field.labels ?? {}
  const isNameless = frame.name === undefined || frame.name === '' || labels['name'] !== undefined
  if (isNameless || field.type !== 'number' || field.config.displayNameFromDS !== undefined)
    return field.labels === undefined ? { ...field, labels } : field
  return { ...field, labels: { ...labels, name: frame.name! } }
}

interface JoinedRows {
  readonly keys: readonly unknown[]
  /** For each row the row of each side, -1 where it has none. */
  readonly sources: readonly (readonly number[])[]
}

/** Each key once, in order; a side's last row of a key counts. */
function outerRows(sides: readonly Side[]): JoinedRows {
  const keys = [...new Set(sides.flatMap(({ key }) => key.values))]
  // Texts stay in the order in which they appear.
  if (keys.every((key) => typeof key === 'number')) keys.sort(compareValues)
  const indexes = sides.map(({ key }) => new Map(key.values.map((value, i) => [value, i])))
  return { keys, sources: keys.map((key) => indexes.map((index) => index.get(key) ?? -1)) }
}

/** Every pair of rows with the same key; `inner` drops what has no partner. */
function tabularRows(sides: readonly Side[], mode: 'inner' | 'tabular'): JoinedRows {
  let keys = [...sides[0]!.key.values]
  let sources: number[][] = keys.map((_, i) => [i])
  for (const [side, { key }] of sides.slice(1).entries()) {
    const rows = new Map<unknown, number[]>()
    key.values.forEach((value, i) => rows.set(value, [...(rows.get(value) ?? []), i]))
    const used = new Set<unknown>()
    const nextKeys: unknown[] = []
    const next: number[][] = []
    const alone: number[] = []
    sources.forEach((source, i) => {
      const found = rows.get(keys[i])
      used.add(keys[i])
      if (found === undefined) alone.push(i)
      for (const row of found ?? []) {
        nextKeys.push(keys[i])
        next.push([...source, row])
      }
    })
    if (mode === 'tabular')
      for (const i of alone) {
        nextKeys.push(keys[i])
        next.push([...sources[i]!, -1])
      }
    if (mode === 'tabular')
      key.values.forEach((value, row) => {
        if (used.has(value)) return
        nextKeys.push(value)
        next.push([...Array<number>(side + 1).fill(-1), row])
      })
    keys = nextKeys
    sources = next
  }
  return { keys, sources }
}

/** Value fields by their labels: a row per combination of labels, a column per value of one label. */
export function joinByLabels(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const valueLabel = textOf(options['value']) ?? ''
  const wanted = listOf(options['join']).map(String)
  const all = frames.flatMap((frame) =>
    frame.fields.filter((field) => field.labels?.[valueLabel] !== undefined),
  )
  if (all.length === 0) return frames
  const joins =
    wanted.length > 0
      ? wanted
      : [...new Set(all.flatMap((field) => Object.keys(field.labels ?? {})))].filter(
          (name) => name !== valueLabel,
        )
  const rows = new Map<
    string,
    { readonly labels: Record<string, string>; readonly values: Map<string, unknown> }
  >()
  const columns = new Set<string>()
  for (const field of all) {
    const labels = Object.fromEntries(joins.map((name) => [name, field.labels?.[name] ?? '']))
    const key = JSON.stringify(labels)
    const row = rows.get(key) ?? { labels, values: new Map<string, unknown>() }
    const column = field.labels![valueLabel]!
    columns.add(column)
    row.values.set(column, field.values.at(-1))
    rows.set(key, row)
  }
  const list = [...rows.values()]
  return [
    frameOf([
      ...joins.map((name): Field => ({
        name,
        type: 'string',
        config: {},
        values: list.map((row) => row.labels[name]),
      })),
      ...[...columns].map((name): Field => ({
        name,
        type: 'number',
        config: {},
        values: list.map((row) => row.values.get(name) ?? null),
      })),
    ]),
  ]
}

/** All columns of all frames in one; shorter ones end with nulls. */
export function concatenate(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  if (frames.length < 2) return frames
  const length = Math.max(...frames.map((frame) => frame.length))
  const mode = textOf(objectOf(options)['frameNameMode']) ?? 'field'
  const fields = frames.flatMap((frame) =>
    frame.fields.map((field): Field => {
      const isShort = field.values.length < length
      const values = isShort
        ? [...field.values, ...Array<null>(length - field.values.length).fill(null)]
        : field.values
      if (mode === 'drop' || !frame.name) return { ...field, values }
      if (mode === 'label') return { ...field, values, labels: { ...field.labels, frame: frame.name } }
      return { ...field, values, name: `${frame.name} · ${field.name}` }
    }),
  )
  return [{ fields, length }]
}
