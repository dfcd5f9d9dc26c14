import type { Dispatcher } from 'undici'
import { DEFAULT_BODY_BYTES_MAX, decompressed, readBody } from './body.ts'
import type { Body } from './body.ts'
import type { HttpClientConfig, TlsConfig } from './config.ts'
import { redactUrl } from './config.ts'
import { credentialHeaders } from './credentials.ts'
import { BodyTooLargeError, HttpRequestError, requestError } from './errors.ts'
import { proxyFor } from './no-proxy.ts'
import { OAuth2TokenSource } from './oauth2.ts'
import { PlainHttp } from './plain-http.ts'
import { readTlsMaterial, tlsStamp } from './tls-material.ts'

/** Connections stay open between requests for as long as upstream keeps them: longer than any sane interval. */
const KEEP_ALIVE_MS = 5 * 60_000
/** As Go: more redirects are a loop. */
const REDIRECTS_MAX = 10

export interface HttpClientOptions {
  readonly userAgent: string
  /** Connects to this socket whatever the URL's host (`__unix_socket__`). */
  readonly socketPath?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly nowMs?: () => number
}

export interface HttpRequest {
  readonly url: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** Ends the request; use `AbortSignal.timeout` for a deadline. */
  readonly signal: AbortSignal
  /** Bytes of the body, compressed and not; 256 MiB when not given. */
  readonly bodyBytesMax?: number
}

export interface HttpResponse extends Body {
  readonly status: number
  /** `404 Not Found` */
  readonly statusText: string
  readonly headers: Readonly<Record<string, string>>
}

/** An answer whose body comes piece by piece, as the peer sends it. */
export interface HttpStream {
  readonly status: number
  /** `404 Not Found` */
  readonly statusText: string
  readonly headers: Readonly<Record<string, string>>
  /** Not decompressed. Leaving the loop over it ends the connection. */
  readonly body: AsyncIterable<Uint8Array>
}

/**
 * A client for one configuration block. Secrets and certificates that live in files are read again, so that rotation
 * needs no reload; credentials are not sent along a redirect to another host. `close()` when done.
 */
export class HttpClient {
  readonly #config: HttpClientConfig
  readonly #options: HttpClientOptions
  readonly #tokens: OAuth2TokenSource | undefined
  readonly #transport: Transport
  readonly #plain: PlainHttp = new PlainHttp()
  #tokenTransport: Transport | undefined

  constructor(config: HttpClientConfig, options: HttpClientOptions) {
    this.#config = config
    this.#options = options
    this.#transport = new Transport(config, config.tls_config, config.enable_http2, options)
    const { oauth2 } = config
    if (oauth2 !== undefined) {
      this.#tokenTransport = new Transport(oauth2, oauth2.tls_config, config.enable_http2, options)
      this.#tokens = new OAuth2TokenSource(oauth2, this.#postForm.bind(this), options.nowMs ?? Date.now)
    }
  }

