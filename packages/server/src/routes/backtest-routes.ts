import type { Hono } from 'hono'
import { ConfigErrors } from '@promontory/base/yaml'
import { parserOptionsOfFeatures } from '@promontory/promql/parser'
import { BacktestError } from '@promontory/rules'
import { durationParam, poolRangeQuery, runBacktest } from '../alerting/backtest-run.ts'
import type { AlertFanout } from '../alerting/fanout.ts'
import { failure, failureOf, success } from '../http/answer.ts'
import { BadRequest } from '../http/params.ts'
import { ruleQuery } from '../rule-query.ts'
import { readParams, type RouteEnvironment } from './environment.ts'

const INTERVAL_MS = 60_000

/** `POST /api/v1/rules/backtest`: a rule over the past, and the notifications that routing would have made of it. */
export function backtestRoutes(app: Hono, environment: RouteEnvironment, fanout: AlertFanout): void {
  // The users' workers, not the rules': a backtest must not delay an alert.
  const { queries, options } = environment
  app.post('/api/v1/rules/backtest', async (c) => {
    try {
      const params = await readParams(c)
      const nowMs = environment.clock.nowMs()
      const endMs = params.get('end') === '' ? nowMs : params.time('end', undefined)
      const startMs = params.get('start') === '' ? endMs - 86_400_000 : params.time('start', undefined)
      if (endMs < startMs) throw new BadRequest('end lies before start')
      const intervalMs = durationParam('interval', params.get('interval'), INTERVAL_MS)
      if (intervalMs < 1000) throw new BadRequest('interval: at least 1s')
      const result = await runBacktest(
        {
          rule: params.get('rule'),
          startMs,
          endMs,
          intervalMs,
          queryOffsetMs: durationParam('query_offset', params.get('query_offset'), 0),
        },
        {
          query: ruleQuery(queries),
          rangeQuery: poolRangeQuery(queries),
          externalLabels: environment.externalLabels(),
          label: (alerts) => fanout.label(alerts),
          externalUrl: fanout.alertmanager.externalUrl,
          resendDelayMs: options.resendDelayMs,
          parserOptions: parserOptionsOfFeatures(options.features),
          routing:
            fanout.source === undefined
              ? undefined
              : { ...fanout.source, silences: fanout.alertmanager.silences.all() },
        },
        c.req.raw.signal,
      )
      return success(c, result)
    } catch (error) {
      if (error instanceof BacktestError || error instanceof ConfigErrors)
        return failure(c, 'bad_data', error.message)
      return failureOf(c, error)
    }
  })
}
