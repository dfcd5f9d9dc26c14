import type { Hono } from 'hono'
import { type Labels, type Matcher } from '@promontory/model'
import { formatValue } from '@promontory/promql'
import { ParseError, parseExpr, parserOptionsOfFeatures, walk } from '@promontory/promql/parser'
import { failureOf, success } from '../http/answer.ts'
import { BadRequest } from '../http/params.ts'
import { TaskError } from '../workers/query-pool.ts'
import { MAX_TIME_MS, MIN_TIME_MS, type RouteEnvironment, readParams } from './environment.ts'

interface SeriesExemplars {
  readonly seriesLabels: Readonly<Record<string, string>>
  readonly exemplars: {
    readonly labels: Readonly<Record<string, string>>
    readonly value: string
    readonly timestamp: number
  }[]
}

/** `/api/v1/query_exemplars?query=…&start=…&end=…`: exemplars of all series that the query's selectors name. */
export function exemplarRoutes(app: Hono, { storage, options }: RouteEnvironment): void {
  app.on(['GET', 'POST'], '/api/v1/query_exemplars', async (c) => {
    try {
      const params = await readParams(c)
      const startMs = params.time('start', MIN_TIME_MS)
      const endMs = params.time('end', MAX_TIME_MS)
      if (endMs < startMs) throw new BadRequest('end timestamp must not be before start timestamp')
      const selectors = selectorsOf(params.get('query'), options.features)
      const wanted = (labels: Labels): boolean =>
        selectors.some((matchers) => matchers.every((matcher) => matcher.matches(labels.get(matcher.name))))
      const bySeries = new Map<string, { readonly labels: Labels; readonly answer: SeriesExemplars }>()
      for (const { seriesLabels, exemplar } of storage.head.exemplars.select(startMs, endMs, wanted)) {
        const key = seriesLabels.key()
        let series = bySeries.get(key)
        if (series === undefined) {
          series = { labels: seriesLabels, answer: { seriesLabels: seriesLabels.toObject(), exemplars: [] } }
          bySeries.set(key, series)
        }
        series.answer.exemplars.push({
          labels: exemplar.labels.toObject(),
          value: formatValue(exemplar.value),
          timestamp: exemplar.timeMs / 1000,
        })
      }
      const sorted = [...bySeries.values()].sort((a, b) => a.labels.compare(b.labels))
      return success(
        c,
        sorted.map(({ answer }) => answer),
      )
    } catch (error) {
      return failureOf(c, error)
    }
  })
}

/** @throws TaskError with the place of the fault */
function selectorsOf(query: string, features: readonly string[]): (readonly Matcher[])[] {
  const found: (readonly Matcher[])[] = []
  try {
    walk(parseExpr(query, parserOptionsOfFeatures(features)), (node) => {
      if (node.type === 'vectorSelector') found.push(node.matchers)
    })
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    throw new TaskError({ errorType: 'bad_data', message: error.message, position: error.position })
  }
  return found
}
