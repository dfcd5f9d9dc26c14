import { lookup } from 'node:dns/promises'
import { hostname, networkInterfaces } from 'node:os'
import type { Readable } from 'node:stream'
import type { Agent, Dispatcher } from 'undici'
import type { DataSourceRow, DataSourceStore, JsonObject } from '@promontory/dashboards'
import { withScheme } from '@promontory/dashboards'
import { isLoopbackAddress } from '../../http/listener.ts'
import { Denied } from './exchange.ts'
import { isReadOfOwn, type OwnApi } from './own-api.ts'

/** Types that we understand. */
const ASKED_TYPES = new Set(['prometheus', 'alertmanager'])
/**
 * Types that are asked for others, reading only: no panel of ours draws their answers. All others are kept and shown, and
 * asking them says that they are not supported yet.
 */
const READ_TYPES = new Set(['loki', 'jaeger', 'tempo', 'zipkin'])
const TIMEOUT_MS = 60_000
/** How long it is believed which sources are ourselves: another instance may have changed them. */
const REFRESH_MS = 10_000
/** Headers of the client that a source gets to see. Never its cookies, never its credentials to us. */
const FORWARDED_HEADERS = ['accept', 'accept-encoding', 'content-type', 'content-encoding', 'user-agent']
const RETURNED_HEADERS = ['content-type', 'content-encoding', 'cache-control', 'retry-after']

export interface SourceRequest {
  readonly method: string
  /** Behind the source's URL, with leading slash and without query. */
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
  readonly signal: AbortSignal
}

export interface SourceAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | Readable
}

export interface SourcesOptions {
  readonly store: DataSourceStore
  /** Ports on which our own API answers. */
  readonly ownPorts: readonly number[]
  /** URLs that mean this server although nothing here could tell. */
  readonly ownUrls: readonly string[]
  readonly own: OwnApi
}

/** Asks data sources: ourselves without a socket, others over HTTP with the credentials that are stored. */
export class Sources {
  readonly #options: SourcesOptions
  readonly #agents = new Map<string, Agent>()
  #ownUids: ReadonlySet<string> = new Set()
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(options: SourcesOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    await this.refresh()
    this.#timer = setInterval(() => void this.refresh().catch(() => undefined), REFRESH_MS).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all([...this.#agents.values()].map((agent) => agent.close()))
  }

  /** Whether the source is this server. */
  isOwn(uid: string): boolean {
    return this.#ownUids.has(uid)
  }

