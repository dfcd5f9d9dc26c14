import { createServer, type Server } from 'node:http'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessibilityFaults, HAS_CHROMIUM, launch, loaded, openPage } from './support/browser.ts'
import { type Program, startPromontory, until, Workspace } from './support/program.ts'

const MANY_SERIES = 310
const LONG = 'x'.repeat(400)
const RULES = `groups:
  - name: long
    rules:
      - alert: Everything
        expr: up == 0
        annotations: { summary: 'long ${LONG}' }
      - record: ${'a:'.repeat(60)}sum
        expr: sum(up)
`

const PAGES: readonly (readonly [name: string, path: string])[] = [
  ['home', '/'],
  ['query, empty', '/query'],
  ['query, graph', '/query?g0.expr=many&g0.tab=0&g0.range_input=5m'],
  ['query, table', '/query?g0.expr=many&g0.tab=1'],
  ['query, explanation', '/query?g0.expr=sum(rate(many%5B1m%5D))%20%2F%202&g0.tab=explain'],
  ['query, error', '/query?g0.expr=rate(x%5B5m%5D)%20by%20(job)%20%2F%20y&g0.tab=0'],
  ['alerts', '/alerts'],
  ['rules', '/rules'],
  ['targets', '/targets'],
  ['status', '/status'],
  ['storage', '/tsdb-status'],
  ['configuration', '/config'],
  ['flags', '/flags'],
]

const DIALOGS: readonly (readonly [name: string, path: string, button: string | RegExp])[] = [
  ['metrics', '/query', 'Browse the metrics'],
  ['trial scrape', '/targets?search=many', /^Try now/],
  ['new silence', '/alerts', 'New silence'],
  ['shortcuts', '/rules', 'Keyboard shortcuts'],
]

/** Forty jobs, 1,050 targets, hundreds of series, names and values of 400 characters. */
describe.skipIf(!HAS_CHROMIUM)('crowded pages in Chromium (skipped when it is not installed)', () => {
  const workspace = new Workspace()
  let browser: Browser
  let application: Server
  let server: Program

  beforeAll(async () => {
    const body = Array.from({ length: MANY_SERIES }, (_, i) => `many{i="${i}",long="${LONG}"} ${i}\n`).join(
      '',
    )
    application = createServer((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(body),
    )
    await new Promise<void>((done) => application.listen(0, '127.0.0.1', done))
    const { port } = application.address() as AddressInfo
    mkdirSync(workspace.directory, { recursive: true })
    writeFileSync(join(workspace.directory, 'rules.yml'), RULES)
    const jobs = Array.from(
      { length: 38 },
      (_, i) => `  - job_name: service-${i}\n    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
    metric_relabel_configs: [{ action: drop, regex: many, source_labels: [__name__] }]\n`,
    )
    const gone = Array.from({ length: 1010 }, (_, i) => `'127.0.0.1:${i + 2}'`).join(', ')
    const config = `global: { scrape_interval: 5s, scrape_timeout: 2s, evaluation_interval: 2s }
rule_files: ['${join(workspace.directory, 'rules.yml')}']
scrape_configs:
  - job_name: many
    scrape_interval: 1s
    scrape_timeout: 1s
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
  - job_name: gone
    scrape_interval: 15s
    static_configs: [{ targets: [${gone}] }]
${jobs.join('')}`
    server = workspace.keep(await startPromontory({ dataDirectory: workspace.data, config }))
    browser = await launch()
    await until(
      'firing alerts',
      () => server.query('count(ALERTS{alertstate="firing"})'),
      (result) => Number(result[0]?.value?.[1] ?? 0) > 900,
    )
  })

  afterAll(async () => {
    await browser?.close()
    application?.close()
    await workspace.clean()
  })

  // What is no matter of colour is the same in both.
  test.each([
    ['light', undefined],
    ['dark', ['color-contrast', 'link-in-text-block']],
  ] satisfies ['light' | 'dark', string[] | undefined][])(
    'axe finds nothing serious, %s',
    async (colorScheme, rules) => {
      const { page, faults } = await openPage(browser, server.url, { colorScheme })
      const found: Record<string, string[]> = {}
      for (const [name, path] of PAGES) {
        await page.goto(path)
        await loaded(page)
        const violations = await accessibilityFaults(page, rules)
        if (violations.length > 0) found[name] = violations.slice(0, 5)
      }
      for (const [name, path, button] of DIALOGS) {
        await page.goto(path)
        await loaded(page)
        await page.getByRole('button', { name: button }).first().click()
        await page.getByRole('dialog').waitFor()
        await loaded(page)
        const violations = await accessibilityFaults(page, rules)
        if (violations.length > 0) found[name] = violations.slice(0, 5)
      }
      expect(found).toEqual({})
      expect(faults).toEqual([])
      await page.context().close()
    },
  )

  test('on a phone nothing sticks out', async () => {
    const { page, faults } = await openPage(browser, server.url, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    })
    const widths: Record<string, number> = {}
    for (const [name, path] of PAGES) {
      await page.goto(path)
      await loaded(page)
      widths[name] = await page.evaluate(() => {
        const { document } = globalThis as unknown as {
          document: { documentElement: { scrollWidth: number } }
        }
        return document.documentElement.scrollWidth
      })
    }
    expect(widths).toEqual(Object.fromEntries(PAGES.map(([name]) => [name, 390])))
    expect(faults).toEqual([])
    await page.context().close()
  })

  test('long lists are shortened, and say so', async () => {
    const { page, faults } = await openPage(browser, server.url)
    await page.goto('/')
    await page.getByText('1010 down').waitFor()
    await page.goto('/targets')
    await page.getByRole('button', { name: /^Show all 1.?010 targets$/ }).waitFor()
    await page.goto('/alerts')
    await page.getByRole('button', { name: /^Show more of \d+ others$/ }).waitFor()
    await page.goto('/query?g0.expr=many&g0.tab=0')
    await page.getByText(`${MANY_SERIES - 300} further series are not drawn`).waitFor()
    expect(faults).toEqual([])
    await page.context().close()
  })

  test('nothing moves while a page loads', async () => {
    const { page } = await openPage(browser, server.url)
    await page.addInitScript(() => {
      const scope = globalThis as unknown as {
        shift: number
        PerformanceObserver: new (on: (list: { getEntries(): { value: number }[] }) => void) => {
          observe(options: object): void
        }
      }
      scope.shift = 0
      new scope.PerformanceObserver((list) => {
        for (const entry of list.getEntries()) scope.shift += entry.value
      }).observe({ type: 'layout-shift', buffered: true })
    })
    const shifts: Record<string, number> = {}
    for (const [name, path] of PAGES) {
      await page.goto(path)
      await loaded(page)
      await page.waitForTimeout(300)
      shifts[name] = await page.evaluate(() => (globalThis as unknown as { shift: number }).shift)
    }
    // 0.1 is the bound of what Chromium's makers call good.
    expect(Object.entries(shifts).filter(([, shift]) => shift > 0.1)).toEqual([])
    await page.context().close()
  })
})
