// How long a dashboard of thirty panels takes in Chromium, and what moving the pointer costs.
//
//   node bench/dashboard.mjs http://127.0.0.1:9090 [end in unix seconds] [hours]
//
// Needs a running Promontory with the history of ../shared/bench (query.mjs --work DIR keeps it), and Chromium in PATH or CHROMIUM.
import { performance } from 'node:perf_hooks'
import { chromium } from 'playwright-core'

const [url = 'http://127.0.0.1:9090', endText = '', hoursText = '24'] = process.argv.slice(2)
const end = Number(endText) || Math.floor(Date.now() / 1000)
const from = (end - Number(hoursText) * 3600) * 1000

const QUERIES = [
  'sum by (route)(rate(http_requests_total[$__rate_interval]))',
  'histogram_quantile(0.95, sum by (le, route)(rate(http_request_duration_seconds_bucket[$__rate_interval])))',
  'sum by (instance)(rate(http_requests_total{status_code=~"5.."}[$__rate_interval])) / sum by (instance)(rate(http_requests_total[$__rate_interval]))',
  'max by (queue)(app_queue_depth) - min by (queue)(app_queue_depth)',
  'avg_over_time(app_cache_hit_ratio{instance="host-3:8080"}[10m])',
  'sum by (status_code)(rate(http_requests_total[$__rate_interval]))',
]
const panels = Array.from({ length: 30 }, (_, i) => ({
  id: i + 1,
  type: i % 6 === 5 ? 'stat' : 'timeseries',
  title: `Panel ${i + 1}`,
  gridPos: { x: (i % 6) * 4, y: Math.floor(i / 6) * 6, w: 4, h: 6 },
  // Each asks something of its own: nothing is answered twice.
  targets: [{ refId: 'A', expr: `${QUERIES[i % QUERIES.length]} + ${Math.floor(i / QUERIES.length)}` }],
}))
const wide = [
  {
    id: 1,
    type: 'timeseries',
    title: 'Fifty series',
    gridPos: { x: 0, y: 0, w: 24, h: 18 },
    targets: [{ refId: 'A', expr: 'topk(50, app_queue_depth)' }],
    maxDataPoints: 1000,
  },
]
for (const [uid, all] of [
  ['bench30', panels],
  ['bench50', wide],
]) {
  const dashboard = {
    id: null,
    uid,
    title: uid,
    schemaVersion: 39,
    panels: all,
    time: { from: 'now-24h', to: 'now' },
  }
  const response = await fetch(`${url}/api/dashboards/db`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dashboard, overwrite: true }),
  })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' })
const range = `from=${from}&to=${end * 1000}`

/** Milliseconds from going there until every panel has drawn. */
async function open(page, path) {
  const started = performance.now()
  await page.goto(`${url}${path}`, { waitUntil: 'commit' })
  await page.waitForFunction(
    () => {
      const all = [...document.querySelectorAll('[data-panel]')]
      return (
        all.length > 0 &&
        all.every((panel) => panel.dataset.state === 'ready' && panel.querySelector('.panel-wait') === null)
      )
    },
    undefined,
    { timeout: 60_000, polling: 20 },
  )
  return performance.now() - started
}

const results = []
for (let round = 0; round < 4; round++) {
  const context = await browser.newContext({ viewport: { width: 1920, height: 1900 } })
  const page = await context.newPage()
  results.push({
    cold: await open(page, `/d/bench30/x?${range}`),
    warm: await open(page, `/d/bench30/x?${range}`),
  })
  await context.close()
}
const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } })
const page = await context.newPage()
await page.goto(url)
await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0)
const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime)
const script = await page.evaluate(() =>
  performance
    .getEntriesByType('resource')
    .filter(({ name }) => name.endsWith('.js'))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
)
await open(page, `/d/bench50/x?from=${(end - 6 * 3600) * 1000}&to=${end * 1000}`)
const box = await page.locator('[data-panel] canvas').first().boundingBox()
const client = await context.newCDPSession(page)
await client.send('Performance.enable')
const scriptMs = async () => {
  const { metrics } = await client.send('Performance.getMetrics')
  return 1000 * metrics.find(({ name }) => name === 'ScriptDuration').value
}
const moves = []
for (let i = 0; i < 200; i++) {
  const before = await scriptMs()
  await page.mouse.move(
    box.x + 20 + ((i * 37) % (box.width - 40)),
    box.y + 20 + ((i * 13) % (box.height - 40)),
  )
  await page.evaluate(() => new Promise(requestAnimationFrame))
  moves.push((await scriptMs()) - before)
}
moves.sort((a, b) => a - b)
const show = (ms) => `${ms.toFixed(0)} ms`
console.log(
  `30 panels × ${hoursText} h, first open of a fresh browser: ${results.map(({ cold }) => show(cold)).join(', ')}`,
)
console.log(`the same again: ${results.map(({ warm }) => show(warm)).join(', ')}`)
console.log(
  `first paint of the start page: ${show(paint)}; its JavaScript: ${(script / 1000).toFixed(0)} kB, compressed`,
)
console.log(
  `script per pointer move over 50 series × 1,000 points: p50 ${moves[100].toFixed(1)} ms, p95 ${moves[190].toFixed(1)} ms`,
)
await browser.close()
