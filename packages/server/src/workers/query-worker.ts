import { parentPort, workerData } from 'node:worker_threads'
import { silentLogger } from '@promontory/base'
import {
  type ByteWriter,
  type CacheUse,
  Engine,
  ParseError,
  QueryError,
  type QueryOptions,
  type CachedResult,
  ResultCache,
} from '@promontory/promql'
import { SETTLED_AGE_MS, TsdbReader } from '@promontory/tsdb'
import { BatchKeeper } from './batch-keeper.ts'
import { keepCompiledCode } from '../compiled-code.ts'
import { IdleCollector } from './idle-collector.ts'
import { federate } from './federate-task.ts'
import { lint } from './lint-task.ts'
import { labelNames, labelValues, matchingSeries } from './label-tasks.ts'
import type {
  AskedTogether,
  BodyEncoding,
  FromQueryWorker,
  PostedError,
  PostedPart,
  QueryAnswer,
  QueryTask,
  QueryWorkerData,
  RangeTask,
  StatsWanted,
  ToQueryWorker,
} from './protocol.ts'
import { StopCause } from './protocol.ts'
import { BodySegments, type PostedBytes } from './body-segments.ts'
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
const batches = new BatchKeeper(engine.parserOptions)

/** By then the first questions of a dashboard have been answered. */
keepCompiledCode(30_000)

const segments = new BodySegments()
post({ type: 'memory', memory: segments.memory })

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
      void answer(message)
  }
})

type TaskMessage = Extract<ToQueryWorker, { type: 'task' }>

async function answer({ id, task, encoding, together }: TaskMessage): Promise<void> {
  collector.busy()
  let answered: QueryAnswer
  try {
    const outcome = await run(task, together)
    answered = outcome.kind === 'body' ? writeBody(id, outcome, encoding) : outcome
  } catch (error) {
    answered = { kind: 'error', error: postError(error) }
  }
  post({ type: 'answer', id, answer: answered }, transferable(answered))
  collector.idle()
}

function post(message: FromQueryWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer)
}

/** A body that is not written yet. */
interface BodyOutcome {
  readonly kind: 'body'
  readonly write: (writer: ByteWriter) => void
  readonly samples: number
  readonly cacheUse?: CacheUse
}

function writeBody(
  id: number,
  { write, samples, cacheUse }: BodyOutcome,
  encoding: BodyEncoding | undefined,
): QueryAnswer {
  const rest = { kind: 'body', samples, cacheUse } as const
  if (encoding !== undefined) return { ...rest, ...compressBody(segments.gather(write), encoding) }
  const body = segments.fill(write, (piece) => post({ type: 'piece', id, piece }, buffersOf(piece)))
  return { ...rest, body, encoding }
}

function transferable(answer: QueryAnswer): ArrayBuffer[] {
  switch (answer.kind) {
    case 'body':
      return buffersOf(answer.body)
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

function buffersOf(posted: PostedBytes): ArrayBuffer[] {
  return posted instanceof Uint8Array ? [posted.buffer] : []
}

async function run(
  task: QueryTask,
  together: AskedTogether | undefined,
): Promise<Exclude<QueryAnswer, { kind: 'body' }> | BodyOutcome> {
  switch (task.kind) {
    case 'instant': {
      const { expr, timeMs } = task
      const cached = task.cached && !remote.isSpecial
      return resultOutcome(
        task,
        cached
          ? await cache.instant(reader, expr, timeMs, options(task))
          : { result: await engine.instant(remote.queryable, expr, timeMs, options(task)), use: 'bypass' },
      )
    }
    case 'range':
      return resultOutcome(task, await range(task, together))
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
      return bytesOutcome(await matchingSeries(reader, task, remote.labelsBefore(task.startMs)))
    case 'labelNames':
      return bytesOutcome(await labelNames(reader, task, remote.labelsBefore(task.startMs)))
    case 'labelValues':
      return bytesOutcome(await labelValues(reader, task, remote.labelsBefore(task.startMs)))
    case 'federate':
      return bytesOutcome(await federate(reader, task, data.lookbackMs))
    case 'remoteRead':
      return bytesOutcome(await remoteRead(reader, task))
    case 'lint':
      return bytesOutcome(await lint(reader, task, data.features))
    case 'tsdbStatus':
      return bytesOutcome(tsdbStatus(reader, task.limit))
  }
}

function resultOutcome(
  task: { readonly limit: number; readonly stats: StatsWanted },
  { result, use }: CachedResult,
): BodyOutcome {
  const samples = result.stats.totalQueryableSamples
  return { kind: 'body', write: (writer) => writeResult(result, task, writer), samples, cacheUse: use }
}

function bytesOutcome(bytes: Uint8Array): BodyOutcome {
  return { kind: 'body', write: (writer) => writer.raw(bytes), samples: 0 }
}

async function range(task: RangeTask, together: AskedTogether | undefined): Promise<CachedResult> {
  const { split } = task
  if (split === undefined) {
    const all = together === undefined ? options(task) : { ...options(task), batch: batches.of(together) }
    return task.cached && !remote.isSpecial
      ? await cache.range(reader, task.expr, task, all)
      : { result: await engine.range(remote.queryable, task.expr, task, all), use: 'bypass' }
  }
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
