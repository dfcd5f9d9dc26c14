import { type BodySink, FanOut } from './body-sink.ts'
import type { QueryTask } from './protocol.ts'
import { type BodyAnswered, type QueryPool, type RunOptions, TaskError } from './query-pool.ts'

interface Flight {
  readonly answer: Promise<BodyAnswered>
  readonly landing: AbortController
  readonly body: FanOut
  waiting: number
}

/**
 * Queries that are asked while the same one is being answered get the same answer: many viewers of a dashboard cost as
 * much as one. A query ends early only when nobody waits for it any more.
 */
export class SharedQueries {
  readonly #pool: QueryPool
  readonly #flights = new Map<string, Flight>()

  constructor(pool: QueryPool) {
    this.#pool = pool
  }

  /** As {@link QueryPool.stream}. @throws TaskError */
  stream(task: QueryTask, options: RunOptions, sink: BodySink): Promise<BodyAnswered> {
    const shareable = (task.kind === 'range' || task.kind === 'instant') && task.cached
    return shareable ? this.#join(task, options, sink) : this.#pool.stream(task, options, sink)
  }

  async #join(task: QueryTask, options: RunOptions, sink: BodySink): Promise<BodyAnswered> {
    const key = JSON.stringify([task, options.timeoutMs, options.encoding])
    const flight = this.#flights.get(key) ?? this.#start(key, task, options)
    flight.waiting++
    flight.body.add(sink)
    const { signal } = options
    return await new Promise((resolve, reject) => {
      const leave = (): void => {
        reject(
          new TaskError({ errorType: 'canceled', message: 'query was canceled in expression evaluation' }),
        )
        flight.body.delete(sink)
        if (--flight.waiting > 0) return
        flight.landing.abort()
        this.#end(key, flight)
      }
      if (signal?.aborted) return leave()
      signal?.addEventListener('abort', leave, { once: true })
      flight.answer.then(resolve, reject).finally(() => signal?.removeEventListener('abort', leave))
    })
  }

  #start(key: string, task: QueryTask, options: RunOptions): Flight {
    const landing = new AbortController()
    // Who comes after the first piece asks anew.
    const body = new FanOut(() => this.#end(key, flight))
    const answer = this.#pool.stream(task, { ...options, signal: landing.signal }, body)
    const flight: Flight = { answer, landing, body, waiting: 0 }
    const end = (): void => this.#end(key, flight)
    answer.then(end, end)
    this.#flights.set(key, flight)
    return flight
  }

  #end(key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }
}
