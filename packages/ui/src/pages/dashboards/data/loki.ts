import { numberOf, type LogData, type PrometheusData } from '@promontory/panels'
import type { Question } from './panel-query.ts'
import { askPrometheus } from './prometheus-api.ts'

/** Lines of one question where it names no number, as in Grafana, and at most. */
const LINES_DEFAULT = 1000
const LINES_MAX = 5000

/** Whether the oldest lines are wanted first. */
export function directionOf({ target }: Question): 'backward' | 'forward' {
  return target['direction'] === 'forward' ? 'forward' : 'backward'
}

/** Asks Loki's API: lines come as streams, what is counted as Prometheus's series. @throws QueryError */
export async function askLoki(question: Question, signal: AbortSignal): Promise<LogData | PrometheusData> {
  const { grid, instant, path, expr, target } = question
  const limit = Math.min(LINES_MAX, Math.max(1, numberOf(target['maxLines']) ?? LINES_DEFAULT))
  const common = { query: expr, limit: String(limit), direction: directionOf(question) }
  const parameters: Record<string, string> = instant
    ? { ...common, time: nanoseconds(grid.endMs) }
    : {
        ...common,
        start: nanoseconds(grid.startMs),
        end: nanoseconds(grid.endMs),
        step: `${grid.stepMs / 1000}s`,
      }
  const { data } = await askPrometheus<LogData | PrometheusData>(
    path,
    instant ? 'query' : 'query_range',
    parameters,
    signal,
    { isGetOnly: true },
  )
  return data
}

/** Milliseconds as Loki's times: a number would not hold so many digits. */
export function nanoseconds(ms: number): string {
  return `${Math.round(ms)}000000`
}
