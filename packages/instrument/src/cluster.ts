import { createServer, type Server } from 'node:http'
import prometheus, { type Registry } from 'prom-client'

const { AggregatorRegistry } = prometheus

/** In a worker of `node:cluster`: makes its registry part of what the primary publishes. */
export function joinCluster(registry: Registry): void {
  AggregatorRegistry.setRegistries([registry])
  // Its constructor listens for the primary's question.
  void new AggregatorRegistry()
}

/**
 * In the primary of `node:cluster`: publishes the sum of all workers at `/metrics`. Gauges are added up as well.
 * @returns the server, which listens
 */
export async function clusterMetrics(port: number, host = '127.0.0.1'): Promise<Server> {
  const workers = new AggregatorRegistry()
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end()
    workers.clusterMetrics().then(
      (text) => response.writeHead(200, { 'content-type': workers.contentType }).end(text),
      (error: Error) => response.writeHead(503, { 'content-type': 'text/plain' }).end(error.message),
    )
  })
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(port, host, done)
  })
  return server
}
