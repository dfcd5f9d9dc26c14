import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type Access, AccessError, type Identity, includesRole, type Role } from '@promontory/access'
import { cookieOf, SESSION_COOKIE, setIdentity } from './identity.ts'
import { isLoopbackAddress } from './listener.ts'
import type { WebAccess } from './web-access.ts'

export interface GateOptions {
  /** `--web.external-url`: its host is ours. */
  readonly externalUrl: string | undefined
  readonly anonymousRead: boolean
  /** Needed off loopback: as bearer token, or as the password of any user. */
  readonly token: string
  /** Users and their tokens; undefined where there are none yet. */
  readonly access?: Access
  /** Users of `--web.config.file`: where there are some, everybody needs a credential, on this machine too. */
  readonly web?: WebAccess | undefined
}

export type GateVerdict =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly status: 401 | 403 | 429; readonly reason: string }

const ADMITTED: GateVerdict = { admitted: true }

/** Paths that probes ask, which tell nothing. */
const OPEN_PATHS = new Set(['/-/healthy', '/-/ready', '/api/health', '/healthz'])
/** What somebody needs who is not logged in yet. */
const LOGIN_PATHS = new Set(['/login', '/logout', '/api/login/state'])
/** Paths whose routes ask who it is: Grafana's, and ours about users and dashboards. */
const IDENTITY_PATHS = /^\/(api\/(?!v[12]\/)|api\/v1\/(audit|usage)(\/|$)|login(\/|$)|logout$)/
/** Everything that is no page. */
const API_PATHS = /^\/(api\/|metrics(\/|$)|federate$|version$|-\/)/
/** Paths for which writing means managing the server. */
const ADMIN_WRITES = /^\/(-\/|api\/v1\/(admin|config|targets)\/)/

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
    if (isDirectLoopback(request)) return this.#judgeHost(request)
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

  /**
   * Judges a request and, where it matters, finds out who sends it: routes ask `identityOf`. At once for requests of this
   * machine that need no name.
   * @param path without the prefix of all paths
   */
  admit(request: IncomingMessage, path: string): GateVerdict | Promise<GateVerdict> {
    const { access, web } = this.#options
    if (web?.hasUsers === true) return this.#admitUser(request, path, web)
    if (access === undefined) return this.judge(request)
    if (OPEN_PATHS.has(path)) return ADMITTED
    const isWrite = request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'OPTIONS'
    const origin = isWrite ? this.#judgeOrigin(request) : ADMITTED
    if (!origin.admitted) return origin
    if (isDirectLoopback(request)) {
      const host = this.#judgeHost(request)
      return host.admitted && IDENTITY_PATHS.test(path) ? this.#identify(request, path, access, true) : host
    }
    if (this.#hasToken(request.headers.authorization)) {
      setIdentity(request, ROOT)
      return ADMITTED
    }
    return this.#identify(request, path, access, false)
  }

  /** As with Prometheus, no path is open; a user of the file may do everything. */
  async #admitUser(request: IncomingMessage, path: string, web: WebAccess): Promise<GateVerdict> {
    const isWrite = request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'OPTIONS'
    const origin = isWrite ? this.#judgeOrigin(request) : ADMITTED
    if (!origin.admitted) return origin
    if (this.#hasToken(request.headers.authorization) || (await web.isUser(request))) {
      setIdentity(request, ROOT)
      return ADMITTED
    }
    const { access } = this.#options
    if (access === undefined || !access.hasPasswords)
      return { admitted: false, status: 401, reason: 'Unauthorized' }
    return this.#identify(request, path, access, false)
  }

  async #identify(
    request: IncomingMessage,
    path: string,
    access: Access,
    isLoopback: boolean,
  ): Promise<GateVerdict> {
    const { authorization } = request.headers
    const client = request.socket.remoteAddress ?? ''
    let identity: Identity | undefined
    try {
      const session = cookieOf(request, SESSION_COOKIE)
      identity = await access.identify({ authorization, session, client, isLoopback })
    } catch (error) {
      if (!(error instanceof AccessError)) throw error
      // Whoever logs in anew may still show what is no longer good.
      if (LOGIN_PATHS.has(path)) return ADMITTED
      return { admitted: false, status: error.refusal === 'too-many' ? 429 : 401, reason: error.message }
    }
    if (identity === undefined && this.#options.anonymousRead && readsOnly(request.method, path))
      identity = ANONYMOUS
    if (identity !== undefined) setIdentity(request, identity)
    // On this machine the routes decide, each for itself.
    return isLoopback ? ADMITTED : judgeOutside(identity, request.method, path, access)
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

/** The token of the start. */
const ROOT: Identity = {
  kind: 'root',
  id: 0,
  login: 'root',
  name: 'Token of the start',
  email: '',
  role: 'Admin',
  isServerAdmin: true,
}
/** Everybody, where `--web.allow-anonymous-read` says so. */
const ANONYMOUS: Identity = {
  kind: 'anonymous',
  id: 0,
  login: '',
  name: 'Anonymous',
  email: '',
  role: 'Viewer',
  isServerAdmin: false,
}

function judgeOutside(
  identity: Identity | undefined,
  method: string | undefined,
  path: string,
  access: Access,
): GateVerdict {
  const isPage = (method === 'GET' || method === 'HEAD') && !API_PATHS.test(path)
  // The pages hold no data; they show the login. Without users there is none: the token is asked for at once.
  if (access.hasPasswords && (isPage || LOGIN_PATHS.has(path))) return ADMITTED
  if (identity === undefined) return { admitted: false, status: 401, reason: credentialNeeded(access) }
  if (IDENTITY_PATHS.test(path)) return ADMITTED
  const needed: Role = readsOnly(method, path) ? 'Viewer' : ADMIN_WRITES.test(path) ? 'Admin' : 'Editor'
  if (includesRole(identity.role, needed)) return ADMITTED
  return { admitted: false, status: 403, reason: `the role ${needed} is needed; you are ${identity.role}` }
}

function credentialNeeded(access: Access): string {
  return access.hasPasswords
    ? 'a credential is needed: log in, or send user and password, a token of a service account, or the token of the start'
    : 'a credential is needed: the token that was printed at the start, as bearer token or as password'
}

/**
 * Whether a request comes from this machine itself. What a reverse proxy on this machine hands on does not: it says so in a
 * header, and those behind it are strangers.
 */
export function isDirectLoopback(request: IncomingMessage): boolean {
  const { headers, socket } = request
  return (
    isLoopbackAddress(socket.localAddress ?? '') &&
    isLoopbackAddress(socket.remoteAddress ?? '') &&
    headers['x-forwarded-for'] === undefined &&
    headers['forwarded'] === undefined &&
    headers['x-real-ip'] === undefined
  )
}

/** Queries are sent by POST too. */
const READING_POSTS =
  /^\/(.*\/)?api\/(ds\/query|v1\/(read|query|query_range|query_batch|query_batch\/cancel|query_exemplars|series|labels|format_query|parse_query|lint))$/

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
