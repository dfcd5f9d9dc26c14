import type { Context, Hono } from 'hono'
import { failure, failureOf, success } from '../http/answer.ts'
import { BadRequest } from '../http/params.ts'
import { type RouteEnvironment, readParams } from './environment.ts'

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
  for (const path of ['delete_series', 'clean_tombstones'])
    guarded(path, async (c) =>
      failure(c, 'unavailable', `${path} is not supported yet: series cannot be deleted`),
    )
}
