import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One instance of a service, as `/v1/health/service/NAME` lists it. */
export interface ServiceEntry {
  readonly Node: Readonly<Record<string, unknown>>
  readonly Service: Readonly<Record<string, unknown>> & { readonly Tags: readonly string[] }
  readonly Checks: readonly Readonly<Record<string, unknown>>[]
}

/** Consul's HTTP API as far as discovery asks, for tests: indexes, blocking queries, tags, tokens. */
export class ConsulAgent {
  readonly #server: Server
  readonly #services = new Map<string, ServiceEntry[]>()
  #index = 10
  readonly #waiting = new Set<() => void>()
  readonly requests: string[] = []
  token = ''

  constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response))
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  /** Sets the instances of a service; none takes it out of the catalogue. */
  set(name: string, entries: ServiceEntry[]): void {
    if (entries.length === 0) this.#services.delete(name)
    else this.#services.set(name, entries)
    this.#move(this.#index + 1)
  }

  /** As a server whose state was restored from a snapshot. */
  resetIndex(): void {
    this.#move(3)
  }

  #move(index: number): void {
    this.#index = index
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(request.url ?? '')
    if (this.token !== '' && request.headers['x-consul-token'] !== this.token) {
      response.writeHead(403).end('Permission denied')
      return
    }
    const url = new URL(request.url ?? '', 'http://consul')
    if (url.pathname === '/v1/agent/self') {
      response.end(JSON.stringify({ Config: { Datacenter: 'dc1' } }))
      return
    }
    const reply = (): void => {
      response.setHeader('x-consul-index', String(this.#index))
      response.end(JSON.stringify(this.#answer(url)))
    }
    if (Number(url.searchParams.get('index') ?? 0) !== this.#index) reply()
    else this.#waiting.add(reply)
  }

  #answer(url: URL): unknown {
    if (url.pathname === '/v1/catalog/services')
      return Object.fromEntries(
        [...this.#services].map(([name, entries]) => [
          name,
          [...new Set(entries.flatMap(({ Service }) => Service.Tags))],
        ]),
      )
    const name = decodeURIComponent(/^\/v1\/health\/service\/(.*)$/.exec(url.pathname)?.[1] ?? '')
    const tags = url.searchParams.getAll('tag')
    return (this.#services.get(name) ?? []).filter(({ Service }) =>
      tags.every((tag) => Service.Tags.includes(tag)),
    )
  }
}
