import { patternOf } from '../pattern.ts'
import type { VariableOption } from './variable.ts'

/** What a Prometheus variable's query asks for. */
export type VariableQuery =
  | { readonly kind: 'label-names'; readonly match?: string }
  | { readonly kind: 'label-values'; readonly label: string; readonly match?: string }
  | { readonly kind: 'metrics'; readonly pattern: string }
  | { readonly kind: 'query'; readonly expr: string }
  | { readonly kind: 'series'; readonly match: string }
  | { readonly kind: 'none' }

/** Reads `label_values(…)`, `label_names(…)`, `metrics(…)`, `query_result(…)`, or a bare selector. */
export function parseVariableQuery(text: string): VariableQuery {
  const query = text.trim()
  if (query === '') return { kind: 'none' }
  const names = /^label_names\(([\s\S]*)\)\s*$/.exec(query)
  if (names !== null)
    return names[1]!.trim() === ''
      ? { kind: 'label-names' }
      : { kind: 'label-names', match: names[1]!.trim() }
  const values = /^label_values\(\s*(?:([\s\S]+),\s*)?([a-zA-Z_$][\w$:{}.-]*)\s*\)\s*$/.exec(query)
  if (values !== null) {
    const [, match, label = ''] = values
    const selector = match?.trim()
    return selector === undefined || selector === '' || selector === '{}'
      ? { kind: 'label-values', label }
      : { kind: 'label-values', label, match: selector }
  }
  const metrics = /^metrics\(([\s\S]*)\)\s*$/.exec(query)
  if (metrics !== null) return { kind: 'metrics', pattern: metrics[1]!.trim() }
  const result = /^query_result\(([\s\S]+)\)\s*$/.exec(query)
  if (result !== null) return { kind: 'query', expr: result[1]!.trim() }
  return { kind: 'series', match: query }
}

/** A series of a `query_result` as an option: `name{a="b"} value time`. */
export function queryResultOption(
  metric: Readonly<Record<string, string>>,
  [timeS, value]: readonly [number, string],
): string {
  const { __name__: name = '', ...labels } = metric
  const inner = Object.entries(labels).map(([key, text]) => `${key}="${text}"`)
  return `${name}{${inner.join(',')}} ${value} ${Math.round(timeS * 1000)}`
}

/** A series of a bare selector as an option: `name{a="b"}`. */
export function seriesOption(metric: Readonly<Record<string, string>>): string {
  const { __name__: name = '', ...labels } = metric
  const inner = Object.entries(labels).map(([key, text]) => `${key}="${text}"`)
  return inner.length === 0 ? name : `${name}{${inner.join(',')}}`
}

/**
 * Texts as options: those that the regular expression finds (its groups `text` and `value`, or its first group), each
 * once, sorted.
 * @throws PatternError
 */
export function optionsOf(texts: readonly string[], regex: string, sort: number): VariableOption[] {
  const found = new Map<string, VariableOption>()
  const pattern = regex === '' ? undefined : patternOf(regex)
  for (const text of texts) {
    for (const option of pattern === undefined ? [{ text, value: text }] : match(pattern, text))
      if (!found.has(option.value)) found.set(option.value, option)
  }
  return sortOptions([...found.values()], sort)
}

function match(pattern: ReturnType<typeof patternOf>, text: string): VariableOption[] {
  const out: VariableOption[] = []
  for (let found = pattern.find(text); found !== undefined; found = pattern.find(text, found.end)) {
    const { named, groups } = found
    const value = named['value'] ?? named['text'] ?? groups[0] ?? found.text
    out.push({ value, text: named['text'] ?? value })
    if (!pattern.isGlobal || found.end === found.start) break
  }
  return out
}

/** 0 as they came, 1/2 by letters, 3/4 by the first number, 5/6 by letters of any case, 7/8 naturally; even ones descend. */
export function sortOptions(options: readonly VariableOption[], sort: number): VariableOption[] {
  if (sort === 0) return [...options]
  const kind = Math.ceil(sort / 2)
  const sorted = [...options].sort((a, b) => {
    if (kind === 1) return a.text < b.text ? -1 : a.text > b.text ? 1 : 0
    if (kind === 2) return firstNumber(a.text) - firstNumber(b.text)
    if (kind === 3) return a.text.toLowerCase() < b.text.toLowerCase() ? -1 : 1
    return a.text.localeCompare(b.text, 'en', { numeric: true })
  })
  return sort % 2 === 0 ? sorted.reverse() : sorted
}

function firstNumber(text: string): number {
  const found = /.*?(\d+).*/.exec(text)
  return found === null ? -1 : Number(found[1])
}
