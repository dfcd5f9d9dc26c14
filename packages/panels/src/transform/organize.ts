import { fieldDisplayName } from '../frame/field-name.ts'
import { pickRows, type Field, type Frame } from '../frame/frame.ts'
import { numberOf, objectOf, objectsOf, textOf, type JsonObject } from '../json.ts'
import { patternOf } from '../pattern.ts'

/** Columns put in order, left out, and renamed: left out by their own or their shown name, the rest by the shown one. */
export function organize(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const order = objectOf(options['indexByName'])
  const excluded = objectOf(options['excludeByName'])
  const included = objectOf(options['includeByName'])
  const names = objectOf(options['renameByName'])
  const isIncluded = Object.values(included).some((value) => value === true)
  return frames
    .map((frame) => {
      const nameOf = (field: Field): string => fieldDisplayName(field, frame, frames)
      const place = (field: Field): number => numberOf(order[nameOf(field)]) ?? Infinity
      const kept = frame.fields.filter((field) => {
        if (isIncluded && included[nameOf(field)] !== true && included[field.name] !== true) return false
        return excluded[nameOf(field)] !== true && excluded[field.name] !== true
      })
      const ordered =
        Object.keys(order).length === 0
          ? kept
          : kept
              .map((field, i) => ({ field, i, at: place(field) }))
              .sort((a, b) => (a.at === b.at ? a.i - b.i : a.at - b.at))
              .map(({ field }) => field)
      return {
        ...frame,
        fields: ordered.map((field) => {
          const name = textOf(names[nameOf(field)])
          return name ? renamed(field, name) : field
        }),
      }
    })
    .filter(({ fields }) => fields.length > 0)
}

export function renamed(field: Field, name: string): Field {
  return { ...field, config: { ...field.config, displayName: name } }
}

/** Names by a regular expression and its replacement. @throws PatternError */
export function renameByRegex(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const source = textOf(options['regex']) ?? ''
  const replacement = textOf(options['renamePattern']) ?? ''
  if (source === '') return frames
  // Without slashes it has to be the whole name.
  const pattern = patternOf(source.startsWith('/') ? source : `/^${source}$/`)
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      // Here a field's name does not depend on the other frames.
      const name = fieldDisplayName(field, frame)
      if (!pattern.test(name)) return field
      return renamed(field, pattern.replace(name, replacement))
    }),
  }))
}

/** Rows by one column, in Grafana's order: a missing number counts as zero, an empty text stands last. */
export function sortBy(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const [sort] = objectsOf(options['sort'])
  const wanted = textOf(sort?.['field'])
  if (wanted === undefined) return frames
  const isDescending = sort?.['desc'] === true
  return frames.map((frame) => {
    const field = frame.fields.find((one) => fieldDisplayName(one, frame, frames) === wanted)
    return field === undefined ? frame : pickRows(frame, sortedRows(field, isDescending))
  })
}

/** Row numbers in the order of a field's values; equal ones stay as they were. */
export function sortedRows({ values, type }: Field, isDescending: boolean): number[] {
  const compare = type === 'number' || type === 'time' ? compareNumbers : compareTexts
  return values
    .map((_, i) => i)
    .sort((a, b) => {
      const order = compare(values[a], values[b])
      return isDescending ? -order : order
    })
}

function compareNumbers(a: unknown, b: unknown): number {
  return Number(a ?? 0) - Number(b ?? 0) || 0
}

const plainCollator = new Intl.Collator('en', { sensitivity: 'base' })

function compareTexts(a: unknown, b: unknown): number {
  if (!a || !b) return !a && b ? 1 : a && !b ? -1 : 0
  return plainCollator.compare(String(a), String(b))
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** Numbers by size, texts by letters and numbers in them, nothing first. */
export function compareValues(a: unknown, b: unknown): number {
  const [noA, noB] = [a === null || a === undefined, b === null || b === undefined]
  if (noA || noB) return noA && noB ? 0 : noA ? -1 : 1
  if (typeof a === 'number' && typeof b === 'number') {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : -1) : 1
    return a - b
  }
  return collator.compare(String(a), String(b))
}
