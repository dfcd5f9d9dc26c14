// Load on an Alertmanager's API, ours or the real one: how fast alerts get in, how fast 100,000 of them are listed, and
// whether the server answers others meanwhile.
//   node bench/alerts.mjs URL [ALERTS=100000] [BATCH=500]
const [, , url = 'http://127.0.0.1:9090', alertsText = '100000', batchText = '500'] = process.argv
const total = Number(alertsText)
const batch = Number(batchText)
const base = url.replace(/\/+$/, '')

const endsAt = new Date(Date.now() + 3_600_000).toISOString()
const alert = (i) => ({
  labels: {
    alertname: `Alert${i % 200}`, cluster: `c${i % 20}`, instance: `host-${i}.example.com:9100`, job: 'node',
    severity: i % 10 === 0 ? 'critical' : 'warning', team: `team-${i % 30}`,
  },
  annotations: { summary: `Alert ${i % 200} on host ${i}`, description: 'Something is not as it should be.' },
  endsAt,
  generatorURL: 'http://prometheus.example.com/graph',
}) // prettier-ignore

const percentile = (values, p) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * p))] ?? 0

/** Latencies of a cheap request, asked all the while: what others feel. */
function probe() {
  const latencies = []
  let running = true
  const done = (async () => {
    while (running) {
      const started = performance.now()
      await (await fetch(`${base}/-/healthy`)).arrayBuffer()
      latencies.push(performance.now() - started)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  return async () => {
    running = false
    await done
    return `others p50 ${percentile(latencies, 0.5).toFixed(1)} ms, p99 ${percentile(latencies, 0.99).toFixed(1)} ms, worst ${Math.max(...latencies).toFixed(1)} ms`
  }
}

async function timed(name, path) {
  const stop = probe()
  const times = []
  let bytes = 0
  for (let i = 0; i < 5; i++) {
    const started = performance.now()
    const response = await fetch(`${base}${path}`)
    bytes = (await response.arrayBuffer()).byteLength
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    times.push(performance.now() - started)
  }
  console.log(
    `${name.padEnd(22)} ${percentile(times, 0.5).toFixed(0).padStart(6)} ms  ${(bytes / 1e6).toFixed(2).padStart(7)} MB  ${await stop()}`,
  )
}

const stop = probe()
const started = performance.now()
const posts = []
for (let i = 0; i < total; i += batch) {
  const body = JSON.stringify(Array.from({ length: Math.min(batch, total - i) }, (_, k) => alert(i + k)))
  const sent = performance.now()
  const response = await fetch(`${base}/api/v2/alerts`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  })
  if (!response.ok) throw new Error(`POST: ${response.status} ${await response.text()}`)
  posts.push(performance.now() - sent)
}
const seconds = (performance.now() - started) / 1000
console.log(
  `posted ${total} alerts in ${seconds.toFixed(1)} s: ${Math.round((total / seconds) * 60).toLocaleString('en')} per minute, batch of ${batch} p99 ${percentile(posts, 0.99).toFixed(0)} ms; ${await stop()}`,
)
await new Promise((resolve) => setTimeout(resolve, 3000))
await timed(
  'filtered, one alert',
  `/api/v2/alerts?filter=${encodeURIComponent('instance="host-777.example.com:9100"')}`,
)
await timed('filtered, 1 of 200', `/api/v2/alerts?filter=${encodeURIComponent('alertname="Alert7"')}`)
await timed(
  'filtered, regex',
  `/api/v2/alerts?filter=${encodeURIComponent('team=~"team-1|team-2"')}&filter=${encodeURIComponent('severity="critical"')}`,
)
await timed('grouped, one name', `/api/v2/alerts/groups?filter=${encodeURIComponent('alertname="Alert7"')}`)
await timed('all', '/api/v2/alerts')
