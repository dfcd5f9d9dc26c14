import { expect, test } from 'vitest'
import { ByteOffsets, parseExpr } from '../parser/index.ts'
import type { LintData, LintOptions } from './index.ts'
import { lintQuery, lintValueTemplate } from './index.ts'

/** Applies the first mend. */
function mended(query: string, options: LintOptions = {}): string | undefined {
  const mend = lintQuery(query, options).find((finding) => finding.mend !== undefined)?.mend
  if (mend === undefined) return undefined
  const offsets = new ByteOffsets(query)
  const text =
    query.slice(0, offsets.indexAt(mend.position.start)) +
    mend.text +
    query.slice(offsets.indexAt(mend.position.end))
  parseExpr(text)
  return text
}

const DATA: LintData = {
  metricNames: () => ['http_requests_total', 'up', 'active_db_connections'],
  metricType: (name) =>
    name === 'active_db_connections' ? 'gauge' : name === 'http_requests_total' ? 'counter' : undefined,
  labelNames: (metric) =>
    metric === 'http_requests_total' ? ['job', 'instance', 'status_code'] : ['job', 'instance'],
  labelValues: (_, label) => (label === 'job' ? ['node', 'api'] : undefined),
  scrapeIntervalMs: () => 15_000,
}

test.each([
  // The mistakes that are printed in documents.
  [
    'sum(rate(a_total[5m])) / sum(rate(b_total[5m])) by (provider)',
    {},
    'never-matches',
    'sum by (provider) (rate(a_total[5m])) / sum(rate(b_total[5m])) by (provider)',
  ],
  [
    'rate(c_total{result="hit"}[5m]) / (rate(c_total[5m]))',
    {},
    'matches-itself',
    'sum(rate(c_total{result="hit"}[5m])) / sum(rate(c_total[5m]))',
  ],
  ['used_bytes / max_bytes > 0.8', { alert: true }, 'division-by-zero', 'used_bytes / (max_bytes > 0) > 0.8'],
  [
    'histogram_quantile(0.95, x_bucket) > 0.5',
    {},
    'quantile-of-counters',
    'histogram_quantile(0.95, rate(x_bucket[5m])) > 0.5',
  ],
  ['rate(active_db_connections[5m])', {}, 'rate-of-gauge', 'deriv(active_db_connections[5m])'],
  [
    'sum(rate(http_requests_total{status=~"5.."}[5m]))',
    { data: DATA },
    'unknown-label',
    'sum(rate(http_requests_total{status_code=~"5.."}[5m]))',
  ],
  ['up{job="ai-service"} == 0', { data: DATA }, 'unknown-label-value', undefined],
  // The rest of the list.
  ['rate(sum(c_total)[5m:])', {}, 'rate-after-aggregation', 'sum(rate(c_total[5m]))'],
  [
    'histogram_quantile(0.9, sum by (job) (rate(x_bucket[5m])))',
    {},
    'quantile-without-le',
    'histogram_quantile(0.9, sum by (job, le) (rate(x_bucket[5m])))',
  ],
  ['rate(http_requests_total[20s])', { data: DATA }, 'short-range', 'rate(http_requests_total[1m])'],
  ['up{job=~"node"}', {}, 'regex-without-pattern', 'up{job="node"}'],
  ['http_request_total', { data: DATA }, 'unknown-metric', 'http_requests_total'],
  [
    'sum by (a) (x) + on (a) sum by (b) (y)',
    {},
    'never-matches',
    'sum by (a) (x) + on (a) sum by (b, a) (y)',
  ],
] as const)('%s', (query, options, rule, mend) => {
  expect(lintQuery(query, options).map((finding) => finding.rule)).toContain(rule)
  expect(mended(query, options)).toBe(mend)
})

test.each([
  'sum by (job) (rate(a_total[5m])) / sum by (job) (rate(b_total[5m]))',
  'sum(rate(c_total{result="hit"}[5m])) / sum(rate(c_total[5m]))',
  'rate(c_total{result="hit"}[5m]) / ignoring (result) rate(c_total{result="miss"}[5m])',
  'rate(c_total{a="b"}[5m]) / rate(c_total{a="b"}[5m] offset 1h)',
  'a / on (job) group_left () sum by (job) (b)',
  'histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))',
  'histogram_quantile(0.9, rate(native_seconds[5m]))',
  'used / (max > 0) > 0.8',
  'a or vector(0)',
  '(sum by (a) (x) * on (a) group_left (b) y) / on (a, b) group_left () sum by (a, b) (z)',
  'up{job=~"a.*"}',
])('nothing to say about %s', (query) => {
  expect(lintQuery(query, { alert: true, scrapeIntervalMs: 15_000 })).toEqual([])
})

test('a mend inside a range leaves the modifiers behind it alone', () => {
  expect(mended('rate(c_total{a=~"b"}[5m] offset 1h)')).toBe('rate(c_total{a="b"}[5m] offset 1h)')
})

test('findings tell where', () => {
  const [finding] = lintQuery('up + rate(queue_size[5m])')
  expect(finding!.position).toEqual({ start: 5, end: 25 })
  expect(finding!.message).toContain('queue_size looks like a gauge')
})

test('an unknown job is explained with what there is', () => {
  expect(lintQuery('up{job="ai-service"}', { data: DATA })[0]!.message).toBe(
    'no series of up has job="ai-service"; there is "node", "api"',
  )
})

test('a ratio shown as per cent', () => {
  const ratio = parseExpr('redis_memory_used_bytes / redis_memory_max_bytes > 0.8')
  expect(lintValueTemplate(ratio, 'Redis memory usage is {{ $value }}%')).toHaveLength(1)
  expect(lintValueTemplate(ratio, 'usage is {{ $value | humanizePercentage }}')).toEqual([])
  expect(lintValueTemplate(parseExpr('100 * a / b > 80'), 'usage is {{ $value }}%')).toEqual([])
  expect(lintValueTemplate(parseExpr('a / b * 100 > 80'), '{{ printf "%.1f" $value }}%')).toEqual([])
})
