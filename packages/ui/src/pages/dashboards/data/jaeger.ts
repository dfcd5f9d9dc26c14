import {
  objectOf,
  objectsOf,
  spanFrame,
  textOf,
  traceListFrame,
  type Frame,
  type JsonObject,
} from '@promontory/panels'
import { grafana } from './grafana-api.ts'
import type { Question } from './panel-query.ts'

const TRACES_DEFAULT = 20
/** Names of a target's fields and of Jaeger's parameters. */
const SEARCH_FIELDS = ['service', 'operation', 'minDuration', 'maxDuration'] as const

/** Asks Jaeger's API for one trace (`query` is its id) or for those that fit (`queryType: "search"`). @throws GrafanaError */
export async function askJaeger(question: Question, signal: AbortSignal): Promise<Frame> {
  const { target, expr, path, refId } = question
  if (expr.trim() !== '' && target['queryType'] !== 'search') {
    const traces = await tracesOf(`${path}api/traces/${encodeURIComponent(expr.trim())}`, signal)
    return spanFrame(refId, traces[0] ?? {})
  }
  return traceListFrame(refId, await tracesOf(`${path}api/traces?${searchOf(question)}`, signal))
}

function searchOf({ target, grid }: Question): URLSearchParams {
  const search = new URLSearchParams({
    start: String(grid.startMs * 1000),
    end: String(grid.endMs * 1000),
    limit: String(Number(target['limit']) || TRACES_DEFAULT),
  })
  for (const name of SEARCH_FIELDS) {
    const value = textOf(target[name]) ?? ''
    if (value !== '' && !(name === 'operation' && value === 'All')) search.set(name, value)
  }
  const tags = textOf(target['tags']) ?? ''
  if (tags.trim() !== '') search.set('tags', JSON.stringify(tagsOf(tags)))
  return search
}

/** `error=true http.method="GET"`, as people write them, as an object. */
function tagsOf(text: string): Record<string, string> {
  const pairs = text.matchAll(/([^\s=]+)=(?:"([^"]*)"|(\S+))/g)
  return Object.fromEntries([...pairs].map(([, name, quoted, bare]) => [name!, quoted ?? bare ?? '']))
}

async function tracesOf(path: string, signal: AbortSignal): Promise<readonly JsonObject[]> {
  const answer = await grafana<unknown>(path, { signal })
  return objectsOf(objectOf(answer)['data'])
}
