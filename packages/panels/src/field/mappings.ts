import { isObject, numberOf, objectOf, textOf, type JsonObject } from '../json.ts'
import { patternOf, PatternError } from '../pattern.ts'

/** What a mapping shows in place of a value. */
export interface MappedValue {
  readonly text?: string
  readonly color?: string
  readonly icon?: string
}

/** The first mapping that fits a value; undefined when none does. */
export function mapValue(mappings: readonly JsonObject[], value: unknown): MappedValue | undefined {
  for (const mapping of mappings) {
    const found = tryMapping(mapping, value)
    if (found !== undefined) return found
  }
  return undefined
}

function tryMapping(mapping: JsonObject, value: unknown): MappedValue | undefined {
  const options = objectOf(mapping['options'])
  switch (mapping['type']) {
    case 'value': {
      if (value === null || value === undefined) return undefined
      const key = String(value)
      return Object.hasOwn(options, key) ? resultOf(options[key]) : undefined
    }
    case 'range': {
      const number = numberOf(value)
      if (number === undefined) return undefined
      const from = numberOf(options['from']) ?? -Infinity
      const to = numberOf(options['to']) ?? Infinity
      return number >= from && number <= to ? resultOf(options['result']) : undefined
    }
    case 'regex': {
      if (value === null || value === undefined || typeof options['pattern'] !== 'string') return undefined
      return regexMapping(options['pattern'], options['result'], String(value))
    }
    case 'special':
      return isSpecial(String(options['match']), value) ? resultOf(options['result']) : undefined
    default:
      return undefined
  }
}

function regexMapping(pattern: string, result: unknown, text: string): MappedValue | undefined {
  try {
    const compiled = patternOf(pattern)
    if (!compiled.test(text)) return undefined
    const mapped = resultOf(result)
    return mapped.text === undefined ? mapped : { ...mapped, text: compiled.replace(text, mapped.text) }
  } catch (error) {
    if (error instanceof PatternError) return undefined
    throw error
  }
}

function isSpecial(match: string, value: unknown): boolean {
  const isNull = value === null || value === undefined
  const isNan = Number.isNaN(value)
  switch (match) {
    case 'null': return isNull
    case 'nan': return isNan
    case 'null+nan': return isNull || isNan
    case 'true': return value === true || value === 'true'
    case 'false': return value === false || value === 'false'
    case 'empty': return value === ''
    default: return false
  } // prettier-ignore
}

function resultOf(json: unknown): MappedValue {
  if (!isObject(json)) return {}
  const [text, color, icon] = [textOf(json['text']), textOf(json['color']), textOf(json['icon'])]
  return {
    ...(text === undefined ? {} : { text }),
    ...(color === undefined ? {} : { color }),
    ...(icon === undefined ? {} : { icon }),
  }
}
