import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type MessagePort, Worker } from 'node:worker_threads'
import type { Logger } from '@promontory/base'
import type { Tsdb } from '@promontory/tsdb'
import { parserOptionsOfFeatures } from '@promontory/promql'
import {
  type AskedTogether,
  type BodyEncoding,
  type FromQueryWorker,
  type PartTask,
  type PostedError,
  type PostedPart,
  type QueryAnswer,
  type QueryTask,
  type QueryWorkerData,
  StopCause,
  type ToQueryWorker,
} from './protocol.ts'
import { type PostedBytes, type PostedMemory, takeBytes } from './body-segments.ts'
import { type BodySink, GatheredBody } from './body-sink.ts'
import { RangeSplitter } from './range-split.ts'

export interface QueryPoolOptions {
  readonly storage: Tsdb
  readonly workers: number
  /** Number of the first reader; each worker takes the next one. */
  readonly firstReader: number
  readonly features: readonly string[]
  readonly lookbackMs: number
  readonly maxSamples: number
  /** Bytes of result cache, over all workers; 0 for none. */
  readonly cacheBytes: number
  readonly timeoutMs: number
  /** Tasks that may run at once; never more than there are workers. */
  readonly maxConcurrency: number
  readonly logger: Logger
  /** A port for each worker, to ask other servers. */
  readonly connectRemote?: () => MessagePort
  /** `--query.replica-label` */
  readonly replicaLabels?: readonly string[]
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

/** What a body was, once all of it has gone to a sink. */
export type BodyAnswered = Omit<Extract<QueryAnswer, { kind: 'body' }>, 'body'> & { readonly bytes: number }

type Landed = Exclude<QueryAnswer, { kind: 'error' | 'body' }> | BodyAnswered

export type Answered =
  | Exclude<Landed, BodyAnswered>
  | (BodyAnswered & { readonly body: Uint8Array<ArrayBuffer> })

export interface RunOptions {
  /** Aborted when the client went away. */
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
  /** How a body shall be compressed. */
  readonly encoding?: BodyEncoding | undefined
  /** The queries that are asked together with this one. */
  readonly together?: AskedTogether | undefined
}

interface Waiting {
  readonly task: QueryTask
  readonly encoding: BodyEncoding | undefined
  readonly together: AskedTogether | undefined
  readonly signal: AbortSignal | undefined
  readonly queuedMs: number
  readonly deadlineMs: number
  readonly sink: BodySink
  readonly resolve: (answer: Landed) => void
  readonly reject: (error: Error) => void
}

interface Running extends Waiting {
  readonly id: number
  readonly startedMs: number
  /** Stops the workers that evaluate parts of it. */
  readonly helpers: AbortController | undefined
  /** Work of those that are done. */
  helpersMs: number
  /** Bytes of the body that have come. */
  bytes: number
  readonly cleanUp: () => void
}

interface Slot {
  /** Undefined until it is needed: a thread takes some 18 MB. */
  worker: Worker | undefined
  readonly reader: number
  readonly stop: Int32Array
  /** What the result cache of the worker must forget before its next task. */
  forgetFromMs: number
  running: Running | undefined
  /** Where the worker writes bodies. */
  memory: PostedMemory | undefined
}

/**
 * Room for short-lived objects in a worker. Node's 48 MB would stay resident in each of them; results are typed arrays,
 * which lie elsewhere, so collections stay cheap with a third of it.
 */
const YOUNG_GENERATION_MB = 16
/** Decoded series records of blocks: what all workers together, and one of them, may keep. A record of a dozen chunks takes some 500 bytes. */
const SERIES_BYTES_OF_ALL = 96 * 1024 * 1024
const SERIES_BYTES_MAX = 32 * 1024 * 1024
/** A task waits no longer than this for the worker whose cache knows its answer, which is busy. */
const AFFINITY_MS = 50
/** A task that has waited for so long goes to whichever worker is free next. */
const LATE_MS = 500
/** Queries whose last worker is remembered. */
const HOMES_MAX = 10_000
/** Stands in a slot whose thread is being ended. */
const ENDING: Running = {
  task: { kind: 'tsdbStatus', limit: 0 },
  encoding: undefined,
  together: undefined,
  signal: undefined,
  queuedMs: 0,
  deadlineMs: 0,
  sink: new GatheredBody(),
  resolve: () => {},
  reject: () => {},
  id: 0,
  startedMs: 0,
  helpers: undefined,
  helpersMs: 0,
  bytes: 0,
  cleanUp: () => {},
}
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
  readonly #splitter: RangeSplitter
  /** The worker that had a query last, by query and step; the one that was asked longest ago first. */
  readonly #homes = new Map<string, Slot>()
  #recheck: NodeJS.Timeout | undefined
  #ids = 0
  #closed = false

