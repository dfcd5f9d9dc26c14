import type { Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { IMPORT_BYTES_MAX, importText, PushError } from '@promontory/push'
import { type ReceivedMetadata, REMOTE_WRITE_BYTES_MAX, RemoteWriteReceiver } from '@promontory/remote'
import type { RouteEnvironment } from './environment.ts'
import { readBytes } from './environment.ts'

/** `/api/v1/write`: samples that other servers send. */
export function writeRoutes(app: Hono, environment: RouteEnvironment, metadata: ReceivedMetadata): void {
  const { options, storage, logger, registry, clock } = environment
  if (!options.enableRemoteWriteReceiver) {
    app.on('POST', ['/api/v1/write', '/api/v1/import/prometheus'], (c) =>
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
    metadata,
    typeAndUnitLabels: options.features.includes('type-and-unit-labels'),
  })
  app.post('/api/v1/import/prometheus', async (c: Context) => {
    const query = new URL(c.req.url).searchParams
    const timestamp = query.get('timestamp')
    if (timestamp !== null && !/^-?\d+$/.test(timestamp))
      return c.text(`invalid parameter "timestamp": "${timestamp}" is no Unix time in milliseconds\n`, 400)
    try {
      const { refused } = importText(storage, {
        body: await readBytes(c, IMPORT_BYTES_MAX),
        contentType: c.req.header('content-type') ?? '',
        contentEncoding: c.req.header('content-encoding') ?? '',
        timeMs: timestamp === null ? Math.round(clock.nowMs()) : Number(timestamp),
        extraLabels: query.getAll('extra_label'),
      })
      return refused === undefined ? c.body(null, 204) : c.text(`${refused}\n`, 400)
    } catch (error) {
      if (!(error instanceof PushError)) throw error
      return c.text(`${error.message}\n`, error.status as ContentfulStatusCode)
    }
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
