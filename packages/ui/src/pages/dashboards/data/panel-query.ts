import {
  chain,
  durationMs,
  framesOf,
  interpolate,
  intervalOf,
  intervalScope,
  logFrame,
  objectOf,
  prometheusDefault,
  textOf,
  type AdHocFilter,
  type Frame,
  type JsonObject,
  type Panel,
  type PrometheusAnswer,
  type PrometheusData,
  type QueryGrid,
  type Scope,
  type TimeRange,
} from '@promontory/panels'
import { addMatchers } from './ad-hoc.ts'
import { apiPath, proxyPath, resolveSource, type DataSource } from './data-sources.ts'
import { loadExemplars, traceDestinations, type Exemplar, type TraceDestination } from './exemplars.ts'
import { askJaeger } from './jaeger.ts'
import { askLoki, directionOf } from './loki.ts'
import { askPrometheus } from './prometheus-api.ts'

/** Steps of a range query at most, as Prometheus has it. */
const STEPS_MAX = 11_000
const DEFAULT_SCRAPE_MS = 15_000

/** One question of a panel, with every variable filled in. */
export interface Question {
  /** What it is written in; `traces` asks Jaeger. */
  readonly language: 'promql' | 'logql' | 'traces'
  /** Of logs and traces: what else the target says. */
  readonly target: JsonObject
  readonly refId: string
  readonly path: string
  readonly expr: string
  readonly legendFormat: string
  readonly format: 'time_series' | 'table' | 'heatmap'
  readonly instant: boolean
  readonly grid: QueryGrid
  readonly isExemplar: boolean
  /** Where traces of exemplars are. */
  readonly traces: readonly TraceDestination[]
}

/** What a panel asks, and what of it cannot be asked. */
export interface QueryPlan {
  readonly questions: readonly Question[]
  /** Types of data sources that are not spoken here. */
  readonly foreign: readonly string[]
}

export interface PlanInput {
  readonly panel: Panel
  readonly range: TimeRange
  readonly scope: Scope
  readonly sources: readonly DataSource[]
  readonly widthPx: number
  readonly filters: readonly AdHocFilter[]
}

/** The questions of a panel's targets; hidden ones are left out. */
export function planQueries(input: PlanInput): QueryPlan {
  const foreign = new Set<string>()
  const questions = input.panel.targets.flatMap((target, i) => {
    if (target['hide'] === true) return []
    return questionsOf(target, String.fromCodePoint(65 + (i % 26)), input, foreign)
  })
  return { questions, foreign: [...foreign] }
}

function questionsOf(target: JsonObject, letter: string, input: PlanInput, foreign: Set<string>): Question[] {
  const { panel, scope, sources } = input
  const fill = (text: string): string => interpolate(text, scope)
  const own = target['datasource']
  const isMixed = objectOf(panel.datasource)['uid'] === '-- Mixed --' || panel.datasource === '-- Mixed --'
  const resolved = resolveSource(isMixed ? own : (panel.datasource ?? own), sources, fill)
  if (resolved.kind === 'foreign') {
    foreign.add(resolved.type)
    return []
  }
  if (resolved.kind === 'built-in') return []
  if (resolved.kind === 'traces') return [traceQuestion(target, letter, resolved.source, input)]
  const expr = textOf(target['expr']) ?? ''
  if (expr.trim() === '') return []
  const scrapeMs = durationMs(resolved.source.jsonData?.timeInterval ?? '') ?? DEFAULT_SCRAPE_MS
  const grid = gridOf(target, input, scrapeMs, fill)
  const isLogs = resolved.kind === 'logs'
  const full = chain(isLogs ? logScope(grid) : intervalScope(grid.stepMs, scrapeMs), scope)
  const question: Omit<Question, 'instant'> = {
    language: isLogs ? 'logql' : 'promql',
    target: isLogs ? target : {},
    refId: textOf(target['refId']) ?? letter,
    path: isLogs ? `${proxyPath(resolved.source)}loki/api/v1/` : apiPath(resolved.source),
    expr: isLogs
      ? interpolate(expr, full, prometheusDefault)
      : addMatchers(interpolate(expr, full, prometheusDefault), input.filters),
    legendFormat: interpolate(textOf(target['legendFormat']) ?? '', full),
    format: formatOf(target),
    grid,
    isExemplar: target['exemplar'] === true,
    traces: target['exemplar'] === true ? traceDestinations(resolved.source, sources) : [],
  }
  const instant = target['instant'] === true || (isLogs && target['queryType'] === 'instant')
  const isBoth = instant && target['range'] === true
  if (isBoth)
    return [
      { ...question, instant: false },
      { ...question, instant: true },
    ]
  return [{ ...question, instant }]
}

/** In LogQL `$__auto` is the step; there is no scrape interval to allow for. */
function logScope(grid: QueryGrid): Scope {
  const intervals = intervalScope(grid.stepMs, grid.stepMs)
  return (name, path) =>
    name === '__auto' || name === '__rate_interval' ? intervals('__interval', path) : intervals(name, path)
}

