import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Logger, Registry, Summary } from '@promontory/base'
import type { Tsdb } from '@promontory/tsdb'
import {
  type FromQueryWorker,
  type PostedError,
  type QueryAnswer,
  type QueryTask,
  type QueryWorkerData,
  StopCause,
  type ToQueryWorker,
} from './protocol.ts'

export interface QueryPoolOptions {
  readonly storage: Tsdb
  readonly workers: number
  /** Number of the first reader; each worker takes the next one. */
  readonly firstReader: number
  readonly features: readonly string[]
  readonly lookbackMs: number
  readonly maxSamples: number
  readonly timeoutMs: number
  /** Tasks that may run at once; never more than there are workers. */
  readonly maxConcurrency: number
  readonly logger: Logger
}

/** A task that failed with an answer for the client. */
export class TaskError extends Error {
  override readonly name = 'TaskError'
  readonly posted: PostedError
  constructor(posted: PostedError) {
    super(posted.message)
    this.posted = posted
  }
}

interface Waiting {
  readonly task: QueryTask
  readonly signal: AbortSignal | undefined
  readonly deadlineMs: number
  readonly resolve: (answer: Exclude<QueryAnswer, { kind: 'error' }>) => void
  readonly reject: (error: Error) => void
}

interface Slot {
  readonly worker: Worker
  readonly reader: number
  readonly stop: Int32Array
  running: (Waiting & { readonly id: number; readonly cleanUp: () => void }) | undefined
}

/**
 * Room for short-lived objects in a worker. Node's 48 MB would stay resident in each of them; results are typed arrays,
 * which lie elsewhere, so collections stay cheap with a third of it.
 */
const YOUNG_GENERATION_MB = 16
/** How long a stopped task may take before its thread is ended: the last resort. */
const STOP_GRACE_MS = 5000

/**
 * Runs tasks on worker threads, one at a time each. A task is stopped by a word in shared memory when its client goes
 * away or its time is up; a worker that does not heed it, or dies, is replaced, and only its own task fails.
 */
export class QueryPool {
  readonly #options: QueryPoolOptions
  readonly #slots: Slot[] = []
  readonly #queue: Waiting[] = []
  #ids = 0
  #closed = false

