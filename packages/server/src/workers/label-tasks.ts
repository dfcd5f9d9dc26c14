import { type Labels, Matcher, type SelectRequest } from '@promontory/model'
import { parseSelector } from '@promontory/promql/parser'
import type { LabelQuerier, LabelSource, TsdbReader } from '@promontory/tsdb'
import type { OlderAnswer, OlderLabels } from './older-labels.ts'
import type { QueryTask } from './protocol.ts'

type Matching = Extract<QueryTask, { kind: 'series' | 'labelNames' | 'labelValues' }>

const encoder = new TextEncoder()

function body(data: unknown, warnings: readonly string[]): Uint8Array<ArrayBuffer> {
  return encoder.encode(
    JSON.stringify({ status: 'success', data, ...(warnings.length > 0 ? { warnings } : {}) }),
  )
}

const NOTHING_OLDER = { found: [], warnings: [] } as const
const TRUNCATED = 'results truncated due to limit'

function limited<T>(
  all: readonly T[],
  limit: number,
  warnings: readonly string[] = [],
): Uint8Array<ArrayBuffer> {
  return limit > 0 && all.length > limit
    ? body(all.slice(0, limit), [...warnings, TRUNCATED])
    : body(all, warnings)
}

/** One request per selector. @throws ParseError for a selector that cannot be read, or that matches everything */
export function requestsOf(selectors: readonly string[], startMs: number, endMs: number): SelectRequest[] {
  return selectors.map((selector) => ({ matchers: parseSelector(selector), startMs, endMs }))
}

/** The body of `/api/v1/series`. */
export async function matchingSeries(
  reader: TsdbReader,
  task: Matching & { kind: 'series' },
  older: OlderLabels | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const asked = older?.series(task)
  const querier = reader.querier(task)
  try {
    const found = new Map<string, Labels>()
    for (const set of await querier.select(requestsOf(task.selectors, task.startMs, task.endMs)))
      for (let i = 0; i < set.length; i++) {
        const labels = set.labels(i)
        found.set(labels.key(), labels)
      }
    const { found: elsewhere, warnings } = (await asked) ?? NOTHING_OLDER
    for (const labels of elsewhere) found.set(labels.key(), labels)
    const sorted = [...found.values()].sort((a, b) => a.compare(b))
    return limited(
      sorted.map((labels) => labels.toObject()),
      task.limit,
      warnings,
    )
  } finally {
    querier.close()
  }
}

/** The body of `/api/v1/labels`. */
export function labelNames(
  reader: LabelSource,
  task: Matching & { kind: 'labelNames' },
  older: OlderLabels | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  return collect(reader, task, older?.names(task), (querier, request) => querier.labelNames(request))
}

/** The body of `/api/v1/label/<name>/values`. */
export function labelValues(
  reader: LabelSource,
  task: Matching & { kind: 'labelValues' },
  older: OlderLabels | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  return collect(reader, task, older?.values(task.name, task), (querier, request) =>
    // Series without the label have no value to give: saying so lets the index start from it.
    querier.labelValues(
      task.name,
      request.matchers.length === 0
        ? request
        : { ...request, matchers: [...request.matchers, new Matcher('!=', task.name, '')] },
    ),
  )
}

async function collect(
  reader: LabelSource,
  task: Matching,
  older: Promise<OlderAnswer<string>> | undefined,
  ask: (querier: LabelQuerier, request: SelectRequest) => Promise<readonly string[]>,
): Promise<Uint8Array<ArrayBuffer>> {
  const querier = reader.querier(task)
  try {
    const everything: SelectRequest = { matchers: [], startMs: task.startMs, endMs: task.endMs }
    const requests =
      task.selectors.length === 0 ? [everything] : requestsOf(task.selectors, task.startMs, task.endMs)
    if (requests.length === 1 && older === undefined)
      return limited(await ask(querier, requests[0]!), task.limit)
    const all = new Set<string>()
    for (const request of requests) for (const text of await ask(querier, request)) all.add(text)
    const { found, warnings } = (await older) ?? NOTHING_OLDER
    for (const text of found) all.add(text)
    return limited([...all].sort(), task.limit, warnings)
  } finally {
    querier.close()
  }
}
