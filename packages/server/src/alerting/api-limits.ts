import { availableParallelism } from 'node:os'
import type { Context } from 'hono'
import type { Counter, Gauge, Histogram, Registry } from '@promontory/base'

export interface ApiLimitOptions {
  /** `--web.get-concurrency`: GET requests at once; 0: as many as there are processors, 8 at least. */
  readonly getConcurrency: number
  /** `--web.timeout`; 0: none. */
  readonly timeoutMs: number
}

/** GETs that run at once where the machine has few processors. */
const GETS_MIN = 8
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Bounds on the Alertmanager's API, as upstream has them and counts them. */
export class ApiLimits {
  readonly #getsMax: number
  readonly #timeoutMs: number
  readonly #inFlight: Gauge
  readonly #exceeded: Counter
  readonly #seconds: Histogram
  #gets = 0

  constructor(registry: Registry, { getConcurrency, timeoutMs }: ApiLimitOptions) {
    this.#getsMax = getConcurrency > 0 ? getConcurrency : Math.max(GETS_MIN, availableParallelism())
    this.#timeoutMs = timeoutMs
    this.#inFlight = registry.gauge({
      name: 'alertmanager_http_requests_in_flight',
      help: 'Current number of HTTP requests being processed.',
      labels: ['method'],
    })
    this.#inFlight.set(0, 'get')
    this.#exceeded = registry.counter({
      name: 'alertmanager_http_concurrency_limit_exceeded_total',
      help: 'Total number of times an HTTP request failed because the concurrency limit was reached.',
      labels: ['method'],
    })
    this.#exceeded.add(0, 'get')
    this.#seconds = registry.histogram({
      name: 'alertmanager_http_request_duration_seconds',
      help: 'Histogram of latencies for HTTP requests.',
      labels: ['handler', 'method', 'code'],
      buckets: SECONDS,
    })
  }

  /**
   * Answers a request unless too many are under way or it takes too long. A list that is sent in pieces counts until its
   * end, and its time until its first piece.
   *
   * @param work is told what to call when the answer has been sent or given up
   */
  async run(c: Context, work: (onSent: () => void) => Promise<Response>): Promise<Response> {
    const startedMs = performance.now()
    const response = await this.#limited(c, work)
    const handler = c.req.path.replace(/^(\/api\/v\d\/silence)\/.+/, '$1/{silenceID}')
    this.#seconds.observe(
      (performance.now() - startedMs) / 1000,
      response.status === 404 ? '' : handler,
      c.req.method.toLowerCase(),
      String(response.status),
    )
    return response
  }

  async #limited(c: Context, work: (onSent: () => void) => Promise<Response>): Promise<Response> {
    if (c.req.method !== 'GET') return this.#timely(c, () => work(() => undefined))
    if (this.#gets >= this.#getsMax) {
      this.#exceeded.inc('get')
      return c.text(`Limit of concurrent GET requests reached (${this.#getsMax}), try again later.\n`, 503)
    }
    this.#count(1)
    let isOver = false
    const over = (): void => {
      if (!isOver) this.#count(-1)
      isOver = true
    }
    try {
      return await this.#timely(c, () => work(over))
    } catch (error) {
      over()
      throw error
    }
  }

  #count(by: 1 | -1): void {
    this.#gets += by
    this.#inFlight.set(this.#gets, 'get')
  }

  async #timely(c: Context, work: () => Promise<Response>): Promise<Response> {
    if (this.#timeoutMs <= 0) return work()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Response>((resolve) => {
      const text = `Exceeded configured timeout of ${this.#timeoutMs / 1000}s.\n`
      timer = setTimeout(() => resolve(c.text(text, 503)), this.#timeoutMs)
    })
    try {
      return await Promise.race([work(), late])
    } finally {
      clearTimeout(timer)
    }
  }
}
