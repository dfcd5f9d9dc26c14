import { fieldMatcher } from '../field/overrides.ts'
import { fieldDisplayName } from '../frame/field-name.ts'
import { typeOfValues, type Field, type FieldType, type Frame } from '../frame/frame.ts'
import { at, isObject, objectOf, objectsOf, textOf, type JsonObject } from '../json.ts'
import { patternOf } from '../pattern.ts'
import { formatDate, type TimeZone } from '../time/date-format.ts'
import { parseDate } from '../time/date-parse.ts'

function isNamed(field: Field, frame: Frame, frames: readonly Frame[], name: string | undefined): boolean {
  return name !== undefined && (field.name === name || fieldDisplayName(field, frame, frames) === name)
}

/** Columns read as another type, one conversion after the other. */
export function convertFieldType(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  return objectsOf(options['conversions']).reduce((current, conversion) => {
    const matches = fieldMatcher('byName', textOf(conversion['targetField']))!
    if (!textOf(conversion['targetField'])) return current
    return current.map((frame) => ({
      ...frame,
      fields: frame.fields.map((field) =>
        matches(field, frame, current) ? converted(field, conversion) : field,
      ),
    }))
  }, frames)
}

function converted(field: Field, options: JsonObject): Field {
  const { values } = field
  const form = textOf(options['dateFormat']) || undefined
  const zone = textOf(options['timezone']) || 'browser'
  switch (options['destinationType']) {
    case 'number':
      return { ...field, type: 'number', values: values.map(toNumber) }
    case 'string':
      return asTexts(field, form, zone, textOf(options['joinWith']) ?? '')
    case 'boolean':
      return { ...field, type: 'boolean', values: values.map(Boolean) }
    case 'time':
      return asTimes(field, form, zone)
    case 'other':
      return { ...field, type: 'other', values: values.map(parsedJson) }
    default:
      return field
  }
}

function toNumber(value: unknown): number | null {
  const plain = typeof value === 'string' ? value.replaceAll(',', '') : value
  if (plain === null || plain === undefined || plain === '') return null
  const number = Number(plain)
  return Number.isFinite(number) ? number : null
}

/** Times by a form, texts and anything composed as JSON, the rest as it is written. */
function asTexts(field: Field, form: string | undefined, zone: TimeZone, between: string): Field {
  const write = (value: unknown): unknown => {
    // A cell that another frame has no value for stays empty.
    if (value === undefined) return undefined
    if (field.type === 'time') return timeText(value, form, zone)
    if (field.type !== 'string' && field.type !== 'other') return String(value)
    return between !== '' && Array.isArray(value) ? value.join(between) : JSON.stringify(value)
  }
  return { ...field, type: 'string', values: field.values.map(write) }
}

/** A time by a form of moment.js, ISO 8601 without one. */
function timeText(value: unknown, form: string | undefined, zone: TimeZone): string {
  const iso = `YYYY-MM-DDTHH:mm:ss${zone.toLowerCase() === 'utc' ? '[Z]' : 'Z'}`
  return formatDate(typeof value === 'number' ? value : NaN, form ?? iso, zone)
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3,})?(?:Z|[-+]\d{2}:?\d{2})$/

/** Numbers are milliseconds, or seconds with the form `X`; texts are read by the form. */
function asTimes(field: Field, form: string | undefined, zone: TimeZone): Field {
  const { values } = field
  const isNumber = typeof values[0] === 'number'
  if (isNumber && (field.type === 'time' || form !== 'X')) return { ...field, type: 'time' }
  const first = values.find((value) => value !== null && value !== undefined)
  const factor = typeof first === 'number' && form === 'X' ? 1000 : 1
  const isIso = typeof first === 'string' && ISO_TIME.test(first)
  const readText = (value: unknown): number =>
    typeof value === 'string' ? parseDate(value, form, zone) : NaN
  const read = (value: unknown): number | null => {
    if (!value) return null
    const time =
      typeof value === 'number' ? Math.trunc(value) : isIso ? Date.parse(String(value)) : readText(value)
    return Number.isFinite(time) ? time * factor : null
  }
  return { ...field, type: 'time', values: values.map(read) }
}

function parsedJson(value: unknown): unknown {
  try {
    return JSON.parse(String(value))
  } catch {
    return null
  }
}

/** Times of a column as texts. */
export function formatTime(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const wanted = textOf(options['timeField'])
  const zone = textOf(options['timezone']) || 'browser'
  const form = textOf(options['outputFormat']) || undefined
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) =>
      fieldDisplayName(field, frame, frames) === wanted ? asTexts(field, form, zone, '') : field,
    ),
  }))
}

/** What stands inside the texts of a column, as columns: JSON, `key=value`, or groups of a regular expression. */
export function extractFields(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const source = textOf(options['source'])
  return frames.map((frame) => {
    const field = frame.fields.find((one) => isNamed(one, frame, frames, source))
    if (field === undefined) return frame
    const rows = field.values.map((value) => partsOfText(value, options))
    const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
    const made = names.map((name): Field => {
      const values = rows.map((row) => row[name] ?? null)
      return { name, values, config: {}, type: typeOfValues(values) as FieldType }
    })
    if (options['replace'] !== true) return { ...frame, fields: [...frame.fields, ...made] }
    const time = options['keepTime'] === true ? frame.fields.filter(({ type }) => type === 'time') : []
    return { ...frame, fields: [...time, ...made] }
  })
}

function partsOfText(value: unknown, options: JsonObject): JsonObject {
  const text = typeof value === 'string' ? value : ''
  switch (textOf(options['format']) ?? 'auto') {
    case 'kvp':
      return pairs(text)
    case 'regexp': {
      const found = patternOf(textOf(options['regExp']) ?? '(.*)').find(text)
      return found === undefined ? {} : found.named
    }
    case 'delimiter':
      return Object.fromEntries(
        text.split(textOf(options['delimiter']) ?? ',').map((part) => [part.trim(), 1]),
      )
    default: {
      const json = isObject(value) ? value : parsed(text)
      if (json === undefined) return pairs(text)
      const paths = objectsOf(options['jsonPaths'])
      if (paths.length === 0) return json
      return Object.fromEntries(
        paths.map((one) => {
          const path = textOf(one['path']) ?? ''
          return [
            textOf(one['alias']) || path,
            at(json, ...path.split(/[.[\]]+/).filter((key) => key !== '')),
          ]
        }),
      )
    }
  }
}

function parsed(text: string): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(text))
  } catch {
    return undefined
  }
}

function pairs(text: string): JsonObject {
  return Object.fromEntries(
    [...text.matchAll(/([^\s=:,{}]+)\s*[=:]\s*("(?:[^"\\]|\\.)*"|[^\s,}]+)/g)].map(
      ([, key = '', value = '']) => [key.replaceAll('"', ''), value.replace(/^"|"$/g, '')],
    ),
  )
}
