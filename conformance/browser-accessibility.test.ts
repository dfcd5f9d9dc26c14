import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessibilityFaults, HAS_CHROMIUM, launch, loaded, openPage } from './support/browser.ts'
import { type Program, startPromontory, until, Workspace } from './support/program.ts'

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
      - alert: Broken
        expr: up * on (job) group_left () vector(1)
`

const KINDS = [
  'timeseries', 'stat', 'gauge', 'bargauge', 'table', 'barchart', 'piechart', 'heatmap', 'histogram', 'state-timeline',
  'status-history', 'boxplot', 'text', 'alertlist', 'dashlist', 'annolist', 'logs', 'grafana-polystat-panel', 'of-another-program',
] as const // prettier-ignore

/** A panel of each kind with something of everything that its editor shows. */
function panelOf(type: string, i: number): object {
  return {
    id: i + 1,
    type,
    title: `A ${type}`,
    description: 'What it is for',
    gridPos: { x: (i % 3) * 8, y: Math.floor(i / 3) * 6, w: 8, h: 6 },
    targets: [{ refId: 'A', expr: 'up', legendFormat: '{{job}}' }],
    options: { content: '# Words\n[a link](/targets)', mode: 'markdown' },
    links: [{ title: 'Targets', url: '/targets' }],
    transformations: [
      { id: 'organize', options: { renameByName: { Time: 'When' } } },
      { id: 'reduce', options: { reducers: ['mean'] }, disabled: true },
      { id: 'heatmap', options: {}, disabled: true },
    ],
    fieldConfig: {
      defaults: {
        unit: 'percentunit',
        thresholds: { mode: 'absolute', steps: [{ color: 'green', value: null }, { color: '#ff0000', value: 1 }] },
        mappings: [
          { type: 'value', options: { 0: { text: 'down', color: 'red', index: 0 } } },
          { type: 'range', options: { from: 1, to: 2, result: { text: 'up' } } },
        ],
        links: [{ title: 'Ask', url: '/query?g0.expr=up' }],
      },
      overrides: [
        {
          matcher: { id: 'byName', options: 'gone' },
          properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: 'red' } }, { id: 'custom.width', value: 90 }],
        },
      ],
    },
  } // prettier-ignore
}

const DASHBOARD = {
  uid: 'everything',
  title: 'Everything',
  tags: ['all'],
  time: { from: 'now-5m', to: 'now' },
  links: [
    { type: 'link', title: 'Elsewhere', url: '/rules' },
    { type: 'dashboards', title: 'Others', tags: ['all'], asDropdown: true },
  ],
  annotations: { list: [{ name: 'Down', enable: true, expr: 'up == 0', iconColor: 'red' }] },
  templating: {
    list: [
      { name: 'job', type: 'query', query: 'label_values(up, job)', multi: true, includeAll: true },
      { name: 'text', type: 'textbox', query: 'words' },
      { name: 'filters', type: 'adhoc', filters: [{ key: 'job', operator: '=', value: 'gone' }] },
    ],
  },
  panels: KINDS.map(panelOf),
}
const DASHBOARDS = [
  DASHBOARD,
  { ...DASHBOARD, uid: 'small', title: 'Small', panels: [panelOf('timeseries', 0)] },
]

/** Where to look, and what is pressed there first. */
type Place = readonly [name: string, path: string, open?: (page: Page) => Promise<unknown>]

/** Presses keys one after the other: the dialogs of a dashboard. */
const keys =
  (...pressed: string[]) =>
  async (page: Page): Promise<void> => {
    for (const key of pressed) await page.keyboard.press(key)
    await page.getByRole('dialog').waitFor()
  }

const more =
  (name: string | RegExp) =>
  async (page: Page): Promise<void> => {
    await page.locator('summary[aria-label="More"]').click()
    await page.getByRole('button', { name }).click()
    await page.getByRole('dialog').waitFor()
  }

const press =
  (name: string | RegExp) =>
  (page: Page): Promise<void> =>
    page.getByRole('button', { name }).first().click()

const PLACES: readonly Place[] = [
  ['home', '/'],
  ['login', '/login'],
  ['query, empty', '/query'],
  ['query, graph', '/query?g0.expr=up&g0.tab=0'],
  ['query, error', '/query?g0.expr=up%20by&g0.tab=1'],
  ['query, explanation', '/query?g0.expr=sum(rate(up%5B1m%5D))&g0.tab=explain'],
  ['dashboards', '/dashboards'],
  ['dashboard', '/d/everything'],
  ['dashboard, a menu', '/d/small', (page) => page.locator('.panel-menu summary').first().press('Enter')],
  ['dashboard, time', '/d/small', (page) => page.locator('summary[title="Time range"]').click()],
  ['dashboard, one panel', '/d/small?viewPanel=1'],
  ['dashboard, inspection', '/d/small?viewPanel=1', async (page) => {
    await page.locator('.panel-menu summary').first().press('Enter')
    await page.getByRole('button', { name: 'Inspect' }).click()
    await page.getByRole('dialog').waitFor()
  }],
  ['dashboard, alone', '/d-solo/small?viewPanel=1'],
  ['dashboard, settings', '/d/small', keys('d', 's')],
  ...['Variables', 'Annotations', 'Links'].map((part): Place => [`settings, ${part}`, '/d/small', async (page) => {
    await keys('d', 's')(page)
    await page.getByRole('group', { name: 'Settings of' }).getByRole('button', { name: part }).click()
    for (const folded of await page.locator('dialog[open] details:not([open]) > summary').all()) await folded.click()
  }]),
  ['dashboard, save', '/d/small', keys('Control+s')],
  ['dashboard, keys', '/d/small', keys('?')],
  ['dashboard, JSON', '/d/small', more('JSON, export')],
  ['dashboard, versions', '/d/small', async (page) => {
    await more('Versions')(page)
    await page.getByRole('button', { name: 'Differences' }).first().click()
    await page.getByText('No difference.').waitFor()
  }],
  ['dashboard, none', '/d/nothing-of-this-name'],
  ['dashboard, new', '/dashboard/new'],
  ['dashboard, import', '/dashboard/import'],
  ...KINDS.map((kind, i): Place => [`editor, ${kind}`, `/d/everything?editPanel=${i + 1}`]),
  ['editor, metrics', '/d/everything?editPanel=1', press('Find a metric')],
  ['ready-made dashboard', '/d/$ready'],
  ['alerts', '/alerts'],
  ['alerts, new silence', '/alerts', press('New silence')],
  ['alerts, history', '/alerts/history'],
  ['alerts, groups', '/alerts/groups'],
  ['alerts, routing', '/alerts/routing'],
  ['alerts, maintenance', '/alerts/maintenance'],
  ['incidents', '/incidents'],
  ['incident', '/incidents/1'],
  ['incident, none', '/incidents/999'],
  ['rules', '/rules'],
  ['rule', '/rules/rule?group=liveness&name=TargetDown'],
  ['rule lab', '/rules/lab'],
  ['targets', '/targets'],
  ['discovery', '/service-discovery'],
  ['relabel lab', '/targets/relabel'],
  ['status', '/status'],
  ['storage', '/tsdb-status'],
  ['configuration', '/config'],
  ['flags', '/flags'],
  ['usage', '/usage'],
  ['remote write', '/remote-write'],
  ['users', '/admin/users'],
  ['service accounts', '/admin/service-accounts', press('Tokens')],
  ['data sources', '/admin/data-sources'],
  ['data sources, new', '/admin/data-sources', async (page) => {
    await press('Add a data source')(page)
    await page.getByLabel('Name and password').check()
  }],
  ['audit', '/admin/audit'],
  ['account', '/admin/account'],
  ['no such page', '/no-such-page'],
  ['shortcuts', '/rules', press('Keyboard shortcuts')],
] // prettier-ignore

describe.skipIf(!HAS_CHROMIUM)('every page with axe in Chromium (skipped when it is not installed)', () => {
  const workspace = new Workspace()
  let browser: Browser
  let server: Program
  let places: readonly Place[]

  beforeAll(async () => {
    mkdirSync(workspace.directory, { recursive: true })
    const rules = join(workspace.directory, 'rules.yml')
    writeFileSync(rules, RULES)
    const config = `global: { scrape_interval: 1s, scrape_timeout: 1s }
