import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Containers and networks of {@link DockerApi}: every shape that labels depend on. */
const CONTAINERS = [
  { Id: 'c1', Names: ['/web'], Image: 'web:1', ImageID: 'sha256:1', State: 'running', Labels: { 'com.docker.compose.project': 'shop', role: 'front' }, HostConfig: { NetworkMode: 'back' }, NetworkSettings: { Networks: { shop_default: { NetworkID: 'n1', IPAddress: '172.19.0.2' }, back: { NetworkID: 'n2', IPAddress: '172.20.0.2' } } }, Ports: [{ IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' }, { PrivatePort: 443, Type: 'tcp' }, { PrivatePort: 53, Type: 'udp' }] },
  { Id: 'c2', Names: ['/sidecar'], Image: 'side:1', ImageID: 'sha256:2', State: 'running', Labels: { role: 'side' }, HostConfig: { NetworkMode: 'container:c1' }, NetworkSettings: { Networks: {} }, Ports: [] },
  { Id: 'c3', Names: ['/host'], Image: 'node-exporter', ImageID: 'sha256:3', State: 'running', Labels: {}, HostConfig: { NetworkMode: 'host' }, NetworkSettings: { Networks: { host: { NetworkID: 'n3', IPAddress: '' } } }, Ports: [] },
  { Id: 'c4', Names: ['/v6'], Image: 'v6', ImageID: 'sha256:4', State: 'running', Labels: {}, HostConfig: { NetworkMode: 'six' }, NetworkSettings: { Networks: { six: { NetworkID: 'n4', IPAddress: '', GlobalIPv6Address: 'fd00::2' } } }, Ports: [{ PrivatePort: 9000, Type: 'udp' }] },
  { Id: 'c5', Names: ['/lost'], Image: 'x', ImageID: 'sha256:5', State: 'running', Labels: {}, HostConfig: { NetworkMode: 'container:gone' }, NetworkSettings: { Networks: {} }, Ports: [] },
] // prettier-ignore
const NETWORKS = [
  { Id: 'n1', Name: 'shop_default', Scope: 'local', Internal: false, Ingress: false, Labels: { 'com.docker.compose.network': 'default' } },
  { Id: 'n2', Name: 'back', Scope: 'local', Internal: true, Ingress: false, Labels: {} },
  { Id: 'n3', Name: 'host', Scope: 'local', Internal: false, Ingress: false, Labels: {} },
  { Id: 'n4', Name: 'six', Scope: 'swarm', Internal: false, Ingress: true, Labels: {} },
] // prettier-ignore

/** The two lists of Docker's engine API that discovery asks for, over a socket or TCP, with filters by label. */
export class DockerApi {
  readonly #server: Server
  readonly requests: string[] = []
  containers: readonly {
    readonly Id: string
    readonly Labels: Readonly<Record<string, string | undefined>>
  }[] = CONTAINERS

  constructor() {
    this.#server = createServer((request, response) => {
      this.requests.push(request.url ?? '')
      const url = new URL(request.url ?? '', 'http://docker')
      const path = url.pathname.replace(/^\/v\d+\.\d+/, '')
      response.setHeader('api-version', '1.47')
      response.setHeader('content-type', 'application/json')
      if (path === '/_ping') response.end('OK')
      else if (path === '/containers/json') response.end(JSON.stringify(this.#filtered(url)))
      else if (path === '/networks') response.end(JSON.stringify(NETWORKS))
      else response.writeHead(404).end('{"message":"page not found"}')
    })
  }

  /** @param socket a path; a free port of loopback without */
  async listen(socket?: string): Promise<number> {
    await new Promise<void>((resolve) =>
      socket === undefined
        ? this.#server.listen(0, '127.0.0.1', resolve)
        : this.#server.listen(socket, resolve),
    )
    return socket === undefined ? (this.#server.address() as AddressInfo).port : 0
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  /** Both forms in which clients write filters: `{"label": ["a=b"]}` and `{"label": {"a=b": true}}`. */
  #filtered(url: URL): unknown[] {
    const filters = JSON.parse(url.searchParams.get('filters') ?? '{}') as { label?: string[] | object }
    const given = filters.label ?? []
    const labels: string[] = Array.isArray(given) ? given : Object.keys(given)
    return this.containers.filter(({ Labels }) =>
      labels.every((term) => Object.entries(Labels).some(([name, value]) => term === `${name}=${value}`)),
    )
  }
}
