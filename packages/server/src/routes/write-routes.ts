import type { Context, Hono } from 'hono'
import { REMOTE_WRITE_BYTES_MAX, RemoteWriteReceiver } from '@promontory/remote'
import type { RouteEnvironment } from './environment.ts'
import { readBytes } from './environment.ts'

/** `/api/v1/write`: samples that other servers send. */
export function writeRoutes(app: Hono, environment: RouteEnvironment): void {
  const { options, storage, logger, registry, clock } = environment
  if (!options.enableRemoteWriteReceiver) {
    app.post('/api/v1/write', (c) =>
      c.text('remote write receiver needs to be enabled with --web.enable-remote-write-receiver\n', 404),
    )
    return
  }
  const receiver = new RemoteWriteReceiver({
    appender: storage,
    logger: logger.with({ component: 'remote-write' }),
    registry,
    acceptedMessages: options.remote.acceptedMessages,
    nowMs: () => clock.nowMs(),
  })
  app.post('/api/v1/write', async (c: Context) => {
    const body = await readBytes(c, REMOTE_WRITE_BYTES_MAX)
    const {
      status,
      text,
      headers = {},
    } = receiver.receive(body, c.req.header('content-type') ?? '', c.req.header('content-encoding') ?? '')
    return status === 204 ? c.body(null, 204, headers) : c.text(`${text}\n`, status, headers)
  })
}
