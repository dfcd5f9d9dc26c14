import { connect, type Socket } from 'node:net'
import { BodyPool } from './body-pool.ts'
import { BodyTooLargeError } from './errors.ts'
import { NotPlain, PlainResponse } from './plain-response.ts'

/** One buffer takes what comes on all connections: it is copied out in the same turn. */
const READ_BYTES = 256 * 1024
let readBuffer: Buffer | undefined

/** A server whose responses are not plain is left to the whole client for so long. */
const NOT_PLAIN_MS = 3600_000
const IDLE_MS = 5 * 60_000

export interface PlainRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly signal: AbortSignal
  readonly limitBytes: number
}

/**
 * GET over plain HTTP/1.1 without a copy too many: for scrapes, of which there are thousands a second, each of some hundred kilobytes.
 * Whatever is not the plain case (redirects, other framings, a connection that breaks) is left to the whole client.
 */
export class PlainHttp {
  readonly #pool: BodyPool = new BodyPool()
  readonly #idle = new Map<string, PlainConnection[]>()
  readonly #notPlainUntil = new Map<string, number>()
  #closed = false

  /**
   * @returns undefined when the whole client shall ask
   * @throws BodyTooLargeError; the signal's reason when it is aborted
   */
  async get({ url, headers, signal, limitBytes }: PlainRequest): Promise<PlainResponse | undefined> {
    const { host } = url
    if ((this.#notPlainUntil.get(host) ?? 0) > performance.now()) return undefined
    signal.throwIfAborted()
    const text = requestText(url, headers)
    if (text === undefined) return undefined
    const connection = this.#idle.get(host)?.pop() ?? new PlainConnection(url)
    const response = new PlainResponse(this.#pool, limitBytes)
    try {
      await connection.exchange(text, response, signal)
    } catch (error) {
      connection.destroy()
      response.release()
      if (signal.aborted) throw signal.reason
      if (error instanceof BodyTooLargeError) throw error
      if (error instanceof NotPlain) this.#notPlainUntil.set(host, performance.now() + NOT_PLAIN_MS)
      return undefined
    }
    if (response.keepAlive && !this.#closed) this.#keep(host, connection)
    else connection.destroy()
    return response
  }

  close(): void {
    this.#closed = true
    for (const connections of this.#idle.values()) for (const connection of connections) connection.destroy()
    this.#idle.clear()
  }

  #keep(host: string, connection: PlainConnection): void {
    const connections = this.#idle.get(host) ?? []
    this.#idle.set(host, connections)
    connections.push(connection)
    connection.rest(IDLE_MS, () => {
      const at = connections.indexOf(connection)
      if (at >= 0) connections.splice(at, 1)
    })
  }
}

/** Names and values as RFC 9110 has them: nothing that could end a line. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Undefined for headers that are not ours to judge. */
function requestText(url: URL, headers: PlainRequest['headers']): string | undefined {
  let text = `GET ${url.pathname}${url.search} HTTP/1.1\r\nconnection: keep-alive\r\n`
  if (headers['host'] === undefined) text += `host: ${url.host}\r\n`
  for (const [name, value] of Object.entries(headers))
    for (const each of typeof value === 'string' ? [value] : value) {
      if (!HEADER_NAME.test(name) || name === 'connection' || !HEADER_VALUE.test(each)) return undefined
      text += `${name}: ${each}\r\n`
    }
  return `${text}\r\n`
}

class PlainConnection {
  readonly #socket: Socket
  #response: PlainResponse | undefined
  #settle: ((error?: Error) => void) | undefined
  #onGone: (() => void) | undefined

  constructor(url: URL) {
    readBuffer ??= Buffer.allocUnsafeSlow(READ_BYTES)
    const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
    this.#socket = connect({
      host,
      port: Number(url.port || 80),
      noDelay: true,
      onread: { buffer: readBuffer, callback: (count, buffer) => this.#read(buffer, count) },
    })
    const gone = (error?: Error): void => this.#fail(error ?? new Error('the connection was closed'))
    this.#socket.on('error', gone)
    this.#socket.on('end', () => gone())
    this.#socket.on('close', () => gone())
    this.#socket.on('timeout', () => this.#socket.destroy())
  }

  exchange(request: string, response: PlainResponse, signal: AbortSignal): Promise<void> {
    this.#socket.setTimeout(0)
    this.#onGone = undefined
    this.#response = response
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#fail(new Error('aborted'))
      this.#settle = (error) => {
        this.#settle = this.#response = undefined
        signal.removeEventListener('abort', onAbort)
        if (error === undefined) resolve()
        else reject(error)
      }
      signal.addEventListener('abort', onAbort)
      if (this.#socket.destroyed) this.#fail(new Error('the connection was closed'))
      else this.#socket.write(request, 'latin1')
    })
  }

  /** Waits for the next request; calls back when the connection is gone before. */
  rest(idleMs: number, onGone: () => void): void {
    this.#onGone = onGone
    this.#socket.setTimeout(idleMs)
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #read(buffer: Uint8Array, count: number): boolean {
    try {
      // Bytes that nobody asked for: what they belong to is unknown.
      if (this.#response === undefined) this.#socket.destroy()
      else if (this.#response.read(buffer.subarray(0, count))) this.#settle?.()
    } catch (error) {
      this.#fail(error as Error)
    }
    return true
  }

  #fail(error: Error): void {
    this.#settle?.(error)
    this.#onGone?.()
    this.#onGone = undefined
  }
}
