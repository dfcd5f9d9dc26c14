// Load on an Alertmanager's API, ours or the real one. Two modes:
//   node bench/alerts.mjs URL [--alerts=100000] [--batch=500] [--receiver=19099]
//     holds many alerts: how fast they get in, how fast they are listed, filtered and grouped
//   node bench/alerts.mjs URL --rate=10000 --for=300 [--batch=100] [--receiver=19099] [--group-wait=5]
//     a steady flow, in alerts per minute and seconds: how long an alert takes to be taken, and how long after its group's
//     wait the webhook leaves. The server must notify http://127.0.0.1:<receiver>/ and group as --config prints.
// Both say what other requests feel meanwhile, and of ours the delay of the event loop.
//   node bench/alerts.mjs --config [--receiver=19099] [--group-wait=5] > alertmanager.yml
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const percentile = (values, p) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * p))] ?? 0
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

if (isMainThread) await main()
else if (workerData.role === 'probe') probe(workerData.url)
else receive(workerData.port)

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      alerts: { type: 'string', default: '100000' },
      batch: { type: 'string', default: '' },
      rate: { type: 'string', default: '' },
      for: { type: 'string', default: '60' },
      receiver: { type: 'string', default: '19099' },
      'group-wait': { type: 'string', default: '5' },
      config: { type: 'boolean', default: false },
    },
  })
  if (values.config) return console.log(configuration(values.receiver, values['group-wait']))
  const base = (positionals[0] ?? 'http://127.0.0.1:9090').replace(/\/+$/, '')
  if (values.rate === '')
    await hold(base, Number(values.alerts), Number(values.batch || 500), Number(values.receiver))
  else
    await flow(base, {
      perMinute: Number(values.rate),
      seconds: Number(values.for),
      batch: Number(values.batch || 100),
      port: Number(values.receiver),
      groupWaitMs: Number(values['group-wait']) * 1000,
    })
  process.exit(0)
}

function configuration(port, groupWait) {
  return `route:
  receiver: hook
  group_by: [alertname, cluster]
  group_wait: ${groupWait}s
  group_interval: 1m
  repeat_interval: 4h
receivers:
  - name: hook
    webhook_configs: [{url: 'http://127.0.0.1:${port}/'}]
inhibit_rules:
  - source_matchers: [severity="error"]
    target_matchers: [severity="warning"]
    equal: [alertname, cluster, instance]`
}

// No severity that opens incidents: a real Alertmanager has none.
function alert(i, names) {
  return {
  labels: {
    ...names, instance: `host-${i}.example.com:9100`, job: 'node',
    severity: i % 10 === 0 ? 'error' : 'warning', team: `team-${i % 30}`,
  },
  annotations: { summary: `Alert ${i % 200} on host ${i}`, description: 'Something is not as it should be.' },
  endsAt: new Date(Date.now() + 3_600_000).toISOString(),
  generatorURL: 'http://prometheus.example.com/graph',
}
} // prettier-ignore

async function post(base, alerts) {
  const body = JSON.stringify(alerts)
  const sent = performance.now()
  const response = await fetch(`${base}/api/v2/alerts`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`POST: ${response.status} ${text}`)
  return performance.now() - sent
}

// What others feel

/** Asks something cheap all the while, in a thread of its own: the load's own work must not count. */
function probe(url) {
  let latencies = []
  parentPort.on('message', () => {
    parentPort.postMessage(latencies)
    latencies = []
  })
  void (async () => {
    for (;;) {
      const started = performance.now()
      await (await fetch(`${url}/-/healthy`)).arrayBuffer()
      latencies.push(performance.now() - started)
      await sleep(5)
    }
  })()
}

async function watch(base) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { role: 'probe', url: base } })
  const take = () => new Promise((resolve) => worker.once('message', resolve).postMessage('take'))
  return {
    async start() {
      await take()
      await loopDelay(base)
    },
    async stop() {
      const latencies = await take()
      const loop = await loopDelay(base)
      const others = `others p50 ${percentile(latencies, 0.5).toFixed(1)} ms, p99 ${percentile(latencies, 0.99).toFixed(1)} ms, worst ${Math.max(0, ...latencies).toFixed(1)} ms`
      return loop === undefined ? others : `${others}; event loop p99 ${(loop * 1000).toFixed(1)} ms`
    },
  }
}

/** Of Node servers: the 99th percentile of the delays since it was last asked. */
async function loopDelay(base) {
  const text = await (await fetch(`${base}/metrics`)).text()
  const found = /^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)
  return found === null ? undefined : Number(found[1])
}

// Holding many

