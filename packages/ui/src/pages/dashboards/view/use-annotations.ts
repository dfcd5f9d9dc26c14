import {
  at,
  chain,
  interpolate,
  intervalScope,
  logFrame,
  logRows,
  objectOf,
  prometheusDefault,
  resolveColor,
  textOf,
  type ColorTheme,
  type JsonObject,
  type LogData,
  type PrometheusSeries,
  type Scope,
  type TimeRange,
} from '@promontory/panels'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { apiPath, proxyPath, resolveSource, type DataSource } from '../data/data-sources.ts'
import { nanoseconds } from '../data/loki.ts'
import { grafana } from '../data/grafana-api.ts'
import { askPrometheus } from '../data/prometheus-api.ts'
import type { AnnotationMark } from './context.ts'

/** Marks of one query drawn at most. */
const MARKS_MAX = 500
const DEFAULT_SCRAPE_MS = 15_000
/** The annotations that people add: every dashboard shows them, whether its JSON says so or not. */
const BUILT_IN: JsonObject = { builtIn: 1, enable: true, iconColor: 'rgba(0, 211, 255, 1)' }
const NONE: readonly AnnotationMark[] = []

/** What a dashboard's annotation queries find in its time, once its variables are known. A query that fails leaves its marks out. */
export function useAnnotations(
  list: readonly JsonObject[],
  range: TimeRange,
  scope: Scope,
  sources: readonly DataSource[],
  theme: ColorTheme,
  tick: number,
  uid: string,
  isReady: boolean,
): readonly AnnotationMark[] {
  const active = useMemo(() => {
    const isThere = list.some((one) => one['builtIn'] === 1)
    return (isThere ? list : [BUILT_IN, ...list]).filter((one) => one['enable'] !== false)
  }, [list])
  const step = Math.max(15, Math.ceil((range.toMs - range.fromMs) / 1000 / 200))
  const full = chain(intervalScope(step * 1000, DEFAULT_SCRAPE_MS), scope)
  const questions = active.map((one) => ({
    one,
    expr: interpolate(
      textOf(one['expr']) ?? textOf(at(one, 'target', 'expr')) ?? '',
      full,
      prometheusDefault,
    ),
  }))
  const { data } = useQuery({
    queryKey: [
      'dashboard-annotations',
      uid,
      questions.map(({ expr }) => expr),
      range.fromMs,
      range.toMs,
      tick,
    ],
    queryFn: async ({ signal }) => {
      const found = await Promise.allSettled(
        questions.map(({ one, expr }) => marksOf(one, expr, range, step, scope, sources, theme, uid, signal)),
      )
      return found.flatMap((marks) => (marks.status === 'fulfilled' ? marks.value.slice(0, MARKS_MAX) : []))
    },
    enabled: active.length > 0 && isReady,
    retry: false,
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  })
  return data !== undefined && data.length > 0 ? data : NONE
}

async function marksOf(
  one: JsonObject,
  expr: string,
  range: TimeRange,
  step: number,
  scope: Scope,
  sources: readonly DataSource[],
  theme: ColorTheme,
  uid: string,
  signal: AbortSignal,
): Promise<AnnotationMark[]> {
  const color = resolveColor(textOf(one['iconColor']) ?? 'red', theme)
  const resolved = resolveSource(one['datasource'], sources, (text) => interpolate(text, scope))
  if (resolved.kind === 'foreign' || resolved.kind === 'traces') return []
  if (resolved.kind === 'built-in' || one['builtIn'] === 1) return stored(one, range, color, uid, signal)
  if (expr === '') return []
  if (resolved.kind === 'logs') return loggedMarks(one, expr, range, resolved.source, color, signal)
  const { data } = await askPrometheus<{ result: readonly PrometheusSeries[] }>(
    apiPath(resolved.source),
    'query_range',
    {
      query: expr,
      start: String(Math.floor(range.fromMs / 1000 / step) * step),
      end: String(Math.floor(range.toMs / 1000 / step) * step),
      step: String(step),
    },
    signal,
  )
  const tagKeys = tagKeysOf(one)
  return data.result.flatMap(({ metric, values = [] }) =>
    values.flatMap(([timeS, value], i): AnnotationMark[] => {
      const before = values[i - 1]
      const goesOn = before !== undefined && timeS - before[0] <= step * 1.5
      if (goesOn || Number(value) === 0) return []
      const timeMs = one['useValueForTime'] === true ? Number(value) : timeS * 1000
      return [
        {
          timeMs,
          endMs: timeMs,
          color,
          title: write(one['titleFormat'], metric) || (textOf(one['name']) ?? ''),
          text: write(one['textFormat'], metric),
          tags: tagKeys.map((key) => metric[key] ?? ''),
        },
      ]
    }),
  )
}

interface Stored {
  readonly id: number
  readonly time: number
  readonly timeEnd?: number
  readonly text: string
  readonly tags: readonly string[]
}

async function stored(
  one: JsonObject,
  range: TimeRange,
  color: string,
  uid: string,
  signal: AbortSignal,
): Promise<AnnotationMark[]> {
  if (uid === '') return []
  const query = new URLSearchParams({ from: String(range.fromMs), to: String(range.toMs), limit: '200' })
  const tags = at(objectOf(one['target']), 'tags') ?? one['tags']
  if (objectOf(one['target'])['type'] === 'tags' && Array.isArray(tags))
    for (const tag of tags) query.append('tags', String(tag))
  else query.set('dashboardUID', uid)
  const list = await grafana<readonly Stored[]>(`api/annotations?${query}`, { signal })
  return list.map(({ id, time, timeEnd, text, tags: own }) => ({
    id,
    timeMs: time,
    endMs: timeEnd ?? time,
    color,
    title: one['builtIn'] === 1 ? '' : (textOf(one['name']) ?? ''),
    text,
    tags: own,
  }))
}

/** A form of an annotation with the labels of what it marks filled in. */
function write(form: unknown, labels: Readonly<Record<string, string>>): string {
  return (textOf(form) ?? '').replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name: string) => labels[name] ?? '')
}

function tagKeysOf(one: JsonObject): string[] {
  return (textOf(one['tagKeys']) ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '')
}

/** Lines marked on charts at most. */
const LINES_MAX = 200

/** The lines that a query of logs finds. */
async function loggedMarks(
  one: JsonObject,
  expr: string,
  range: TimeRange,
  source: DataSource,
  color: string,
  signal: AbortSignal,
): Promise<AnnotationMark[]> {
  const { data } = await askPrometheus<LogData>(
    `${proxyPath(source)}loki/api/v1/`,
    'query_range',
    { query: expr, start: nanoseconds(range.fromMs), end: nanoseconds(range.toMs), limit: String(LINES_MAX) },
    signal,
    { isGetOnly: true },
  )
  if (data.resultType !== 'streams') return []
  return logRows([logFrame('', data, 'backward')], 'none', 'descending').map(({ timeMs, line, labels }) => ({
    timeMs,
    endMs: timeMs,
    color,
    title: write(one['titleFormat'], labels) || (textOf(one['name']) ?? ''),
    text: write(one['textFormat'], labels) || line,
    tags: tagKeysOf(one).map((key) => labels[key] ?? ''),
  }))
}
