import { parentPort, workerData } from 'node:worker_threads'
import { silentLogger } from '@promontory/base'
import {
  Engine,
  ParseError,
  QueryError,
  type QueryOptions,
  type CachedResult,
  ResultCache,
} from '@promontory/promql'
import { SETTLED_AGE_MS, TsdbReader } from '@promontory/tsdb'
import { IdleCollector } from './idle-collector.ts'
import { federate } from './federate-task.ts'
import { lint } from './lint-task.ts'
import { labelNames, labelValues, matchingSeries } from './label-tasks.ts'
import type {
  BodyEncoding,
  FromQueryWorker,
  PostedError,
  PostedPart,
  QueryAnswer,
  QueryTask,
  QueryWorkerData,
  RangeTask,
  ToQueryWorker,
} from './protocol.ts'
import { StopCause } from './protocol.ts'
import { compressBody } from './compress-body.ts'
import { evaluatePart, evaluateSplit } from './range-parts.ts'
import { postVector, writeResult } from './result-body.ts'
import { remoteRead } from './remote-read-task.ts'
import { RemoteSource } from './remote-source.ts'
import { tsdbStatus } from './tsdb-status-task.ts'

/** A query worker: reads the storage through shared memory and files, answers one task at a time. */
const data = workerData as QueryWorkerData
const port = parentPort!
const stop = new Int32Array(data.stop)
const reader = new TsdbReader(data.storage, data.reader, silentLogger, data.seriesBytes)
const remote = new RemoteSource(reader, data.remote, data.replicaLabels ?? [])
const engine = new Engine({
  lookbackMs: data.lookbackMs,
  maxSamples: data.maxSamples,
  timeoutMs: 2 ** 31,
  features: data.features,
})

const cache = new ResultCache(engine, {
  bytesMax: data.cacheBytes,
  freshMs: SETTLED_AGE_MS,
  nowMs: () => Date.now(),
})

const collector = new IdleCollector()

/** Parts that other workers evaluate for the running task. */
let awaitedParts: ((part: PostedPart | undefined) => void)[] = []

port.on('message', (message: ToQueryWorker) => {
  switch (message.type) {
    case 'blocks':
      reader.setBlocks(message.blocks)
      cache.forget(-Infinity)
      return
    case 'part':
      return awaitedParts[message.index]?.(message.part)
    case 'task':
      if (message.forgetFromMs < Infinity) cache.forget(message.forgetFromMs)
      void answer(message.id, message.task, message.encoding)
  }
})

async function answer(id: number, task: QueryTask, encoding: BodyEncoding | undefined): Promise<void> {
  collector.busy()
  let answered: QueryAnswer
  try {
    answered = compressBody(await run(task), encoding)
  } catch (error) {
    answered = { kind: 'error', error: postError(error) }
  }
  port.postMessage({ id, answer: answered } satisfies FromQueryWorker, transferable(answered))
  collector.idle()
}

function transferable(answer: QueryAnswer): ArrayBuffer[] {
  switch (answer.kind) {
    case 'body':
      return [answer.body.buffer]
    case 'vector':
      return [answer.vector.values.buffer as ArrayBuffer]
    case 'part':
      return answer.part.series === undefined
        ? []
        : [answer.part.series.values.buffer, answer.part.series.timesMs.buffer]
    case 'error':
      return []
  }
}

async function run(task: QueryTask): Promise<QueryAnswer> {
  switch (task.kind) {
    case 'instant': {
      const { expr, timeMs } = task
      const { result, use } =
        task.cached && !remote.isSpecial
          ? await cache.instant(reader, expr, timeMs, options(task))
          : {
              result: await engine.instant(remote.queryable, expr, timeMs, options(task)),
              use: 'bypass' as const,
            }
      const samples = result.stats.totalQueryableSamples
      return { kind: 'body', body: writeResult(result, task), samples, cacheUse: use }
    }
    case 'range': {
      const { result, use } = await range(task)
      const samples = result.stats.totalQueryableSamples
      return { kind: 'body', body: writeResult(result, task), samples, cacheUse: use }
    }
    case 'part': {
      const part = await evaluatePart(engine, remote.queryable, task, options({ ...task, stats: 'none' }))
      return { kind: 'part', part, samples: part.samples }
    }
    case 'vector': {
      const result = await engine.instant(
        remote.queryable,
        task.expr,
        task.timeMs,
        options({ stats: 'none' }),
      )
      return { kind: 'vector', vector: postVector(result), samples: result.stats.totalQueryableSamples }
    }
    case 'series':
      return {
        kind: 'body',
        body: await matchingSeries(reader, task, remote.labelsBefore(task.startMs)),
        samples: 0,
      }
    case 'labelNames':
      return {
        kind: 'body',
        body: await labelNames(reader, task, remote.labelsBefore(task.startMs)),
        samples: 0,
      }
    case 'labelValues':
      return {
        kind: 'body',
        body: await labelValues(reader, task, remote.labelsBefore(task.startMs)),
        samples: 0,
      }
    case 'federate':
      return { kind: 'body', body: await federate(reader, task, data.lookbackMs), samples: 0 }
    case 'remoteRead':
      return { kind: 'body', body: await remoteRead(reader, task), samples: 0 }
    case 'lint':
      return { kind: 'body', body: await lint(reader, task, data.features), samples: 0 }
    case 'tsdbStatus':
      return { kind: 'body', body: tsdbStatus(reader, task.limit), samples: 0 }
  }
}

async function range(task: RangeTask): Promise<CachedResult> {
  const { split } = task
  if (split === undefined)
    return task.cached && !remote.isSpecial
      ? await cache.range(reader, task.expr, task, options(task))
      : { result: await engine.range(remote.queryable, task.expr, task, options(task)), use: 'bypass' }
  const parts = Array.from(
    { length: split.parts },
    (_, index) => new Promise<PostedPart | undefined>((resolve) => (awaitedParts[index] = resolve)),
  )
  const { maxSamples } = data
  const result = await evaluateSplit(engine, remote.queryable, { ...task, split }, parts, {
    ...options(task),
    maxSamples,
  })
  if (task.cached && !remote.isSpecial) cache.keep(task.expr, task, options(task), result)
  return { result, use: task.cached ? 'miss' : 'bypass' }
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
