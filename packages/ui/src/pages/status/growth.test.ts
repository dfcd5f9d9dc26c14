import { parseExpr } from '@promontory/promql/parser'
import { expect, test } from 'vitest'
import { anythingBefore, grownMetrics, newSeriesByJob, SCRAPED, SPANS } from './growth.ts'

test.each(SPANS)('the questions about %s are PromQL and give vectors', (span) => {
  for (const expr of [grownMetrics(span, 10), anythingBefore(span), newSeriesByJob(span, 10), SCRAPED])
    expect(parseExpr(expr).type).toBe('aggregate')
  expect(grownMetrics(span, 3)).toContain(`count by (__name__) ({__name__!=""} offset ${span})`)
})
