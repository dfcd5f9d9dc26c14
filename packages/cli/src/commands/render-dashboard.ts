import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'

export interface RenderOptions {
  readonly uid: string
  /** Of the server. */
  readonly url: string
  /** The PNG to write. */
  readonly file: string
  readonly from: string
  readonly to: string
  /** Pixels. */
  readonly width: number
  readonly height: number
  readonly theme: string
}

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
/** Time that the page gets to load and draw, as the browser counts it. */
const DRAW_MS = 15_000
const DEADLINE_MS = 90_000

/** Draws a dashboard in a browser without a window. @throws Error naming what is missing */
export async function renderDashboard(options: RenderOptions): Promise<number> {
  const browser = findBrowser()
  if (browser === undefined)
    throw new Error(
      `a browser is needed to draw: none of ${BROWSERS.join(', ')} is in PATH; install chromium`,
    )
  await checkDashboard(options)
  const profile = mkdtempSync(join(tmpdir(), 'promontory-render-'))
  const file = resolve(options.file)
  try {
    await run(browser, [
      '--headless=new',
      '--disable-gpu',
      '--no-first-run',
      '--hide-scrollbars',
      // A browser of root has no sandbox of its own to give.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      `--user-data-dir=${profile}`,
      `--window-size=${options.width},${options.height}`,
      `--virtual-time-budget=${DRAW_MS}`,
      `--screenshot=${file}`,
      addressOf(options),
    ])
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
  }
  if (!existsSync(file)) throw new Error(`${browser} wrote no ${file}`)
  process.stdout.write(`${file}\n`)
  return 0
}

function addressOf({ url, uid, from, to, theme }: RenderOptions): string {
  const query = new URLSearchParams({ from, to, theme, kiosk: '1' })
  return `${url.replace(/\/+$/, '')}/d/${encodeURIComponent(uid)}?${query}`
}

async function checkDashboard({ url, uid }: RenderOptions): Promise<void> {
  const place = `${url.replace(/\/+$/, '')}/api/dashboards/uid/${encodeURIComponent(uid)}`
  const response = await fetch(place, { signal: AbortSignal.timeout(10_000) }).catch((error: unknown) => {
    throw new Error(`${url} does not answer: ${(error as Error).message}`, { cause: error })
  })
  if (!response.ok) throw new Error(`${place}: ${response.status} ${await response.text()}`)
}

/** The first browser of the list that PATH has. */
function findBrowser(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  for (const name of BROWSERS)
    for (const folder of folders) {
      const path = join(folder, name)
      try {
        accessSync(path, constants.X_OK)
        return path
      } catch {
        // Not here: the next folder.
      }
    }
  return undefined
}

function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (part: Buffer) => (said = (said + part.toString()).slice(-2000)))
    const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS)
    child.on('error', fail)
    child.on('exit', (code, signal) => {
      clearTimeout(deadline)
      if (code === 0) done()
      else fail(new Error(`${program} ended with ${signal ?? `code ${code}`}: ${said.trim()}`))
    })
  })
}
