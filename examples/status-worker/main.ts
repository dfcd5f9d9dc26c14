/**
 * A worker without requests of its own: it takes jobs from queues and publishes them on a port of its own.
 *
 *   node examples/status-worker/main.ts [port]
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer, type Server } from 'node:http'
import { instrument } from '@promontory/instrument'

const QUEUES = ['emails', 'embeddings', 'reports'] as const

/** Starts the worker. @returns its server, which listens */
export async function startStatusWorker(port = 9200, host = '127.0.0.1'): Promise<Server> {
  const kit = instrument({ service: 'status-worker' })
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
    for (const queue of QUEUES) {
      kit.domain.queueDepth(queue, Math.round(12 + 10 * Math.sin(Date.now() / 120_000 + queue.length)))
      void kit.domain
        .job(queue, async () => {
          await sleep(20 + Math.random() * 400)
          if (Math.random() < 0.02) throw new Error('the job failed')
        })
        // Counted by the kit.
        .catch(() => undefined)
    }
    kit.domain.kpi('orders_open', Math.round(40 + 10 * Math.sin(Date.now() / 300_000)))
  }, 1000)
  server.once('close', () => {
    clearInterval(timer)
    void kit.close()
  })
  return server
}

if (import.meta.main) await startStatusWorker(Number(process.argv[2] ?? 9200))
