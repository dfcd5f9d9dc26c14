import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isLoopbackAddress } from './listener.ts'

export interface GateOptions {
  /** `--web.external-url`: its host is ours. */
  readonly externalUrl: string | undefined
  readonly anonymousRead: boolean
  /** Needed off loopback: as bearer token, or as the password of any user. */
  readonly token: string
}

export type GateVerdict =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly status: 401 | 403; readonly reason: string }

const ADMITTED: GateVerdict = { admitted: true }

/** Paths that probes ask, which tell nothing. */
const OPEN_PATHS = new Set(['/-/healthy', '/-/ready'])

/**
 * Who may come in. On loopback: everybody on this machine, but no web page of another host: the Host header must be a
 * name of this machine (against DNS rebinding) and the Origin of a writing request must be ours. Off loopback: writing
 * needs the token, and so does reading unless that was opened.
 */
export class Gate {
  readonly #options: GateOptions
  readonly #tokenHash: Buffer

  constructor(options: GateOptions) {
    this.#options = options
    this.#tokenHash = hash(options.token)
  }

  judge(request: IncomingMessage): GateVerdict {
    const path = new URL(request.url ?? '/', 'http://x').pathname
    if (OPEN_PATHS.has(path)) return ADMITTED
    const writes = request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'OPTIONS'
    const verdict = writes ? this.#judgeOrigin(request) : ADMITTED
    if (!verdict.admitted) return verdict
    if (
      isLoopbackAddress(request.socket.localAddress ?? '') &&
      isLoopbackAddress(request.socket.remoteAddress ?? '')
    )
      return this.#judgeHost(request)
    if (this.#hasToken(request.headers.authorization)) return ADMITTED
    if (!readsOnly(request.method, path) || !this.#options.anonymousRead)
      return {
        admitted: false,
        status: 401,
        reason:
          'a credential is needed: the token that was printed at the start, as bearer token or as password',
      }
    return ADMITTED
  }

  #judgeHost(request: IncomingMessage): GateVerdict {
    const host = hostName(request.headers.host)
    if (host === undefined || this.#isOurs(host)) return ADMITTED
    return {
      admitted: false,
      status: 403,
      reason: `the Host header names ${host}, which is not this machine; set --web.external-url if it is`,
    }
  }

  #judgeOrigin(request: IncomingMessage): GateVerdict {
    const { origin, host } = request.headers
    if (origin === undefined) return ADMITTED
    const from = URL.canParse(origin) ? new URL(origin).host : origin
    if (from === host || from === this.#externalHost()) return ADMITTED
    return {
      admitted: false,
      status: 403,
      reason: `requests that change something are not taken from pages of ${from}`,
    }
  }

  #isOurs(host: string): boolean {
    return isLoopbackAddress(host) || host.endsWith('.localhost') || host === hostName(this.#externalHost())
  }

  #externalHost(): string | undefined {
    return this.#options.externalUrl === undefined ? undefined : new URL(this.#options.externalUrl).host
  }

  #hasToken(authorization: string | undefined): boolean {
    if (authorization === undefined) return false
    const [scheme = '', value = ''] = authorization.split(/ +/, 2)
    if (/^bearer$/i.test(scheme)) return this.#matches(value)
    if (!/^basic$/i.test(scheme)) return false
    const pair = Buffer.from(value, 'base64').toString()
    return this.#matches(pair.slice(pair.indexOf(':') + 1))
  }

  #matches(token: string): boolean {
    return timingSafeEqual(hash(token), this.#tokenHash)
  }
}

/** Queries are sent by POST too. */
const READING_POSTS =
  /^\/(.*\/)?api\/v1\/(query|query_range|query_exemplars|series|labels|format_query|parse_query|lint)$/

function readsOnly(method: string | undefined, path: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || READING_POSTS.test(path)
}

function hostName(host: string | undefined): string | undefined {
  if (host === undefined || host === '') return undefined
  return host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** A token with 192 bits of chance. */
export function newToken(): string {
  return randomBytes(24).toString('base64url')
}
