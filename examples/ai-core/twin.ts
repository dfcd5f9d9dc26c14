/**
 * Stands in for main.py where there is no Python with prometheus_client: the same families from Node, and `app_info` says so.
 *
 *   node examples/ai-core/twin.ts [port]
 */
import { createServer, type Server } from 'node:http'
import { instrument } from '@promontory/instrument'
import { around } from '../agentic-backend/src/world.ts'

/** @returns the twin's server, which listens */
export async function startTwin(port = 8100, host = '127.0.0.1'): Promise<Server> {
  const kit = instrument({ service: 'ai-core (Node twin of the Python service)' })
  const server = createServer(
    kit.listener(
      (_, response) => void response.writeHead(404).end(),
      () => undefined,
    ),
  )
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(port, host, done)
  })
  kit.health.started()
  const timer = setInterval(() => {
    const labels = { model: 'all-minilm', provider: 'local' }
    const status = Math.random() < 0.01 ? 'error' : 'success'
    kit.metrics.inc('ai_requests_total', { ...labels, status })
    kit.metrics.observe('ai_request_duration_seconds', labels, around(0.5, Math.random))
    kit.metrics.inc(
      'ai_tokens_used_total',
      { ...labels, token_type: 'input' },
      20 + Math.floor(Math.random() * 580),
    )
    kit.domain.activeUsers(5 + Math.floor(Math.random() * 6))
  }, 500)
  server.once('close', () => {
    clearInterval(timer)
    void kit.close()
  })
  return server
}

if (import.meta.main) await startTwin(Number(process.argv[2] ?? 8100))
