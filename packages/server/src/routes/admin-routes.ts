import type { Context, Hono } from 'hono'
import type { Matcher } from '@promontory/model'
import { parseSelector } from '@promontory/promql/parser'
import { failure, failureOf, success } from '../http/answer.ts'
import { BadRequest } from '../http/params.ts'
import { type RouteEnvironment, readParams } from './environment.ts'

/** Further than any sample. */
const MAX_TIME_MS: number = Number.MAX_SAFE_INTEGER

/** `/api/v1/admin/tsdb/*`: needs `--web.enable-admin-api`. */
export function adminRoutes(app: Hono, environment: RouteEnvironment): void {
  const { options, storage } = environment
  const guarded = (path: string, handle: (c: Context) => Promise<Response>): void => {
    app.on(['POST', 'PUT'], `/api/v1/admin/tsdb/${path}`, async (c) => {
      if (!options.enableAdminApi)
        return failure(
          c,
          'unavailable',
          'admin APIs disabled: start with --web.enable-admin-api to switch them on',
        )
      try {
        return await handle(c)
      } catch (error) {
        return failureOf(c, error)
      }
    })
  }
  guarded('snapshot', async (c) => {
    const text = (await readParams(c)).get('skip_head')
    if (!/^(|1|0|t|f|true|false)$/i.test(text))
      throw new BadRequest(`invalid parameter "skip_head": unable to parse boolean "${text}"`)
    return success(c, { name: await storage.maintenance.snapshot(/^(1|t|true)$/i.test(text)) })
  })
  guarded('delete_series', async (c) => {
    const params = await readParams(c)
    const selectors = params.all('match[]')
    if (selectors.length === 0) throw new BadRequest('no match[] parameter provided')
    const [startMs, endMs] = [params.time('start', -MAX_TIME_MS), params.time('end', MAX_TIME_MS)]
    // All are read before anything is deleted.
    const all = selectors.map((selector) => readSelector(selector))
    for (const matchers of all) await storage.deleteSeries(matchers, startMs, endMs)
    return c.body(null, 204)
  })
  guarded('clean_tombstones', async (c) => {
    await storage.cleanTombstones()
    return c.body(null, 204)
  })
}

function readSelector(text: string): readonly Matcher[] {
  try {
    return parseSelector(text)
  } catch (error) {
    throw new BadRequest(`invalid parameter "match[]": ${(error as Error).message}`)
  }
}