  /** Looks again which sources are this server: after any change of them. */
  async refresh(): Promise<void> {
    const rows = await this.#options.store.list()
    const flags = await Promise.all(rows.map((row) => this.#meansUs(row)))
    this.#ownUids = new Set(rows.filter((_, index) => flags[index]).map((row) => row.uid))
  }

  /** @throws Denied for what may not be asked; 502 and 504 when the source does not answer */
  async ask(row: DataSourceRow, asked: SourceRequest): Promise<SourceAnswer> {
    const isRead = READ_TYPES.has(row.type)
    if (!isRead && !ASKED_TYPES.has(row.type)) throw new Denied(501, unsupported(row))
    if (isRead && asked.method !== 'GET')
      throw new Denied(403, `${asked.method} is not allowed on a data source of the type ${row.type}`)
    if (this.isOwn(row.uid)) return this.#askOwn(row, asked)
    const target = targetUrl(row, asked)
    if (row.type === 'prometheus' && !isReadOfOwn(asked.method, asked.path.replace(/^.*(?=\/api\/v1\/)/, '')))
      throw new Denied(403, `${asked.method} ${asked.path} is not allowed on a Prometheus data source`)
    const { timeout } = JSON.parse(row.json_data) as { timeout?: unknown }
    const timeoutMs = typeof timeout === 'number' && timeout > 0 ? timeout * 1000 : TIMEOUT_MS
    try {
      // Loaded when a source is asked for the first time.
      const { default: undici } = await import('undici')
      const response = await undici.request(target, {
        method: asked.method as Dispatcher.HttpMethod,
        headers: { ...pick(asked.headers, FORWARDED_HEADERS), ...this.#credentials(row) },
        body: asked.body ?? null,
        signal: AbortSignal.any([asked.signal, AbortSignal.timeout(timeoutMs)]),
        dispatcher: this.#agent(row, undici.Agent),
        headersTimeout: timeoutMs,
      })
      return {
        status: response.statusCode,
        headers: pick(response.headers, RETURNED_HEADERS),
        body: response.body,
      }
    } catch (error) {
      const isLate = (error as Error).name === 'TimeoutError'
      throw new Denied(
        isLate ? 504 : 502,
        `${row.name} at ${target.origin} does not answer: ${reason(error)}`,
      )
    }
  }

  async #askOwn(
    row: DataSourceRow,
    { method, path, query, body, signal }: SourceRequest,
  ): Promise<SourceAnswer> {
    const base = row.url === '' ? '' : new URL(withScheme(row.url)).pathname.replace(/\/+$/, '')
    const own = path.startsWith(`${base}/`) && base !== '' ? path.slice(base.length) : path
    if (!isReadOfOwn(method, own)) throw new Denied(403, `${method} ${own} is not allowed on a data source`)
    const form = body === undefined ? '' : Buffer.from(body).toString()
    const answer = await this.#options.own({ method, path: own, query, form, signal })
    return { status: answer.status, headers: { 'content-type': answer.type }, body: answer.body }
  }

  async #meansUs(row: DataSourceRow): Promise<boolean> {
    if (row.type !== 'prometheus' && row.type !== 'alertmanager') return false
    if (row.url === '') return row.read_only === 1
    if (this.#options.ownUrls.some((url) => url.replace(/\/+$/, '') === row.url.replace(/\/+$/, '')))
      return true
    const url = new URL(withScheme(row.url))
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
    if (!this.#options.ownPorts.includes(port)) return false
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (isLoopbackAddress(host) || host === hostname()) return true
    const addresses = await lookup(host, { all: true }).catch(() => [])
    return addresses.length > 0 && addresses.every(({ address }) => isOurAddress(address))
  }

  #credentials(row: DataSourceRow): Record<string, string> {
    const json = JSON.parse(row.json_data) as JsonObject
    const secrets = this.#options.store.secrets(row)
    const headers: Record<string, string> = {}
    if (row.basic_auth === 1) {
      const pair = `${row.basic_auth_user}:${secrets['basicAuthPassword'] ?? ''}`
      headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`
    }
    for (const [name, value] of Object.entries(json)) {
      const number = /^httpHeaderName(\d+)$/.exec(name)?.[1]
      if (number !== undefined && typeof value === 'string')
        headers[value.toLowerCase()] = secrets[`httpHeaderValue${number}`] ?? ''
    }
    return headers
  }

  /** One pool of connections for each way of TLS. */
  #agent(row: DataSourceRow, AgentClass: typeof Agent): Agent {
    const json = JSON.parse(row.json_data) as JsonObject
    const secrets = this.#options.store.secrets(row)
    const connect = {
      rejectUnauthorized: json['tlsSkipVerify'] !== true,
      ...(typeof json['serverName'] === 'string' && json['serverName'] !== ''
        ? { servername: json['serverName'] }
        : {}),
      ...(json['tlsAuthWithCACert'] === true ? { ca: secrets['tlsCACert'] ?? '' } : {}),
      ...(json['tlsAuth'] === true
        ? { cert: secrets['tlsClientCert'] ?? '', key: secrets['tlsClientKey'] ?? '' }
        : {}),
    }
    const key = JSON.stringify(connect)
    let agent = this.#agents.get(key)
    if (agent === undefined) this.#agents.set(key, (agent = new AgentClass({ connect, connections: 50 })))
    return agent
  }
}

/** What is said when somebody asks a source that is only kept. */
export function unsupported(row: Pick<DataSourceRow, 'name' | 'type'>): string {
  return `data source ${row.name} is of the type ${row.type}, which is not supported yet`
}

/** The source's URL with the path behind it. @throws Denied for a path that would leave it */
export function targetUrl(
  row: Pick<DataSourceRow, 'url' | 'name'>,
  asked: Pick<SourceRequest, 'path' | 'query'>,
): URL {
  if (row.url === '') throw new Denied(400, `data source ${row.name} has no URL`)
  const base = new URL(withScheme(row.url))
  if (!/^https?:$/.test(base.protocol))
    throw new Denied(400, `data source ${row.name}: ${base.protocol} is not asked over HTTP`)
  const root = base.pathname.replace(/\/+$/, '')
  // Looked at with the escapes taken off, once and twice: a server behind may do the same.
  for (const path of [asked.path, decode(asked.path), decode(decode(asked.path))])
    if (path.split(/[/\\]/).some((part) => part === '..' || part === '.'))
      throw new Denied(400, `the path "${asked.path}" leaves the data source`)
  const target = new URL(base)
  target.pathname = `${root}${asked.path.startsWith('/') ? '' : '/'}${asked.path}`
  target.search = asked.query
  target.hash = ''
  target.username = ''
  target.password = ''
  if (target.origin !== base.origin || !target.pathname.startsWith(root))
    throw new Denied(400, `the path "${asked.path}" leaves the data source`)
  return target
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function isOurAddress(address: string): boolean {
  return (
    isLoopbackAddress(address) ||
    Object.values(networkInterfaces()).some((list) => list?.some((one) => one.address === address))
  )
}

function pick(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  names: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name]
      return value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]]
    }),
  )
}

function reason(error: unknown): string {
  const { message, cause, code } = error as Error & { code?: string; errors?: Error[] }
  return message || (cause as Error | undefined)?.message || code || 'no reason given'
}
