import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigErrors, decodeYaml } from '@promontory/base/yaml'
import {
  DEFAULT_HTTP_CLIENT,
  HttpClient,
  httpClientConfig,
  type HttpResponse,
  type HttpStream,
} from '@promontory/http-client'
import { VERSION } from '@promontory/server/version'
import { UsageError } from '../serve-flags.ts'

/** Flags of every command that asks a server, for `parseArgs`. */
export const CLIENT_OPTIONS = {
  'http.config.file': { type: 'string' },
  header: { type: 'string', multiple: true },
} as const

/** What {@link CLIENT_OPTIONS} gave. */
export interface ClientFlags {
  readonly 'http.config.file'?: string | undefined
  readonly header?: readonly string[] | undefined
}

const ANSWER_TIMEOUT_MS = 300_000

export interface ServerRequest {
  readonly method?: 'GET' | 'POST'
  readonly body?: Uint8Array | URLSearchParams
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  readonly bodyBytesMax?: number
}

/** A server as a command reaches it: with the credentials, certificates and proxies of `--http.config.file`, and `--header`s. */
export class ServerClient {
  /** Without a slash at its end. */
  readonly url: string
  readonly #http: HttpClient
  readonly #headers: Readonly<Record<string, string>>

  /** @throws UsageError for a URL or flags that are wrong */
  constructor(url: string, flags: ClientFlags = {}) {
    if (!URL.canParse(url)) throw new UsageError(`"${url}" is no URL`)
    this.url = url.replace(/\/+$/, '')
    this.#headers = Object.fromEntries((flags.header ?? []).map(headerOf))
    this.#http = new HttpClient(configOf(flags['http.config.file']), { userAgent: `promontory/${VERSION}` })
  }

  /** @param path  below the server's URL @throws HttpRequestError when nothing answers */
  request(path: string, request: ServerRequest = {}): Promise<HttpResponse> {
    const { bodyBytesMax } = request
    return this.#http.request({
      url: this.url + path,
      ...this.#common(request),
      ...(bodyBytesMax === undefined ? {} : { bodyBytesMax }),
    })
  }

  /** The body comes piece by piece. */
  stream(path: string, request: ServerRequest = {}): Promise<HttpStream> {
    return this.#http.stream({ url: this.url + path, ...this.#common(request) })
  }

  close(): void {
    this.#http.close()
  }

  #common({ method, body, headers, timeoutMs = ANSWER_TIMEOUT_MS }: ServerRequest): {
    method: 'GET' | 'POST'
    headers: Record<string, string>
    signal: AbortSignal
    body?: Uint8Array | string
  } {
    const isForm = body instanceof URLSearchParams
    return {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(isForm ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        ...headers,
        ...this.#headers,
      },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: isForm ? body.toString() : body }),
    }
  }
}

/** The body of an answer as text. */
export function textOf({ bytes, length }: HttpResponse): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('utf8')
}

function headerOf(pair: string): [string, string] {
  const at = pair.search(/[=:]/)
  if (at <= 0) throw new UsageError(`--header=${pair}: expected NAME=VALUE`)
  return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
}

function configOf(file: string | undefined): typeof DEFAULT_HTTP_CLIENT {
  if (file === undefined) return DEFAULT_HTTP_CLIENT
  try {
    return decodeYaml(readFileSync(file, 'utf8'), { file: resolve(file) }, httpClientConfig).value
  } catch (error) {
    if (error instanceof ConfigErrors || (error as NodeJS.ErrnoException).code !== undefined)
      throw new UsageError(`--http.config.file: ${(error as Error).message}`)
    throw error
  }
}
