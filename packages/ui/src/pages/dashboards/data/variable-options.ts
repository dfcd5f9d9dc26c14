import {
  chain,
  interpolate,
  intervalScope,
  objectOf,
  optionsOf,
  parseVariableQuery,
  prometheusDefault,
  queryResultOption,
  seriesOption,
  staticOptions,
  textOf,
  type PrometheusSeries,
  type Scope,
  type TimeRange,
  type Variable,
  type VariableOption,
} from '@promontory/panels'
import { apiPath, proxyPath, resolveSource, sourceOptions, type DataSource } from './data-sources.ts'
import { nanoseconds } from './loki.ts'
import { askPrometheus } from './prometheus-api.ts'

/** Options of a variable shown and sent at most. */
const OPTIONS_MAX = 10_000

export interface OptionsInput {
  readonly variable: Variable
  readonly scope: Scope
  readonly range: TimeRange
  readonly sources: readonly DataSource[]
  readonly signal: AbortSignal
}

/** Loads what a variable can be. @throws QueryError, PatternError */
export async function loadOptions(input: OptionsInput): Promise<readonly VariableOption[]> {
  const { variable, scope, sources } = input
  const fill = (text: string): string => interpolate(text, scope)
  if (variable.type === 'datasource') return sourceOptions(variable.query, fill(variable.regex), sources)
  if (variable.type !== 'query') return staticOptions(variable)
  const resolved = resolveSource(variable.datasource, sources, fill)
  if (resolved.kind !== 'source' && resolved.kind !== 'logs') return variable.options
  const texts =
    resolved.kind === 'logs'
      ? await loggedTexts(input, `${proxyPath(resolved.source)}loki/api/v1/`)
      : await textsOf(input, apiPath(resolved.source))
  const regex = interpolate(variable.regex, scope)
  return optionsOf(texts, regex, variable.sort).slice(0, OPTIONS_MAX)
}

async function textsOf({ variable, scope, range, signal }: OptionsInput, path: string): Promise<string[]> {
  const full = chain(intervalScope(60_000, 15_000), scope)
  const query = parseVariableQuery(variable.query)
  const fill = (text: string): string => interpolate(text, full, prometheusDefault)
  const window = { start: String(Math.floor(range.fromMs / 1000)), end: String(Math.ceil(range.toMs / 1000)) }
  const list = async (endpoint: string, match?: string): Promise<string[]> => {
    const parameters = new URLSearchParams({
      ...window,
      ...(match === undefined ? {} : { 'match[]': fill(match) }),
    })
    return (await askPrometheus<string[]>(path, endpoint, parameters, signal)).data
  }
  switch (query.kind) {
    case 'none':
      return []
    case 'label-names':
      return list('labels', query.match)
    case 'label-values':
      return list(`label/${encodeURIComponent(fill(query.label))}/values`, query.match)
    case 'metrics':
      return optionsOf(await list('label/__name__/values'), fill(query.pattern), 0).map(({ value }) => value)
    case 'series': {
      const parameters = new URLSearchParams({ ...window, 'match[]': fill(query.match) })
      const { data } = await askPrometheus<Record<string, string>[]>(path, 'series', parameters, signal)
      return data.map(seriesOption)
    }
    case 'query': {
      const { data } = await askPrometheus<{ resultType: string; result: readonly PrometheusSeries[] }>(
        path,
        'query',
        { query: fill(query.expr), time: String(range.toMs / 1000) },
        signal,
      )
      if (data.resultType === 'scalar') return [String((data.result as unknown as [number, string])[1])]
      return data.result.flatMap(({ metric, value }) =>
        value === undefined ? [] : [queryResultOption(metric, value)],
      )
    }
  }
}

/** Labels of Loki and their values: its API takes one selector, and times in nanoseconds. */
async function loggedTexts(
  { variable, scope, range, signal }: OptionsInput,
  path: string,
): Promise<string[]> {
  const fill = (text: string): string => interpolate(text, scope, prometheusDefault)
  const query = lokiQuery(variable)
  if (query === undefined) return []
  const parameters = {
    start: nanoseconds(range.fromMs),
    end: nanoseconds(range.toMs),
    ...(query.stream === '' ? {} : { query: fill(query.stream) }),
  }
  const endpoint =
    query.label === undefined ? 'labels' : `label/${encodeURIComponent(fill(query.label))}/values`
  return (await askPrometheus<string[]>(path, endpoint, parameters, signal, { isGetOnly: true })).data ?? []
}

/** The form with fields (`type` 1 asks for values), or the text that Prometheus has as well. */
function lokiQuery(
  variable: Variable,
): { readonly label: string | undefined; readonly stream: string } | undefined {
  const json = objectOf(variable.json['query'])
  const stream = textOf(json['stream']) ?? ''
  const label = textOf(json['label'])
  if (json['type'] === 0) return { label: undefined, stream: '' }
  if (label !== undefined && label !== '') return { label, stream }
  const parsed = parseVariableQuery(variable.query)
  if (parsed.kind === 'label-names') return { label: undefined, stream: parsed.match ?? '' }
  return parsed.kind === 'label-values' ? { label: parsed.label, stream: parsed.match ?? '' } : undefined
}
