import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HAS_CHROMIUM, launch, loaded, openPage } from './support/browser.ts'
import { type Program, spawnPromontory, startPromontory, until, Workspace } from './support/program.ts'

/** JavaScript that the first page may load, compressed. */
const SCRIPT_BYTES_MAX = 250_000

const RULES = `groups:
  - name: liveness
    interval: 1s
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
      - alert: TargetDown
        expr: up{job="gone"} == 0
        labels: { severity: critical }
        annotations: { summary: '{{ $labels.instance }} is gone' }
      - alert: NeverFires
        expr: up > 5
`

describe.skipIf(!HAS_CHROMIUM)('the pages in Chromium (skipped when it is not installed)', () => {
  const workspace = new Workspace()
  let browser: Browser
  let application: Server
  let server: Program
  let configFile: string
  let page: Page
  let faults: string[]

  beforeAll(async () => {
    let requests = 0
    application = createServer((_request, response) => {
      requests += 7
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4', connection: 'close' })
      response.end(`# HELP app_requests_total Requests.
# TYPE app_requests_total counter
app_requests_total{path="/a"} ${requests}
app_requests_total{path="/b"} ${requests * 2}
`)
    })
    await new Promise<void>((done) => application.listen(0, '127.0.0.1', done))
    const { port } = application.address() as AddressInfo
    mkdirSync(workspace.directory, { recursive: true })
    writeFileSync(join(workspace.directory, 'rules.yml'), RULES)
    const config = `global: { scrape_interval: 1s, scrape_timeout: 1s }
rule_files: ['${join(workspace.directory, 'rules.yml')}']
scrape_configs:
  - job_name: app
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
  - job_name: gone
    static_configs: [{ targets: ['127.0.0.1:1'] }]
`
    server = workspace.keep(
      await startPromontory({ dataDirectory: workspace.data, config, flags: ['--web.enable-lifecycle'] }),
    )
    configFile = join(dirname(workspace.data), `prometheus-${new URL(server.url).port}.yml`)
    browser = await launch()
    ;({ page, faults } = await openPage(browser, server.url))
  })

  afterAll(async () => {
    await browser?.close()
    application?.close()
    await workspace.clean()
  })

  test('the first page shows live numbers of this machine within 20 s of the start', async () => {
    const startedMs = Date.now()
    const { program } = await spawnPromontory({ dataDirectory: join(workspace.directory, 'bare') })
    workspace.keep(program)
    await program.ready('/-/ready')
    const first = await openPage(browser, program.url)
    const sizes: Promise<{ responseBodySize: number }>[] = []
    first.page.on('requestfinished', (request) => {
      if (request.resourceType() === 'script') sizes.push(request.sizes())
    })
    await first.page.goto('/')
    const tile = first.page.locator('article', { hasText: 'Memory used' })
    await tile.getByText(/^\d+(\.\d)? %$/).waitFor({ timeout: 20_000 })
    expect(Date.now() - startedMs).toBeLessThan(20_000)
    await first.page.getByText('Add a target').waitFor()
    await first.page.getByRole('link', { name: 'promontory', exact: true }).waitFor()
    const scriptBytes = (await Promise.all(sizes)).reduce(
      (sum, { responseBodySize }) => sum + responseBodySize,
      0,
    )
    console.log(`JavaScript of the first page: ${scriptBytes} bytes, compressed`)
    expect(scriptBytes).toBeGreaterThan(10_000)
    expect(scriptBytes).toBeLessThan(SCRIPT_BYTES_MAX)
    expect(first.faults).toEqual([])
    await first.page.context().close()
    await program.stop()
  })

  test('a query with the keyboard alone: completion, graph, table, explanation', async () => {
    await until(
      'two scrapes before the last point of an hour in steps of 15 s',
      () => server.query('rate(app_requests_total[10s])', Math.floor(Date.now() / 15_000) * 15),
      (result) => result.length === 2,
    )
    await page.goto('/')
    await loaded(page)
    await page.keyboard.type('gq')
    await page.locator('.cm-content').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('app_re', { delay: 30 })
    await page.locator('.cm-tooltip-autocomplete').getByText('app_requests_total').waitFor()
    await page.waitForTimeout(150) // A list that has just appeared does not take keys yet.
    await page.keyboard.press('Enter')
    await expectText(page, '.cm-content', 'app_requests_total')
    await page.keyboard.press('Home')
    await page.keyboard.type('rate(')
    await page.keyboard.press('Escape')
    await page.keyboard.press('End')
    await page.keyboard.type('[10s])')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Enter')
    await page.getByText(/^2 series in /).waitFor()
    await page.locator('.chart canvas').waitFor()
    await until(
      'coloured pixels',
      () => colouredPixels(page),
      (count) => count > 20,
      10_000,
    )
    await page.locator('.legend').getByText('{instance=').first().waitFor()
    expect(new URL(page.url()).searchParams.get('g0.expr')).toBe('rate(app_requests_total[10s])')
    await page.getByRole('button', { name: 'Table' }).press('Enter')
    await page.getByRole('row', { name: /path="\/b"/ }).waitFor()
    await page.getByRole('button', { name: 'Explain' }).press('Enter')
    await page.locator('.tree').getByText('range selector').waitFor()
    await page.locator('.tree').getByText('2 series').waitFor()
    expect(faults).toEqual([])
  })

  test('what was asked before comes back with the arrow keys; metrics can be browsed', async () => {
    await page.goto('/query')
    await page
      .getByRole('region', { name: 'Asked before' })
      .getByText('rate(app_requests_total[10s])')
      .waitFor()
    await page.locator('.cm-content').focus()
    await page.keyboard.press('ArrowUp')
    await expectText(page, '.cm-content', 'rate(app_requests_total[10s])')
    await page.keyboard.press('ArrowDown')
    await page.getByRole('button', { name: 'Browse the metrics' }).first().click()
    await page.getByRole('searchbox', { name: 'Search metrics' }).fill('app_req')
    await page.getByText('Requests.').waitFor()
    await page.keyboard.press('Enter')
    await expectText(page, '.cm-content', 'app_requests_total')
    expect(faults).toEqual([])
  })

  test('a wrong expression is marked at its place and mended', async () => {
    await page.goto('/query')
    await page.locator('.cm-content').focus()
    await page.keyboard.insertText('rate(x[5m]) by (job) / y')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Run' }).click()
    const alert = page.getByRole('alert')
    await alert.getByText('unexpected <by>').waitFor()
    expect(await alert.locator('mark').textContent()).toBe('by')
    expect(await page.locator('.cm-lintRange-error').textContent()).toBe('by')
    await alert.getByRole('button', { name: /sum by \(job\)/ }).click()
    await expectText(page, '.cm-content', 'sum by (job) (rate(x[5m])) / y')
    await page.getByText('No series', { exact: true }).waitFor()
    expect(faults).toEqual([])
  })

  test('targets: what is down says why; a target can be tried', async () => {
    await page.goto('/targets')
    const gone = page.getByRole('region', { name: 'Job gone' })
    await gone.getByText('connection refused').waitFor()
    await gone.getByText('0 of 1 up').waitFor()
    await page.getByRole('region', { name: 'Job app' }).getByRole('button', { name: /^Try / }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('200 OK').waitFor()
    await dialog.getByRole('cell', { name: /path="\/a"/ }).waitFor()
    await dialog.getByRole('button', { name: 'Body as it came' }).click()
    await dialog.getByText('# HELP app_requests_total Requests.').waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('/')
    await page.keyboard.type('refused')
    await page.getByRole('region', { name: 'Job app' }).waitFor({ state: 'detached' })
    expect(faults).toEqual([])
  })

  test('alerts: firing, delivered to the inbox, explained, silenced', async () => {
    await page.goto('/alerts')
    const rules = page.getByRole('region', { name: 'Alerting rules' })
    await rules.getByText('127.0.0.1:1 is gone').first().waitFor()
    await rules.getByText('firing').first().waitFor()
    await page
      .getByRole('region', { name: 'Inbox' })
      .getByText('127.0.0.1:1 is gone')
      .waitFor({ timeout: 25_000 })
    await page
      .getByRole('region', { name: 'Why was I (not) notified?' })
      .getByText('notified', { exact: true })
      .waitFor()
    await rules.getByRole('button', { name: 'Silence' }).click()
    await page.getByRole('textbox', { name: 'Your name' }).fill('Ada')
    await page.getByRole('textbox', { name: 'Why' }).fill('It is meant to be gone')
    await page.getByRole('textbox', { name: 'For how long' }).fill('soon')
    await page.getByRole('dialog').getByRole('button', { name: 'Silence' }).click()
    await page.getByRole('alert').getByText('"soon" is no duration').waitFor()
    await page.getByRole('textbox', { name: 'For how long' }).fill('1h')
    await page.keyboard.press('Enter')
    const silences = page.getByRole('region', { name: 'Silences' })
    await silences.getByText('It is meant to be gone (Ada)').waitFor()
    expect(await server.json<unknown[]>('/api/v2/alerts?silenced=true&active=false')).toHaveLength(1)
    await silences.getByRole('button', { name: 'End it' }).click()
    await silences.getByText('No silence is in force').waitFor()
    expect(faults).toEqual([])
  })

  test('rules and status', async () => {
    await page.goto('/rules')
    await page.getByText('job:up:sum').waitFor()
    await page.getByRole('link', { name: 'sum by (job) (up)' }).click()
    await expectText(page, '.cm-content', 'sum by (job) (up)')
    await page.goto('/status')
    await page.getByText('Running for').waitFor()
    await page.getByRole('link', { name: 'Storage' }).click()
    await page.getByRole('button', { name: 'Drop scrape_duration_seconds' }).first().waitFor()
    await page
      .getByRole('button', { name: /^Drop / })
      .first()
      .click()
    await page.getByText('metric_relabel_configs:').waitFor()
    await page.getByRole('button', { name: '1h', exact: true }).click()
    await page.getByRole('region', { name: 'Metrics that grew most since 1h ago' }).getByText(/^\+\d/).first().waitFor() // prettier-ignore
    await page.getByRole('region', { name: 'Jobs with the most new series in 1h' }).getByText(/^\+\d/).first().waitFor() // prettier-ignore
    await page.getByText('No block yet').waitFor()
    expect(faults).toEqual([])
  })

  test.each([
    ['/graph?g0.expr=up%20%3D%3D%200&g0.tab=1', '/query', /up\{instance="127\.0\.0\.1:1"/],
    ['/tsdb-status', '/tsdb-status', 'Metrics with the most series'],
    ['/config', '/config', /job_name: gone/],
    ['/flags', '/flags', '--web.enable-lifecycle'],
    ['/graph/?g0.expr=up&g0.tab=1', '/query', /up\{instance="127\.0\.0\.1:1"/],
    ['/no-such-page', '/no-such-page', 'There is no such page'],
    ['/no/such/page', '/page', 'There is no such page'],
  ])('the old path %s', async (path, ends, text) => {
    await page.goto(path)
    await page.getByText(text).first().waitFor()
    expect(new URL(page.url()).pathname).toBe(ends)
    expect(faults).toEqual([])
  })

  test('a refused configuration is announced, with the reason, until it is mended', async () => {
    const good = readFileSync(configFile, 'utf8')
    await page.goto('/')
    writeFileSync(configFile, `${good}nonsense: true\n`)
    expect((await fetch(`${server.url}/-/reload`, { method: 'POST' })).status).toBe(500)
    const notice = page.getByRole('alert').filter({ hasText: 'The last configuration was refused' })
    await notice.getByText('nonsense').waitFor()
    writeFileSync(configFile, good)
    expect((await fetch(`${server.url}/-/reload`, { method: 'POST' })).status).toBe(200)
    await notice.waitFor({ state: 'detached' })
    expect(faults).toEqual([])
  })

  test('the theme stays, the shortcuts are listed', async () => {
    await page.goto('/')
    await loaded(page)
    await page.keyboard.press('d')
    const theme = (): Promise<string | null> => page.locator('html').getAttribute('data-theme')
    expect(await theme()).toBe('dark')
    await page.reload()
    expect(await theme()).toBe('dark')
    await page.getByRole('button', { name: 'Light theme' }).click()
    expect(await theme()).toBe('light')
    await page.keyboard.press('?')
    await page.getByRole('dialog').getByText('Keyboard shortcuts').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await page.keyboard.press('g')
    await page.keyboard.press('t')
    await page.waitForURL('**/targets')
    expect(faults).toEqual([])
  })

  test('below a prefix', async () => {
    const { program, port } = await spawnPromontory({
      dataDirectory: join(workspace.directory, 'prefixed'),
      flags: ['--web.route-prefix=/prom', '--web.page-title=Lighthouse'],
    })
    workspace.keep(program)
    await program.ready('/prom/-/ready')
    const prefixed = await openPage(browser, `http://127.0.0.1:${port}`)
    await prefixed.page.goto('/')
    await prefixed.page.waitForURL('**/prom/')
    await prefixed.page.getByRole('link', { name: 'promontory', exact: true }).waitFor()
    await prefixed.page.getByRole('link', { name: 'Query' }).click()
    await prefixed.page.waitForURL('**/prom/query')
    await prefixed.page.waitForFunction(() => document.title === 'Query · Lighthouse')
    await prefixed.page.goto('/prom/graph?g0.expr=vector(42)&g0.tab=1')
    await prefixed.page.getByRole('cell', { name: '42' }).waitFor()
    await prefixed.page.goto('/prom/alerts')
    await prefixed.page.getByText('No silence is in force').waitFor()
    expect(prefixed.faults).toEqual([])
    await prefixed.page.context().close()
    await program.stop()
  })
})

async function expectText(page: Page, selector: string, text: string): Promise<void> {
  await until(
    `the text ${text}`,
    async () => page.locator(selector).first().textContent(),
    (found) => found === text,
    10_000,
  )
}

/** Pixels of the chart that are neither empty nor grey: its lines. */
function colouredPixels(page: Page): Promise<number> {
  return page
    .locator('.chart canvas')
    .first()
    .evaluate((element) => {
      const canvas = element as unknown as {
        width: number
        height: number
        getContext(kind: '2d'): {
          getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray }
        }
      }
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      let count = 0
      for (let i = 0; i < data.length; i += 4) {
        const [red, green, blue, alpha] = [data[i]!, data[i + 1]!, data[i + 2]!, data[i + 3]!]
        if (alpha > 100 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) count++
      }
      return count
    })
}
