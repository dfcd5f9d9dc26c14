import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HAS_CHROMIUM, launch, loaded, openPage } from './support/browser.ts'
import { type Program, startPromontory, Workspace } from './support/program.ts'

/*
 * The pages about people, programs and sources, as an administrator uses them.
 */

const PROVIDED = `apiVersion: 1
datasources:
  - { name: Provided, type: prometheus, url: 'http://127.0.0.1:9' }
`

describe.skipIf(!HAS_CHROMIUM)('administration in Chromium (skipped when it is not installed)', () => {
  const workspace = new Workspace()
  let browser: Browser
  let server: Program
  let page: Page
  let faults: string[]

  beforeAll(async () => {
    const folder = join(workspace.directory, 'provisioning')
    mkdirSync(join(folder, 'datasources'), { recursive: true })
    writeFileSync(join(folder, 'datasources', 'main.yml'), PROVIDED)
    server = workspace.keep(
      await startPromontory({
        dataDirectory: workspace.data,
        config: '',
        flags: [`--grafana.provisioning=${folder}`],
      }),
    )
    browser = await launch()
    ;({ page, faults } = await openPage(browser, server.url))
    page.on('dialog', (dialog) => void dialog.accept())
  })
  afterAll(async () => {
    await browser?.close()
    await workspace.clean()
  })

  const row = (name: string) => page.getByRole('row').filter({ hasText: name })
  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()
  async function open(path: string): Promise<void> {
    await page.goto(path)
    await loaded(page)
  }

  test('data sources: those of files are shown with their file and stay; others come, change and go', async () => {
    await open('/datasources')
    expect(await row('Provided').innerText()).toContain('datasources/main.yml')
    expect(await row('Provided').getByRole('button').allInnerTexts()).toEqual(['Test'])
    await page.getByRole('button', { name: 'Test Provided' }).click()
    await row('Provided').getByText('does not answer').waitFor()
    await page.getByRole('button', { name: 'Test Promontory' }).click()
    await row('Promontory').getByText('answers').waitFor()

    await press('Add a data source')
    await page.getByLabel('Name', { exact: true }).fill('Elsewhere')
    await page.getByLabel('Address').fill(server.url)
    await page.getByLabel('Scrape interval').fill('30s')
    await page.getByLabel('Name and password').check()
    await page.getByLabel('Name there').fill('ada')
    await page.getByLabel('Password there').fill('secret')
    await press('Save')
    await row('Elsewhere').waitFor()
    const stored = async (): Promise<object> => server.json<object>('/api/datasources/name/Elsewhere')
    expect(await stored()).toMatchObject({
      jsonData: { timeInterval: '30s' }, basicAuthUser: 'ada', secureJsonFields: { basicAuthPassword: true },
    }) // prettier-ignore
    await page.getByRole('button', { name: 'Edit Elsewhere' }).click()
    await page.getByLabel('Scrape interval').fill('')
    await press('Save')
    await page.getByRole('heading', { name: 'Elsewhere' }).waitFor({ state: 'detached' })
    expect(await stored()).toMatchObject({ jsonData: {}, secureJsonFields: { basicAuthPassword: true } })
    await page.getByRole('button', { name: 'Delete Elsewhere' }).click()
    await row('Elsewhere').waitFor({ state: 'detached' })
  })

  test('nobody is added before the administrator has a password; then people sign in', async () => {
    const early = await fetch(`${server.url}/api/admin/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ login: 'eve', password: 'something' }),
    })
    expect(early.status).toBe(412)
    await open('/admin/users')
    await page.getByLabel('Password of the administrator').fill('first password')
    await press('Set the password')
    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByLabel('Name').fill('admin')
    await page.getByLabel('Password').fill('first password')
    await press('Sign in')
    await page.getByRole('heading', { name: 'New user' }).waitFor()
    const form = page.locator('form', { hasText: 'Add the user' })
    await form.getByLabel('Login').fill('ada')
    await form.getByLabel('Password').fill('her password')
    await form.getByLabel('Role').selectOption('Editor')
    await press('Add the user')
    await row('ada').waitFor()
    const changed = page.waitForResponse((response) => response.request().method() === 'PATCH')
    await page.getByLabel('Role of ada').selectOption('Viewer')
    await changed
    await row('ada').getByRole('button', { name: 'New password' }).click()
    await page.getByLabel('New password of ada').fill('another password')
    await press('Set')
    await row('ada').getByRole('button', { name: 'New password' }).waitFor()
    const ada = { authorization: `Basic ${btoa('ada:another password')}` }
    const me = async (): Promise<Response> => fetch(`${server.url}/api/user`, { headers: ada })
    await expect.poll(async () => (await me()).json()).toMatchObject({ login: 'ada', role: 'Viewer' })
    await row('ada').getByRole('button', { name: 'Shut out' }).click()
    await row('ada').getByText('shut out').waitFor()
    await expect.poll(async () => (await me()).status).toBe(401)
    await row('ada').getByRole('button', { name: 'Delete' }).click()
    await row('ada').waitFor({ state: 'detached' })
  })

  test('a program gets a token, which is shown once and can be taken away', async () => {
    await open('/admin/service-accounts')
    await page.getByLabel('Name', { exact: true }).fill('ci')
    await page.getByLabel('Role', { exact: true }).selectOption('Editor')
    await press('Add the service account')
    await page.getByLabel('Name of the new token').fill('deploy')
    await page.getByLabel('How long it is good').selectOption('one week')
    await press('Make a token')
    const key = await page.locator('.notice code').innerText()
    expect(key).toMatch(/^glsa_/)
    const asked = (): Promise<Response> =>
      fetch(`${server.url}/api/user`, { headers: { authorization: `Bearer ${key}` } })
    expect((await asked()).status).toBe(200)
    await page.getByRole('button', { name: 'Delete the token deploy' }).click()
    await page.getByText('No token yet').waitFor()
    expect((await asked()).status).toBe(401)
  })

  test('the audit log tells what was done, the account page changes the password and signs out', async () => {
    await open('/admin/audit')
    await page.getByLabel('What it was done to').fill('serviceaccount/')
    await page.getByRole('cell', { name: 'name: deploy' }).waitFor()
    // What was there before stays until the answer has come.
    await expect.poll(() => page.getByRole('cell', { name: 'user/' }).count()).toBe(0)
    await page.keyboard.press('Escape')
    await open('/profile')
    await page.getByLabel('Old password').fill('first password')
    await page.getByLabel('New password').fill('second password')
    await press('Change the password')
    await page.waitForURL(/\/login/)
    await page.getByLabel('Name').fill('admin')
    await page.getByLabel('Password').fill('second password')
    await press('Sign in')
    await page.getByRole('link', { name: 'Sign out' }).click()
    await page.waitForURL(/\/login/)
    expect(faults.filter((fault) => !/status of (40\d|502)/.test(fault))).toEqual([])
  })
})
