import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessibilityFaults, HAS_CHROMIUM, launch, openPage } from './support/browser.ts'
import { type Program, startPromontory, until, Workspace } from './support/program.ts'

/** A service that measures its requests, each tenth with the trace it belongs to. */
function body(requests: number): string {
  const seconds = Date.now() / 1000
  return `# TYPE app_latency_seconds histogram
app_latency_seconds_bucket{le="0.1"} ${requests * 8} # {trace_id="fast${requests}"} 0.054 ${seconds}
app_latency_seconds_bucket{le="1"} ${requests * 10} # {trace_id="slow${requests}"} 0.67 ${seconds}
app_latency_seconds_bucket{le="+Inf"} ${requests * 10}
app_latency_seconds_count ${requests * 10}
app_latency_seconds_sum ${requests * 2}
# EOF
`
}

describe.skipIf(!HAS_CHROMIUM)(
  'dashboards of a server in Chromium (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    let application: Server
    let server: Program
    let browser: Browser
    let page: Page
    let faults: string[]

    const call = async <T>(path: string, body?: unknown): Promise<T> => {
      const response = await fetch(`${server.url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
      return (await response.json()) as T
    }

    beforeAll(async () => {
      let requests = 0
      application = createServer((_request, response) =>
        response
          .writeHead(200, { 'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' })
          .end(body(++requests)),
      )
      await new Promise<void>((done) => application.listen(0, '127.0.0.1', done))
      const { port } = application.address() as AddressInfo
      const config = `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs: [{ job_name: app, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }]\n`
      server = workspace.keep(await startPromontory({ dataDirectory: workspace.data, config }))
      browser = await launch()
      ;({ page, faults } = await openPage(browser, server.url, { viewport: { width: 1400, height: 900 } }))
    })

    afterAll(async () => {
      await browser?.close()
      application?.close()
      application?.closeAllConnections()
      await workspace.clean()
    })

    test('exemplars are diamonds that lead to their traces', async () => {
      const url = 'http://127.0.0.1:1'
      await call('/api/datasources', { uid: 'traces', name: 'Traces', type: 'jaeger', access: 'proxy', url })
      const destinations = [
        { name: 'trace_id', datasourceUid: 'traces' },
        { name: 'trace_id', url: 'https://elsewhere.example/t/${__value.raw}', urlDisplayLabel: 'Elsewhere' },
      ]
      const jsonData = { httpMethod: 'POST', exemplarTraceIdDestinations: destinations }
      await call('/api/datasources', { uid: 'with-traces', name: 'With traces', type: 'prometheus', access: 'proxy', url: server.url, jsonData }) // prettier-ignore
      const expr = 'histogram_quantile(0.9, sum by (le) (rate(app_latency_seconds_bucket[5s])))'
      await call('/api/dashboards/db', {
        dashboard: {
          uid: 'exemplars',
          title: 'Exemplars',
          time: { from: 'now-1m', to: 'now' },
          panels: [
            {
              id: 1,
              type: 'timeseries',
              title: 'Latency',
              gridPos: { x: 0, y: 0, w: 24, h: 12 },
              datasource: { type: 'prometheus', uid: 'with-traces' },
              targets: [{ refId: 'A', expr, exemplar: true }],
              fieldConfig: { defaults: { unit: 's' }, overrides: [] },
            },
          ],
        },
      })
      await until(
        'a few scrapes',
        () => server.query('count_over_time(app_latency_seconds_count[1m])'),
        ([series]) => Number(series?.value?.[1] ?? 0) >= 5,
      )
      await page.goto('/d/exemplars')
      const diamonds = page.locator('.plot-exemplar')
      await diamonds.first().waitFor()
      expect(await diamonds.count()).toBeGreaterThan(4)
      await diamonds.first().focus()
      const card = page.locator('.plot-card')
      expect(await card.textContent()).toMatch(/Exemplar.*Value(54 ms|670 ms).*trace_id(fast|slow)\d/)
      await page.keyboard.press('Enter')
      const [own, elsewhere] = await card.locator('a').all()
      expect(await own!.textContent()).toBe('Open in Traces')
      expect(await own!.getAttribute('href')).toMatch(/^http:\/\/127\.0\.0\.1:1\/trace\/(fast|slow)\d+$/)
      expect(await elsewhere!.textContent()).toBe('Elsewhere')
      expect(await elsewhere!.getAttribute('href')).toMatch(
        /^https:\/\/elsewhere\.example\/t\/(fast|slow)\d+$/,
      )
      expect(await accessibilityFaults(page)).toEqual([])
      await page.keyboard.press('Escape')
      await card.waitFor({ state: 'hidden' })
    })

    test('annotations: a stretch is marked with Ctrl and a drag, told again, and removed', async () => {
      const plot = (await page.locator('.u-over').boundingBox())!
      await page.keyboard.down('Control')
      await page.mouse.move(plot.x + plot.width * 0.3, plot.y + 40)
      await page.mouse.down()
      await page.mouse.move(plot.x + plot.width * 0.6, plot.y + 60, { steps: 4 })
      await page.mouse.up()
      await page.keyboard.up('Control')
      await page.getByLabel('What happened').fill('<b>deployed</b> 1.2')
      await page.getByLabel('Tags, parted by commas').fill('deploy, api')
      await page.getByRole('button', { name: 'Add', exact: true }).click()
      const handle = page.locator('.plot-annotation')
      await handle.waitFor()
      const [stored] = await call<{ text: string; tags: string[]; time: number; timeEnd: number; panelId: number }[]>('/api/annotations?dashboardUID=exemplars') // prettier-ignore
      expect(stored).toMatchObject({ text: '<b>deployed</b> 1.2', tags: ['deploy', 'api'], panelId: 1 })
      const seconds = (stored!.timeEnd - stored!.time) / 1000
      expect(seconds).toBeGreaterThan(14)
      expect(seconds).toBeLessThan(22)
      await handle.hover()
      expect(await page.locator('.plot-card').textContent()).toContain('<b>deployed</b> 1.2deploy, api')
      await handle.click()
      await page.locator('.plot-card').getByRole('button', { name: 'Remove' }).click()
      await handle.waitFor({ state: 'detached' })
      expect(await call('/api/annotations?dashboardUID=exemplars')).toEqual([])
      expect(faults.splice(0)).toEqual([])
    })

    test('the forms of the panel editor: what they set is stored, what they do not know stays', async () => {
      const panel = {
        id: 1,
        type: 'table',
        title: 'Forms',
        fromAPlugin: { kept: [1] },
        gridPos: { x: 0, y: 0, w: 24, h: 9 },
        targets: [{ refId: 'A', expr: 'up', format: 'table', instant: true, more: true }],
        transformations: [{ id: 'ofAPlugin', options: { a: 1 }, disabled: true }],
        fieldConfig: {
          defaults: {
            custom: { strange: 1 },
            mappings: [{ type: 'value', options: { 0: { text: 'gone', index: 0, icon: 'x' } } }],
          },
          overrides: [
            { matcher: { id: 'ofAPlugin', options: 7 }, properties: [{ id: 'custom.x', value: [1] }] },
          ],
        },
      }
      const time = { from: 'now-1m', to: 'now' }
      await call('/api/dashboards/db', { dashboard: { uid: 'forms', title: 'Forms', time, panels: [panel] } })
      await page.goto('/d/forms?editPanel=1')
      await page.getByLabel('Unit', { exact: true }).fill('percentunit')
      await page.getByText('as in 1234560%').waitFor()
      await page.getByRole('button', { name: 'Map a range' }).click()
      const range = page.locator('[data-mapping="range"]')
      await range.getByLabel('From').fill('0.5')
      await range.getByLabel('Shown as').fill('half')
      await page.getByRole('button', { name: 'Add an override' }).click()
      const override = page.locator('[data-override="byName"]')
      await override.getByLabel('Field', { exact: true }).fill('job')
      await override.getByLabel('Set a property of override 2').selectOption('displayName')
      await override.getByLabel('Name', { exact: true }).fill('Job')
      await page.getByRole('columnheader', { name: 'Job' }).waitFor()
      await page.getByLabel('Add a transformation').selectOption('organize')
      await page.getByRole('button', { name: 'Hide instance' }).click()
      await page.getByRole('columnheader', { name: 'instance' }).waitFor({ state: 'detached' })
      await page.keyboard.press('Control+s')
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      const { dashboard } = await call<{ dashboard: { panels: object[] } }>('/api/dashboards/uid/forms')
      const { defaults, overrides } = panel.fieldConfig
      expect(dashboard.panels).toEqual([
        {
          ...panel,
          transformations: [
            ...panel.transformations,
            { id: 'organize', options: { excludeByName: { instance: true } } },
          ],
          fieldConfig: {
            defaults: {
              ...defaults,
              unit: 'percentunit',
              mappings: [
                ...defaults.mappings,
                { type: 'range', options: { from: 0.5, to: null, result: { index: 1, text: 'half' } } },
              ],
            },
            overrides: [
              ...overrides,
              {
                matcher: { id: 'byName', options: 'job' },
                properties: [{ id: 'displayName', value: 'Job' }],
              },
            ],
          },
        },
      ])
      expect(faults.splice(0)).toEqual([])
    })

    test('with the keyboard alone: a metric is found, becomes a panel of a new dashboard, is saved and shared', async () => {
      await page.goto('/dashboards')
      await page.locator('h1').waitFor()
      const to = async (
        name: string | RegExp,
        role: 'button' | 'link' | 'textbox' = 'button',
      ): Promise<void> => {
        const wanted = page.getByRole(role, { name }).first()
        await wanted.waitFor()
        for (let i = 0; i < 150; i++) {
          if (await wanted.evaluate((element) => element === document.activeElement)) return
          await page.keyboard.press('Tab')
        }
        throw new Error(`the keyboard does not reach ${String(name)}`)
      }
      await to(/New dashboard/, 'link')
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: /Add a panel/ }).waitFor()
      await page.keyboard.press('d')
      await page.keyboard.press('a')
      await to(/Find a metric/)
      await page.keyboard.press('Enter')
      await page.waitForFunction(
        () => document.activeElement?.getAttribute('aria-label') === 'Search metrics',
      )
      await page.keyboard.type('app_latency_seconds_count')
      await page.getByText('app_latency_seconds_count').first().waitFor()
      await to(/app_latency_seconds_count/)
      await page.keyboard.press('Enter')
      await page.waitForFunction(
        () => document.querySelector('[data-series]:not([data-series="0"])') !== null,
      )
      // Whoever has picked a metric is back where they were.
      expect(await page.evaluate(() => document.activeElement?.outerHTML)).toContain('Find a metric')
      await page.keyboard.press('Control+s')
      await page.getByRole('dialog').waitFor()
      await page.waitForFunction(() => (document.activeElement as HTMLInputElement).value === 'New dashboard')
      await page.keyboard.press('Control+a')
      await page.keyboard.type('By keyboard')
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/d\/[\w-]+\/by-keyboard/)
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      // Sharing: the link is copied from the menu, and opens the same panel elsewhere.
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      const more = page.locator('summary[aria-label="More"]')
      for (let i = 0; i < 60 && !(await more.evaluate((one) => one === document.activeElement)); i++)
        await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await to('Copy the link')
      await page.keyboard.press('Enter')
      await expect
        .poll(() => page.evaluate(() => navigator.clipboard.readText()))
        .toMatch(/\/d\/[\w-]+\/by-keyboard.*from=\d+/)
      const link = await page.evaluate(() => navigator.clipboard.readText())
      const shared = await openPage(browser, server.url)
      await shared.page.goto(link)
      await shared.page.locator('[data-series]:not([data-series="0"])').waitFor()
      expect(await shared.page.locator('h1').textContent()).toContain('By keyboard')
      expect([...faults, ...shared.faults]).toEqual([])
      await shared.page.context().close()
    })
  },
)
