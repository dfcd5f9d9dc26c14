import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessibilityFaults, HAS_CHROMIUM, launch, openPage } from './support/browser.ts'
import { type Program, startPromontory, Workspace } from './support/program.ts'

/*
 * Panels over servers that speak the documented APIs of Loki and Jaeger. What they are asked is noted.
 */

const NOW_S = Math.floor(Date.now() / 1000)

const ANSWERS: readonly (readonly [path: RegExp, answer: (search: URLSearchParams) => object])[] = [
  [
    /^\/loki\/api\/v1\/query_range$/,
    (search) =>
      search.get('query')!.startsWith('sum')
        ? success({
            resultType: 'matrix',
            result: [
              { metric: { level: 'error' }, values: [0, 1, 2, 3].map((i) => [NOW_S - 600 + 60 * i, `${i}`]) },
            ],
          })
        : success({
            resultType: 'streams',
            result: [
              {
                stream: { job: 'api', pod: 'api-1' },
                values: [
                  [`${NOW_S - 30}000000000`, 'level=error msg="<img src=x onerror=alert(1)>"'],
                  [`${NOW_S - 60}000000000`, 'level=info msg="started"'],
                ],
              },
              {
                stream: { job: 'api', pod: 'api-2' },
                values: [[`${NOW_S - 45}000000000`, 'level=warn late']],
              },
            ],
          }),
  ],
  [/^\/loki\/api\/v1\/labels$/, () => success(['job', 'pod'])],
  [/^\/loki\/api\/v1\/label\/job\/values$/, () => success(['api', 'web'])],
  [
    /^\/api\/traces$/,
    () => ({
      data: [
        {
          traceID: 'abc123',
          processes: { p1: { serviceName: 'api' } },
          spans: [
            {
              spanID: 's1',
              processID: 'p1',
              operationName: 'GET /cart',
              startTime: NOW_S * 1e6,
              duration: 2500,
            },
          ],
        },
      ],
    }),
  ],
]

function success(data: object): object {
  return { status: 'success', data }
}

const dashboard = {
  uid: 'elsewhere',
  title: 'Elsewhere',
  time: { from: 'now-15m', to: 'now' },
  templating: {
    list: [
      {
        name: 'job', type: 'query', datasource: { type: 'loki', uid: 'logs' }, multi: true,
        query: { type: 1, label: 'job', stream: '' }, refresh: 1, current: { value: ['api', 'web'] },
      },
    ],
  },
  panels: [
    {
      id: 1, type: 'logs', title: 'Lines', gridPos: { x: 0, y: 0, w: 24, h: 8 },
      // A source that is not here, as in dashboards of other people: the first of its type takes its place.
      datasource: { type: 'loki', uid: '${DS_LOKI}' },
      targets: [{ refId: 'A', expr: '{job=~"$job"} |= ""', maxLines: 77 }],
      options: { showTime: true, showLabels: true, sortOrder: 'Descending' },
    },
    {
      id: 2, type: 'timeseries', title: 'Errors', gridPos: { x: 0, y: 8, w: 12, h: 8 },
      datasource: { type: 'loki', uid: 'logs' },
      targets: [{ refId: 'A', expr: 'sum by (level)(count_over_time({job="api"}[$__auto]))', legendFormat: '{{level}}' }],
    },
    {
      id: 3, type: 'table', title: 'Traces', gridPos: { x: 12, y: 8, w: 12, h: 8 },
      datasource: { type: 'jaeger', uid: 'traces' },
      targets: [{ refId: 'A', queryType: 'search', service: 'api', tags: 'error=true' }],
    },
    {
      id: 4, type: 'logs', title: 'Unasked', gridPos: { x: 0, y: 16, w: 12, h: 4 },
      datasource: { type: 'elasticsearch', uid: 'gone' }, targets: [{ refId: 'A', query: '*' }],
    },
  ],
} // prettier-ignore

