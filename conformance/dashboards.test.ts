import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { allPanels, dashboardOf, openDashboard } from '@promontory/panels'
import { MemoryStorage } from '@promontory/promql/memory'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessibilityFaults, HAS_CHROMIUM, launch, openPage } from './support/browser.ts'
import { drawnPanels, type DrawnPanel, showAllPanels } from './support/drawn-panels.ts'
import { storageFor } from './support/dashboard-data.ts'
import { serveDashboards, type Shown } from './support/dashboard-server.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const CORPUS = join(process.env['PROMONTORY_SHARED'] ?? join(ROOT, '../shared'), 'corpus/dashboards')
/**
 * Share of the Prometheus panels of all dashboards that have to draw something. What is missing are comparisons that the
 * generated series do not satisfy; `PROMONTORY_LIST=1` lists them.
 */
const DRAWN_SHARE_MIN = 0.95
const PROMETHEUS = /^(prometheus|victoriametrics.*|datasource|)$/

describe.skipIf(!HAS_CHROMIUM)('dashboards in Chromium (skipped when it is not installed)', () => {
  const shown: Shown = { dashboard: {}, storage: new MemoryStorage() }
  let server: Server
  let browser: Browser
  let page: Page
  let faults: string[]
  let origin: string

  beforeAll(async () => {
    ;({ server, origin } = await serveDashboards(shown))
    browser = await launch()
    ;({ page, faults } = await openPage(browser, origin, { viewport: { width: 1600, height: 1000 } }))
    await showAllPanels(page)
  })

  afterAll(async () => {
    await browser?.close()
    server?.closeAllConnections()
    server?.close()
  })

  /** Opens a dashboard, unfolds its rows, waits for its panels, and reads what they have drawn. */
  async function open(json: unknown, endMs: number): Promise<DrawnPanel[]> {
    const opened = openDashboard(json)
    shown.dashboard = json
    shown.storage = storageFor(opened, endMs)
    await page.goto(`/d/shown?from=${endMs - 3_600_000}&to=${endMs}&refresh=`)
    await page.locator('.dashboard[data-ready="true"]').waitFor()
    await page.keyboard.press('d')
    await page.keyboard.press('E')
    return drawnPanels(page)
  }

  test.skipIf(!existsSync(CORPUS))(
    'those of the wild draw (skipped when ../shared is absent)',
    { timeout: 240_000 },
    async () => {
      const files = readdirSync(CORPUS).filter(
        (name) =>
          name.endsWith('.json') &&
          name !== 'MANIFEST.json' &&
          name.includes(process.env['PROMONTORY_ONLY'] ?? ''),
      )
      const endMs = Math.floor(Date.now() / 60_000) * 60_000
      const missing: string[] = []
      const problems: string[] = []
      let [asked, drawn, foreign] = [0, 0, 0]
      for (const file of files) {
        const json = JSON.parse(readFileSync(join(CORPUS, file), 'utf8')) as object
        const panels = new Map(
          allPanels(dashboardOf(openDashboard(json).model).panels).map((panel) => [panel.id, panel]),
        )
        const seen = await open(json, endMs)
        problems.push(
          ...faults.splice(0).map((fault) => `${file}: ${fault}`),
          ...seen.filter(({ state }) => state === 'broken').map((one) => `${file}: ${one.text}`),
        )
        for (const one of seen) {
          const panel = panels.get(one.id)
          const hasExpr =
            panel?.targets.some(
              ({ expr, hide }) => typeof expr === 'string' && expr !== '' && hide !== true,
            ) === true
          const source = panel?.datasource as { type?: string } | undefined
          if (!hasExpr) continue
          if (
            !PROMETHEUS.test(source?.type ?? '') ||
            one.type === 'logs' ||
            one.text.includes('parse error') ||
            // Buckets of VictoriaMetrics' own, which no other server can make a quantile of.
            panel.targets.every(({ expr }) => String(expr).includes('vmrange'))
          ) {
            foreign++
            continue
          }
          asked++
          if (one.isDrawn) drawn++
          else missing.push(`${file} ${one.id} ${one.type} ${one.state}: ${one.text}`)
        }
      }
      console.log(
        `${files.length} dashboards, ${asked} Prometheus panels, ${drawn} draw (${((drawn / asked) * 100).toFixed(1)} %), ${foreign} of other sources or languages`,
      )
      if (process.env['PROMONTORY_LIST'] !== undefined) console.log(missing.join('\n'))
      expect(faults).toEqual([])
      expect(drawn / asked, missing.slice(0, 20).join('\n')).toBeGreaterThanOrEqual(DRAWN_SHARE_MIN)
    },
  )

  test('what is rare: every panel draws, or says what is missing', async () => {
    const at = (x: number, y: number): object => ({ gridPos: { x: x * 8, y: y * 6, w: 8, h: 6 } })
    const b = { refId: 'A', expr: 'b' }
    const ofDashboard = { type: 'datasource', uid: '-- Dashboard --' }
    const table = { ...b, format: 'table', instant: true }
    const panels = [
      { id: 1, type: 'timeseries', ...at(0, 0), targets: [{ ...b, instant: true, range: true, legendFormat: '__auto' }] },
      { id: 2, type: 'stat', ...at(1, 0), datasource: ofDashboard, targets: [{ panelId: 1 }] },
      { id: 3, type: 'timeseries', ...at(2, 0), timeFrom: '30m', timeShift: '5m', hideTimeOverride: true, interval: '$__interval', maxDataPoints: 20, targets: [b] },
      { id: 4, type: 'timeseries', ...at(0, 1), datasource: { uid: '-- Mixed --' }, targets: [{ ...b, datasource: { uid: 'nobody', type: 'prometheus' } }, { refId: 'B', expr: 'x', datasource: { type: 'loki', uid: 'l' } }] },
      { id: 5, type: 'timeseries', ...at(1, 1), targets: [{ ...b, hide: true }, { refId: 'C', expression: '$A * 2', datasource: { type: '__expr__', uid: '__expr__' } }] },
      { id: 6, type: 'heatmap', ...at(2, 1), targets: [{ refId: 'A', expr: 'sum by (le) (increase(h_bucket[$__rate_interval]))', format: 'heatmap', legendFormat: '{{le}}' }] },
      { id: 7, type: 'vonage-status-panel', ...at(0, 2), targets: [b] },
      { id: 8, type: 'stat', ...at(1, 2), libraryPanel: { uid: 'lib', name: 'Shared one' } },
      { id: 9, type: 'table', ...at(2, 2), targets: [table, { ...table, refId: 'B', expr: 'a_total' }], transformations: [{ id: 'joinByField', options: { byField: 'job', mode: 'outer' } }, { id: 'fieldLookup', options: {} }] },
      { id: 10, type: 'row', collapsed: true, gridPos: { x: 0, y: 18, w: 24, h: 1 }, panels: [{ id: 11, type: 'gauge', ...at(0, 4), targets: [b], repeat: 'nobody', repeatDirection: 'v' }] },
      { id: 12, type: 'timeseries', ...at(0, 5), targets: [{ ...b, format: 'table' }], transformations: [{ id: 'prepareTimeSeries', options: { format: 'multi' } }] },
      { id: 13, type: 'timeseries', ...at(1, 5), targets: [{ refId: 'A', expr: 'b - b' }], fieldConfig: { defaults: { min: 0, max: -5, custom: { scaleDistribution: { type: 'log', log: 10 } } }, overrides: [] } },
    ] // prettier-ignore
    const seen = await open({ title: 'Rare', uid: 'rare', panels }, Math.floor(Date.now() / 60_000) * 60_000)
    const says = new Map([
      [5, '__expr__'],
      [8, 'the library panel ‘Shared one’'],
    ])
    for (const { id, isDrawn, text } of seen) {
      if (says.has(id)) expect(text).toContain(says.get(id))
      else expect([id, isDrawn, text]).toEqual([id, true, text])
    }
    expect(seen.map(({ id }) => id).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13])
    const joined = page.locator('[data-panel="9"]')
    expect(await joined.locator('.panel-notice').getAttribute('aria-label')).toContain("'fieldLookup'")
    expect(await joined.locator('thead').textContent()).toContain('Value #B')
    expect(faults.splice(0)).toEqual([])
  })

  test('a hostile dashboard runs nothing', async () => {
    const bad =
      '<img src=x onerror="window.hacked=1"><script>window.hacked=2</script><svg onload="window.hacked=3">'
    const json = {
      title: bad,
      uid: 'bad',
      tags: [bad],
      time: { from: 'now-1h', to: 'now' },
      links: [{ type: 'link', title: bad, url: 'javascript:window.hacked=4' }],
      templating: {
        list: [{ name: 'v', type: 'custom', query: bad, label: bad, current: { text: bad, value: bad } }],
      },
      panels: [
        {
          id: 1,
          type: 'text',
          title: bad,
          gridPos: { x: 0, y: 0, w: 12, h: 6 },
          options: {
            mode: 'html',
            content: `${bad}<a href="java\nscript:window.hacked=5">a</a><iframe srcdoc="<script>parent.hacked=6</script>"></iframe><style>body{display:none}</style><p style="position:fixed;background:url(//elsewhere/x)">kept</p>`,
          },
        },
        {
          id: 2,
          type: 'text',
          title: '',
          gridPos: { x: 12, y: 0, w: 12, h: 6 },
          options: {
            mode: 'markdown',
            content: `# ${bad}\n[x](javascript:window.hacked=7) ![y](x"onerror="window.hacked=8) $v`,
          },
        },
        {
          id: 3,
          type: 'timeseries',
          title: '$v',
          description: bad,
          gridPos: { x: 0, y: 6, w: 12, h: 8 },
          links: [{ title: bad, url: 'data:text/html,<script>1</script>' }],
          targets: [{ refId: 'A', expr: 'evil', legendFormat: `${bad} {{a}}` }],
        },
        {
          id: 4,
          type: 'table',
          title: 't',
          gridPos: { x: 12, y: 6, w: 12, h: 8 },
          targets: [{ refId: 'A', expr: 'evil', format: 'table', instant: true }],
          fieldConfig: {
            defaults: { links: [{ title: bad, url: 'javascript:window.hacked=9' }] },
            overrides: [],
          },
        },
        {
          id: 5,
          type: bad,
          title: 'unknown',
          gridPos: { x: 0, y: 14, w: 12, h: 8 },
          targets: [{ refId: 'A', expr: 'evil', format: 'table', instant: true }],
        },
      ],
    }
    const { Labels } = await import('@promontory/model')
    const endMs = Date.now()
    shown.dashboard = json
    const storage = new MemoryStorage()
    storage.append(Labels.from({ __name__: 'evil', a: bad }), [
      { timeMs: endMs - 60_000, value: 1 },
      { timeMs: endMs, value: 2 },
    ])
    shown.storage = storage
    const before = faults.length
    await page.goto('/d/bad?from=now-1h&to=now')
    await page.locator('[data-panel="5"] tbody tr').waitFor()
    await page.locator('[data-panel="3"] .plot').hover()
    await page.waitForTimeout(300)
    expect(await page.evaluate(() => (globalThis as { hacked?: unknown }).hacked)).toBeUndefined()
    expect(
      await page
        .locator(
          '.dashboard a[href^="javascript" i], .dashboard iframe, .dashboard script, .dashboard [onerror], .dashboard [onload]',
        )
        .count(),
    ).toBe(0)
    expect(await page.locator('[data-panel="1"] p').textContent()).toBe('kept')
    expect(await page.locator('[data-panel="1"] p').getAttribute('style')).toBe(null)
    expect(faults.slice(before)).toEqual([])
  })

  test('axe finds nothing serious', async () => {
    const end = Date.now()
    await page.setViewportSize({ width: 1400, height: 1000 })
    await open(
      {
        title: 'Plain',
        uid: 'plain',
        panels: [
          {
            id: 1,
            type: 'timeseries',
            title: 'Lines',
            gridPos: { x: 0, y: 0, w: 12, h: 8 },
            targets: [{ refId: 'A', expr: 'a', legendFormat: '{{job}}' }],
            options: { legend: { displayMode: 'table', calcs: ['mean'] } },
          },
          {
            id: 2,
            type: 'stat',
            title: 'One',
            gridPos: { x: 12, y: 0, w: 6, h: 8 },
            targets: [{ refId: 'A', expr: 'a' }],
          },
          {
            id: 3,
            type: 'table',
            title: 'Rows',
            gridPos: { x: 18, y: 0, w: 6, h: 8 },
            targets: [{ refId: 'A', expr: 'a', format: 'table', instant: true }],
          },
          {
            id: 4,
            type: 'gauge',
            title: 'Gauge',
            gridPos: { x: 0, y: 8, w: 6, h: 8 },
            targets: [{ refId: 'A', expr: 'a' }],
          },
          {
            id: 5,
            type: 'piechart',
            title: 'Pie',
            gridPos: { x: 6, y: 8, w: 6, h: 8 },
            targets: [{ refId: 'A', expr: 'a' }],
          },
        ],
      },
      end,
    )
    expect(await accessibilityFaults(page)).toEqual([])
    for (const path of ['/dashboards', '/dashboard/import', '/login']) {
      await page.goto(path)
      await page.locator('h1').waitFor()
      await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null)
      expect(await accessibilityFaults(page), path).toEqual([])
    }
  })
})