/** Jaeger is asked for one trace, or for those that fit. */
function traceQuestion(target: JsonObject, letter: string, source: DataSource, input: PlanInput): Question {
  const { range, scope } = input
  return {
    language: 'traces',
    target: filledTexts(target, (text) => interpolate(text, scope)),
    refId: textOf(target['refId']) ?? letter,
    path: proxyPath(source),
    expr: interpolate(textOf(target['query']) ?? '', scope),
    legendFormat: '',
    format: 'table',
    instant: false,
    grid: { startMs: range.fromMs, endMs: range.toMs, stepMs: 1 },
    isExemplar: false,
    traces: [],
  }
}

function filledTexts(target: JsonObject, fill: (text: string) => string): JsonObject {
  return Object.fromEntries(
    Object.entries(target).map(([name, value]) => [name, typeof value === 'string' ? fill(value) : value]),
  )
}

function formatOf({ format }: JsonObject): Question['format'] {
  if (format === 'table' || format === 'heatmap') return format
  return 'time_series'
}

/** Step and aligned ends of a target: what fits the panel's width, no shorter than the least steps that are set. */
function gridOf(
  target: JsonObject,
  { panel, range, widthPx, scope }: PlanInput,
  scrapeMs: number,
  fill: (text: string) => string,
): QueryGrid {
  const points = panel.maxDataPoints ?? Math.max(100, Math.round(widthPx))
  const least = (text: unknown): number => {
    if (typeof text !== 'string' || text.trim() === '') return 0
    const auto = intervalScope(scrapeMs, scrapeMs)
    return durationMs(interpolate(fill(text), chain(auto, scope))) ?? 0
  }
  const minMs = Math.max(least(target['interval']), least(panel.interval)) || Math.min(scrapeMs, 1000)
  const factor = Math.max(1, Number(target['intervalFactor'] ?? 1) || 1)
  const safe = Math.ceil((range.toMs - range.fromMs) / STEPS_MAX / 1000) * 1000
  const stepMs = Math.max(intervalOf(range, points, minMs) * factor, safe, 1)
  return {
    stepMs,
    startMs: Math.floor(range.fromMs / stepMs) * stepMs,
    endMs: Math.floor(range.toMs / stepMs) * stepMs,
  }
}

/** What came back. */
export interface Answers {
  readonly frames: readonly Frame[]
  readonly warnings: readonly string[]
  readonly questions: readonly Question[]
  readonly exemplars: readonly Exemplar[]
}

/** Asks all questions at once; the first error is the panel's, when nothing else came back. */
export async function runQueries(plan: QueryPlan, signal: AbortSignal): Promise<Answers> {
  const marked = plan.questions.filter(({ isExemplar, instant }) => isExemplar && !instant)
  const exemplars = Promise.all(marked.map((question) => loadExemplars(question, signal)))
  const settled = await Promise.allSettled(plan.questions.map((question) => ask(question, signal)))
  signal.throwIfAborted()
  const good = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []))
  if (good.length === 0 && failed.length > 0) throw failed[0]!
  return {
    frames: [
      ...framesOf(good.flatMap(({ answer }) => (answer === undefined ? [] : [answer]))),
      ...good.flatMap(({ frames = [] }) => frames),
    ],
    warnings: [
      ...new Set([...good.flatMap(({ warnings = [] }) => warnings), ...failed.map(({ message }) => message)]),
    ],
    questions: plan.questions,
    exemplars: (await exemplars).flat(),
  }
}

/** Series as Prometheus tells them, or frames of another source. */
interface Asked {
  readonly answer?: PrometheusAnswer
  readonly frames?: readonly Frame[]
  readonly warnings?: readonly string[]
}

async function ask(question: Question, signal: AbortSignal): Promise<Asked> {
  switch (question.language) {
    case 'promql':
      return await askMetrics(question, signal)
    case 'logql': {
      const data = await askLoki(question, signal)
      if (data.resultType === 'streams')
        return { frames: [logFrame(question.refId, data, directionOf(question))] }
      const { grid, instant } = question
      return { answer: { target: question, data, ...(instant ? {} : { grid }) } }
    }
    case 'traces':
      return { frames: [await askJaeger(question, signal)] }
  }
}

async function askMetrics(question: Question, signal: AbortSignal): Promise<Asked> {
  const { grid, instant, path, expr } = question
  const parameters: Record<string, string> = instant
    ? { query: expr, time: String(grid.endMs / 1000) }
    : {
        query: expr,
        start: String(grid.startMs / 1000),
        end: String(grid.endMs / 1000),
        step: String(grid.stepMs / 1000),
      }
  const { data, warnings } = await askPrometheus<PrometheusData>(
    path,
    instant ? 'query' : 'query_range',
    parameters,
    signal,
  )
  return { answer: { target: question, data, ...(instant ? {} : { grid }) }, warnings }
}
