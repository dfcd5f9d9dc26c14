import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { run } from './peers.ts'
import { freePort, Program, ROOT } from './program.ts'

/** A Node program on prom-client: default metrics, a counter, a histogram, a summary; traffic of its own. */
export async function startNodeApplication(directory: string): Promise<Program> {
  const port = await freePort()
  const file = join(directory, 'application.cjs')
  const client = createRequire(join(ROOT, 'package.json')).resolve('prom-client')
  writeFileSync(
    file,
    `const { createServer } = require('node:http')
const client = require(${JSON.stringify(client)})
client.collectDefaultMetrics()
const requests = new client.Counter({ name: 'http_requests_total', help: 'Total number of HTTP requests', labelNames: ['method', 'route', 'status_code'] })
const duration = new client.Histogram({ name: 'http_request_duration_seconds', help: 'Duration of HTTP requests in seconds', labelNames: ['route'], buckets: [0.1, 1, 5] })
const size = new client.Summary({ name: 'payload_bytes', help: 'Size, with a back\\\\slash and "quotes"', percentiles: [0.5, 1] })
setInterval(() => {
  requests.inc({ method: 'GET', route: '/a "b" \\\\ c\\nü', status_code: 200 })
  duration.observe({ route: '/x' }, Math.random() * 6)
  size.observe(Math.random() * 1e9)
}, 50)
createServer(async (request, response) => {
  response.setHeader('content-type', client.register.contentType)
  response.end(await client.register.metrics())
}).listen(${port}, '127.0.0.1')
`,
  )
  return new Program(process.execPath, [file], `http://127.0.0.1:${port}`).ready('/metrics')
}

/** A Python that has prometheus_client: Debian's package is only seen by Debian's own interpreter. */
export function pythonWithClient(): string | undefined {
  return ['python3', '/usr/bin/python3'].find((python) => {
    try {
      return run(python, ['-c', 'import prometheus_client']).code === 0
    } catch {
      return false
    }
  })
}

/** A Python program on prometheus_client, in OpenMetrics: info, enum, exemplars, created timestamps. */
export async function startPythonApplication(python: string, directory: string): Promise<Program> {
  const port = await freePort()
  const file = join(directory, 'application.py')
  writeFileSync(
    file,
    `import random, time
from prometheus_client import Counter, Enum, Gauge, Histogram, Info, Summary, start_http_server
requests = Counter('project_ai_requests', 'Total request count', ['method', 'endpoint', 'status'])
duration = Histogram('project_ai_request_duration_seconds', 'Request duration', ['endpoint'], buckets=[0.01, 0.1, 1.0, 10])
users = Gauge('project_ai_active_users', 'Number of active users')
size = Summary('project_ai_payload_bytes', 'Size')
Info('project_ai_build', 'Build').info({'version': '1.2'})
state = Enum('project_ai_state', 'State', states=['starting', 'running'])
start_http_server(${port}, '127.0.0.1')
while True:
    requests.labels('GET', '/a', '200').inc(exemplar={'trace_id': 'abc'})
    duration.labels('/a').observe(random.random() * 12)
    users.set(random.choice([1, -2.5, float('inf'), float('nan'), 1e-300]))
    size.observe(random.random())
    state.state('running')
    time.sleep(0.05)
`,
  )
  return new Program(python, [file], `http://127.0.0.1:${port}`).ready('/metrics')
}
