import type { Hono } from 'hono'
import { failure, failureOf, success } from '../http/answer.ts'
import { BadRequest } from '../http/params.ts'
import { type Configuration, noticeText } from '../configuration.ts'
import { type RouteEnvironment, readText } from './environment.ts'

/** A configuration longer than this is not one. */
const CONFIG_BYTES_MAX = 5 * 1024 * 1024

/** `/-/reload`, `/-/quit`, checking and taking configurations from the pages, adding targets. */
export function configRoutes(
  app: Hono,
  environment: RouteEnvironment,
  configuration: Configuration,
  quit: () => void,
): void {
  const { options } = environment
  app.on(['POST', 'PUT'], '/-/reload', async (c) => {
    if (!options.enableLifecycle)
      return c.text(
        'Lifecycle API is not enabled.\nStart with --web.enable-lifecycle to switch it on.\n',
        403,
      )
    if (await configuration.reload()) return c.body(null, 200)
    return c.text(`failed to reload config: ${configuration.reloadError()}\n`, 500)
  })
  app.on(['POST', 'PUT'], '/-/quit', (c) => {
    if (!options.enableLifecycle)
      return c.text(
        'Lifecycle API is not enabled.\nStart with --web.enable-lifecycle to switch it on.\n',
        403,
      )
    setImmediate(quit)
    return c.text('Requesting termination... Goodbye!')
  })
  app.get('/-/reload', (c) => c.text('Only POST or PUT requests allowed.\n', 405))
  app.get('/-/quit', (c) => c.text('Only POST or PUT requests allowed.\n', 405))
  app.post('/api/v1/config/check', async (c) => {
    try {
      const { prepared } = await configuration.check(await readText(c, CONFIG_BYTES_MAX))
      const notices = [...prepared.unsupported, ...prepared.warnings].map(noticeText)
      return success(c, { jobs: prepared.jobs.length }, notices)
    } catch (error) {
      return failure(c, 'bad_data', (error as Error).message)
    }
  })
  app.post('/api/v1/config/use', async (c) => {
    try {
      await configuration.use(await readText(c, CONFIG_BYTES_MAX))
      return success(c, {})
    } catch (error) {
      return failure(c, 'bad_data', (error as Error).message)
    }
  })
  app.post('/api/v1/targets/add', async (c) => {
    try {
      return success(c, {
        job: 'added',
        target: await configuration.addTarget(targetUrl(await readText(c, 64 * 1024))),
      })
    } catch (error) {
      return failureOf(c, error instanceof BadRequest ? error : new BadRequest((error as Error).message))
    }
  })
}

/** `{"url":"localhost:8000"}`; scheme and path may be left out. */
function targetUrl(body: string): URL {
  let given: unknown
  try {
    given = (JSON.parse(body) as { url?: unknown }).url
  } catch (error) {
    throw new BadRequest(`the body is not JSON: ${(error as Error).message}`)
  }
  if (typeof given !== 'string' || given.trim() === '')
    throw new BadRequest('"url" is missing, expected the address of a target')
  const text = /^https?:\/\//i.test(given.trim()) ? given.trim() : `http://${given.trim()}`
  if (!URL.canParse(text))
    throw new BadRequest(
      `"${given}" is not the address of a target, expected e.g. http://localhost:8000/metrics`,
    )
  const url = new URL(text)
  if (url.username !== '' || url.password !== '')
    throw new BadRequest('credentials do not belong into the address: use basic_auth in a prometheus.yml')
  if (url.search !== '')
    throw new BadRequest('parameters cannot be given here: use params in a prometheus.yml')
  // Host names without a port: Prometheus takes 80 and 443, URL leaves them out.
  if (url.port === '') url.host = `${url.host}:${url.protocol === 'https:' ? 443 : 80}`
  return url
}
