import { fieldDisplayName } from '../frame/field-name.ts'
import type { Field, FieldConfig, Frame } from '../frame/frame.ts'
import { reduce } from '../frame/reducers.ts'
import { listOf, numberOf, objectOf, objectsOf, textOf, type JsonObject } from '../json.ts'
import { isMatch } from '../pattern.ts'

/** Says of each field whether an override, or a transformation, is for it. */
export type FieldMatcher = (field: Field, frame: Frame, frames: readonly Frame[]) => boolean

/**
 * The matcher of a dashboard's `{ id, options }`.
 * @returns undefined for an id that is unknown
 */
export function fieldMatcher(id: string, options: unknown): FieldMatcher | undefined {
  switch (id) {
    case 'byName': {
      const name = textOf(options) ?? textOf(objectOf(options)['value']) ?? ''
      return namedOneOf(new Set([name]))
    }
    case 'byRegexp':
    case 'byRegex': {
      const pattern = textOf(options) ?? ''
      return (field, frame, frames) => isMatch(pattern, fieldDisplayName(field, frame, frames))
    }
    case 'byNames':
      return byNames(objectOf(options))
    case 'byRegexpOrNames':
      return byNamesOrPattern(objectOf(options))
    case 'byType':
      return (field) => field.type === options
    case 'byTypes':
      return (field) => listOf(options).includes(field.type)
    case 'numeric':
      return (field) => field.type === 'number'
    case 'time':
      return (field) => field.type === 'time'
    case 'firstTimeField':
      return (field, frame) => frame.fields.find(({ type }) => type === 'time') === field
    case 'first':
      return (field, frame) => frame.fields[0] === field
    case 'byFrameRefID':
      return (_field, frame) => frame.refId === options || joinedFrom(frame.refId, String(options))
    case 'byValue':
      return byValue(objectOf(options))
    default:
      return undefined
  }
}

/** Joined frames are called after what they are made of: `joinByField-A-B`. */
function joinedFrom(refId: string | undefined, wanted: string): boolean {
  return refId?.startsWith('merge-') === true && refId.split('-').includes(wanted)
}

function byNames(options: JsonObject): FieldMatcher {
  const matches = namedOneOf(new Set(listOf(options['names']).map(String)))
  const isExclude = options['mode'] === 'exclude'
  return (field, frame, frames) => matches(field, frame, frames) !== isExclude
}

/**
 * Fields by their own or their shown name. `Value` also means a field that is called after its metric, `Time` any time
 * column: older dashboards knew them by these names.
 */
function namedOneOf(names: ReadonlySet<string>): FieldMatcher {
  const isValue = names.has('Value')
  const isTime = !isValue && (names.has('Time') || names.has('time'))
  return (field, frame, frames) =>
    names.has(field.name) ||
    names.has(fieldDisplayName(field, frame, frames)) ||
    (isValue && field.labels?.['__name__'] === field.name) ||
    (isTime && field.type === 'time')
}

function byNamesOrPattern(options: JsonObject): FieldMatcher {
  const pattern = textOf(options['pattern'])
  const names = byNames(options)
  return (field, frame, frames) =>
    names(field, frame, frames) ||
    (pattern !== undefined && pattern !== '' && isMatch(pattern, fieldDisplayName(field, frame, frames)))
}

function byValue(options: JsonObject): FieldMatcher {
  const { reducer = 'lastNotNull', op, value } = options
  return (field) => {
    if (field.type !== 'number') return false
    return compare(reduce(field, String(reducer)), String(op), value)
  }
}

function compare(left: unknown, op: string, right: unknown): boolean {
  const [a, b] = [numberOf(left), numberOf(right)]
  switch (op) {
    case 'isNull': return left === null || left === undefined
    case 'gt': case '>': return a !== undefined && b !== undefined && a > b
    case 'gte': case '>=': return a !== undefined && b !== undefined && a >= b
    case 'lt': case '<': return a !== undefined && b !== undefined && a < b
    case 'lte': case '<=': return a !== undefined && b !== undefined && a <= b
    case 'neq': case '!=': return a !== b
    default: return left === right || (a !== undefined && a === b)
  } // prettier-ignore
}

/** Fills variables into a text of the configuration. */
export type Fill = (text: string) => string

interface Override {
  readonly matches: FieldMatcher
  readonly properties: readonly JsonObject[]
}

/**
 * The frames with a panel's field options: the defaults below what the field brings, then the overrides in order.
 * Matchers see the names from before the overrides. Unknown matchers match nothing (see `unknownMatchers`).
 */
export function applyFieldConfig(
  frames: readonly Frame[],
  fieldConfig: unknown,
  fill: Fill,
): readonly Frame[] {
  const { defaults, overrides } = objectOf(fieldConfig)
  const base = definedConfig(objectOf(defaults))
  const rules = objectsOf(overrides).flatMap((override): Override[] => {
    const { id, options } = objectOf(override['matcher'])
    const matches = fieldMatcher(String(id), typeof options === 'string' ? fill(options) : options)
    return matches === undefined ? [] : [{ matches, properties: objectsOf(override['properties']) }]
  })
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      const matched = rules.filter((rule) => rule.matches(field, frame, frames))
      const own = matched.reduce<JsonObject>((config, rule) => rule.properties.reduce(setProperty, config), {
        ...base,
        ...field.config,
      })
      return { ...field, config: own as FieldConfig }
    }),
  }))
}

/** Ids of matchers that we do not know, for the panel to name. */
export function unknownMatchers(fieldConfig: unknown): string[] {
  return objectsOf(objectOf(fieldConfig)['overrides'])
    .map((override) => String(objectOf(override['matcher'])['id']))
    .filter((id) => fieldMatcher(id, undefined) === undefined)
}

/** Dashboards hold nulls for "not set". */
function definedConfig(defaults: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(defaults).flatMap(([key, value]) => {
      if (value === null || value === undefined || value === '') return []
      if (key === 'decimals' || key === 'min' || key === 'max') {
        const number = numberOf(value)
        return number === undefined ? [] : [[key, number]]
      }
      return [[key, value]]
    }),
  )
}

function setProperty(config: JsonObject, property: JsonObject): JsonObject {
  const path = String(property['id']).split('.')
  const value = property['value']
  return setPath(config, path, value === null ? undefined : value)
}

function setPath(config: JsonObject, path: readonly string[], value: unknown): JsonObject {
  const [key = '', ...rest] = path
  if (key === '__proto__') return config
  if (rest.length === 0) {
    const number = key === 'decimals' || key === 'min' || key === 'max' ? numberOf(value) : value
    return { ...config, [key]: number }
  }
  return { ...config, [key]: setPath(objectOf(config[key]), rest, value) }
}
