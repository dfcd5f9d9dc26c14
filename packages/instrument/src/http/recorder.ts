import type { Socket } from 'node:net'
import type { MetricSet } from '../metric-set.ts'

/** Groups of HTTP families: the same requests under the names of several documents. */
export type HttpDialect = 'http' | 'api' | 'project_ai'

/** The label of a request that no route answered: its path is never a label. */
export const UNMATCHED = 'unmatched'
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Counts and times requests. One per process. */
export class HttpRecorder {
  readonly #metrics: MetricSet
  readonly #dialects: readonly HttpDialect[]
  readonly #statusLabel: string
  readonly #sockets = new WeakSet<Socket>()
  #requests = 0
  #connections = 0

  constructor(metrics: MetricSet, dialects: readonly HttpDialect[], statusLabel: string) {
    this.#metrics = metrics
    this.#dialects = dialects
    this.#statusLabel = statusLabel
    metrics.track('active_requests', () => this.#requests)
    metrics.track('active_connections', () => this.#connections)
  }

  /** Requests that are being answered. */
  get active(): number {
    return this.#requests
  }

  /** @param socket  counted once as a connection for as long as it is open */
  begin(socket?: Socket): void {
    this.#requests++
    if (socket === undefined || this.#sockets.has(socket)) return
    this.#sockets.add(socket)
    this.#connections++
    socket.once('close', () => this.#connections--)
  }

  /** @param route  the template, such as `/users/:id`; never the path itself */
  end(method: string, route: string, status: number, seconds: number): void {
    this.#requests--
    const known = METHODS.has(method) ? method : 'other'
    for (const dialect of this.#dialects) this.#record(dialect, known, route, String(status), seconds)
  }

  #record(dialect: HttpDialect, method: string, route: string, status: string, seconds: number): void {
    if (dialect === 'http') {
      const labels = { method, route, [this.#statusLabel]: status }
      this.#metrics.inc('http_requests_total', labels)
      this.#metrics.observe('http_request_duration_seconds', labels, seconds)
      return
    }
    const labels = { method, endpoint: route }
    this.#metrics.inc(`${dialect}_requests_total`, { ...labels, status })
    this.#metrics.observe(`${dialect}_request_duration_seconds`, labels, seconds)
  }
}
