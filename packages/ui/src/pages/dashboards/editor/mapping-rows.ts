import { isObject, objectOf, objectsOf, without, type JsonObject } from '@promontory/panels'

/** What a row of the form maps. */
export type MappingKind = 'value' | 'range' | 'regex' | 'special' | 'other'

/** A mapping as a row: what is mapped, and what is shown for it. */
export interface MappingRow {
  readonly kind: MappingKind
  /** The value, pattern or special case; empty for ranges. */
  readonly match: string
  readonly from: unknown
  readonly to: unknown
  /** `text`, `color`, and whatever else a dashboard says of it. */
  readonly result: JsonObject
  /** The mapping that the row was read from, kept for what the form does not know. */
  readonly origin: JsonObject | undefined
}

export const SPECIAL_MATCHES: readonly (readonly [id: string, name: string])[] = [
  ['null', 'Null'],
  ['nan', 'NaN'],
  ['null+nan', 'Null or NaN'],
  ['true', 'True'],
  ['false', 'False'],
  ['empty', 'Empty text'],
]

/** Rows of a panel's mappings: one per value of a value mapping. What cannot be a row is one of kind `other`. */
export function mappingRows(mappings: unknown): readonly MappingRow[] {
  return objectsOf(mappings).flatMap(rowsOf)
}

function rowsOf(origin: JsonObject): readonly MappingRow[] {
  const options = objectOf(origin['options'])
  const row = (kind: MappingKind, match: unknown, result: unknown): MappingRow => ({
    kind,
    match: typeof match === 'string' ? match : '',
    from: options['from'],
    to: options['to'],
    result: objectOf(result),
    origin,
  })
  if (origin['type'] === 'value') {
    const entries = Object.entries(options)
    if (entries.length > 0 && entries.every(([, result]) => isObject(result)))
      return entries.map(([value, result]) => row('value', value, result))
  }
  const { result, match, pattern } = options
  if (!isObject(result)) return [row('other', '', {})]
  if (origin['type'] === 'range') return [row('range', '', result)]
  if (origin['type'] === 'regex' && typeof pattern === 'string') return [row('regex', pattern, result)]
  if (origin['type'] === 'special' && typeof match === 'string') return [row('special', match, result)]
  return [row('other', '', {})]
}

/** A row that maps nothing yet. */
export function emptyRow(kind: MappingKind, index: number): MappingRow {
  const match = kind === 'special' ? 'null' : ''
  return { kind, match, from: null, to: null, result: { index }, origin: undefined }
}

/** The mappings that rows stand for; of rows that were read and not changed, what was read. */
export function mappingsOf(rows: readonly MappingRow[]): readonly JsonObject[] {
  const mappings: JsonObject[] = []
  let values: { origin: JsonObject | undefined; options: Record<string, JsonObject> } | undefined
  for (const row of rows) {
    if (row.kind !== 'value') {
      values = undefined
      mappings.push(mappingOf(row))
      continue
    }
    // A new value joins those before it; one that is there already begins a mapping of its own.
    const isNext = values !== undefined && (row.origin === undefined || row.origin === values.origin)
    if (isNext && !Object.hasOwn(values!.options, row.match)) {
      values!.options[row.match] = row.result
      continue
    }
    const options = Object.fromEntries([[row.match, row.result]])
    values = { origin: row.origin, options }
    mappings.push({ ...row.origin, type: 'value', options })
  }
  return mappings
}

function mappingOf({ kind, match, from, to, result, origin }: MappingRow): JsonObject {
  if (kind === 'other') return origin ?? {}
  const options = objectOf(origin?.['options'])
  const rest = without(options, 'result')
  switch (kind) {
    case 'range': {
      const bounds = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
      return { ...origin, type: kind, options: { ...rest, ...bounds, result } }
    }
    case 'regex':
      return { ...origin, type: kind, options: { ...rest, pattern: match, result } }
    default:
      return { ...origin, type: kind, options: { ...rest, match, result } }
  }
}
