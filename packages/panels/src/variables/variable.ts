import { listOf, objectOf, objectsOf, textOf, type JsonObject } from '../json.ts'
import { referencesOf } from './interpolate.ts'

export const ALL_VALUE = '$__all'
export const ALL_TEXT = 'All'

export interface VariableOption {
  readonly text: string
  readonly value: string
}

/** A dashboard's variable, as far as it is understood; `json` is all of it. */
export interface Variable {
  readonly name: string
  readonly label: string
  readonly type: string
  /** 0 shown, 1 without its label, 2 hidden. */
  readonly hide: number
  readonly isMulti: boolean
  readonly hasAll: boolean
  readonly allValue: string | undefined
  /** 0 never, 1 when the dashboard loads, 2 when the time changes. */
  readonly refresh: number
  readonly regex: string
  readonly sort: number
  /** The query's text, whatever form it had. */
  readonly query: string
  readonly datasource: unknown
  readonly options: readonly VariableOption[]
  readonly skipUrl: boolean
  /** What was chosen when the dashboard was saved. */
  readonly saved: readonly string[]
  readonly savedTexts: readonly string[]
  /** A query compares it with `=`, which "All" can never equal: where nothing was saved, its first option is chosen. */
  readonly isCompared: boolean
  readonly json: JsonObject
}

/** The variables of a dashboard's `templating.list`. */
export function variablesOf(model: JsonObject): Variable[] {
  let queries: string | undefined
  const isCompared = (name: string, json: JsonObject): boolean => {
    const hasNothingSaved = listOrOne(objectOf(json['current'])['value']).every((value) => value === '')
    if (json['includeAll'] !== true || !hasNothingSaved) return false
    queries ??= JSON.stringify(model)
    return isComparedIn(queries, name)
  }
  return objectsOf(objectOf(model['templating'])['list']).flatMap((json) => {
    const name = textOf(json['name'])
    return name === undefined || name === '' ? [] : [variableOf(name, json, isCompared(name, json))]
  })
}

/** Whether a selector in a dashboard's JSON has `label="$name"`. What a panel or row is repeated by has one value there. */
function isComparedIn(json: string, name: string): boolean {
  const safe = name.replace(/\W/g, '\\$&')
  if (new RegExp(`"repeat":"${safe}"`).test(json)) return false
  return new RegExp(`[\\w\\s]=\\s*\\\\"(?:\\$${safe}|\\$\\{${safe}\\}|\\[\\[${safe}\\]\\])\\\\"`).test(json)
}

function variableOf(name: string, json: JsonObject, isCompared: boolean): Variable {
  const current = objectOf(json['current'])
  const type = textOf(json['type']) ?? 'query'
  const saved = listOrOne(current['value'])
  return {
    name,
    label: textOf(json['label']) || name,
    type,
    hide: json['hide'] === true ? 2 : typeof json['hide'] === 'number' ? json['hide'] : 0,
    isMulti: json['multi'] === true,
    hasAll: json['includeAll'] === true,
    allValue: textOf(json['allValue']) || undefined,
    refresh: typeof json['refresh'] === 'number' ? json['refresh'] : json['refresh'] === true ? 1 : 0,
    regex: textOf(json['regex']) ?? '',
    sort: typeof json['sort'] === 'number' ? json['sort'] : 0,
    query: queryText(json['query']) ?? textOf(json['definition']) ?? '',
    datasource: json['datasource'],
    options: objectsOf(json['options']).map((option) => ({
      text: String(option['text'] ?? option['value'] ?? ''),
      value: String(listOrOne(option['value'])[0] ?? ''),
    })),
    skipUrl: json['skipUrlSync'] === true,
    saved,
    savedTexts: listOrOne(current['text']),
    isCompared,
    json,
  }
}

function queryText(query: unknown): string | undefined {
  if (typeof query === 'string') return query
  const { query: inner, expr } = objectOf(query)
  return textOf(inner) ?? textOf(expr)
}

function listOrOne(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String)
  return value === undefined || value === null ? [] : [String(value)]
}

/** Names of other variables that a variable's options depend on. */
export function dependenciesOf(variable: Variable, all: readonly Variable[]): string[] {
  const texts = [variable.query, variable.regex, sourceText(variable.datasource)]
  const names = new Set(all.map(({ name }) => name))
  return [...new Set(texts.flatMap(referencesOf))].filter((name) => name !== variable.name && names.has(name))
}

function sourceText(datasource: unknown): string {
  return typeof datasource === 'string' ? datasource : (textOf(objectOf(datasource)['uid']) ?? '')
}

/**
 * Variables in the order in which they can be loaded: what others need comes first. Those that need each other in a ring
 * keep the dashboard's order.
 */
export function loadOrder(variables: readonly Variable[]): Variable[] {
  const done = new Set<string>()
  const left = [...variables]
  const out: Variable[] = []
  while (left.length > 0) {
    const next = left.findIndex((one) => dependenciesOf(one, variables).every((name) => done.has(name)))
    const [taken] = left.splice(next === -1 ? 0 : next, 1)
    out.push(taken!)
    done.add(taken!.name)
  }
  return out
}

/** Options of a variable whose options stand in the dashboard: custom, interval, textbox, constant. */
export function staticOptions(variable: Variable): VariableOption[] {
  switch (variable.type) {
    case 'custom':
      return customOptions(variable.query, variable.options)
    case 'interval':
      return intervalOptions(variable)
    case 'textbox':
    case 'constant': {
      const value = variable.type === 'textbox' ? (variable.saved[0] ?? variable.query) : variable.query
      return [{ text: value, value }]
    }
    case 'switch':
      return [
        { text: 'on', value: textOf(variable.json['enabledValue']) ?? 'true' },
        { text: 'off', value: textOf(variable.json['disabledValue']) ?? 'false' },
      ]
    default:
      return variable.options.filter(({ value }) => value !== ALL_VALUE)
  }
}

/** `a,b : text,c\,d`: names and values parted by a colon with spaces. */
function customOptions(query: string, saved: readonly VariableOption[]): VariableOption[] {
  if (query.trim() === '') return saved.filter(({ value }) => value !== ALL_VALUE)
  return (query.match(/(?:\\,|[^,])+/g) ?? []).map((part) => {
    const text = part.replaceAll('\\,', ',').trim()
    const named = /^\s*(.+)\s:\s(.+)$/.exec(text)
    return named === null ? { text, value: text } : { text: named[1]!.trim(), value: named[2]!.trim() }
  })
}

function intervalOptions(variable: Variable): VariableOption[] {
  const lengths = (variable.query.match(/(["'])(?:.*?)\1|[^\s,]+/g) ?? []).map((text) =>
    text.replaceAll(/["']/g, ''),
  )
  const options = lengths.map((value) => ({ text: value, value }))
  if (variable.json['auto'] !== true) return options
  return [{ text: 'auto', value: `$__auto_interval_${variable.name}` }, ...options]
}

export interface AdHocFilter {
  readonly key: string
  readonly operator: string
  readonly value: string
}

/** Filters of an ad hoc variable, as it was saved. */
export function adHocFilters(variable: Variable): AdHocFilter[] {
  return objectsOf(listOf(variable.json['filters'])).map((filter) => ({
    key: String(filter['key'] ?? ''),
    operator: String(filter['operator'] ?? '='),
    value: String(filter['value'] ?? ''),
  }))
}
