import { parentPort, workerData } from 'node:worker_threads'
import { silentLogger } from '@promontory/base'
import { Engine, ParseError, QueryError, type QueryOptions } from '@promontory/promql'
import { TsdbReader } from '@promontory/tsdb'
import { federate } from './federate-task.ts'
import { lint } from './lint-task.ts'
import { labelNames, labelValues, matchingSeries } from './label-tasks.ts'
import type {
  FromQueryWorker,
  PostedError,
  QueryAnswer,
  QueryTask,
  QueryWorkerData,
  ToQueryWorker,
} from './protocol.ts'
import { StopCause } from './protocol.ts'
import { postVector, writeResult } from './result-body.ts'
import { tsdbStatus } from './tsdb-status-task.ts'

/** A query worker: reads the storage through shared memory and files, answers one task at a time. */
const data = workerData as QueryWorkerData
const port = parentPort!
const stop = new Int32Array(data.stop)
const reader = new TsdbReader(data.storage, data.reader, silentLogger)
const engine = new Engine({
  lookbackMs: data.lookbackMs,
  maxSamples: data.maxSamples,
  timeoutMs: 2 ** 31,
  features: data.features,
})

port.on('message', (message: ToQueryWorker) => {
  if (message.type === 'blocks') reader.setBlocks(message.blocks)
  else void answer(message.id, message.task)
})

async function answer(id: number, task: QueryTask): Promise<void> {
  let answered: QueryAnswer
  try {
    answered = await run(task)
  } catch (error) {
    answered = { kind: 'error', error: postError(error) }
  }
  const transfer =
    answered.kind === 'body'
      ? [answered.body.buffer]
      : answered.kind === 'vector'
        ? [answered.vector.values.buffer as ArrayBuffer]
        : []
  port.postMessage({ id, answer: answered } satisfies FromQueryWorker, transfer)
}

async function run(task: QueryTask): Promise<QueryAnswer> {
  switch (task.kind) {
    case 'instant': {
      const result = await engine.instant(reader, task.expr, task.timeMs, options(task))
      return { kind: 'body', body: writeResult(result, task), samples: result.stats.totalQueryableSamples }
    }
    case 'range': {
      const result = await engine.range(reader, task.expr, task, options(task))
      return { kind: 'body', body: writeResult(result, task), samples: result.stats.totalQueryableSamples }
    }
    case 'vector': {
      const result = await engine.instant(reader, task.expr, task.timeMs, options({ stats: 'none' }))
      return { kind: 'vector', vector: postVector(result), samples: result.stats.totalQueryableSamples }
    }
    case 'series':
      return { kind: 'body', body: await matchingSeries(reader, task), samples: 0 }
    case 'labelNames':
      return { kind: 'body', body: await labelNames(reader, task), samples: 0 }
    case 'labelValues':
      return { kind: 'body', body: await labelValues(reader, task), samples: 0 }
    case 'federate':
      return { kind: 'body', body: await federate(reader, task, data.lookbackMs), samples: 0 }
    case 'lint':
      return { kind: 'body', body: await lint(reader, task, data.features), samples: 0 }
    case 'tsdbStatus':
      return { kind: 'body', body: tsdbStatus(reader, task.limit), samples: 0 }
  }
}

function options(task: { readonly lookbackMs?: number; readonly stats: string }): QueryOptions {
  return {
    ...(task.lookbackMs === undefined ? {} : { lookbackMs: task.lookbackMs }),
    perStepStats: task.stats === 'all',
    cancelled: () => Atomics.load(stop, 0) !== StopCause.none,
  }
}

function postError(error: unknown): PostedError {
  if (error instanceof ParseError) {
    const { mend, query, position, message } = error
    return {
      errorType: 'bad_data',
      message: `invalid parameter "query": ${message}`,
      position,
      ...(mend === undefined
        ? {}
        : { mend: { expr: mended(query, mend.position, mend.text), explanation: mend.explanation } }),
    }
  }
  if (error instanceof QueryError) {
    // The word says why the engine was told to stop; to the engine both look alike.
    const timedOut = error.errorType === 'canceled' && Atomics.load(stop, 0) === StopCause.timeout
    if (timedOut) return { errorType: 'timeout', message: 'query timed out in expression evaluation' }
    return { errorType: error.errorType, message: error.message }
  }
  const message = error instanceof Error ? error.message : String(error)
  return {
    errorType: error instanceof Error && error.name === 'RegexError' ? 'bad_data' : 'internal',
    message,
  }
}

/** Replaces the bytes that the position names. */
function mended(query: string, position: { start: number; end: number }, text: string): string {
  const bytes = Buffer.from(query)
  return `${bytes.subarray(0, position.start)}${text}${bytes.subarray(position.end)}`
}
