import { fieldDisplayName } from '../frame/field-name.ts'
import { typeOfValues, type Field, type FieldType, type Frame } from '../frame/frame.ts'
import { at, isObject, objectOf, objectsOf, textOf, type JsonObject } from '../json.ts'
import { patternOf } from '../pattern.ts'
import { formatDate } from '../time/date-format.ts'

function isNamed(field: Field, frame: Frame, frames: readonly Frame[], name: string | undefined): boolean {
  return name !== undefined && (field.name === name || fieldDisplayName(field, frame, frames) === name)
}

/** Columns read as another type. */
export function convertFieldType(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const conversions = objectsOf(options['conversions'])
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      const conversion = conversions.find((one) => isNamed(field, frame, frames, textOf(one['targetField'])))
      return conversion === undefined ? field : converted(field, conversion)
    }),
  }))
}

function converted(field: Field, { destinationType, dateFormat }: JsonObject): Field {
  // Times become texts of ISO 8601.
  const form = textOf(dateFormat) ?? (field.type === 'time' ? 'YYYY-MM-DDTHH:mm:ssZ' : undefined)
  const read = readerOf(String(destinationType), form)
  const type = (['time', 'number', 'string', 'boolean', 'other'] as const).find(
    (one) => one === destinationType,
  )
  return read === undefined || type === undefined ? field : { ...field, type, values: field.values.map(read) }
}

function readerOf(type: string, form: string | undefined): ((value: unknown) => unknown) | undefined {
  switch (type) {
    case 'number':
      return (value) => {
        const number =
          typeof value === 'boolean' ? Number(value) : Number.parseFloat(String(value).replaceAll(',', ''))
        return Number.isFinite(number) ? number : null
      }
    case 'string':
      return (value) =>
        value === null || value === undefined
          ? value
          : typeof value === 'object'
            ? JSON.stringify(value)
            : typeof value === 'number' && form !== undefined
              ? formatDate(value, form, 'browser')
              : String(value)
    case 'boolean':
      return (value) => (typeof value === 'string' ? value.toLowerCase() === 'true' : Boolean(value))
    case 'time':
      return (value) => {
        const time = typeof value === 'number' ? value : Date.parse(String(value))
        return Number.isNaN(time) ? null : time
      }
    case 'other':
      return (value) => value
    default:
      return undefined
  }
}

/** Times of a column as texts. */
export function formatTime(frames: readonly Frame[], options: JsonObject): readonly Frame[] {
  const wanted = textOf(options['timeField'])
  const zone = textOf(options['timezone']) || 'browser'
  const isUtc = zone.toLowerCase() === 'utc'
  const form = textOf(options['outputFormat']) || `YYYY-MM-DDTHH:mm:ss${isUtc ? '[Z]' : 'Z'}`
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) =>
      isNamed(field, frame, frames, wanted)
        ? {
            ...field,
            type: 'string',
            values: field.values.map((value) => formatDate(Number(value), form, zone)),
          }
        : field,
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
