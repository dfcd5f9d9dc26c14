import { at, interpolate, listOf, objectOf, safeUrl, sampleValue, single, textOf } from '@promontory/panels'
import type { DataSource } from './data-sources.ts'
import type { Question } from './panel-query.ts'
import { askPrometheus } from './prometheus-api.ts'

/** A sample with what stood beside it when it was taken: usually the trace of the request that was measured. */
export interface Exemplar {
  readonly timeMs: number
  readonly value: number
  /** The exemplar's own, such as `trace_id`. */
  readonly labels: Readonly<Record<string, string>>
  readonly seriesLabels: Readonly<Record<string, string>>
  /** Of the query that names its series. */
  readonly refId: string
  readonly links: readonly ExemplarLink[]
}

/** Where a label of an exemplar leads; without an address, `name` says why. */
export interface ExemplarLink {
  readonly name: string
  readonly href: string | undefined
}

/** A label of exemplars that names a trace, and where traces are: `exemplarTraceIdDestinations` of a data source. */
export interface TraceDestination {
  readonly label: string
  readonly title: string
  /** With `${__value.raw}` for the label's value. */
  readonly url: string
}

/** Exemplars of one query kept at most, spread over its time. */
const EXEMPLARS_MAX = 200

/** Pages of single traces, below the address of a data source. */
const TRACE_PAGES: Readonly<Record<string, string>> = {
  jaeger: '/trace/${__value.raw}',
  zipkin: '/zipkin/traces/${__value.raw}',
}

/** The destinations of a source; one that names another data source leads to that one's own pages, where it has some. */
export function traceDestinations(source: DataSource, sources: readonly DataSource[]): TraceDestination[] {
  return listOf(at(source.jsonData, 'exemplarTraceIdDestinations')).flatMap((json) => {
    const { name, url, datasourceUid, urlDisplayLabel } = objectOf(json)
    const label = textOf(name)
    if (label === undefined || label === '') return []
    const title = textOf(urlDisplayLabel)
    const address = textOf(url)
    if (address) return [{ label, title: title || `Open ${label}`, url: address }]
    const target = sources.find(({ uid }) => uid === datasourceUid)
    const page = TRACE_PAGES[target?.type ?? '']
    const isReachable = page !== undefined && target?.url !== undefined && target.url !== ''
    return [
      {
        label,
        title:
          title ||
          (isReachable
            ? `Open in ${target.name}`
            : `Traces of ${target?.name ?? String(datasourceUid)} are not shown here`),
        url: isReachable ? target.url.replace(/\/$/, '') + page : '',
      },
    ]
  })
}

/** Exemplars of the series that a question names. A source that has none, or does not know of them, has none. */
export async function loadExemplars(question: Question, signal: AbortSignal): Promise<Exemplar[]> {
  const { grid, path, expr, refId } = question
  try {
    const { data } = await askPrometheus<readonly unknown[]>(
      path,
      'query_exemplars',
      { query: expr, start: String(grid.startMs / 1000), end: String(grid.endMs / 1000) },
      signal,
    )
    const all = listOf(data).flatMap((series) => {
      const seriesLabels = labelsOf(at(series, 'seriesLabels'))
      return listOf(at(series, 'exemplars')).flatMap((json): Exemplar[] => {
        const { labels, value, timestamp } = objectOf(json)
        const own = labelsOf(labels)
        const number = sampleValue(String(value))
        if (typeof timestamp !== 'number' || !Number.isFinite(number)) return []
        const links = linksOf(own, question.traces)
        return [{ timeMs: timestamp * 1000, value: number, labels: own, seriesLabels, refId, links }]
      })
    })
    return thinned(all)
  } catch (error) {
    if (signal.aborted) throw error
    return []
  }
}

function labelsOf(json: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(objectOf(json)).map(([name, value]) => [name, String(value)]))
}

function linksOf(
  labels: Readonly<Record<string, string>>,
  destinations: readonly TraceDestination[],
): ExemplarLink[] {
  return destinations.flatMap(({ label, title, url }) => {
    const value = labels[label]
    if (value === undefined) return []
    const address = interpolate(url, (name) =>
      name === '__value' ? single(encodeURIComponent(value)) : undefined,
    )
    return [{ name: title, href: safeUrl(address) }]
  })
}

/** The greatest of each of so many stretches of time: they are what one looks for. */
function thinned(all: readonly Exemplar[]): Exemplar[] {
  if (all.length <= EXEMPLARS_MAX) return [...all]
  const sorted = [...all].sort((a, b) => a.timeMs - b.timeMs)
  const [first, last] = [sorted[0]!.timeMs, sorted.at(-1)!.timeMs]
  const length = (last - first) / EXEMPLARS_MAX || 1
  const best = new Map<number, Exemplar>()
  for (const one of sorted) {
    const slot = Math.min(EXEMPLARS_MAX - 1, Math.floor((one.timeMs - first) / length))
    const there = best.get(slot)
    if (there === undefined || one.value > there.value) best.set(slot, one)
  }
  return [...best.values()]
}
