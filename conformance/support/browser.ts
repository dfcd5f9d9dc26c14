import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Whether there is a browser to test with; `CHROMIUM` names another place than Debian's. */
export const HAS_CHROMIUM: boolean = existsSync(CHROMIUM)

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
}

/** A page that notes what no page of ours may do. */
export interface WatchedPage {
  readonly page: Page
  /** Script errors, messages on the console (refusals by the content security policy among them), foreign requests. */
  readonly faults: string[]
}

/** @param origin  where all requests have to go */
export async function openPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ baseURL: origin, reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(`script error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    // Chromium reports answers such as 400 for a wrong expression itself; the pages show them.
    // Said of a test that looks at pixels.
    if (message.text().includes('willReadFrequently')) return
    if (/Failed to load resource: .* status of (400|422)/.test(message.text())) return
    faults.push(`console: ${message.text()}`)
  })
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) faults.push(`request: ${url}`)
  })
  return { page, faults }
}

/** Waits until nothing on the page is a grey bar any more. */
export async function loaded(page: Page): Promise<void> {
  // Texts of dashboards may have headings of their own.
  await page.locator('h1').first().waitFor()
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null)
}

const axeSource = (): string =>
  readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeResults {
  readonly violations: readonly {
    readonly id: string
    readonly impact: string | null
    readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[]
  }[]
}

/**
 * Serious and critical findings of axe, one line each.
 * @param rules  only these, e.g. `color-contrast`; all that axe has by default otherwise
 */
export async function accessibilityFaults(page: Page, rules?: readonly string[]): Promise<string[]> {
  await page.evaluate(axeSource())
  const options = {
    resultTypes: ['violations'],
    preload: false,
    ...(rules === undefined ? {} : { runOnly: { type: 'rule', values: rules } }),
  }
  const { violations } = await page.evaluate(
    (wanted) =>
      (globalThis as unknown as { axe: { run: (wanted: object) => Promise<AxeResults> } }).axe.run(wanted),
    options,
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary = '' }) => `${id} ${target.join(' ')}: ${failureSummary}`),
    )
}
