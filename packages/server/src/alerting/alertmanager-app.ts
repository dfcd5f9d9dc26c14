import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { ApiV1, ApiV2 } from '@promontory/alertmanager'
import type { Registry } from '@promontory/base'
import { TEXT_CONTENT_TYPE, writeText } from '@promontory/exposition'
import { failureOf, send } from '../http/answer.ts'
import type { Gate } from '../http/gate.ts'
import { alertmanagerVersion, openApiRoute, toRequest, toResponse } from '../routes/alerting-routes.ts'
import type { AlertFanout } from './fanout.ts'

/**
 * What answers on `--listen.alertmanager`: the Alertmanager's own paths, where they mean what they mean there. The first
 * version of its API answers as it last did, in 0.26.
 *
 * @param options.routePrefix `--alertmanager.web.route-prefix`, without a slash at its end
 * @param options.reload reads the configuration again; answers with what was wrong
 */
export function alertmanagerApp(
  fanout: AlertFanout,
  registry: Registry,
  gate: Gate,
  {
    routePrefix,
    reload,
  }: { readonly routePrefix: string; readonly reload: () => Promise<string | undefined> },
): (request: IncomingMessage, response: ServerResponse) => void {
  const app = new Hono()
  const v1 = new ApiV1(fanout.alertmanager, alertmanagerVersion())
  const v2 = new ApiV2(fanout.alertmanager, alertmanagerVersion())
  app.all('/api/v1/*', async (c) => toResponse(c, await v1.handle(await toRequest(c))))
  openApiRoute(app)
  app.all('/api/v2/*', (c) =>
    fanout.apiLimits.run(c, async (onSent) => toResponse(c, await v2.handle(await toRequest(c)), onSent)),
  )
  app.get('/-/healthy', (c) => c.text('OK'))
  app.get('/-/ready', (c) => c.text('OK'))
  app.get('/metrics', (c) =>
    send(
      c,
      writeText(registry.collect().filter(({ name }) => name.startsWith('alertmanager_'))),
      TEXT_CONTENT_TYPE,
    ),
  )
  // Always there, as upstream; the other products' pages want --web.enable-lifecycle for theirs.
  app.post('/-/reload', async (c) => {
    const fault = await reload()
    return fault === undefined ? c.body(null, 200) : c.text(`failed to reload config: ${fault}\n`, 500)
  })
  app.get('/-/reload', (c) => c.text('Method Not Allowed\n', 405))
  app.notFound((c) => c.text('404 page not found\n', 404))
  app.get('/', (c) =>
    c.text('The Alertmanager of Promontory: its API is below /api/v2/, its pages are those of Promontory.\n'),
  )
  app.onError((error, c) => failureOf(c, error))
  const handle = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  return (request, response) => {
    const url = request.url ?? '/'
    if (!`${url.split('?')[0]}/`.startsWith(`${routePrefix}/`))
      return void response.writeHead(404).end(`this Alertmanager answers below ${routePrefix}/\n`)
    request.url = url.slice(routePrefix.length).replace(/^(?!\/)/, '/')
    const path = new URL(request.url, 'http://x').pathname
    void Promise.resolve(gate.admit(request, path)).then((verdict) => {
      if (verdict.admitted) return void handle(request, response)
      response
        .writeHead(verdict.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(verdict.reason))
    })
  }
}
