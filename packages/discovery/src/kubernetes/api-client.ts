import { Secret } from '@promontory/base/yaml'
import { HttpClient } from '@promontory/http-client'
import type { HttpClientConfig } from '@promontory/http-client'
import { objectOf, objectsOf, parseObject, stringOf } from '../json.ts'
import type { JsonObject } from '../json.ts'
import type { ExecCredential } from './exec-credentials.ts'
import type { ApiAccess } from './kubeconfig.ts'
import { watchLines } from './watch-lines.ts'

/** Objects per page of a list, as kubectl and client-go ask. */
const PAGE_SIZE = 500
const LIST_TIMEOUT_MS = 60_000
/** What an answer of refusal may say. */
const REFUSAL_BYTES_MAX = 64 * 1024

/** The API server said no; 410 is that a resource version is too old. */
export class ApiStatusError extends Error {
  override readonly name = 'ApiStatusError'
  readonly code: number
  /** Of `Retry-After`; undefined when it asked for none. */
  readonly retryAfterMs: number | undefined

  constructor(code: number, message: string, retryAfterMs?: number) {
    super(message)
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

/** One line of a watch. */
export interface WatchEvent {
  readonly type: string
  readonly object: JsonObject
}

/** All objects at one moment. */
export interface ObjectList {
  readonly items: readonly JsonObject[]
  readonly resourceVersion: string
}

export interface Selection {
  readonly labelSelector: string
  readonly fieldSelector: string
}

/** Lists and watches objects of an API server. `close()` when done. */
export class ApiClient {
  readonly #access: ApiAccess
  readonly #userAgent: string
  #client: HttpClient | undefined
  #credential: ExecCredential | undefined
  #isClosed = false

  constructor(access: ApiAccess, userAgent: string) {
    this.#access = access
    this.#userAgent = userAgent
  }

  close(): void {
    this.#isClosed = true
    this.#client?.close()
  }

  /** With a helper's newest credentials. A watch that runs over the one before goes on to its end. */
  async #connected(): Promise<HttpClient> {
    const { http, exec } = this.#access
    const credential = await exec?.get()
    if (this.#client !== undefined && credential === this.#credential) return this.#client
    if (this.#isClosed) throw new Error('the client is closed')
    this.#client?.close()
    this.#credential = credential
    this.#client = new HttpClient(credential === undefined ? http : withCredential(http, credential), {
      userAgent: this.#userAgent,
    })
    return this.#client
  }

  #refusal(
    status: number,
    statusText: string,
    headers: Readonly<Record<string, string>>,
    text: string,
  ): Error {
    if (status === 401) this.#access.exec?.forget()
    return refusal(status, statusText, headers, text)
  }

  /** Page after page. @throws ApiStatusError, HttpRequestError */
  async list(path: string, selection: Selection, stop: AbortSignal): Promise<ObjectList> {
    const items: JsonObject[] = []
    for (let token = ''; ;) {
      const query = { ...selection, limit: String(PAGE_SIZE), continue: token }
      const signal = AbortSignal.any([stop, AbortSignal.timeout(LIST_TIMEOUT_MS)])
      const client = await this.#connected()
      const response = await client.request({ url: this.#url(path, query), headers: ACCEPT, signal })
      const text = Buffer.from(response.bytes.subarray(0, response.length)).toString('utf8')
      response.release?.()
      if (response.status !== 200)
        throw this.#refusal(response.status, response.statusText, response.headers, text)
      const page = parseObject(text)
      items.push(...objectsOf(page['items']))
      const meta = objectOf(page['metadata'])
      token = stringOf(meta['continue'])
      if (token === '') return { items, resourceVersion: stringOf(meta['resourceVersion']) }
    }
  }

  /**
   * What changed since `resourceVersion`, until the server ends it.
   * @throws ApiStatusError, HttpRequestError; an Error when a line is no event or too long
   */
  async *watch(
    path: string,
    selection: Selection,
    resourceVersion: string,
    timeoutSeconds: number,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent> {
    const query = {
      ...selection,
      watch: '1',
      resourceVersion,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(timeoutSeconds),
    }
    const client = await this.#connected()
    const response = await client.stream({ url: this.#url(path, query), headers: ACCEPT, signal })
    if (response.status !== 200) {
      const text = await textOf(response.body)
      throw this.#refusal(response.status, response.statusText, response.headers, text)
    }
    for await (const line of watchLines(response.body)) {
      const event = parseObject(line)
      yield { type: stringOf(event['type']), object: objectOf(event['object']) }
    }
  }

  #url(path: string, query: Readonly<Record<string, string>>): string {
    const given = Object.entries(query).filter(([, value]) => value !== '')
    return `${this.#access.server}${path}?${new URLSearchParams(given).toString()}`
  }
}

function withCredential(
  http: HttpClientConfig,
  { token, certificate, key }: ExecCredential,
): HttpClientConfig {
  const tls = http.tls_config
  return {
    ...http,
    ...(token === '' ? {} : { bearer_token: new Secret(token), bearer_token_file: '' }),
    ...(certificate === '' || tls === undefined
      ? {}
      : { tls_config: { ...tls, cert: certificate, cert_file: '', key: new Secret(key), key_file: '' } }),
  }
}

const ACCEPT = { accept: 'application/json' }

/** The message of a `Status` object, or the status line. */
function refusal(
  status: number,
  statusText: string,
  headers: Readonly<Record<string, string>>,
  text: string,
): ApiStatusError {
  let message = ''
  try {
    message = stringOf(parseObject(text)['message'])
  } catch {
    // Proxies answer with pages of their own: the status line says enough.
  }
  const seconds = Number(headers['retry-after'] ?? Number.NaN)
  return new ApiStatusError(
    status,
    message === '' ? `server returned HTTP status ${statusText}` : message,
    Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined,
  )
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  let total = 0
  for await (const part of body) {
    parts.push(part)
    total += part.length
    if (total > REFUSAL_BYTES_MAX) break
  }
  return Buffer.concat(parts).toString('utf8')
}
