import type { Hono } from 'hono'
import type { ScrapeManager } from '@promontory/scrape'
import { failureOf, send } from '../http/answer.ts'
import type { Params } from '../http/params.ts'
import type { LintTask } from '../workers/protocol.ts'
import { type RouteEnvironment, readParams } from './environment.ts'

/** Series that were there in this time count as known when the request names no other. */
const WINDOW_MS = 12 * 3600_000

/**
 * `/api/v1/lint?query=…[&alert=1][&start=…][&end=…]`: what is valid in a query but probably not meant, as far as the
 * language and the stored data tell. A query that does not parse is answered as by `/api/v1/query`.
 */
export function lintRoutes(app: Hono, environment: RouteEnvironment, scrape: ScrapeManager): void {
  app.on(['GET', 'POST'], '/api/v1/lint', async (c) => {
    try {
      const task = lintTask(await readParams(c), scrape, environment.clock.nowMs())
      const answered = await environment.queries.run(task, { signal: c.req.raw.signal })
      if (answered.kind !== 'body') throw new Error('BUG: lint answered without a body')
      return send(c, answered.body)
    } catch (error) {
      return failureOf(c, error)
    }
  })
}

function lintTask(params: Params, scrape: ScrapeManager, nowMs: number): LintTask {
  const endMs = params.time('end', Math.round(nowMs))
  const metricTypes = new Map<string, string>()
  for (const { metricFamily, metadata } of scrape.metadata()) metricTypes.set(metricFamily, metadata.type)
  const scrapeIntervalsMs = new Map<string, number>()
  for (const { labels, scrapeIntervalMs } of scrape.targets().active) {
    const job = labels.get('job')
    scrapeIntervalsMs.set(job, Math.max(scrapeIntervalMs, scrapeIntervalsMs.get(job) ?? 0))
  }
  return {
    kind: 'lint',
    expr: params.get('query'),
    alert: /^(1|t|true)$/i.test(params.get('alert')),
    startMs: params.time('start', endMs - WINDOW_MS),
    endMs,
    metricTypes,
    scrapeIntervalsMs,
  }
}
