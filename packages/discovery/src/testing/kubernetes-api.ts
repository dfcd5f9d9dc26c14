import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** An object as the API has it. */
export interface ApiObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly name: string
    readonly namespace?: string
  }
  readonly [field: string]: unknown
}

interface Stored {
  /** `/api/v1/pods` */
  readonly collection: string
  readonly object: ApiObject
}

interface Change extends Stored {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly version: number
}

interface Watcher {
  readonly wants: (stored: Stored) => boolean
  readonly response: ServerResponse
  readonly kind: Pick<ApiObject, 'apiVersion' | 'kind'>
}

const COLLECTIONS: Readonly<Record<string, readonly [group: string, plural: string]>> = {
  Node: ['/api/v1', 'nodes'], Namespace: ['/api/v1', 'namespaces'], Pod: ['/api/v1', 'pods'], Service: ['/api/v1', 'services'],
  Endpoints: ['/api/v1', 'endpoints'], EndpointSlice: ['/apis/discovery.k8s.io/v1', 'endpointslices'],
  Ingress: ['/apis/networking.k8s.io/v1', 'ingresses'], ReplicaSet: ['/apis/apps/v1', 'replicasets'], Job: ['/apis/batch/v1', 'jobs'],
} // prettier-ignore

/**
 * The list and watch protocol of a Kubernetes API server over real HTTP, for tests: versions, pages, selectors, bookmarks, watches
 * that end, versions that are too old, tokens. It has no schemas: an object is what was put.
 */
export class KubernetesApi {
  readonly #server: Server
  readonly #objects = new Map<string, Stored>()
  #history: Change[] = []
  #version = 100
  #oldest = 100
  readonly #watchers = new Set<Watcher>()
  /** When set, requests need it. */
  token: string | undefined
  /** Requests as they came, `GET path?query`. */
  readonly requests: string[] = []
  /** Answers instead of the API, once each. */
  readonly refusals: { readonly status: number; readonly headers?: Record<string, string> }[] = []

