import { DEFAULT_HTTP_CLIENT, HttpClient } from '@promontory/http-client'
import type { DockerSdConfig } from './config.ts'

/** The oldest version of Docker's API that is asked; what is read has not changed since. */
const OLDEST_API = '1.24'
const NEWEST_API = '1.51'
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

/** A Docker engine's API, over its socket or TCP. `close()` when done. */
export class DockerEngine {
  readonly #base: string
  readonly #client: HttpClient
  #version: string | undefined

  constructor(config: DockerSdConfig, userAgent: string) {
    const { host } = config
    if (host.startsWith('unix://')) {
      // The client block is for HTTP: a socket of this machine needs none of it.
      this.#base = 'http://docker'
      this.#client = new HttpClient(DEFAULT_HTTP_CLIENT, {
        userAgent,
        socketPath: host.slice('unix://'.length),
      })
    } else {
      this.#base = host.replace(/^tcp:/, 'http:').replace(/\/+$/, '')
      this.#client = new HttpClient(host.startsWith('tcp:') ? DEFAULT_HTTP_CLIENT : config, { userAgent })
    }
  }

  close(): void {
    this.#client.close()
  }

  /** @throws Error with the engine's own message; HttpRequestError */
  async get(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<unknown> {
    this.#version ??= await this.#negotiate(signal)
    const text = new URLSearchParams(query).toString()
    const url = `${this.#base}/v${this.#version}${path}${text === '' ? '' : `?${text}`}`
    const response = await this.#client.request({ url, signal, bodyBytesMax: ANSWER_BYTES_MAX })
    const body = Buffer.from(response.bytes.subarray(0, response.length)).toString('utf8')
    response.release?.()
    if (response.status === 200) return JSON.parse(body)
    // A restarted engine may be another version.
    this.#version = undefined
    throw new Error(
      `${path}: server returned HTTP status ${response.statusText}: ${body.slice(0, 200).trim()}`,
    )
  }

  /** The engine's version of the API, where we know it. */
  async #negotiate(signal: AbortSignal): Promise<string> {
    const response = await this.#client.request({ url: `${this.#base}/_ping`, signal, bodyBytesMax: 4096 })
    response.release?.()
    const own = response.headers['api-version'] ?? ''
    if (!/^\d+\.\d+$/.test(own)) return OLDEST_API
    return minor(own) < minor(NEWEST_API) ? own : NEWEST_API
  }
}

function minor(version: string): number {
  return Number(version.split('.')[1])
}
