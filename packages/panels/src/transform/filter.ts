import { fieldDisplayName } from '../frame/field-name.ts'
import { pickRows, type Field, type Frame } from '../frame/frame.ts'
import { listOf, numberOf, objectOf, objectsOf, textOf, type JsonObject } from '../json.ts'
import { isMatch } from '../pattern.ts'

/** Columns kept, or left out, by name or pattern; frames without columns go. */
export function filterFieldsByName(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const include = nameTest(options['include'], options['byVariable'] === true)
  const exclude = nameTest(options['exclude'], options['byVariable'] === true)
  if (include === undefined && exclude === undefined) return frames
  return frames.flatMap((frame) => {
    const fields = frame.fields.filter((field) => {
      const names = [field.name, fieldDisplayName(field, frame, frames)]
      if (exclude?.(names) === true) return false
      return include === undefined || include(names)
    })
    return fields.length === 0 ? [] : [{ ...frame, fields }]
  })
}

function nameTest(json: unknown, isVariable: boolean): ((names: readonly string[]) => boolean) | undefined {
  const { names, pattern, variable } = objectOf(json)
  const wanted = new Set(listOf(names).map(String))
  if (isVariable && typeof variable === 'string')
    for (const name of variable.replace(/^\{|\}$/g, '').split(',')) wanted.add(name)
  const source = textOf(pattern) ?? ''
  if (wanted.size === 0 && source === '') return undefined
  return (candidates) =>
    candidates.some((name) => wanted.has(name)) || (source !== '' && isMatch(source, candidates.at(-1)!))
}

/** Frames of some queries only. */
export function filterByRefId(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const include = textOf(options['include'])
  const exclude = textOf(options['exclude'])
  return frames.filter(
    (frame) => (include ? isOfQuery(frame, include) : true) && !(exclude ? isOfQuery(frame, exclude) : false),
  )
}

/** Whether a frame's query is meant: by name, one of several names (`A|B`), or a pattern in slashes, which also finds `merge-A-B`. */
export function isOfQuery({ refId = '' }: Frame, wanted: string): boolean {
  return wanted.startsWith('/') ? isMatch(wanted, refId) : wanted.split('|').includes(refId)
}

/** Rows whose values meet all, or one, of the conditions. */
export function filterByValue(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const conditions = objectsOf(options['filters'])
  if (conditions.length === 0) return frames
  const isInclude = options['type'] !== 'exclude'
  const isAll = options['match'] === 'all'
  return frames.map((frame) => {
    const tests = conditions.map((condition): ((row: number) => boolean) => {
      const name = textOf(condition['fieldName'])
      const field = frame.fields.findLast((one) => fieldDisplayName(one, frame, frames) === name)
      const config = objectOf(condition['config'])
      // What a frame does not have meets no condition.
      return field === undefined
        ? () => false
        : valueTest(field, String(config['id']), objectOf(config['options']))
    })
    const rows = Array.from({ length: frame.length }, (_, i) => i).filter((row) => {
      const isMatching = isAll ? tests.every((test) => test(row)) : tests.some((test) => test(row))
      return isMatching === isInclude
    })
    return pickRows(frame, rows)
  })
}

function valueTest(field: Field, id: string, options: JsonObject): (row: number) => boolean {
  const wanted = options['value']
  const number = numberOf(wanted) ?? NaN
  const valueAt = (row: number): unknown => field.values[row]
  // A missing value compares as zero.
  const numberAt = (row: number): number => Number(field.values[row] === undefined ? NaN : field.values[row])
  switch (id) {
    case 'isNull': return (row) => valueAt(row) === null || valueAt(row) === undefined
    case 'isNotNull': return (row) => valueAt(row) !== null && valueAt(row) !== undefined
    case 'greater': return (row) => numberAt(row) > number
    case 'greaterOrEqual': return (row) => numberAt(row) >= number
    case 'lower': return (row) => numberAt(row) < number
    case 'lowerOrEqual': return (row) => numberAt(row) <= number
    case 'equal': return (row) => String(valueAt(row)) === String(wanted)
    case 'notEqual': return (row) => String(valueAt(row)) !== String(wanted)
    case 'substring': return (row) => String(valueAt(row)).toLowerCase().includes(String(wanted).toLowerCase())
    case 'notSubstring': return (row) => !String(valueAt(row)).toLowerCase().includes(String(wanted).toLowerCase())
    case 'regex': return (row) => valueAt(row) !== null && isMatch(String(wanted), String(valueAt(row)))
    case 'range': case 'between': {
      const [from, to] = [numberOf(options['from']) ?? -Infinity, numberOf(options['to']) ?? Infinity]
      return (row) => numberAt(row) > from && numberAt(row) < to
    }
    default: return () => true
  } // prettier-ignore
}

/** The first rows of each frame. */
export function limit(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const most = numberOf(options['limitField']) ?? 10
  return frames.map((frame) => {
    if (frame.length <= Math.abs(most)) return frame
    const all = Array.from({ length: frame.length }, (_, i) => i)
    return pickRows(frame, most >= 0 ? all.slice(0, most) : all.slice(most))
  })
}
