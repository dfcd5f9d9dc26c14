// What many people cost who look at one dashboard: each asks its panels again and again, at its own moment, with its own values of a variable.
//
//   node bench/viewers.mjs http://127.0.0.1:9090 --end=UNIX_SECONDS [--viewers=100] [--panels=30] [--values=4] [--hours=24]
//     [--refresh=10] [--for=40] [--pid=SERVER_PID] [--raw]
//
// Needs a running server with the history of ../shared/bench. A viewer asks what the page asks: ends at multiples of the step, six
// connections, compressed answers. `--raw` leaves the ends where the clock is, as clients do that know no better: no two
// questions are equal then. With `--pid`, the server's processor time is told beside that of the viewers.
import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { performance } from 'node:perf_hooks'

const [url = 'http://127.0.0.1:9090', ...rest] = process.argv.slice(2)
const flags = Object.fromEntries(rest.map((text) => text.replace(/^--/, '').split('=')))
const number = (name, fallback) => Number(flags[name] ?? fallback)
const viewers = number('viewers', 100)
const panels = number('panels', 30)
const values = number('values', 4)
const refreshMs = number('refresh', 10) * 1000
const runMs = number('for', 40) * 1000
const spanMs = number('hours', 24) * 3_600_000
// Time goes on inside of the history: it ends where the run does.
const endMs = number('end', Math.floor(Date.now() / 1000)) * 1000 - runMs - refreshMs
const isRaw = 'raw' in flags

const QUERIES = [
  (v, i) => `sum by (route)(rate(http_requests_total{instance="${v}"}[5m])) + ${i}`,
  (v, i) =>
    `histogram_quantile(0.95, sum by (le, route)(rate(http_request_duration_seconds_bucket{instance="${v}"}[5m]))) + ${i}`,
  (v, i) => `sum(rate(http_requests_total{instance="${v}",status_code=~"5.."}[5m])) + ${i}`,
  (v, i) => `max by (queue)(app_queue_depth{instance="${v}"}) + ${i}`,
  (v, i) => `avg_over_time(app_cache_hit_ratio{instance="${v}"}[10m]) + ${i}`,
  (v, i) => `sum by (status_code)(rate(http_requests_total{instance="${v}"}[5m])) + ${i}`,
]
/** The step that fits a panel of 400 pixels. */
const stepMs = [15, 30, 60, 120, 300, 600, 1800]
  .map((seconds) => seconds * 1000)
  .find((ms) => spanMs / ms <= 400)
const started = performance.now()
const questionTimes = []
const [firstTimes, refreshTimes] = [[], []]
let [bytes, failures, missed] = [0, 0, 0]

function ask(agent, path) {
  const begun = performance.now()
  return new Promise((resolve) => {
    const done = (isGood) => {
      questionTimes.push(performance.now() - begun)
      if (!isGood) failures++
      resolve()
    }
    get(`${url}${path}`, { agent, headers: { 'accept-encoding': 'gzip' } }, (response) => {
      response.on('data', (chunk) => (bytes += chunk.length))
      response.on('end', () => done(response.statusCode === 200))
    }).on('error', () => done(false))
  })
}

async function refresh(agent, value, times) {
  const now = endMs + (performance.now() - started)
  const align = (ms) => (isRaw ? Math.round(ms) : Math.floor(ms / stepMs) * stepMs)
  const range = `start=${align(now - spanMs) / 1000}&end=${align(now) / 1000}&step=${stepMs / 1000}`
  const begun = performance.now()
  await Promise.all(
    Array.from({ length: panels }, (_, i) => {
      const expr = QUERIES[i % QUERIES.length](value, Math.floor(i / QUERIES.length))
      return ask(agent, `/api/v1/query_range?query=${encodeURIComponent(expr)}&${range}`)
    }),
  )
  times.push(performance.now() - begun)
}

async function view(index) {
  const agent = new Agent({ keepAlive: true, maxSockets: 6 })
  const value = `host-${index % values}:8080`
  // Somewhere within the first interval, as people arrive.
  await new Promise((resolve) => setTimeout(resolve, (refreshMs * index) / viewers))
  for (let round = 0; performance.now() - started < runMs; round++) {
    const begun = performance.now()
    await refresh(agent, value, round === 0 ? firstTimes : refreshTimes)
    const left = refreshMs - (performance.now() - begun)
    if (left < 0) missed++
    else await new Promise((resolve) => setTimeout(resolve, left))
  }
  agent.destroy()
}

/** Seconds of processor time of a process. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

const pid = flags['pid']
const serverBefore = pid === undefined ? 0 : cpuOf(pid)
await Promise.all(Array.from({ length: viewers }, (_, index) => view(index)))
const seconds = (performance.now() - started) / 1000
const { user, system } = process.cpuUsage()
const quantiles = (times) => {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (q) => `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))])} ms`
  return `p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, worst ${at(1)}`
}
console.log(
  `${viewers} viewers × ${panels} panels × ${spanMs / 3_600_000} h, step ${stepMs / 1000} s, ${values} values, every ${refreshMs / 1000} s for ${seconds.toFixed(0)} s${isRaw ? ', ends unaligned' : ''}`,
)
console.log(`the first look, all panels: ${quantiles(firstTimes)} (${firstTimes.length})`)
console.log(`every refresh after it: ${quantiles(refreshTimes)} (${refreshTimes.length}, ${missed} took longer than their interval)`) // prettier-ignore
console.log(`a question: ${quantiles(questionTimes)} (${(questionTimes.length / seconds).toFixed(0)}/s, ${(bytes / 1e6 / seconds).toFixed(1)} MB/s, ${failures} failed)`) // prettier-ignore
const cores = (cpu) => `${(cpu / seconds).toFixed(2)} cores`
console.log(
  `processor: viewers ${cores((user + system) / 1e6)}${pid === undefined ? '' : `, server ${cores(cpuOf(pid) - serverBefore)}`}`,
)
