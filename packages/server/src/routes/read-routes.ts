import type { Context, Hono } from 'hono'
import { decodeReadRequest, uncompressSnappy, WireError } from '@promontory/wire'
import { type RouteEnvironment, readBytes } from './environment.ts'

/** Before and after decompression; a request is some matchers. */
const REQUEST_BYTES_MAX = 32 * 1024 * 1024

/** `/api/v1/read`: other servers ask for series. */
export function readRoutes(app: Hono, environment: RouteEnvironment): void {
  const { options, queries, externalLabels } = environment
  const { readConcurrentLimit, readSampleLimit: sampleLimit, readFrameBytes: frameBytes } = options.remote
  const asking = environment.registry.gauge({
    name: 'prometheus_remote_read_handler_queries',
    help: 'The current number of remote read queries that are either in execution or queued on the handler.',
  })
  asking.set(0)
  const waiting: (() => void)[] = []
  let running = 0
  const limited = async <T>(work: () => Promise<T>): Promise<T> => {
    asking.set(running + waiting.length + 1)
    if (running >= readConcurrentLimit) await new Promise<void>((resolve) => waiting.push(resolve))
    running++
    try {
      return await work()
    } finally {
      running--
      waiting.shift()?.()
      asking.set(running + waiting.length)
    }
  }
  app.post('/api/v1/read', async (c: Context) => {
    try {
      const body = uncompressSnappy(await readBytes(c, REQUEST_BYTES_MAX), REQUEST_BYTES_MAX)
      const { queries: asked, takesChunks: streamed } = decodeReadRequest(body)
      const answer = await limited(() =>
        queries.run(
          { kind: 'remoteRead', queries: asked, streamed, externalLabels: externalLabels().pairs, sampleLimit, frameBytes },
          { signal: c.req.raw.signal },
        ),
      ) // prettier-ignore
      if (answer.kind !== 'body') throw new Error('BUG: a read was not answered with a body')
      const headers: Record<string, string> = streamed
        ? { 'content-type': 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse' }
        : { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' }
      return c.body(answer.body, 200, headers)
    } catch (error) {
      const isTheirs =
        error instanceof WireError || (error as Error).message.startsWith('exceeded sample limit')
      return c.text(`${(error as Error).message}\n`, isTheirs ? 400 : 500)
    }
  })
}
