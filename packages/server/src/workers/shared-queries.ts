import type { QueryTask } from './protocol.ts'
import { type Answered, type QueryPool, type RunOptions, TaskError } from './query-pool.ts'

interface Flight {
  readonly answer: Promise<Answered>
  readonly landing: AbortController
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

  /** As {@link QueryPool.run}. @throws TaskError */
  async run(task: QueryTask, options: RunOptions): Promise<Extract<Answered, { kind: 'body' }>> {
    const shareable = (task.kind === 'range' || task.kind === 'instant') && task.cached
    const answer = shareable ? await this.#join(task, options) : await this.#pool.run(task, options)
    if (answer.kind !== 'body') throw new Error(`BUG: a ${task.kind} was answered without a body`)
    return answer
  }

  async #join(task: QueryTask, options: RunOptions): Promise<Answered> {
    const key = JSON.stringify([task, options.timeoutMs, options.encoding])
    const flight = this.#flights.get(key) ?? this.#start(key, task, options)
    flight.waiting++
    const { signal } = options
    return await new Promise((resolve, reject) => {
      const leave = (): void => {
        reject(
          new TaskError({ errorType: 'canceled', message: 'query was canceled in expression evaluation' }),
        )
        if (--flight.waiting > 0) return
        flight.landing.abort()
        this.#flights.delete(key)
      }
      if (signal?.aborted) return leave()
      signal?.addEventListener('abort', leave, { once: true })
      flight.answer.then(resolve, reject).finally(() => signal?.removeEventListener('abort', leave))
    })
  }

  #start(key: string, task: QueryTask, options: RunOptions): Flight {
    const landing = new AbortController()
    const answer = this.#pool.run(task, { ...options, signal: landing.signal })
    const flight: Flight = { answer, landing, waiting: 0 }
    const end = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
    answer.then(end, end)
    this.#flights.set(key, flight)
    return flight
  }
}