async function hold(base, total, batch, port) {
  const receiver = new Worker(new URL(import.meta.url), { workerData: { role: 'receiver', port } })
  await new Promise((resolve) => receiver.once('message', resolve))
  const others = await watch(base)
  await others.start()
  const started = performance.now()
  const posts = []
  for (let i = 0; i < total; i += batch) {
    const alerts = Array.from({ length: Math.min(batch, total - i) }, (_, k) =>
      alert(i + k, { alertname: `Alert${(i + k) % 200}`, cluster: `c${(i + k) % 20}` }),
    )
    posts.push(await post(base, alerts))
  }
  const seconds = (performance.now() - started) / 1000
  console.log(
    `posted ${total} alerts in ${seconds.toFixed(1)} s: ${Math.round((total / seconds) * 60).toLocaleString('en')} per minute, batch of ${batch} p99 ${percentile(posts, 0.99).toFixed(0)} ms; ${await others.stop()}`,
  )
  await others.start()
  await sleep(10_000)
  const heard = await new Promise((resolve) => receiver.once('message', resolve).postMessage('take'))
  console.log(`${heard.length} groups notified meanwhile; ${await others.stop()}`)
  const timed = async (name, path) => {
    await others.start()
    const times = []
    let bytes = 0
    for (let i = 0; i < 7; i++) {
      const asked = performance.now()
      const response = await fetch(`${base}${path}`)
      bytes = 0
      // Counted and thrown away: 55 MB in one buffer would measure this program's memory.
      for await (const part of response.body) bytes += part.length
      if (!response.ok) throw new Error(`${path}: ${response.status}`)
      times.push(performance.now() - asked)
    }
    console.log(
      `${name.padEnd(22)} p50 ${percentile(times, 0.5).toFixed(0).padStart(5)} ms, worst ${Math.max(...times)
        .toFixed(0)
        .padStart(5)} ms  ${(bytes / 1e6).toFixed(2).padStart(7)} MB  ${await others.stop()}`,
    )
  }
  const filter = (...matchers) => matchers.map((text) => `filter=${encodeURIComponent(text)}`).join('&')
  await timed('filtered, one alert', `/api/v2/alerts?${filter('instance="host-777.example.com:9100"')}`)
  await timed('filtered, 1 of 200', `/api/v2/alerts?${filter('alertname="Alert7"')}`)
  await timed('filtered, regex', `/api/v2/alerts?${filter('team=~"team-1|team-2"', 'severity="error"')}`)
  await timed('grouped, one name', `/api/v2/alerts/groups?${filter('alertname="Alert7"')}`)
  await timed('all', '/api/v2/alerts')
}

// A steady flow

/** Takes webhooks and says when each group was first heard of. */
function receive(port) {
  const heard = []
  parentPort.on('message', () => parentPort.postMessage(heard))
  createServer((request, response) => {
    const atMs = performance.timeOrigin + performance.now()
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (data) => (body += data))
    request.on('end', () => {
      response.end()
      const { groupLabels, alerts } = JSON.parse(body)
      heard.push([`${groupLabels.alertname}/${groupLabels.cluster}`, atMs, alerts.length])
    })
  }).listen(port, '127.0.0.1', () => parentPort.postMessage('ready'))
}

/** Ten alerts to a group, each group in one batch; groups are new all the time. */
async function flow(base, { perMinute, seconds, batch, port, groupWaitMs }) {
  const receiver = new Worker(new URL(import.meta.url), { workerData: { role: 'receiver', port } })
  await new Promise((resolve) => receiver.once('message', resolve))
  const others = await watch(base)
  await others.start()
  const everyMs = (batch / perMinute) * 60_000
  const run = Date.now().toString(36)
  const posts = []
  const posted = new Map()
  const running = new Set()
  const started = performance.now()
  let sent = 0
  for (let n = 0; n * everyMs < seconds * 1000; n++) {
    const pause = started + n * everyMs - performance.now()
    if (pause > 0) await sleep(pause)
    const alerts = Array.from({ length: batch }, (_, k) => {
      const name = { alertname: `Flow${Math.floor(k / 10)}`, cluster: `${run}-${n}` }
      posted.set(`${name.alertname}/${name.cluster}`, performance.timeOrigin + performance.now())
      return alert(n * batch + k, name)
    })
    sent += batch
    const one = post(base, alerts).then((ms) => posts.push(ms))
    running.add(one)
    void one.finally(() => running.delete(one))
  }
  await Promise.all(running)
  const rate = (sent / (performance.now() - started)) * 60_000
  await sleep(groupWaitMs + 3000)
  const felt = await others.stop()
  const heard = await new Promise((resolve) => receiver.once('message', resolve).postMessage('take'))
  const first = new Map()
  for (const [group, atMs] of heard) if (!first.has(group)) first.set(group, atMs)
  const late = [...first]
    .filter(([group]) => posted.has(group))
    .map(([group, atMs]) => atMs - posted.get(group) - groupWaitMs)
  console.log(
    `${sent} alerts in ${(sent / rate).toFixed(1)} min (${Math.round(rate).toLocaleString('en')} per minute, batches of ${batch}): taken p50 ${percentile(posts, 0.5).toFixed(1)} ms, p99 ${percentile(posts, 0.99).toFixed(1)} ms, worst ${Math.max(...posts).toFixed(1)} ms`,
  )
  console.log(
    `${late.length} of ${posted.size} groups notified, once each: ${heard.length === first.size}; after the group's wait p50 ${percentile(late, 0.5).toFixed(0)} ms, p99 ${percentile(late, 0.99).toFixed(0)} ms, worst ${Math.max(...late).toFixed(0)} ms`,
  )
  console.log(felt)
}
