import { fieldMatcher, type FieldMatcher } from '../field/overrides.ts'
import { VALUE } from '../frame/field-name.ts'
import { frameOf, timeFieldOf, type Field, type Frame } from '../frame/frame.ts'
import { listOf, textOf, type JsonObject } from '../json.ts'

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
  /** Of the column that rows meet by; the first time column otherwise, when the first frame has one. */
  readonly name?: string
  readonly mode: 'outer' | 'inner' | 'tabular'
}

interface Side {
  readonly key: Field
  readonly others: readonly Field[]
}

/** One frame with all columns; undefined when no frame has the key. */
export function joinFrames(frames: readonly Frame[], options: JoinOptions): Frame | undefined {
  const matches = keyMatcher(frames, options.name)
  const sides = frames.flatMap((frame): Side[] => {
    const key = frame.fields.find((field) => matches(field, frame, frames))
    if (key === undefined) return []
    const others = frame.fields.filter((field) => field !== key)
    return [{ key, others: frames.length < 2 ? others : others.map((field) => withName(field, frame)) }]
  })
  if (sides.length === 0) return undefined
  const rows = joinedRows(sides, options.mode, frames.length)
  return frameOf(
    [
      { ...sides[0]!.key, values: rows.keys },
      ...sides.flatMap(({ others }, side) =>
        others.map((field) => {
          const values = rows.sources.map((source) => {
            const row = source[side]!
            return row === -1 ? (options.mode === 'outer' ? undefined : null) : field.values[row]
          })
          return { ...field, values: options.mode === 'outer' ? withGaps(values) : values }
        }),
      ),
    ],
    { refId: `joinByField-${frames.map((frame) => frame.refId ?? '').join('-')}` },
  )
}

/** A row that a side does not have is no gap in its line (undefined), unless a null stands beside it. */
function withGaps(values: unknown[]): unknown[] {
  for (let start = 0; start < values.length; start++) {
    let end = start
    let hasNull = false
    while (end < values.length && (values[end] ?? null) === null) hasNull = values[end++] === null || hasNull
    if (hasNull) values.fill(null, start, end)
    start = end
  }
  return values
}

function keyMatcher(frames: readonly Frame[], name: string | undefined): FieldMatcher {
  if (name !== undefined) return fieldMatcher('byName', name)!
  // Without times in the first frame there is nothing to meet by.
  if (frames[0] === undefined || timeFieldOf(frames[0]) === undefined) return () => false
  return fieldMatcher('firstTimeField', undefined)!
}

/** The frame's name tells columns of one name apart: it becomes the name of a value, a label of anything else. */
function withName(field: Field, frame: Frame): Field {
  const { labels = {} } = field
  if (!frame.name) return { ...field, labels }
  if (field.name === VALUE) return { ...field, name: frame.name, labels }
  return { ...field, labels: labels['name'] === undefined ? { ...labels, name: frame.name } : labels }
}

interface JoinedRows {
  readonly keys: readonly unknown[]
  /** For each row the row of each side, -1 where it has none. */
  readonly sources: readonly (readonly number[])[]
}

function joinedRows(sides: readonly Side[], mode: JoinOptions['mode'], frames: number): JoinedRows {
  if (mode === 'outer') return outerRows(sides)
  if (mode === 'inner' && sides.length < frames) return { keys: [], sources: [] }
  return tabularRows(sides, mode)
}

/** Numbers by size; texts stay in the order in which they appear. */
function compareKeys(a: unknown, b: unknown): number {
  return (a as number) - (b as number)
}

/** Each key once, in order; a side's last row of a key counts. Sides with the same keys keep all of their rows. */
function outerRows(sides: readonly Side[]): JoinedRows {
  const first = sides[0]!.key.values
  if (
    sides.every(({ key }) => key.values.length === first.length && key.values.every((v, i) => v === first[i]))
  )
    return alignedRows(first, sides.length)
  const keys = [...new Set(sides.flatMap(({ key }) => key.values))].sort(compareKeys)
  const indexes = sides.map(({ key }) => new Map(key.values.map((value, i) => [value, i])))
  return { keys, sources: keys.map((key) => indexes.map((index) => index.get(key) ?? -1)) }
}

function alignedRows(keys: readonly unknown[], sides: number): JoinedRows {
  const rows = keys.map((_, i) => i)
  if (!isAscending(keys)) rows.sort((a, b) => compareKeys(keys[a], keys[b]))
  return { keys: rows.map((row) => keys[row]), sources: rows.map((row) => Array<number>(sides).fill(row)) }
}

/** Whether keys that are there grow from row to row. */
function isAscending(keys: readonly unknown[]): boolean {
  const present = keys.filter((key) => key !== null && key !== undefined)
  return present.every((key, i) => i === 0 || (key as number) > (present[i - 1] as number))
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
      const found = keys[i] === null || keys[i] === undefined ? undefined : rows.get(keys[i])
      if (found === undefined) alone.push(i)
      else used.add(keys[i])
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
      for (const [value, found] of rows) {
        if (used.has(value)) continue
        for (const row of found) {
          nextKeys.push(value)
          next.push([...Array<number>(side + 1).fill(-1), row])
        }
      }
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

/** All columns of all frames in one; shorter ones end with nothing. */
export function concatenate(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  if (frames.length < 2) return frames
  const length = Math.max(...frames.map((frame) => frame.length))
  const mode = textOf(options['frameNameMode']) ?? 'field'
  const label = textOf(options['frameNameLabel']) ?? 'frame'
  const fields = frames.flatMap((frame) =>
    frame.fields.map((field): Field => {
      const isShort = field.values.length < length
      const values = isShort
        ? [...field.values, ...Array<undefined>(length - field.values.length).fill(undefined)]
        : field.values
      if (mode === 'drop' || !frame.name) return { ...field, values }
      if (mode === 'label') return { ...field, values, labels: { ...field.labels, [label]: frame.name } }
      const isNameless = field.name === '' || field.name === VALUE
      return { ...field, values, name: isNameless ? frame.name : `${frame.name} · ${field.name}` }
    }),
  )
  return [{ fields, length }]
}
