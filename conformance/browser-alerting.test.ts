import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessibilityFaults, HAS_CHROMIUM, launch, loaded, openPage } from './support/browser.ts'
import { type Program, startPromontory, until, Workspace } from './support/program.ts'

const RULES = `groups:
  - name: liveness
    interval: 1s
    rules:
      - alert: TargetDown
        expr: up == 0
        labels: { severity: critical }
        annotations: { summary: '{{ $labels.instance }} is gone' }
`

describe.skipIf(!HAS_CHROMIUM)('the pages of alerting in Chromium (skipped when it is not installed)', () => {
  const workspace = new Workspace()
  let browser: Browser
  let server: Program
  let page: Page
  let faults: string[]

  beforeAll(async () => {
    mkdirSync(dirname(workspace.data), { recursive: true })
    const rules = join(workspace.directory, 'rules.yml')
    writeFileSync(rules, RULES)
    const config = `global: { scrape_interval: 1s, scrape_timeout: 1s }
rule_files: ['${rules}']
scrape_configs: [{ job_name: gone, static_configs: [{ targets: ['127.0.0.1:1'] }] }]
`
    server = workspace.keep(await startPromontory({ dataDirectory: workspace.data, config }))
    await until(
      'an incident',
      () => server.data<{ incidents: unknown[] }>('/api/v1/incidents'),
      ({ incidents }) => incidents.length > 0,
    )
    browser = await launch()
    ;({ page, faults } = await openPage(browser, server.url))
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await workspace.clean()
  })
  const open = async (path: string): Promise<void> => {
    await page.goto(path)
    await loaded(page)
  }

  test('an incident: from the list to acknowledged, noted, resolved', async () => {
    await open('/incidents')
    await page.getByRole('link', { name: 'TargetDown' }).click()
    await loaded(page)
    await page.getByLabel('Note').fill('plugged in again')
    await page.getByRole('button', { name: 'Note it' }).click()
    await page.getByText('plugged in again').first().waitFor()
    await page.getByRole('button', { name: 'Acknowledge' }).click()
    await page.getByText(/acknowledged after/).waitFor()
    await page.getByRole('button', { name: 'Resolve' }).click()
    await page.getByText(/resolved after/).waitFor()
    const postmortem = await (await fetch(`${server.url}/api/v1/incidents/1/postmortem`)).text()
    expect(postmortem).toContain('| note | local | plugged in again |')
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
  })

  test('routing: the way of an alert, and a test with its preview', async () => {
    await open('/alerts/routing')
    await page.getByRole('button', { name: 'Show the way' }).click()
    await page.getByText('inbox/webhook/0').waitFor()
    await page.getByRole('button', { name: 'Test', exact: true }).click()
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByText('"summary": "This is a test"').first().waitFor()
    await page.getByRole('button', { name: 'Send it' }).click()
    await page.getByText('sent', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Close' }).click()
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
  })

  test('history: why somebody was told; silences say what they hold back', async () => {
    await open('/alerts/history')
    const offered = page.locator('datalist option').first()
    await offered.waitFor({ state: 'attached' })
    await page.getByLabel('Alert', { exact: true }).fill((await offered.getAttribute('value'))!)
    await page
      .getByText(/was told at/)
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'I take care' }).click()
    await page.getByText(/acknowledged by/).waitFor()
    await open('/alerts')
    await page.getByRole('button', { name: 'Silence', exact: true }).click()
    await page.getByText('It holds back 1 of 1 alerts:').waitFor()
    expect(faults).toEqual([])
  })

  test('groups: filtered by matchers, held back with the reason', async () => {
    const post = (path: string, body: unknown): Promise<Response> =>
      fetch(`${server.url}/api/v2/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    await post('alerts', [{ labels: { alertname: 'FromElsewhere', severity: 'info' }, endsAt: '2100-01-01T00:00:00Z' }])
    await post('silences', {
      matchers: [{ name: 'alertname', value: 'FromElsewhere', isRegex: false }],
      startsAt: new Date().toISOString(), endsAt: '2100-01-01T00:00:00Z', createdBy: 'ann', comment: 'known since May',
    })
    await open('/alerts/groups')
    await page.getByText('silenced by ann until 2100-01-01 00:00: known since May').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await page.getByRole('button', { name: /^Told/ }).click()
    await page.getByText('FromElsewhere').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: /^All/ }).click()
    await page.getByLabel('Matchers').fill('severity="info"')
    await page.getByText('TargetDown').waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Why?' }).click()
    await page.getByText(/^Held back: silenced by/).waitFor()
    expect(faults).toEqual([])
  }) // prettier-ignore

  test("links of Alertmanager's pages, as notifications hold them; a silence is changed", async () => {
    await open('/#/alerts?receiver=inbox')
    await page.getByText('Only what goes to inbox').waitFor()
    await open('/#/silences/new?filter=%7Balertname%3D%22FromElsewhere%22%7D')
    const matchers = page.getByLabel(/^Labels of the alerts/)
    await expect.poll(() => matchers.inputValue()).toBe('alertname="FromElsewhere"')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Change' }).click()
    await page.getByRole('textbox', { name: 'Why' }).fill('known since April')
    await page.getByLabel('Your name').fill('bob')
    await page.getByRole('button', { name: 'Change it' }).click()
    await page.getByText('known since April (bob)').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
  })

  test('maintenance windows are planned and taken away', async () => {
    await open('/alerts/maintenance')
    await page.getByLabel('Name').fill('Backup')
    await page.getByLabel('Labels').fill('job="db"')
    await page.getByLabel('First time').fill('2030-01-01T22:00')
    await page.getByRole('button', { name: 'Plan it' }).click()
    await page.getByRole('button', { name: 'Take away' }).click()
    await page.getByText('No maintenance is planned').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
  })

  test('a rule with its graph and past firings, and the lab', async () => {
    await open('/rules')
    await page.getByRole('link', { name: 'TargetDown' }).click()
    await page.getByText(/Fired [1-9]\d* times? for 1 series/).waitFor()
    await page.getByRole('link', { name: 'Open in the lab' }).click()
    // Of a server that runs for seconds, a minute's step may see nothing.
    await page.getByLabel('evaluated every').fill('1s')
    await page.getByLabel('over the last').fill('5m')
    await page.getByRole('button', { name: 'What would it have done?' }).click()
    await page.getByText(/Fired [1-9]\d* times? for 1 series/).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await page.getByLabel('Rule', { exact: true }).fill('alert: X\nexpr: up = 1')
    await page.getByRole('button', { name: 'What would it have done?' }).click()
    await page.getByRole('alert').waitFor()
    expect(faults).toEqual([])
  })
})
