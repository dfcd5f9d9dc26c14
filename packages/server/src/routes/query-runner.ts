import { errorText } from '@promontory/base'
import type { DirectRequest } from '../http/direct.ts'
import type { BodySink } from '../workers/body-sink.ts'
import type { QueryTask } from '../workers/protocol.ts'
import { type BodyAnswered, type RunOptions, TaskError } from '../workers/query-pool.ts'
import { SharedQueries } from '../workers/shared-queries.ts'
import type { RouteEnvironment } from './environment.ts'

/** Where a question came from, for the query log. */
export type QueryOrigin = Pick<DirectRequest, 'clientIp' | 'method' | 'path'>

/** Has a question answered by a body that goes to the sink, measured and logged. @throws TaskError */
export type RunQuery = (
  task: QueryTask,
  options: RunOptions,
  origin: QueryOrigin,
  sink: BodySink,
) => Promise<BodyAnswered>

/** The same question asked by several at once is answered once. */
export function queryRunner(environment: RouteEnvironment): RunQuery {
  const shared = new SharedQueries(environment.queries)
  return async (task, options, origin, sink) => {
    const started = performance.now()
    const answered = await (quickAnswer(environment, task, sink) ?? shared.stream(task, options, sink)).catch(
      (error: unknown) => {
        logQuery(environment, origin, task, performance.now() - started, 0, error)
        throw error
      },
    )
    const durationMs = performance.now() - started
    environment.queryMetrics.answered(durationMs, answered)
    logQuery(environment, origin, task, durationMs, answered.samples)
    return answered
  }
}

/** Undefined for what a worker must answer. */
function quickAnswer(
  { quickLabels }: RouteEnvironment,
  task: QueryTask,
  sink: BodySink,
): Promise<BodyAnswered> | undefined {
  return quickLabels.answer(task)?.then((body) => {
    sink.piece(body, { isLast: true, encoding: undefined }, () => {})
    return { kind: 'body', samples: 0, encoding: undefined, cacheUse: undefined, bytes: body.length }
  })
}

/** Questions to PromQL go into the log; what does not parse does not, as in Prometheus. */
function logQuery(
  { queryLog }: RouteEnvironment,
  { clientIp, method, path }: QueryOrigin,
  task: QueryTask,
  durationMs: number,
  samples: number,
  error?: unknown,
): void {
  if (!queryLog.isOn || (task.kind !== 'instant' && task.kind !== 'range')) return
  if (error instanceof TaskError && error.posted.errorType === 'bad_data') return
  const [startMs, endMs, stepMs] =
    task.kind === 'range' ? [task.startMs, task.endMs, task.stepMs] : [task.timeMs, task.timeMs, 0]
  const origin = { httpRequest: { clientIP: clientIp, method, path } }
  const text = error === undefined ? '' : errorText(error)
  queryLog.write({ expr: task.expr, startMs, endMs, stepMs, durationMs, samples, error: text, origin })
}
