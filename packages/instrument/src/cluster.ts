import cluster, { type Worker } from 'node:cluster'
import { createServer, type Server } from 'node:http'
import prometheus, { type Registry } from 'prom-client'

const { AggregatorRegistry } = prometheus

const QUESTION = 'promontory:metrics?'
const ANSWER = 'promontory:metrics'
/** A worker that has not answered by then is shown as it was last. */
const ANSWER_MS = 2000

/** What `registry.getMetricsAsJSON()` gives, as far as it is looked at here. */
interface Snapshot {
  readonly name: string
  readonly type: unknown
  readonly values: readonly { readonly labels: Readonly<Record<string, unknown>> }[]
}
interface Message {
  readonly type?: string
  readonly id?: number
  readonly metrics?: readonly Snapshot[]
}

/** In a worker of `node:cluster`: makes its registries part of what the primary publishes. */
export function joinCluster(registries: readonly Registry[]): void {
  // For a primary that uses prom-client's own: its constructor listens for that one's question.
  AggregatorRegistry.setRegistries([...registries])
  void new AggregatorRegistry()
  process.on('message', (message: Message) => {
    if (message.type !== QUESTION) return
    void Promise.all(registries.map((registry) => registry.getMetricsAsJSON())).then((all) =>
      process.send?.({ type: ANSWER, id: message.id, metrics: all.flat() }),
    )
  })
}

/** What all workers count together. Totals of workers that have ended stay, so that no sum ever falls. */
export class ClusterMetrics {
  readonly #last = new Map<number, readonly Snapshot[]>()
  readonly #waiting = new Map<number, { readonly open: Set<number>; readonly done: () => void }>()
  #ended: readonly Snapshot[] = []
  #folding: Promise<void> = Promise.resolve()
  #asked = 0

  constructor() {
    cluster.on('message', (worker, message: Message) => this.#take(worker, message))
    cluster.on('exit', (worker) => this.#retire(worker))
  }

  /** Asks every worker. @returns the exposition of their sums */
  async text(): Promise<string> {
    await this.#ask()
    await this.#folding
    return sum([...this.#last.values(), this.#ended]).metrics()
  }

  #ask(): Promise<void> {
    const id = this.#asked++
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker?.isConnected() === true)
    return new Promise<void>((done) => {
      const timer = setTimeout(done, ANSWER_MS)
      const open = new Set(workers.map((worker) => worker!.id))
      this.#waiting.set(id, { open, done: () => (clearTimeout(timer), done()) })
      for (const worker of workers) worker!.send({ type: QUESTION, id })
      if (open.size === 0) this.#waiting.get(id)!.done()
    }).finally(() => this.#waiting.delete(id))
  }

  #take(worker: Worker, { type, id, metrics }: Message): void {
    if (type !== ANSWER || id === undefined || metrics === undefined) return
    this.#last.set(worker.id, metrics)
    this.#settle(worker, id)
  }

  #settle(worker: Worker, id: number): void {
    const waiting = this.#waiting.get(id)
    if (waiting?.open.delete(worker.id) === true && waiting.open.size === 0) waiting.done()
  }

  /** Gauges end with their worker; what was counted stays counted. */
  #retire(worker: Worker): void {
    for (const id of this.#waiting.keys()) this.#settle(worker, id)
    const totals = (this.#last.get(worker.id) ?? []).filter(({ type }) => type !== 'gauge')
    this.#last.delete(worker.id)
    this.#folding = this.#folding.then(async () => {
      this.#ended = (await sum([this.#ended, totals]).getMetricsAsJSON()) as unknown as Snapshot[]
    })
  }
}

function sum(all: readonly (readonly Snapshot[])[]): Registry {
  return AggregatorRegistry.aggregate(all as unknown as object[])
}

/**
 * In the primary of `node:cluster`: publishes the sum of all workers at `/metrics`.
 * @returns the server, which listens
 */
export async function clusterMetrics(port: number, host = '127.0.0.1'): Promise<Server> {
  const metrics = new ClusterMetrics()
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end()
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
      (error: Error) => response.writeHead(503, { 'content-type': 'text/plain' }).end(error.message),
    ) // prettier-ignore
  })
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(port, host, done)
  })
  return server
}
