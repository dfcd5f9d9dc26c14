import { HttpClient } from '@promontory/http-client'
import type { HttpSdConfig } from './config.ts'
import { RefreshDiscoverer } from './refresh.ts'
import type { Discoverer, DiscoveryEnvironment, GroupSink } from './refresh.ts'
import { groupsFromJson, targetGroup } from './target-group.ts'
import type { TargetGroup } from './target-group.ts'

/** A list of targets larger than this is none. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024
const JSON_TYPE = /^application\/json(;\s*charset=("utf-8"|utf-8))?$/i

/** `http_sd_configs`: a URL that answers with groups. The answer may set the pace by its header. */
export class HttpDiscoverer implements Discoverer {
  readonly #config: HttpSdConfig
  readonly #client: HttpClient
  readonly #refresher: RefreshDiscoverer
  readonly #environment: DiscoveryEnvironment
  #groupCount = 0

  constructor(config: HttpSdConfig, environment: DiscoveryEnvironment) {
    this.#config = config
    this.#environment = environment
    this.#client = new HttpClient(config, { userAgent: environment.userAgent })
    this.#refresher = new RefreshDiscoverer('http', config.refresh_interval, environment, (signal) =>
      this.#ask(signal),
    )
  }

  start(sink: GroupSink): void {
    this.#refresher.start(sink)
  }

  stop(): void {
    this.#refresher.stop()
    this.#client.close()
  }

  async #ask(stop: AbortSignal): Promise<readonly TargetGroup[]> {
    try {
      return await this.#fetch(stop)
    } catch (error) {
      if (!stop.aborted) this.#environment.metrics.httpFailures.inc()
      throw error
    }
  }

  async #fetch(stop: AbortSignal): Promise<readonly TargetGroup[]> {
    const { url, refresh_interval: intervalMs } = this.#config
    const headers = {
      accept: 'application/json',
      'x-prometheus-refresh-interval-seconds': String(intervalMs / 1000),
    }
    const signal = AbortSignal.any([stop, AbortSignal.timeout(intervalMs)])
    const response = await this.#client.request({ url, headers, signal, bodyBytesMax: ANSWER_BYTES_MAX })
    if (response.status !== 200) throw new Error(`server returned HTTP status ${response.statusText}`)
    const type = (response.headers['content-type'] ?? '').trim()
    if (!JSON_TYPE.test(type))
      throw new Error(`unsupported content type "${type}", expected application/json`)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(response.bytes.subarray(0, response.length))
    const groups = groupsFromJson(text).map((group, i) =>
      targetGroup(`${url}:${i}`, group, { __meta_url: url }),
    )
    const seen = groups.length
    // Sources that were there last time and are not any more: empty groups take their targets away.
    for (let i = seen; i < this.#groupCount; i++)
      groups.push({ source: `${url}:${i}`, targets: [], labels: {} })
    this.#groupCount = seen
    return groups
  }
}
