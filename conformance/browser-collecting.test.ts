import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessibilityFaults, HAS_CHROMIUM, launch, loaded, openPage } from './support/browser.ts'
import { type Program, startPromontory, until, Workspace } from './support/program.ts'

const SHOTS = process.env['SCREENSHOTS']

describe.skipIf(!HAS_CHROMIUM)('the pages of collecting (skipped when Chromium is not installed)', () => {
  const workspace = new Workspace()
  let browser: Browser
  let application: Server
  let server: Program
  let page: Page
  let faults: string[]

  beforeAll(async () => {
    application = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end('jobs_done_total 7\n')
    })
    await new Promise<void>((done) => application.listen(0, '127.0.0.1', done))
    const { port } = application.address() as AddressInfo
    const config = `global: { scrape_interval: 1s, scrape_timeout: 1s }
remote_write: [{ url: 'http://127.0.0.1:${port}/write', name: archive }]
scrape_configs:
  - job_name: shop
    static_configs: [{ targets: ['127.0.0.1:${port}', 'lab-1:9100', 'wrong/path'], labels: { team: web } }]
    relabel_configs:
      - { source_labels: [team], target_label: owner, action: uppercase }
      - { source_labels: [__address__], regex: 'lab-.*', action: drop }
`
    server = workspace.keep(await startPromontory({ dataDirectory: workspace.data, config }))
    browser = await launch()
    ;({ page, faults } = await openPage(browser, server.url))
  })

  afterAll(async () => {
    await browser?.close()
    application?.close()
    await workspace.clean()
  })

  /** No page of ours may scroll sideways, hide a fault, or lock anybody out. */
  async function inspect(name: string): Promise<void> {
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(overflow, `${name} at ${width}`).toBeLessThanOrEqual(0)
      if (SHOTS !== undefined)
        await page.screenshot({ path: `${SHOTS}/${name}-${width}.png`, fullPage: true })
    }
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
  }

  test('discovery: from the targets page to what was dropped, and by which rule', async () => {
    await page.goto('/targets')
    await loaded(page)
    await page.getByRole('link', { name: 'Which, and why?' }).click()
    await page.getByText('1 of 3 scraped').waitFor()
    await page.getByText("by rule 2: {source_labels: [__address__], regex: 'lab-.*', action: drop}").waitFor()
    await page.getByText('"wrong/path" is not a valid hostname').waitFor()
    await page.getByRole('button', { name: 'All', exact: true }).click()
    await page.getByText('owner=').waitFor()
    await inspect('service-discovery')
  })

  test('relabel lab: a found target step by step, then rules of one’s own', async () => {
    await page.getByRole('row', { name: /lab-1/ }).getByRole('link', { name: 'Step by step' }).click()
    await page.getByRole('button', { name: 'Show every step' }).click()
    await page.getByText('drops it here').waitFor()
    await page.getByText('"WEB"').first().waitFor()
    await page.getByLabel('Rules of').selectOption('')
    await page.getByLabel('relabel_configs').fill('- {action: labelkeep, regex: team}\n- {action: nope}')
    await page.getByRole('button', { name: 'Show every step' }).click()
    await page.getByRole('alert').getByText('relabel_configs:2:').waitFor()
    await page.getByLabel('relabel_configs').fill('- {action: labelkeep, regex: team}')
    await page.getByRole('button', { name: 'Show every step' }).click()
    await page.getByText('removed').first().waitFor()
    await inspect('relabel-lab')
  })

  test('remote write: how far each queue is', async () => {
    await until(
      'something sent',
      () => server.data<{ queues: { sent: number }[] }>('/api/v1/status/remote_write'),
      ({ queues }) => (queues[0]?.sent ?? 0) > 0,
    )
    await page.goto('/remote-write')
    await loaded(page)
    const queue = page.getByRole('region', { name: 'Queue archive' })
    await queue.getByText('up to date').waitFor()
    await queue.getByRole('row', { name: /Behind by/ }).waitFor()
    await inspect('remote-write')
  })

  test('try it now: the body as it came, what was read, and what relabelling makes of it', async () => {
    await page.goto('/targets')
    await loaded(page)
    await page.getByRole('button', { name: /Try now/ }).click()
    await page.getByText('jobs_done_total{instance=').waitFor()
    await page.getByRole('button', { name: 'Body as it came' }).click()
    await page.getByText('jobs_done_total 7').waitFor()
    await inspect('try-now')
  })
})