  /** Rejects with HttpRequestError or BodyTooLargeError. Any HTTP status is an answer, not an error. */
  async request(request: HttpRequest): Promise<HttpResponse> {
    return this.#named(request, async () => {
      const credentials = await this.#credentials(request.signal)
      if ((request.method ?? 'GET') === 'GET' && request.body === undefined) {
        const plain = await this.#plainly(new URL(request.url), request, credentials)
        if (plain !== undefined) return plain
      }
      const response = await this.#follow(request, credentials)
      return finish(response, request.bodyBytesMax ?? DEFAULT_BODY_BYTES_MAX)
    })
  }

  /**
   * As {@link request}, for answers that go on: the body is read by the caller, who bounds it, and ends with the signal.
   * Errors while it is read are undici's.
   */
  async stream(request: Omit<HttpRequest, 'bodyBytesMax'>): Promise<HttpStream> {
    return this.#named(request, async () => {
      const response = await this.#follow(request, await this.#credentials(request.signal))
      return { ...describe(response), body: response.body }
    })
  }

  close(): void {
    this.#plain.close()
    this.#transport.close()
    this.#tokenTransport?.close()
  }

  async #credentials(signal: AbortSignal): Promise<[string, string][]> {
    const credentials = await credentialHeaders(this.#config)
    if (this.#tokens !== undefined) credentials.push(['authorization', await this.#tokens.header(signal)])
    return credentials
  }

  /** Gives what goes wrong the name of the request. */
  async #named<T>({ method = 'GET', url, signal }: HttpRequest, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof HttpRequestError) throw error
      throw requestError(method, redactUrl(url), signal.aborted ? signal.reason : error)
    }
  }

  async #follow(
    request: HttpRequest,
    credentials: readonly [string, string][],
  ): Promise<Dispatcher.ResponseData> {
    let url = new URL(request.url)
    let { method = 'GET', body } = request
    let ours = credentials
    for (let redirects = 0; ; redirects++) {
      const headers = requestHeaders(this.#options.userAgent, request.headers, ours, url)
      const response = await this.#transport.send(url, { method, headers, body, signal: request.signal })
      const next = this.#config.follow_redirects ? redirectTarget(response, url) : undefined
      if (next === undefined) return response
      await response.body.dump()
      if (redirects === REDIRECTS_MAX) throw new Error(`stopped after ${REDIRECTS_MAX} redirects`)
      if (response.statusCode <= 303 && method !== 'GET') {
        method = 'GET'
        body = undefined
      }
      if (next.origin !== url.origin) ours = []
      url = next
    }
  }

  /** The short way, where it is open. @returns undefined where it is not */
  async #plainly(
    url: URL,
    request: HttpRequest,
    credentials: readonly [string, string][],
  ): Promise<HttpResponse | undefined> {
    if (url.protocol !== 'http:' || this.#options.socketPath !== undefined || this.#transport.hasProxy(url))
      return undefined
    const limitBytes = request.bodyBytesMax ?? DEFAULT_BODY_BYTES_MAX
    const headers = requestHeaders(this.#options.userAgent, request.headers, credentials, url)
    const response = await this.#plain.get({ url, headers, signal: request.signal, limitBytes })
    if (response === undefined) return undefined
    const { status, reason, headers: received, body: bytes, length } = response
    const about = { status, statusText: statusLine(status, reason), headers: received }
    const encoding = received['content-encoding']?.toLowerCase() ?? ''
    if (encoding === '' || encoding === 'identity')
      return { ...about, bytes, length, release: () => response.release() }
    try {
      return { ...about, ...(await decompressed(bytes.subarray(0, length), encoding, limitBytes)) }
    } finally {
      response.release()
    }
  }

  async #postForm(
    url: string,
    form: URLSearchParams,
    credentials: readonly [string, string][],
    signal: AbortSignal,
  ): Promise<{ status: number; text: string }> {
    try {
      const target = new URL(url)
      const type = { 'content-type': 'application/x-www-form-urlencoded' }
      const headers = requestHeaders(this.#options.userAgent, type, credentials, target)
      const response = await this.#tokenTransport!.send(target, {
        method: 'POST',
        headers,
        body: form.toString(),
        signal,
      })
      const { bytes, length } = await readBody(response.body, undefined, TOKEN_BYTES_MAX)
      return { status: response.statusCode, text: Buffer.from(bytes.subarray(0, length)).toString('utf8') }
    } catch (error) {
      throw requestError('POST', redactUrl(url), error)
    }
  }
}

/** An OAuth 2.0 answer larger than this is none; the same bound as Go's library. */
const TOKEN_BYTES_MAX = 1 << 20

