/**
 * Starts the built program with a demonstration (tools/demo), waits until there is something to see, and writes
 * docs/images/<page>-<theme>.png.
 *
 *   node tools/screenshots.ts [directory]
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { configuration, RULES } from './demo/configuration.ts'
import { startShop } from './demo/shop.ts'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const BYTES_MAX = 300_000
/** The tiles of the first page show what has been measured since the start. */
const RUN_UP_MS = 60_000
const SIZE = { width: 1360, height: 850 }

const GRAPH = 'sum by (route) (rate(http_requests_total[1m]))'
const PAGES: Readonly<Record<string, string>> = {
  home: '/',
  query: `/query?g0.expr=${encodeURIComponent(GRAPH)}&g0.tab=0&g0.range_input=45m`,
  targets: '/targets',
  alerts: '/alerts',
  status: '/tsdb-status',
}

async function main(directory: string): Promise<void> {
  if (!existsSync(CHROMIUM)) throw new Error(`no browser at ${CHROMIUM}: set CHROMIUM to one`)
  const scratch = mkdtempSync(join(tmpdir(), 'promontory-screenshots-'))
  const shop = await startShop()
  const port = await freePort()
  writeFileSync(join(scratch, 'rules.yml'), RULES)
  writeFileSync(join(scratch, 'prometheus.yml'), configuration({ port, shopPort: shop.port }))
  const program = start(scratch, port)
  try {
    const origin = `http://127.0.0.1:${port}`
    await until('delivered alerts', async () => (await count(`${origin}/api/v1/inbox`, 'messages')) > 1)
    await new Promise((done) => setTimeout(done, RUN_UP_MS))
    await shoot(origin, directory)
  } finally {
    program.kill()
    shop.server.close()
    shop.server.closeAllConnections()
    await new Promise((done) => program.once('exit', done))
    rmSync(scratch, { recursive: true, force: true })
  }
}

function start(scratch: string, port: number): ChildProcess {
  return spawn(
    join(ROOT, 'bin/promontory'),
    [
      'serve',
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { cwd: scratch, stdio: ['ignore', 'ignore', 'inherit'] },
  )
}

async function shoot(origin: string, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true })
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  try {
    for (const theme of ['light', 'dark'] as const) {
      const context = await browser.newContext({
        viewport: SIZE,
        colorScheme: theme,
        reducedMotion: 'reduce',
      })
      const page = await context.newPage()
      for (const [name, path] of Object.entries(PAGES)) {
        const file = join(directory, `${name}-${theme}.png`)
        await open(page, origin + path)
        await page.screenshot({ path: file })
        const bytes = statSync(file).size
        console.log(`${file} ${bytes} bytes`)
        if (bytes > BYTES_MAX) throw new Error(`${file} has ${bytes} bytes, at most ${BYTES_MAX} are wanted`)
      }
      await context.close()
    }
  } finally {
    await browser.close()
  }
}

/** Opens a page and waits until no part of it is a grey bar any more. */
async function open(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.waitForSelector('h1')
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null)
  await page.waitForTimeout(1500)
}

async function count(url: string, field: string): Promise<number> {
  const { data } = (await (await fetch(url)).json()) as { data: Record<string, unknown[]> }
  return data[field]?.length ?? 0
}

async function until(what: string, wanted: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 120_000
  while (Date.now() < end) {
    if (await wanted().catch(() => false)) return
    await new Promise((done) => setTimeout(done, 500))
  }
  throw new Error(`waited two minutes for ${what}`)
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })
}

await main(process.argv[2] ?? join(ROOT, 'docs/images'))
