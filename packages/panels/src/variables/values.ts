import { durationText, intervalOf, type TimeRange } from '../time/time-range.ts'
import { prometheusForm } from './formats.ts'
import {
  chain,
  interpolate,
  single,
  type DefaultForm,
  type Scope,
  type VariableValue,
} from './interpolate.ts'
import { ALL_TEXT, ALL_VALUE, type Variable, type VariableOption } from './variable.ts'

/** Texts for "All" may name variables whose texts for "All" name others, so many times over at most. */
const ALL_VALUE_DEPTH = 5

/** What is chosen: values per variable, `$__all` for all of them. */
export type Choices = Readonly<Record<string, readonly string[]>>

/** Options per variable, where they are loaded. */
export type Options = Readonly<Record<string, readonly VariableOption[]>>

/** Points that a chart of unknown width is assumed to have, as in Grafana's automatic intervals. */
const AUTO_POINTS = 30

/** The values of the address: `var-name=a&var-name=b`. */
export function choicesFromUrl(search: URLSearchParams): Record<string, string[]> {
  const out: Record<string, string[]> = {}
  for (const [key, value] of search) if (key.startsWith('var-')) (out[key.slice(4)] ??= []).push(value)
  return out
}

/**
 * What of a wish can be chosen: wished values that are options (any, when options are not known or free), else the
 * saved ones, else all, else the first.
 */
export function settle(
  variable: Variable,
  wished: readonly string[] | undefined,
  options: readonly VariableOption[] | undefined,
): readonly string[] {
  const isFree = ['textbox', 'constant', 'adhoc'].includes(variable.type)
  const candidates = [wished, variable.saved].map((list) =>
    list?.map((value) => (variable.hasAll && value === ALL_TEXT ? ALL_VALUE : value)),
  )
  for (const list of candidates) {
    if (list === undefined || list.length === 0) continue
    if (isFree || options === undefined) return list
    const valid = list.filter(
      (value) =>
        (value === ALL_VALUE && variable.hasAll) ||
        options.some((option) => option.value === value || option.text === value),
    )
    if (valid.length > 0)
      return valid.map((value) => options.find((option) => option.text === value)?.value ?? value)
  }
  const isAllUseful = variable.isMulti && !variable.isCompared
  if (variable.hasAll && (isAllUseful || (options ?? []).length === 0)) return [ALL_VALUE]
  const first = options?.[0]?.value
  if (first !== undefined) return [first]
  return variable.hasAll ? [ALL_VALUE] : []
}

/** The variables of a dashboard as a scope. */
export function variableScope(
  variables: readonly Variable[],
  choices: Choices,
  options: Options,
  range: TimeRange,
): Scope {
  const byName = new Map(variables.map((variable) => [variable.name, variable]))
  const withDepth =
    (depth: number): Scope =>
    (name) => {
      const variable = byName.get(name)
      if (variable === undefined || variable.type === 'adhoc') return autoInterval(name, variables, range)
      const chosen = choices[name] ?? variable.saved
      const value = valueOf(variable, chosen, options[name] ?? variable.options, range)
      if (value.allValue === undefined || depth === 0) return value
      const allValue = interpolate(value.allValue, withDepth(depth - 1))
      return { ...value, values: [allValue], allValue }
    }
  return withDepth(ALL_VALUE_DEPTH)
}

function valueOf(
  variable: Variable,
  chosen: readonly string[],
  options: readonly VariableOption[],
  range: TimeRange,
): VariableValue {
  const isMulti = variable.isMulti || variable.hasAll
  if (chosen.includes(ALL_VALUE)) {
    if (variable.allValue !== undefined)
      return { values: [variable.allValue], texts: [ALL_TEXT], isMulti, allValue: variable.allValue }
    const all = options.filter(({ value }) => value !== ALL_VALUE)
    return { values: all.map(({ value }) => value), texts: [ALL_TEXT], isMulti }
  }
  const values = chosen.map((value) =>
    value.startsWith('$__auto_interval') ? durationText(autoLength(variable, range)) : value,
  )
  const texts = chosen.map((value) => options.find((option) => option.value === value)?.text ?? value)
  return { values, texts, isMulti }
}