describe.skipIf(!HAS_CHROMIUM)('other sources in Chromium (skipped when it is not installed)', () => {
  const workspace = new Workspace()
  const asked: URL[] = []
  let elsewhere: Server
  let browser: Browser
  let server: Program
  let page: Page
  let faults: string[]

  beforeAll(async () => {
    elsewhere = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://x')
      asked.push(url)
      const found = ANSWERS.find(([path]) => path.test(url.pathname))
      response.setHeader('content-type', 'application/json')
      response.writeHead(found === undefined ? 404 : 200)
      response.end(found === undefined ? 'page not found' : JSON.stringify(found[1](url.searchParams)))
    })
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
    const { port } = elsewhere.address() as AddressInfo
    server = workspace.keep(await startPromontory({ dataDirectory: workspace.data, config: '' }))
    const post = async (path: string, body: object): Promise<void> => {
      const response = await fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      expect(response.status).toBe(200)
    }
    for (const [uid, type] of [
      ['logs', 'loki'],
      ['traces', 'jaeger'],
    ] as const)
      // prettier-ignore
      await post('/api/datasources', { uid, type, name: uid, access: 'proxy', url: `http://127.0.0.1:${port}` })
    await post('/api/dashboards/db', { dashboard })
    browser = await launch()
    ;({ page, faults } = await openPage(browser, server.url))
  })
  afterAll(async () => {
    await browser?.close()
    elsewhere?.close()
    await workspace.clean()
  })

  const panel = (id: number) => page.locator(`[data-panel="${id}"]`)

  test('log lines, counted lines and traces are drawn, and asked for as their APIs want it', async () => {
    await page.goto('/d/elsewhere')
    const lines = panel(1).locator('.log-lines li')
    await lines.first().waitFor()
    expect((await lines.allInnerTexts()).map((text) => text.replace(/\s+/g, ' '))).toEqual([
      expect.stringMatching(/^\d{4}-.* pod=api-1 error: level=error msg="<img src=x onerror=alert\(1\)>"$/),
      expect.stringMatching(/pod=api-2 warning: level=warn late$/),
      expect.stringMatching(/pod=api-1 info: level=info msg="started"$/),
    ])
    await lines.first().locator('summary').click()
    expect(await lines.first().locator('dd').allInnerTexts()).toEqual(['api', 'api-1'])
    await panel(2).locator('canvas').waitFor()
    await panel(2).getByText('error', { exact: true }).waitFor()
    await panel(3).getByText('api: GET /cart').waitFor()
    await panel(3).getByText('2.50 ms').waitFor()
    await panel(4).getByText('elasticsearch').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])

    const of = (start: string): URLSearchParams =>
      asked.find(({ searchParams }) => searchParams.get('query')?.startsWith(start))!.searchParams
    expect(of('{').get('query')).toBe('{job=~"(api|web)"} |= ""')
    expect(of('{').get('limit')).toBe('77')
    expect(of('{').get('start')).toMatch(/^\d{19}$/)
    expect(of('sum').get('query')).toMatch(/\[\d+s\]\)\)$/)
    const search = asked.find(({ pathname }) => pathname === '/api/traces')!.searchParams
    expect([search.get('service'), search.get('tags')]).toEqual(['api', '{"error":"true"}'])
  })

  test('the source of a panel is chosen in its editor, and each language has its own field', async () => {
    await page.goto('/d/elsewhere?editPanel=2')
    const source = page.getByLabel('Data source of the panel')
    await source.waitFor()
    expect(await source.inputValue()).toBe('logs')
    await page.getByLabel('LogQL expression A').fill('{job="web"}')
    await page.getByLabel('LogQL expression A').press('Enter')
    await expect
      .poll(() => asked.some(({ searchParams }) => searchParams.get('query') === '{job="web"}'))
      .toBe(true)
    await source.selectOption('traces')
    await page.getByLabel('Service').fill('web')
    await expect
      .poll(() => asked.some(({ searchParams }) => searchParams.get('service') === 'web'))
      .toBe(true)
    await source.selectOption('promontory')
    await page.getByRole('button', { name: 'Find a metric' }).waitFor()
    expect(faults).toEqual([])
  })
})
