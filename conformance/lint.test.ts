import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LintAnswer, LintAnswerFinding } from '@promontory/api'
import { hasDocuments, printedExpressions, snippets } from './support/documents.ts'
import { run } from './support/peers.ts'
import { type Program, ROOT, startPromontory, until, Workspace } from './support/program.ts'

/** The metrics that the documents instrument their application with, as far as the expressions below need them. */
const BODY = `# TYPE http_requests_total counter
http_requests_total{method="GET",route="/",status_code="200"} 7
# TYPE active_connections gauge
active_connections 3
# TYPE api_request_duration_seconds histogram
api_request_duration_seconds_bucket{le="0.5"} 1
api_request_duration_seconds_bucket{le="+Inf"} 2
api_request_duration_seconds_sum 1.5
api_request_duration_seconds_count 2
# TYPE redis_memory_used_bytes gauge
redis_memory_used_bytes 5
# TYPE redis_memory_max_bytes gauge
redis_memory_max_bytes 0
# TYPE cache_operations_total counter
cache_operations_total{result="hit"} 4
cache_operations_total{result="miss"} 1
# TYPE llm_requests_total counter
llm_requests_total{provider="a",status="success"} 4
# TYPE api_requests_total counter
api_requests_total{method="GET",endpoint="/",status="200"} 7
# TYPE llm_errors_total counter
llm_errors_total{provider="a"} 1
`

const workspace = new Workspace()
const application = createServer((_request, response) =>
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(BODY),
)
let server: Program

beforeAll(async () => {
  await new Promise<void>((done) => application.listen(0, '127.0.0.1', done))
  const { port } = application.address() as AddressInfo
  server = workspace.keep(
    await startPromontory({
      dataDirectory: workspace.data,
      config: `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs: [{ job_name: app, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }]\n`,
    }),
  )
  await until(
    'a scrape',
    () => server.query('llm_errors_total'),
    (result) => result.length === 1,
  )
})
afterAll(async () => {
  await workspace.clean()
  application.close()
  application.closeAllConnections()
})

async function lint(query: string, more = ''): Promise<readonly LintAnswerFinding[]> {
  const path = `/api/v1/lint?query=${encodeURIComponent(query)}${more}`
  return (await server.data<LintAnswer>(path)).findings
}

type Mistake = readonly [query: string, rule: string, mended: string | undefined]

/** What the documents print, what is wrong with it, and the query after the mend. */
const MISTAKES: readonly Mistake[] = [
  [
    'rate(cache_operations_total{result="hit"}[5m]) / (rate(cache_operations_total[5m]))',
    'matches-itself',
    'sum(rate(cache_operations_total{result="hit"}[5m])) / sum(rate(cache_operations_total[5m]))',
  ],
  [
    'redis_memory_used_bytes / redis_memory_max_bytes > 0.8',
    'division-by-zero',
    'redis_memory_used_bytes / (redis_memory_max_bytes > 0) > 0.8',
  ],
  [
    'histogram_quantile(0.95, api_request_duration_seconds_bucket) > 0.5',
    'quantile-of-counters',
    'histogram_quantile(0.95, rate(api_request_duration_seconds_bucket[5m])) > 0.5',
  ],
  [
    'rate(http_requests_total{status=~"5.."}[5m]) > 0.1',
    'unknown-label',
    'rate(http_requests_total{status_code=~"5.."}[5m]) > 0.1',
  ],
  [
    'sum(rate(llm_requests_total{status="success"}[5m])) /\nsum(rate(llm_requests_total[5m])) by (provider)',
    'never-matches',
    'sum by (provider) (rate(llm_requests_total{status="success"}[5m])) /\nsum(rate(llm_requests_total[5m])) by (provider)',
  ],
  ['up{job="ai-service"} == 0', 'unknown-label-value', undefined],
]

test.each<Mistake>([
  ...MISTAKES,
  ['rate(active_connections[5m])', 'rate-of-gauge', 'deriv(active_connections[5m])'],
  [
    'rate(api_requests_total{status_code=~"5.."}[5m])',
    'unknown-label',
    'rate(api_requests_total{status=~"5.."}[5m])',
  ],
  ['increase(llm_errors_total[1s])', 'short-range', 'increase(llm_errors_total[4s])'],
  ['llm_request_total', 'unknown-metric', 'llm_requests_total'],
])('%s', async (query, rule, mended) => {
  const finding = (await lint(query, '&alert=1')).find((each) => each.rule === rule)
  expect(finding, `no finding ${rule}`).toBeDefined()
  expect(finding!.message).not.toBe('')
  expect(finding!.position.end).toBeGreaterThan(finding!.position.start)
  expect(finding!.mend?.expr).toBe(mended)
  if (mended !== undefined)
    expect((await lint(mended, '&alert=1')).filter((each) => each.rule === rule)).toEqual([])
})