function autoInterval(
  name: string,
  variables: readonly Variable[],
  range: TimeRange,
): VariableValue | undefined {
  if (!name.startsWith('__auto_interval_')) return undefined
  const variable = variables.find((one) => one.name === name.slice('__auto_interval_'.length))
  return variable === undefined ? undefined : single(durationText(autoLength(variable, range)))
}

function autoLength(variable: Variable, range: TimeRange): number {
  const count = Number(variable.json['auto_count'] ?? AUTO_POINTS) || AUTO_POINTS
  return intervalOf(range, count, 10_000)
}

/** What panels and dashboards know by themselves. */
export interface BuiltIns {
  readonly range: TimeRange
  readonly dashboard?: { readonly title: string; readonly uid: string }
  readonly user?: { readonly id: number; readonly login: string; readonly email: string } | undefined
  readonly zone?: string
}

/** `$__range`, `$__from`, `$__dashboard`, … */
export function builtInScope({ range, dashboard, user, zone = 'browser' }: BuiltIns): Scope {
  const lengthMs = range.toMs - range.fromMs
  return (name, path) => {
    switch (name) {
      case '__from': return single(String(range.fromMs))
      case '__to': return single(String(range.toMs))
      case '__range_ms': return single(String(lengthMs))
      case '__range_s': return single(String(Math.round(lengthMs / 1000)))
      case '__range': return single(`${Math.round(lengthMs / 1000)}s`)
      case '__dashboard': return single(path === 'uid' ? (dashboard?.uid ?? '') : (dashboard?.title ?? ''))
      case '__user': return single(path === 'email' ? (user?.email ?? '') : path === 'login' ? (user?.login ?? '') : String(user?.id ?? ''))
      case '__org': return single(path === 'name' ? 'Main Org.' : '1')
      case '__timezone': case 'timezone': return single(zone)
      default: return undefined
    } // prettier-ignore
  }
}

/** `$__interval`, `$__interval_ms`, `$__rate_interval` and `$__auto` of a query with a step. */
export function intervalScope(stepMs: number, scrapeIntervalMs: number): Scope {
  const rateMs = Math.max(stepMs + scrapeIntervalMs, 4 * scrapeIntervalMs)
  return (name) => {
    switch (name) {
      case '__interval': return single(durationText(stepMs))
      case '__interval_ms': return single(String(stepMs))
      case '__rate_interval': case '__auto': return single(durationText(rateMs))
      case '__rate_interval_ms': return single(String(rateMs))
      default: return undefined
    } // prettier-ignore
  }
}

/** How values go into PromQL where no format is written. */
export const prometheusDefault: DefaultForm = ({ values, isMulti }) => prometheusForm(values, isMulti)

/** `var-a=1&var-b=2&var-b=3`, in the order of the dashboard; what the link carries with it. */
export function allVariablesText(variables: readonly Variable[], choices: Choices): string {
  return variables
    .filter((variable) => !variable.skipUrl && variable.type !== 'adhoc')
    .flatMap(({ name, saved }) =>
      (choices[name] ?? saved).map((value) => `var-${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
    )
    .join('&')
}

/** Values of a repeat: one after the other take the place of the variable. */
export function repeatedScope(name: string, option: VariableOption, outer: Scope): Scope {
  return chain(
    (asked) => (asked === name ? { values: [option.value], texts: [option.text], isMulti: true } : undefined),
    outer,
  )
}

/** The options that a repeat by a variable goes through. */
export function chosenOptions(variable: Variable, choices: Choices, options: Options): VariableOption[] {
  const chosen = choices[variable.name] ?? variable.saved
  const known = (options[variable.name] ?? variable.options).filter(({ value }) => value !== ALL_VALUE)
  if (chosen.includes(ALL_VALUE)) return known
  return chosen.map((value) => known.find((option) => option.value === value) ?? { text: value, value })
}