function requestHeaders(
  userAgent: string,
  own: Readonly<Record<string, string>> | undefined,
  credentials: readonly [string, string][],
  url: URL,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'user-agent': userAgent }
  for (const [name, value] of Object.entries(own ?? {})) headers[name.toLowerCase()] = value
  if (url.username !== '' || url.password !== '') {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`
  }
  for (const [name, value] of credentials) {
    const key = name.toLowerCase()
    const old = headers[key]
    headers[key] = old === undefined ? value : Array.isArray(old) ? [...old, value] : [old, value]
  }
  return headers
}

function redirectTarget(response: Dispatcher.ResponseData, url: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.statusCode)) return undefined
  const location = response.headers['location']
  if (typeof location !== 'string' || !URL.canParse(location, url)) return undefined
  return new URL(location, url)
}

function describe(response: Dispatcher.ResponseData): Omit<HttpStream, 'body'> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  const { statusCode: status, statusText } = response
  return { status, statusText: statusLine(status, statusText), headers }
}

async function finish(response: Dispatcher.ResponseData, limitBytes: number): Promise<HttpResponse> {
  const about = describe(response)
  const { headers } = about
  const declared = Number(headers['content-length'] ?? 0)
  if (declared > limitBytes) {
    response.body.on('error', () => {}).destroy()
    throw new BodyTooLargeError(limitBytes)
  }
  const body = await readBody(response.body, headers['content-encoding']?.toLowerCase(), limitBytes)
  return { ...body, ...about }
}

function statusLine(status: number, text: string | undefined): string {
  return text === undefined || text === '' ? String(status) : `${status} ${text}`
}

interface SendOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly headers: Record<string, string | string[]>
  readonly body: Uint8Array | string | undefined
  readonly signal: AbortSignal
}

type ProxySettings = Pick<
  HttpClientConfig,
  'proxy_url' | 'no_proxy' | 'proxy_from_environment' | 'proxy_connect_header'
>

/** Connections, made anew when a certificate file changes. */
class Transport {
  readonly #proxy: ProxySettings
  readonly #tls: TlsConfig | undefined
  readonly #http2: boolean
  readonly #options: HttpClientOptions
  #stamp: string | undefined
  #dispatchers = new Map<string, Dispatcher>()

  constructor(proxy: ProxySettings, tls: TlsConfig | undefined, http2: boolean, options: HttpClientOptions) {
    this.#proxy = proxy
    this.#tls = tls
    this.#http2 = http2
    this.#options = options
  }

  async send(url: URL, { method, headers, body, signal }: SendOptions): Promise<Dispatcher.ResponseData> {
    const dispatcher = await this.#dispatcherFor(url)
    return dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers,
      signal,
      ...(body === undefined ? {} : { body }),
    })
  }

  hasProxy(url: URL): boolean {
    return proxyFor(url, this.#proxy, this.#options.environment ?? process.env) !== undefined
  }

  close(): void {
    for (const dispatcher of this.#dispatchers.values()) void dispatcher.close().catch(() => {})
    this.#dispatchers = new Map()
  }

  async #dispatcherFor(url: URL): Promise<Dispatcher> {
    const stamp = await tlsStamp(this.#tls)
    if (stamp !== this.#stamp) {
      this.close()
      this.#stamp = stamp
    }
    const proxy = proxyFor(url, this.#proxy, this.#options.environment ?? process.env) ?? ''
    const known = this.#dispatchers.get(proxy)
    if (known !== undefined) return known
    const made = await this.#connect(proxy)
    // Two requests may have got here at once: the first one's connections are kept.
    const raced = this.#dispatchers.get(proxy)
    if (raced !== undefined) {
      void made.close()
      return raced
    }
    this.#dispatchers.set(proxy, made)
    return made
  }

  async #connect(proxy: string): Promise<Dispatcher> {
    const [tls, { default: undici }] = await Promise.all([readTlsMaterial(this.#tls), import('undici')])
    const common = {
      allowH2: this.#http2,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
    }
    if (proxy === '') {
      const socket = this.#options.socketPath === undefined ? {} : { socketPath: this.#options.socketPath }
      return new undici.Agent({ ...common, connect: { ...tls, ...socket } })
    }
    const uri = new URL(proxy)
    const pair = `${decodeURIComponent(uri.username)}:${decodeURIComponent(uri.password)}`
    const token = uri.username === '' ? {} : { token: `Basic ${Buffer.from(pair).toString('base64')}` }
    const headers: Record<string, string[]> = {}
    for (const [name, values] of Object.entries(this.#proxy.proxy_connect_header))
      headers[name.toLowerCase()] = values.map((value) => value.reveal())
    return new undici.ProxyAgent({
      ...common,
      uri: uri.href,
      ...token,
      headers,
      requestTls: tls,
      proxyTls: tls,
    })
  }
}