test('sound queries give no finding, and a form in UTF-8 has positions in bytes', async () => {
  expect(await lint('sum by (status_code) (rate(http_requests_total[5m]))')).toEqual([])
  const response = await fetch(`${server.url}/api/v1/lint`, {
    method: 'POST',
    body: new URLSearchParams({
      query: 'label_replace(up, "x", "ü", "y", "") + rate(active_connections[5m])',
    }),
  })
  const { data } = (await response.json()) as { data: LintAnswer }
  expect(data.findings[0]).toMatchObject({
    position: { start: 40, end: 68 },
    mend: { expr: 'label_replace(up, "x", "ü", "y", "") + deriv(active_connections[5m])' },
  })
})

test('what does not parse is answered as by the query API', async () => {
  const query = encodeURIComponent('rate(x[5m]) by (provider)')
  const [found, asked] = await Promise.all(
    ['lint', 'query'].map((path) => server.json(`/api/v1/${path}?query=${query}`)),
  )
  expect(found).toEqual(asked)
  expect(found).toMatchObject({ errorType: 'bad_data', mend: { expr: 'sum by (provider) (rate(x[5m]))' } })
})

describe.skipIf(!hasDocuments)('the documents (skipped where they are absent)', () => {
  test.each(MISTAKES.map(([query]) => [query]))('print %s', (query) => {
    expect(printedExpressions()).toContain(query)
  })
})

describe('promontory check', () => {
  const check = (...args: string[]): ReturnType<typeof run> =>
    run(join(ROOT, 'bin/promontory'), ['check', ...args])
  const rules = join(workspace.directory, 'rules.yml')
  const config = join(workspace.directory, 'linted.yml')

  beforeAll(() => {
    writeFileSync(
      rules,
      `groups:
- name: redis
  rules:
  - alert: RedisMemory
    expr: redis_memory_used_bytes / redis_memory_max_bytes > 0.8
    annotations: { description: 'Redis memory usage is {{ $value }}%' }
`,
    )
    writeFileSync(config, 'rule_files: [rules.yml]\n')
  })

  test.each([
    [['rules', rules], 0, ['division-by-zero', 'ratio-as-percent']],
    [['rules', '--lint-fatal', rules], 3, ['division-by-zero', 'ratio-as-percent']],
    [['rules', '--lint=none', '--lint-fatal', rules], 0, []],
    [['config', config], 0, ['division-by-zero', 'ratio-as-percent']],
    [['config', '--lint-fatal', config], 3, ['division-by-zero', 'ratio-as-percent']],
    [['query', 'rate(active_connections[5m])'], 3, ['rate-of-gauge']],
    [['query', 'rate(active_connections[5m]) by (x)'], 1, []],
    [['query', 'rate(llm_errors_total[5m])'], 0, []],
  ])('%j', (args, code, found) => {
    const result = check(...args)
    expect(result.code, result.stderr).toBe(code)
    expect([...result.stdout.matchAll(/WARNING: .*?\[([\w-]+)\]/g)].map(([, rule]) => rule)).toEqual(found)
  })

  test('of a query, with what a server has stored', () => {
    const { code, stdout } = check('query', 'sum(llm_error_total)', `--server=${server.url}`)
    expect(stdout).toBe(
      'WARNING: [unknown-metric] there is no metric llm_error_total; did you mean llm_errors_total?; use llm_errors_total: sum(llm_errors_total)\n',
    )
    expect(code).toBe(3)
  })

  test('of rules, with what a server has stored', () => {
    const file = join(workspace.directory, 'status.yml')
    writeFileSync(
      file,
      `groups:
- name: errors
  rules:
  - record: errors:rate5m
    expr: rate(http_requests_total{status_code=~"5.."}[5m])
  - alert: Errors
    expr: rate(http_requests_total{status=~"5.."}[5m]) > 0.1 or errors:rate5m > 1
`,
    )
    const { code, stdout } = check('rules', '--lint-fatal', `--server=${server.url}`, file)
    expect([...stdout.matchAll(/status.yml:(\d+): rule "(\w+)": \[([\w-]+)\].*use (\w+)/g)].map((found) => found.slice(1))).toEqual([['6', 'Errors', 'unknown-label', 'status_code']]) // prettier-ignore
    expect(code).toBe(3)
  })

  test.each([
    [['rules', '--lint=some', rules]],
    [['rules', '--server=nowhere', rules]],
    [['rules', '--nonsense', rules]],
    [['query']],
  ])('%j is refused', (args) => {
    expect(check(...args).code).toBe(2)
  })
})

test.skipIf(!hasDocuments)('a ratio that a document shows as per cent', () => {
  expect(snippets().some(({ text }) => /redis_memory_max_bytes[\s\S]*\{\{ \$value \}\}%/.test(text))).toBe(
    true,
  )
})