  constructor(tls?: { readonly key: string; readonly cert: string }) {
    const serve = (request: IncomingMessage, response: ServerResponse): void => this.#serve(request, response)
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve)
  }

  /** @returns the port */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  /** Adds or replaces an object and tells who watches. */
  put(object: ApiObject): void {
    const [group, plural] = COLLECTIONS[object.kind]!
    const collection = `${group}/${plural}`
    const key = keyOf(collection, object)
    const type = this.#objects.has(key) ? 'MODIFIED' : 'ADDED'
    const version = ++this.#version
    const metadata = { ...object.metadata, resourceVersion: String(version) }
    const stored = { collection, object: { ...object, metadata } }
    this.#objects.set(key, stored)
    this.#tell({ ...stored, type, version })
  }

  delete(kind: string, namespace: string, name: string): void {
    const collection = COLLECTIONS[kind]!.join('/')
    const key = `${collection} ${namespace}/${name}`
    const stored = this.#objects.get(key)
    if (stored === undefined) throw new Error(`there is no ${key}`)
    this.#objects.delete(key)
    const version = ++this.#version
    const metadata = { ...stored.object.metadata, resourceVersion: String(version) }
    this.#tell({ collection, object: { ...stored.object, metadata }, type: 'DELETED', version })
  }

  /** Tells all watchers how far the server is. */
  bookmark(): void {
    for (const { response, kind } of this.#watchers)
      send(response, {
        type: 'BOOKMARK',
        object: { ...kind, metadata: { resourceVersion: String(this.#version) } },
      })
  }

  /** Moves the version on, as changes elsewhere in a cluster do. */
  advance(by: number): void {
    this.#version += by
  }

  /** What happens meanwhile is not told to who watches, as when they are behind. */
  muted(work: () => void): void {
    const watchers = [...this.#watchers]
    this.#watchers.clear()
    work()
    for (const watcher of watchers) this.#watchers.add(watcher)
  }

  /** Forgets the past: older versions are 410 from now on. */
  compact(): void {
    this.#history = []
    this.#oldest = this.#version
  }

  /** Ends all watches: cleanly, by cutting the connection, or with an ERROR event of this code. */
  endWatches(how: 'clean' | 'cut' | number): void {
    for (const { response } of this.#watchers) {
      if (typeof how === 'number')
        send(response, { type: 'ERROR', object: status(how, 'too old resource version') })
      if (how === 'cut') response.destroy()
      else response.end()
    }
    this.#watchers.clear()
  }

  get watchCount(): number {
    return this.#watchers.size
  }

  #tell(change: Change): void {
    this.#history.push(change)
    for (const { wants, response } of this.#watchers)
      if (wants(change)) send(response, { type: change.type, object: change.object })
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${request.method} ${request.url}`)
    const refusal = this.refusals.shift()
    if (refusal !== undefined) return answer(response, refusal.status, status(refusal.status, 'refused'), refusal.headers) // prettier-ignore
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`)
      return answer(response, 401, status(401, 'Unauthorized'))
    const url = new URL(request.url ?? '', 'http://x')
    const found = Object.entries(COLLECTIONS).find(([, [group, plural]]) =>
      new RegExp(`^${group}/(namespaces/[^/]+/)?${plural}$`).test(url.pathname),
    )
    if (found === undefined) return answer(response, 404, status(404, `no ${url.pathname}`))
    const [kind, [group, plural]] = found
    const namespace = new RegExp(`^${group}/namespaces/([^/]+)/`).exec(url.pathname)?.[1]
    const wants = selection(`${group}/${plural}`, namespace, url.searchParams)
    const apiVersion = group.replace(/^\/apis?\//, '')
    if (url.searchParams.has('watch')) this.#watch(response, url.searchParams, { apiVersion, kind }, wants)
    else this.#list(response, url.searchParams, { apiVersion, kind: `${kind}List` }, wants)
  }

  #list(
    response: ServerResponse,
    query: URLSearchParams,
    kind: Watcher['kind'],
    wants: Watcher['wants'],
  ): void {
    const all = [...this.#objects.values()].filter(wants).map(({ object }) => object)
    const start = Number(query.get('continue') ?? 0)
    const end = start + Number(query.get('limit') ?? all.length)
    const more = end < all.length ? { continue: String(end) } : {}
    const metadata = { resourceVersion: String(this.#version), ...more }
    answer(response, 200, { ...kind, metadata, items: all.slice(start, end) })
  }

  #watch(
    response: ServerResponse,
    query: URLSearchParams,
    kind: Watcher['kind'],
    wants: Watcher['wants'],
  ): void {
    const since = Number(query.get('resourceVersion') ?? 0)
    const wantsInitial = query.get('sendInitialEvents') === 'true'
    if (!wantsInitial && since > 0 && since < this.#oldest)
      return answer(response, 410, status(410, `too old resource version: ${since} (${this.#oldest})`))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (wantsInitial) this.#sendInitial(response, kind, wants)
    else
      for (const change of this.#history)
        if (change.version > since && wants(change))
          send(response, { type: change.type, object: change.object })
    const watcher = { response, kind, wants }
    this.#watchers.add(watcher)
    response.on('close', () => this.#watchers.delete(watcher))
  }

  /** A watch that starts with all there is, as newer clients ask for. */
  #sendInitial(response: ServerResponse, kind: Watcher['kind'], wants: Watcher['wants']): void {
    for (const stored of this.#objects.values())
      if (wants(stored)) send(response, { type: 'ADDED', object: stored.object })
    const annotations = { 'k8s.io/initial-events-end': 'true' }
    const metadata = { resourceVersion: String(this.#version), annotations }
    send(response, { type: 'BOOKMARK', object: { ...kind, metadata } })
  }
}

function keyOf(collection: string, { metadata }: ApiObject): string {
  return `${collection} ${metadata.namespace ?? ''}/${metadata.name}`
}

function selection(
  collection: string,
  namespace: string | undefined,
  query: URLSearchParams,
): (stored: Stored) => boolean {
  const labels = terms(query.get('labelSelector'))
  const fields = terms(query.get('fieldSelector'))
  return ({ collection: own, object }) => {
    if (own !== collection) return false
    if (namespace !== undefined && object.metadata.namespace !== namespace) return false
    const pairs = (object.metadata['labels'] ?? {}) as Record<string, string>
    return (
      labels.every(([name, isEqual, value]) => (pairs[name] === value) === isEqual) &&
      fields.every(([path, isEqual, value]) => (fieldOf(object, path) === value) === isEqual)
    )
  }
}

function terms(selector: string | null): [name: string, isEqual: boolean, value: string][] {
  if (selector === null || selector === '') return []
  return selector.split(',').map((term) => {
    const parts = /^(.*?)(!=|==|=)(.*)$/.exec(term)
    if (parts === null) throw new Error(`a selector this test server does not know: ${term}`)
    return [parts[1]!, parts[2] !== '!=', parts[3]!]
  })
}

function fieldOf(object: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce((value, name) => (value as Record<string, unknown> | undefined)?.[name], object)
}

function status(code: number, message: string): object {
  const reason = code === 410 ? 'Expired' : code === 401 ? 'Unauthorized' : ''
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }
}

function answer(
  response: ServerResponse,
  code: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

function send(response: ServerResponse, event: object): void {
  response.write(`${JSON.stringify(event)}\n`)
}
