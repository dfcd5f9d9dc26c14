import { isMatch, objectOf, textOf, type VariableOption } from '@promontory/panels'
import { grafana } from './grafana-api.ts'

/** Where a panel's queries go. */
export interface DataSource {
  readonly uid: string
  readonly name: string
  readonly type: string
  readonly isDefault?: boolean
  readonly url?: string
  readonly jsonData?: { readonly timeInterval?: string; readonly exemplarTraceIdDestinations?: unknown }
}

/** This server's own series. */
export const OWN: DataSource = { uid: 'promontory', name: 'Promontory', type: 'prometheus', isDefault: true }

/** Types that answer PromQL. */
const PROMETHEUS_TYPES = new Set([
  'prometheus',
  'victoriametrics-metrics-datasource',
  'victoriametrics-datasource',
  'grafana-amazonprometheus-datasource',
  'mimir',
  'thanos',
])

export function isPrometheus(type: string | undefined): boolean {
  return type === undefined || type === '' || PROMETHEUS_TYPES.has(type)
}

/** The sources of the server; our own alone when it has no list. */
export async function loadDataSources(signal?: AbortSignal): Promise<readonly DataSource[]> {
  try {
    const list = await grafana<readonly DataSource[]>(
      'api/datasources',
      signal === undefined ? {} : { signal },
    )
    return Array.isArray(list) && list.length > 0 ? list : [OWN]
  } catch (error) {
    if (error instanceof DOMException) throw error
    return [OWN]
  }
}

/** The sources, for react-query. */
export const dataSourcesQuery: {
  readonly queryKey: readonly string[]
  readonly queryFn: (context: { readonly signal: AbortSignal }) => Promise<readonly DataSource[]>
  readonly staleTime: number
} = {
  queryKey: ['data-sources'],
  queryFn: ({ signal }) => loadDataSources(signal),
  staleTime: 60_000,
}

export function defaultSource(sources: readonly DataSource[]): DataSource {
  return (
    sources.find((source) => source.isDefault === true && isPrometheus(source.type)) ??
    sources.find(({ type }) => isPrometheus(type)) ??
    OWN
  )
}

/** Types with languages of their own that are spoken here as well. */
const OTHER_KINDS: ReadonlyMap<string, 'logs' | 'traces'> = new Map([
  ['loki', 'logs'],
  ['jaeger', 'traces'],
])

/** A source of PromQL, of logs (Loki) or of traces (Jaeger), or the name of one that is not spoken here. */
export type Resolved =
  | { readonly kind: 'source' | 'logs' | 'traces'; readonly source: DataSource }
  | { readonly kind: 'built-in' }
  | { readonly kind: 'foreign'; readonly type: string }

const BUILT_IN = new Set(['grafana', '-- Grafana --', '-- Dashboard --', '-- Mixed --'])

/**
 * What a panel's `datasource` means: a uid, a name, `{ type, uid }`, nothing (the default), variables filled in. A
 * source that is not there, as in dashboards of other people, is the default one, or the first of its type.
 */
export function resolveSource(
  json: unknown,
  sources: readonly DataSource[],
  fill: (text: string) => string,
): Resolved {
  const type = typeof json === 'string' ? undefined : textOf(objectOf(json)['type'])
  const wanted = fill((typeof json === 'string' ? json : textOf(objectOf(json)['uid'])) ?? '')
  if (BUILT_IN.has(wanted) || type === 'datasource' || type === 'grafana') return { kind: 'built-in' }
  const found = sources.find(({ uid }) => uid === wanted) ?? sources.find(({ name }) => name === wanted)
  const source =
    found ?? (isPrometheus(type) ? defaultSource(sources) : sources.find((other) => other.type === type))
  if (source === undefined) return { kind: 'foreign', type: type ?? wanted }
  if (isPrometheus(source.type)) return { kind: 'source', source }
  const kind = OTHER_KINDS.get(source.type)
  return kind === undefined ? { kind: 'foreign', type: source.type } : { kind, source }
}

/** The path of a source's Prometheus API, from the root of the server. */
export function apiPath(source: DataSource): string {
  return source.uid === OWN.uid || (source.isDefault === true && source.name === OWN.name)
    ? 'api/v1/'
    : `api/datasources/proxy/uid/${encodeURIComponent(source.uid)}/api/v1/`
}

/** The path of a source of another kind, from the root of the server. */
export function proxyPath(source: DataSource): string {
  return `api/datasources/proxy/uid/${encodeURIComponent(source.uid)}/`
}

/** Options of a data source variable. */
export function sourceOptions(type: string, regex: string, sources: readonly DataSource[]): VariableOption[] {
  const isSame = (source: DataSource): boolean =>
    source.type === type || (isPrometheus(type) && isPrometheus(source.type))
  const fitting = sources.filter(isSame)
  const chosen = fitting.filter(({ name }) => regex === '' || isMatch(regex, name))
  // A pattern that was made for other people's names leaves nothing: then every source of the type may be chosen.
  return (chosen.length > 0 ? chosen : fitting).map(({ name, uid }) => ({ text: name, value: uid }))
}