  constructor(options: QueryPoolOptions) {
    this.#options = options
    for (let i = 0; i < options.workers; i++) this.#slots.push(this.#start(options.firstReader + i))
    options.storage.onBlocks((blocks) => {
      for (const { worker } of this.#slots)
        worker.postMessage({ type: 'blocks', blocks } satisfies ToQueryWorker)
    })
  }

  /** Tasks that run now. */
  get running(): number {
    return this.#slots.filter((slot) => slot.running !== undefined).length
  }

  get waiting(): number {
    return this.#queue.length
  }

  /**
   * @param signal  aborted when the client went away
   * @throws TaskError with what the client must be told
   */
  run(
    task: QueryTask,
    signal?: AbortSignal,
    timeoutMs?: number,
  ): Promise<Exclude<QueryAnswer, { kind: 'error' }>> {
    const limitMs = Math.min(timeoutMs ?? Infinity, this.#options.timeoutMs)
    return new Promise((resolve, reject) => {
      if (this.#closed)
        return reject(new TaskError({ errorType: 'internal', message: 'the server is shutting down' }))
      this.#queue.push({ task, signal, deadlineMs: performance.now() + limitMs, resolve, reject })
      this.#next()
    })
  }

  /** Ends the threads; tasks that wait or run fail. */
  async close(): Promise<void> {
    this.#closed = true
    for (const waiting of this.#queue.splice(0))
      waiting.reject(new TaskError({ errorType: 'canceled', message: 'the server is shutting down' }))
    await Promise.all(this.#slots.map(({ worker }) => worker.terminate()))
  }

  #next(): void {
    while (this.#queue.length > 0 && this.running < this.#options.maxConcurrency) {
      const slot = this.#slots.find((each) => each.running === undefined)
      if (slot === undefined) return
      const waiting = this.#queue.shift()!
      if (waiting.signal?.aborted) waiting.reject(stopped(StopCause.canceled, 'query queue'))
      else if (performance.now() > waiting.deadlineMs)
        waiting.reject(stopped(StopCause.timeout, 'query queue'))
      else this.#assign(slot, waiting)
    }
  }

  #assign(slot: Slot, waiting: Waiting): void {
    const id = ++this.#ids
    Atomics.store(slot.stop, 0, StopCause.none)
    const stop = (cause: number): void => {
      Atomics.store(slot.stop, 0, cause)
      grace ??= setTimeout(() => this.#replace(slot, cause), STOP_GRACE_MS)
    }
    let grace: ReturnType<typeof setTimeout> | undefined
    const deadline = setTimeout(() => stop(StopCause.timeout), waiting.deadlineMs - performance.now())
    const onAbort = (): void => stop(StopCause.canceled)
    waiting.signal?.addEventListener('abort', onAbort)
    const cleanUp = (): void => {
      clearTimeout(deadline)
      clearTimeout(grace)
      waiting.signal?.removeEventListener('abort', onAbort)
    }
    slot.running = { ...waiting, id, cleanUp }
    slot.worker.postMessage({ type: 'task', id, task: waiting.task } satisfies ToQueryWorker)
  }

  #start(reader: number): Slot {
    const stop = new SharedArrayBuffer(4)
    const { storage, features, lookbackMs, maxSamples } = this.#options
    const workerData: QueryWorkerData = {
      storage: storage.readerState(),
      reader,
      features,
      lookbackMs,
      maxSamples,
      stop,
    }
    const slot: Slot = {
      worker: new Worker(workerFile('query-worker'), {
        workerData,
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
      }),
      reader,
      stop: new Int32Array(stop),
      running: undefined,
    }
    slot.worker.on('message', (message: FromQueryWorker) => this.#answered(slot, message))
    slot.worker.on('error', (error) => {
      this.#options.logger.error('a query worker failed', { error })
      this.#replace(slot, StopCause.none, error as Error)
    })
    slot.worker.unref()
    return slot
  }

  #answered(slot: Slot, { id, answer }: FromQueryWorker): void {
    const running = slot.running
    if (running === undefined || running.id !== id) return
    slot.running = undefined
    running.cleanUp()
    if (answer.kind === 'error') running.reject(new TaskError(answer.error))
    else running.resolve(answer)
    this.#next()
  }

  /** Ends a worker that died or does not stop, and puts a new one in its place. */
  #replace(slot: Slot, cause: number, error?: Error): void {
    const index = this.#slots.indexOf(slot)
    if (index < 0 || this.#closed) return
    const { running } = slot
    slot.running = undefined
    running?.cleanUp()
    void slot.worker.terminate().then(() => {
      this.#options.storage.head.epochs.clearReader(slot.reader)
      if (!this.#closed) this.#slots[index] = this.#start(slot.reader)
      running?.reject(
        error === undefined
          ? stopped(cause, 'expression evaluation')
          : new TaskError({ errorType: 'internal', message: `the query worker failed: ${error.message}` }),
      )
      this.#next()
    })
  }
}

function stopped(cause: number, where: string): TaskError {
  return cause === StopCause.timeout
    ? new TaskError({ errorType: 'timeout', message: `query timed out in ${where}` })
    : new TaskError({ errorType: 'canceled', message: `query was canceled in ${where}` })
}

/** A thread's entry: beside the bundle when bundled, among the sources otherwise. */
export function workerFile(name: string): string {
  const bundled = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  return existsSync(bundled) ? bundled : fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
}

/** The metrics of queries under Prometheus's names and HELP. */
export class QueryMetrics {
  readonly duration: Summary

  constructor(registry: Registry, pools: readonly QueryPool[], maxConcurrency: number) {
    this.duration = registry.summary({
      name: 'prometheus_engine_query_duration_seconds',
      help: 'Query timings',
      labels: ['slice'],
      quantiles: [0.5, 0.9, 0.99],
    })
    for (const slice of ['inner_eval', 'prepare_time', 'queue_time', 'result_sort'])
      this.duration.touch(slice)
    const running = registry.gauge({
      name: 'prometheus_engine_queries',
      help: 'The current number of queries being executed or waiting.',
    })
    registry
      .gauge({
        name: 'prometheus_engine_queries_concurrent_max',
        help: 'The max number of concurrent queries.',
      })
      .set(maxConcurrency)
    registry.onCollect(() => running.set(pools.reduce((sum, pool) => sum + pool.running + pool.waiting, 0)))
  }
}