  constructor(options: QueryPoolOptions) {
    this.#options = options
    this.#splitter = new RangeSplitter(parserOptionsOfFeatures(new Set(options.features)))
    for (let i = 0; i < options.workers; i++) this.#slots.push(newSlot(options.firstReader + i))
    options.storage.onBlocks((blocks) => {
      for (const { worker } of this.#slots)
        worker?.postMessage({ type: 'blocks', blocks } satisfies ToQueryWorker)
    })
  }

  /** Starts the first worker, so that the first query does not wait for it. */
  warm(): void {
    const first = this.#slots[0]!
    first.worker ??= this.#start(first)
  }

  /** Tasks that run now. */
  get running(): number {
    return this.#slots.filter((slot) => slot.running !== undefined).length
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** As {@link stream}; a body comes as a whole. @throws TaskError with what the client must be told */
  async run(task: QueryTask, options: RunOptions = {}): Promise<Answered> {
    const gathered = new GatheredBody()
    const landed = await this.#land(task, options, gathered)
    return landed.kind === 'body' ? { ...landed, body: gathered.bytes } : landed
  }

  /**
   * Runs a task that is answered by a body, which goes to the sink while it is being written.
   * @throws TaskError with what the client must be told; pieces may have gone before only where a thread dies
   */
  async stream(task: QueryTask, options: RunOptions, sink: BodySink): Promise<BodyAnswered> {
    const landed = await this.#land(task, options, sink)
    if (landed.kind !== 'body') throw new Error(`BUG: a ${task.kind} was answered without a body`)
    return landed
  }

  #land(
    task: QueryTask,
    { signal, timeoutMs, encoding, together }: RunOptions,
    sink: BodySink,
  ): Promise<Landed> {
    const limitMs = Math.min(timeoutMs ?? Infinity, this.#options.timeoutMs)
    return new Promise((resolve, reject) => {
      if (this.#closed)
        return reject(new TaskError({ errorType: 'internal', message: 'the server is shutting down' }))
      const queuedMs = performance.now()
      const deadlineMs = queuedMs + limitMs
      this.#queue.push({ task, encoding, together, signal, queuedMs, deadlineMs, sink, resolve, reject })
      this.#next()
    })
  }

  /** Tells that samples of `timeMs` or later, which were settled, have changed: results that they are in are forgotten. */
  forget(timeMs: number): void {
    for (const slot of this.#slots) slot.forgetFromMs = Math.min(slot.forgetFromMs, timeMs)
    this.#splitter.forgetKept()
  }

  /** Ends the threads; tasks that wait or run fail. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#recheck)
    for (const waiting of this.#queue.splice(0))
      waiting.reject(new TaskError({ errorType: 'canceled', message: 'the server is shutting down' }))
    await Promise.all(this.#slots.map(({ worker }) => worker?.terminate()))
  }

  #next(): void {
    while (this.#queue.length > 0 && this.running < this.#options.maxConcurrency) {
      const idle = this.#idleSlots()
      if (idle.length === 0) return
      const match = this.#match(idle)
      if (match === undefined) return
      const { slot, waiting } = match
      if (waiting.signal?.aborted) waiting.reject(stopped(StopCause.canceled, 'query queue'))
      else if (performance.now() > waiting.deadlineMs)
        waiting.reject(stopped(StopCause.timeout, 'query queue'))
      else this.#begin(slot, waiting, idle)
    }
  }

  /** Idle workers; when there are none, one that has not been started. */
  #idleSlots(): Slot[] {
    const idle = this.#slots.filter((slot) => slot.running === undefined)
    const started = idle.filter((slot) => slot.worker !== undefined)
    return started.length > 0 ? started : idle.slice(0, 1)
  }

  /**
   * The oldest task that an idle worker has the answer of, or that none has; otherwise the oldest of all, once it has
   * waited for its worker long enough: an answer that is known costs a hundredth.
   */
  #match(idle: readonly Slot[]): { slot: Slot; waiting: Waiting } | undefined {
    const nowMs = performance.now()
    for (const [at, waiting] of this.#queue.entries()) {
      const home = this.#home(waiting)
      const isHomeIdle = home !== undefined && idle.includes(home)
      if (home !== undefined && !isHomeIdle && nowMs - waiting.queuedMs < LATE_MS) continue
      return { slot: isHomeIdle ? home : idle[0]!, waiting: this.#queue.splice(at, 1)[0]! }
    }
    const at = this.#queue.findIndex((waiting) => nowMs - waiting.queuedMs >= patienceOf(waiting))
    if (at >= 0) return { slot: idle[0]!, waiting: this.#queue.splice(at, 1)[0]! }
    const waitMs = Math.min(...this.#queue.map((waiting) => waiting.queuedMs + patienceOf(waiting) - nowMs))
    this.#recheck ??= setTimeout(() => {
      this.#recheck = undefined
      this.#next()
    }, waitMs).unref()
    return undefined
  }

  /** The worker whose result cache knows the query if any does; else the one that had others of those asked together. */
  #home({ task, together }: Waiting): Slot | undefined {
    const key = keyOf(task)
    const known = key === undefined ? undefined : this.#homes.get(key)
    return known ?? (together === undefined ? undefined : this.#homes.get(togetherKey(together)))
  }

  #remember({ task, together }: Waiting, slot: Slot): void {
    const key = keyOf(task)
    if (key !== undefined) this.#rememberHome(key, slot)
    if (together !== undefined) this.#rememberHome(togetherKey(together), slot)
  }

  #rememberHome(key: string, slot: Slot): void {
    this.#homes.delete(key)
    this.#homes.set(key, slot)
    if (this.#homes.size > HOMES_MAX) this.#homes.delete(this.#homes.keys().next().value!)
  }

  /** For the queries that will come: this one does not wait for them. */
  startAll(): void {
    for (const slot of this.#slots) slot.worker ??= this.#start(slot)
  }

  /** Gives a task to a worker, and parts of it to other idle ones when that is worth it. */
  #begin(slot: Slot, waiting: Waiting, idle: readonly Slot[]): void {
    const { task } = waiting
    this.#remember(waiting, slot)
    if (task.kind === 'range' && this.#splitter.deservesAll(task)) this.startAll()
    const workers = Math.min(idle.length, this.#options.maxConcurrency - this.running)
    const split =
      task.kind === 'range' && this.#queue.length === 0 && waiting.together === undefined
        ? this.#splitter.split(task, workers, this.#options.maxSamples)
        : undefined
    if (split === undefined) {
      this.#assign(slot, waiting, task)
      return
    }
    const helpers = new AbortController()
    const running = this.#assign(slot, waiting, split.lead, helpers)
    const others = idle.filter((each) => each !== slot)
    for (const [index, part] of split.parts.entries())
      this.#assignPart(others[index]!, part, slot, running, index)
  }

  #assignPart(helper: Slot, task: PartTask, lead: Slot, running: Running, index: number): void {
    const started = performance.now()
    const post = (part: PostedPart | undefined): void => {
      running.helpersMs += performance.now() - started
      if (lead.running !== running) return
      const transfer =
        part?.series === undefined ? [] : [part.series.values.buffer, part.series.timesMs.buffer]
      lead.worker!.postMessage(
        { type: 'part', id: running.id, index, part } satisfies ToQueryWorker,
        transfer,
      )
    }
    this.#assign(
      helper,
      {
        task,
        encoding: undefined,
        together: undefined,
        signal: running.helpers!.signal,
        queuedMs: started,
        deadlineMs: running.deadlineMs,
        sink: ENDING.sink,
        resolve: (answer) => post(answer.kind === 'part' ? answer.part : undefined),
        reject: () => post(undefined),
      },
      task,
    )
  }

  #assign(slot: Slot, waiting: Waiting, task: QueryTask, helpers?: AbortController): Running {
    const id = ++this.#ids
    Atomics.store(slot.stop, 0, StopCause.none)
    const stop = (cause: number): void => {
      Atomics.store(slot.stop, 0, cause)
      grace ??= setTimeout(() => this.#replace(slot, cause), STOP_GRACE_MS)
    }
    let grace: ReturnType<typeof setTimeout> | undefined
    const startedMs = performance.now()
    const deadline = setTimeout(() => stop(StopCause.timeout), waiting.deadlineMs - startedMs)
    const onAbort = (): void => stop(StopCause.canceled)
    waiting.signal?.addEventListener('abort', onAbort)
    const cleanUp = (): void => {
      clearTimeout(deadline)
      clearTimeout(grace)
      waiting.signal?.removeEventListener('abort', onAbort)
      helpers?.abort()
    }
    const running: Running = { ...waiting, id, startedMs, helpers, helpersMs: 0, bytes: 0, cleanUp }
    slot.running = running
    const { forgetFromMs } = slot
    slot.forgetFromMs = Infinity
    const { encoding, together } = waiting
    slot.worker ??= this.#start(slot)
    slot.worker.postMessage({
      type: 'task',
      id,
      task,
      encoding,
      together,
      forgetFromMs,
    } satisfies ToQueryWorker)
    return running
  }

  #start(slot: Slot): Worker {
    const { storage, features, lookbackMs, maxSamples } = this.#options
    const workerData: QueryWorkerData = {
      storage: storage.readerState(),
      reader: slot.reader,
      features,
      lookbackMs,
      maxSamples,
      cacheBytes: Math.floor(this.#options.cacheBytes / this.#options.workers),
      seriesBytes: Math.min(SERIES_BYTES_MAX, SERIES_BYTES_OF_ALL / this.#options.workers),
      stop: slot.stop.buffer as SharedArrayBuffer,
      replicaLabels: this.#options.replicaLabels ?? [],
    }
    const remote = this.#options.connectRemote?.()
    const worker = new Worker(workerFile('query-worker'), {
      workerData: remote === undefined ? workerData : { ...workerData, remote },
      transferList: remote === undefined ? [] : [remote],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    })
    worker.on('message', (message: FromQueryWorker) => this.#heard(slot, message))
    worker.on('error', (error) => {
      this.#options.logger.error('a query worker failed', { error })
      this.#replace(slot, StopCause.none, error as Error)
    })
    worker.unref()
    return worker
  }

  #heard(slot: Slot, message: FromQueryWorker): void {
    switch (message.type) {
      case 'memory':
        slot.memory = message.memory
        return
      case 'piece':
        return this.#deliver(slot, message.id, message.piece, { isLast: false, encoding: undefined })
      case 'answer':
        this.#answered(slot, message.id, message.answer)
    }
  }

  /** Hands bytes to whom they are for; when nobody waits for them any more, back to the worker. */
  #deliver(slot: Slot, id: number, posted: PostedBytes, how: Parameters<BodySink['piece']>[1]): void {
    const { bytes, release } = takeBytes(slot.memory!, posted)
    const { running } = slot
    if (running === undefined || running.id !== id) return release()
    running.bytes += bytes.length
    running.sink.piece(bytes, how, release)
  }

  #answered(slot: Slot, id: number, answer: QueryAnswer): void {
    if (answer.kind === 'body')
      this.#deliver(slot, id, answer.body, { isLast: true, encoding: answer.encoding })
    const running = slot.running
    if (running === undefined || running.id !== id) return
    slot.running = undefined
    running.cleanUp()
    if (answer.kind === 'error') running.reject(new TaskError(answer.error))
    else if (answer.kind === 'body') running.resolve(this.#bodyAnswered(running, answer))
    else running.resolve(answer)
    this.#next()
  }

  #bodyAnswered(
    { task, startedMs, helpersMs, bytes }: Running,
    { samples, encoding, cacheUse }: Extract<QueryAnswer, { kind: 'body' }>,
  ): BodyAnswered {
    if (task.kind === 'range')
      this.#splitter.note(task, performance.now() - startedMs + helpersMs, bytes, cacheUse)
    return { kind: 'body', samples, encoding, cacheUse, bytes }
  }

  /** Ends a worker that died or does not stop; the next task for its place starts a new one. */
  #replace(slot: Slot, cause: number, error?: Error): void {
    if (this.#closed || slot.worker === undefined) return
    const { worker, running } = slot
    // The place stays taken until the thread is gone: its epoch is cleared then.
    slot.running = ENDING
    running?.cleanUp()
    void worker.terminate().then(() => {
      this.#options.storage.head.epochs.clearReader(slot.reader)
      slot.worker = undefined
      slot.running = undefined
      running?.reject(
        error === undefined
          ? stopped(cause, 'expression evaluation')
          : new TaskError({ errorType: 'internal', message: `the query worker failed: ${error.message}` }),
      )
      this.#next()
    })
  }
}

/** What is asked together is soon answered by the worker that has what it has in common: another would do that work again. */
function patienceOf({ together }: Waiting): number {
  return together === undefined ? AFFINITY_MS : LATE_MS
}

function newSlot(reader: number): Slot {
  const stop = new Int32Array(new SharedArrayBuffer(4))
  return { worker: undefined, reader, stop, forgetFromMs: Infinity, running: undefined, memory: undefined }
}

/** What the result cache tells queries apart by, but for the phase. */
function keyOf(task: QueryTask): string | undefined {
  if ((task.kind !== 'range' && task.kind !== 'instant') || !task.cached) return undefined
  return `${task.kind === 'range' ? task.stepMs : 0} ${task.expr}`
}

function togetherKey({ id }: AskedTogether): string {
  return `together ${id}`
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
