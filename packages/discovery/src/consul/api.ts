import { HttpClient } from '@promontory/http-client'
import type { ConsulSdConfig } from './config.ts'
import { consulHttp, consulSocket, consulUrl } from './config.ts'

/** How long a query waits for a change; Consul itself adds up to a sixteenth. */
const WAIT_SECONDS = 120
const GRACE_MS = 15_000
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

/** An answer, and the index to wait for a later one from. */
export interface ConsulAnswer {
  readonly value: unknown
  readonly index: number
}

/** Consul's HTTP API with the query options of one configuration. `close()` when done. */
export class ConsulApi {
  readonly #config: ConsulSdConfig
  readonly #base: string
  readonly #client: HttpClient

  constructor(config: ConsulSdConfig, userAgent: string) {
    this.#config = config
    this.#base = consulUrl(config)
    const socketPath = consulSocket(config)
    this.#client = new HttpClient(consulHttp(config), {
      userAgent,
      ...(socketPath === undefined ? {} : { socketPath }),
    })
  }

  close(): void {
    this.#client.close()
  }

  /**
   * A blocking query: answers at once when its index is not `index`, otherwise when it has moved or two minutes have passed.
   * @param more further parameters; one may be given several times
   * @throws Error with Consul's message; HttpRequestError
   */
  async query(
    path: string,
    more: readonly (readonly [string, string])[],
    index: number,
    stop: AbortSignal,
  ): Promise<ConsulAnswer> {
    const { datacenter, namespace, partition, allow_stale: allowStale, node_meta: nodeMeta } = this.#config
    const parameters = new URLSearchParams()
    if (datacenter !== '') parameters.set('dc', datacenter)
    if (namespace !== '') parameters.set('ns', namespace)
    if (partition !== '') parameters.set('partition', partition)
    if (allowStale) parameters.set('stale', '')
    if (index > 0) parameters.set('index', String(index))
    parameters.set('wait', `${WAIT_SECONDS}s`)
    for (const [key, value] of Object.entries(nodeMeta)) parameters.append('node-meta', `${key}:${value}`)
    for (const [name, value] of more) parameters.append(name, value)
    return this.#get(`${path}?${parameters.toString()}`, stop)
  }

  /** The name of the agent's own data centre. */
  async ownDatacenter(stop: AbortSignal): Promise<string> {
    const { value } = await this.#get('/v1/agent/self', stop)
    const name = (value as { Config?: { Datacenter?: unknown } } | null)?.Config?.Datacenter
    if (typeof name !== 'string') throw new Error(`invalid value '${String(name)}' for Config.Datacenter`)
    return name
  }

  async #get(pathAndQuery: string, stop: AbortSignal): Promise<ConsulAnswer> {
    const { token } = this.#config
    const response = await this.#client.request({
      url: this.#base + pathAndQuery,
      headers: token.isEmpty ? {} : { 'x-consul-token': token.reveal() },
      signal: AbortSignal.any([stop, AbortSignal.timeout(WAIT_SECONDS * 1000 + GRACE_MS)]),
      bodyBytesMax: ANSWER_BYTES_MAX,
    })
    const text = Buffer.from(response.bytes.subarray(0, response.length)).toString('utf8')
    response.release?.()
    if (response.status !== 200)
      throw new Error(`Unexpected response code: ${response.status} (${text.slice(0, 200).trim()})`)
    const index = Number(response.headers['x-consul-index'] ?? 0)
    return { value: JSON.parse(text), index: Number.isSafeInteger(index) && index > 0 ? index : 0 }
  }
}
