import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { WebAccess } from './web-access.ts'
import { portHolder } from './port-holder.ts'

export interface ListenerOptions {
  /** `host:port`; an empty host means all interfaces. */
  readonly address: string
  /** The flag that sets the address, for the message when the port is taken. */
  readonly flag: string
  readonly maxConnections: number
  readonly readTimeoutMs: number
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void
  /** TLS and headers of `--web.config.file`. */
  readonly web?: WebAccess | undefined
}

/** The address cannot be listened on; the message names who holds it and the flag that moves us. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** How often idle connections are looked for while closing. */
const CLOSE_IDLE_MS = 50

/** From this share of the allowed connections on, those that only might be used again make room: a browser keeps six. */
const CROWDED_SHARE = 0.8

/** An open port. */
export class Listener {
  readonly #server: Server | TlsServer
  readonly #isTls: boolean
  readonly #sockets = new Set<Socket>()
  readonly host: string
  readonly port: number

  private constructor(server: Server | TlsServer) {
    this.#server = server
    this.#isTls = 'setSecureContext' in server
    const { address, port } = server.address() as AddressInfo
    this.host = address
    this.port = port
    const crowdedFrom = Math.floor(server.maxConnections * CROWDED_SHARE)
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      if (this.#sockets.size > crowdedFrom) server.closeIdleConnections()
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  /** @throws ListenError */
  static open(options: ListenerOptions): Promise<Listener> {
    const { host, port } = splitAddress(options.address)
    const server = serverOf(options)
    server.maxConnections = options.maxConnections
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, options, port)))
      server.listen({ port, ...(host === '' ? {} : { host }) }, () => resolve(new Listener(server)))
    })
  }

  get isLoopback(): boolean {
    return isLoopbackAddress(this.host)
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** `http://localhost:9090` */
  get url(): string {
    const host = this.isLoopback || this.host === '::' || this.host === '0.0.0.0' ? 'localhost' : this.host
    return `http${this.#isTls ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${this.port}`
  }

  /** Stops taking connections, lets running answers end for `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cut = setTimeout(() => {
        for (const socket of this.#sockets) socket.destroy()
      }, graceMs)
      // A connection that is kept alive becomes idle when its answer is out, and would then hold us up.
      const closeIdle = setInterval(() => this.#server.closeIdleConnections(), CLOSE_IDLE_MS)
      this.#server.close(() => {
        clearTimeout(cut)
        clearInterval(closeIdle)
        resolve()
      })
      this.#server.closeIdleConnections()
    })
  }
}

function serverOf({ readTimeoutMs, handler, web }: ListenerOptions): Server | TlsServer {
  const timeouts = { requestTimeout: readTimeoutMs, keepAliveTimeout: readTimeoutMs }
  const answer: ListenerOptions['handler'] = (request, response) => {
    web?.setHeaders(response)
    handler(request, response)
  }
  if (web?.tls === undefined) return createServer(timeouts, answer)
  const server = createTlsServer({ ...timeouts, ...web.tls }, answer)
  server.on('secureConnection', (socket) => {
    if (!web.isWelcome(socket)) socket.destroy()
  })
  web.onTls((tls) => server.setSecureContext(tls))
  return server
}

/** `[::1]:9090` → host `::1`, port 9090. */
export function splitAddress(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':')
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) }
}

export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || address === 'localhost' || /^(::ffff:)?127\./.test(address)
}

function explain(
  error: NodeJS.ErrnoException,
  { address, flag }: ListenerOptions,
  port: number,
): ListenError {
  if (error.code === 'EADDRINUSE') {
    const holder = portHolder(port)
    const by = holder === undefined ? 'another process' : `${holder.name} (PID ${holder.pid})`
    return new ListenError(
      `cannot listen on ${address}: the port is held by ${by}; choose another one with --${flag}=127.0.0.1:PORT`,
      { cause: error },
    )
  }
  if (error.code === 'EACCES')
    return new ListenError(
      `cannot listen on ${address}: ports below 1024 need a privilege; choose another one with --${flag}`,
      { cause: error },
    )
  return new ListenError(`cannot listen on ${address}: ${error.message} (--${flag})`, { cause: error })
}
