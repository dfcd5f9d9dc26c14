/** Two workers that share a port, and a primary that publishes their sum: prints `<port of the workers> <port of the metrics>`. */
import cluster from 'node:cluster'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { clusterMetrics, instrument } from '../src/index.ts'

if (cluster.isPrimary) {
  const metrics = await clusterMetrics(0)
  let listening = 0
  cluster.on('listening', (_, { port }) => {
    if (++listening === 2) console.log(`${port} ${(metrics.address() as AddressInfo).port}`)
    if (listening > 2) console.log('again')
  })
  cluster.on('exit', () => cluster.fork())
  cluster.fork()
  cluster.fork()
  process.stdin.once('end', () => process.exit()).resume()
} else {
  const kit = instrument({ service: 'cluster', cluster: true, privateMetrics: { path: '/private' } })
  kit.llm.budget({ scope: 'all', name: '', period: 'daily', dollars: 100 })
  createServer(
    kit.listener(
      (request, response) => {
        if (request.url === '/die') process.exit(1)
        kit.domain.event('signup')
        response.end(String(process.pid))
      },
      (request) => request.url,
    ),
  ).listen(0, '127.0.0.1')
}