rule_files: ['${rules}']
scrape_configs: [{ job_name: gone, static_configs: [{ targets: ['127.0.0.1:1'] }] }]
`
    server = workspace.keep(await startPromontory({ dataDirectory: workspace.data, config }))
    for (const dashboard of DASHBOARDS) {
      const stored = await fetch(`${server.url}/api/dashboards/db`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ dashboard }),
      })
      expect(stored.status).toBe(200)
    }
    const made = await fetch(`${server.url}/api/serviceaccounts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'ci', role: 'Editor' }),
    })
    expect(made.status).toBe(201)
    await until(
      'an incident',
      () => server.data<{ incidents: unknown[] }>('/api/v1/incidents'),
      ({ incidents }) => incidents.length > 0,
    )
    const found = await server.json<readonly { uid: string }[]>('/api/search?type=dash-db')
    const ready = found.find(({ uid }) => !DASHBOARDS.some((own) => own.uid === uid))?.uid
    places = PLACES.flatMap((place) =>
      !place[1].includes('$ready')
        ? [place]
        : ready === undefined
          ? []
          : [[place[0], place[1].replace('$ready', ready)] as const],
    )
    browser = await launch()
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await workspace.clean()
  })

  test('nothing serious on any page, in light and dark', async () => {
    const found: Record<string, string[]> = {}
    const left = [...places]
    // Two pages at a time.
    await Promise.all(
      [0, 1].map(async () => {
        const { page, faults } = await openPage(browser, server.url, {
          viewport: { width: 1280, height: 900 },
        })
        for (let place = left.shift(); place !== undefined; place = left.shift()) {
          const all = await faultsAt(page, place)
          if (all.length > 0) found[place[0]] = all.slice(0, 6)
        }
        // Chromium says itself that a dashboard or an incident was not found; the page says it too.
        found['messages'] = faults.filter((fault) => !/status of (401|404)/.test(fault))
        await page.context().close()
      }),
    )
    expect(found).toEqual({ messages: [] })
  }, 240_000)
})

async function faultsAt(page: Page, [name, path, open]: Place): Promise<string[]> {
  try {
    await page.emulateMedia({ colorScheme: 'light' })
    await page.goto(path)
    await loaded(page)
    await open?.(page)
    if (open !== undefined) await loaded(page)
    const light = await accessibilityFaults(page)
    // What is no matter of colour is the same in both; editors differ by what the whole dashboard shows too.
    if (name.startsWith('editor, ') && name !== 'editor, timeseries') return light
    // With transitions, however short, inherited colours change one level of the page after the other.
    await page.evaluate(() => {
      const still = new CSSStyleSheet()
      still.replaceSync('*, *::before, *::after { transition: none !important }')
      document.adoptedStyleSheets.push(still)
    })
    await page.emulateMedia({ colorScheme: 'dark' })
    const dark = await accessibilityFaults(page, ['color-contrast', 'link-in-text-block'])
    return [...light, ...dark.map((fault) => `dark: ${fault}`)]
  } catch (error) {
    return [`not looked at: ${(error as Error).message}`]
  }
}
