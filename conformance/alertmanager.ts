/**
 * Plays the same configuration and the same alerts into a real Alertmanager and into ours, in real time, and compares
 * what both tell, what their APIs answer, and what amtool makes of either. Needs `prometheus-alertmanager` and `amtool`
 * in PATH; says so and ends well when they are not there. Takes some 15 seconds.
 *
 *   node conformance/alertmanager.ts
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Alertmanager, ApiV2 } from '@promontory/alertmanager'
import { HttpReceiver } from '@promontory/alertmanager/testing'
import { Registry, silentLogger, systemClock } from '@promontory/base'

const REAL = ['prometheus-alertmanager', 'alertmanager'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
)
if (REAL === undefined || spawnSync('amtool', ['--version']).status !== 0) {
  console.log('skipped: prometheus-alertmanager and amtool are not in PATH')
  process.exit(0)
}

// Not compared, since ours follows 0.34: PagerDuty details that look like YAML ("yes") stay texts.

/** Fields of a notification that are newer than the real one at hand may be. */
const NEWER = ['notification_reason', 'routeLabels']

const CONFIG = `
route:
  receiver: all
  group_by: [job]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 5s
  routes:
  - {matchers: [severity="critical"], receiver: critical, continue: true, group_by: ['...']}
  - {matchers: ['job=~"db|web"', 'severity!="critical"'], receiver: jobs, routes: [{matchers: [deep=high], receiver: deep}]}
  - {matchers: [quiet=yes], receiver: jobs, mute_time_intervals: [always]}
inhibit_rules:
- {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [job]}
time_intervals: [{name: always, time_intervals: [{years: ['2000:2100']}]}]
receivers:
- {name: all, webhook_configs: [{url: 'SINK/all'}]}
- {name: critical, webhook_configs: [{url: 'SINK/critical', send_resolved: false}]}
- {name: jobs, webhook_configs: [{url: 'SINK/jobs', max_alerts: 2}], slack_configs: [{api_url: 'SINK/slack', channel: '#c'}]}
- {name: deep, pagerduty_configs: [{routing_key: k, url: 'SINK/pagerduty'}], discord_configs: [{webhook_url: 'SINK/discord'}]}
`

interface Side {
  readonly name: string
  readonly url: string
  readonly sink: HttpReceiver
  readonly stop: () => Promise<void>
}

const folder = mkdtempSync(join(tmpdir(), 'am-conformance-'))
const sides = [await openReal(), await openOurs()] as const
let [passed, failed] = [0, 0]

function check(name: string, theirs: unknown, ours: unknown): void {
  if (isDeepStrictEqual(theirs, ours)) {
    passed++
    return
  }
  failed++
  console.log(`FAIL ${name}`)
  const lines = (value: unknown): string[] =>
    (Array.isArray(value) ? value : [value]).map((item) => JSON.stringify(item))
  for (const line of lines(theirs)) if (!lines(ours).includes(line)) console.log(`  real: ${line}`)
  for (const line of lines(ours)) if (!lines(theirs).includes(line)) console.log(`  ours: ${line}`)
}

async function openReal(): Promise<Side> {
  const sink = await HttpReceiver.open()
  const file = join(folder, 'am.yml')
  writeFileSync(file, CONFIG.replaceAll('SINK', sink.url))
  const port = await freePort()
  const process_ = spawn(
    REAL!,
    [
      `--config.file=${file}`,
      `--storage.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
      '--web.external-url=http://am',
    ],
    { stdio: 'ignore' },
  )
  const url = `http://127.0.0.1:${port}`
  for (let i = 0; i < 100; i++) {
    if (
      await fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break
    await sleep(100)
  }
  return {
    name: 'real',
    url,
    sink,
    stop: async () => {
      process_.kill()
      await sink.close()
    },
  }
}

async function openOurs(): Promise<Side> {
  const sink = await HttpReceiver.open()
  const alertmanager = new Alertmanager({
    clock: systemClock,
    logger: silentLogger,
    registry: new Registry(),
    externalUrl: 'http://am',
  })
  await alertmanager.applyConfig(alertmanager.prepareConfig(CONFIG.replaceAll('SINK', sink.url), 'am.yml'))
  const version = { branch: '', buildDate: '', buildUser: '', goVersion: '', revision: '', version: '0.34.0' }
  const server = serve(new ApiV2(alertmanager, version))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    name: 'ours',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sink,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await alertmanager.stop()
      await sink.close()
    },
  }
}

function serve(api: ApiV2): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url!, 'http://am')
      const body = Buffer.concat(chunks).toString()
      void api
        .handle({ method: request.method!, path: url.pathname, query: url.searchParams, body })
        .then(({ status, json }) => {
          response
            .writeHead(status, { 'content-type': 'application/json' })
            .end(json === undefined ? '' : JSON.stringify(json))
        })
    })
  })
}

/** Not spawnSync: our server lives in this process and has to answer. */
function amtool(args: readonly string[]): Promise<{ status: number | null; stdout: string }> {
  return new Promise((resolve) => {
    const child = spawn('amtool', args, { stdio: ['ignore', 'pipe', 'ignore'] })
    let stdout = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.on('close', (status) => resolve({ status, stdout }))
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** The same request to both; their answers. */
async function both(method: string, path: string, body?: unknown): Promise<[unknown, unknown]> {
  const ask = async ({ url }: Side): Promise<unknown> => {
    const options =
      body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await fetch(url + path, { method, ...options })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) }
  }
  return [await ask(sides[0]), await ask(sides[1])]
}

/** Leaves out what differs by nature: times to the millisecond, ids, versions. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value === 'string') return value.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
  if (typeof value !== 'object' || value === null) return value
  // A silence begins when it comes in, which is a moment apart.
  const momentary = 'createdBy' in value ? ['startsAt'] : []
  const dropped = new Set([
    ...momentary,
    'updatedAt',
    'uptime',
    'original',
    'versionInfo',
    'routeLabels',
    ...NEWER,
  ])
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !dropped.has(key))
      .map(([key, item]) => [key, comparable(item)])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  )
}

/** What a side told since the last call, sorted, without what is newer than the real one. */
function told({ sink }: Side): string[] {
  return sink.requests
    .splice(0)
    .map(
      ({ path, body }) =>
        `${path} ${JSON.stringify(comparable(JSON.parse(body.replaceAll(sink.url, 'SINK'))))}`,
    )
    .sort()
}

async function compareTold(step: string, afterMs: number): Promise<void> {
  await sleep(afterMs)
  check(step, told(sides[0]), told(sides[1]))
}

const startsAt = new Date().toISOString()
const alert = (labels: Record<string, string>, more: object = {}): object => ({
  labels,
  annotations: { summary: `about ${labels.alertname} <&>` },
  startsAt,
  endsAt: new Date(Date.now() + 600_000).toISOString(),
  generatorURL: 'http://p/g',
  ...more,
})
const over = { endsAt: new Date(Date.now() + 1).toISOString() }

try {
  const first = [
    alert({ alertname: 'A', job: 'db', severity: 'warning' }),
    alert({ alertname: 'B', job: 'web', severity: 'info' }),
    alert({ alertname: 'C', job: 'web', severity: 'info', n: '2' }),
    alert({ alertname: 'D', job: 'web', severity: 'info', n: '3' }),
    alert({ alertname: 'E', job: 'db', deep: 'high', severity: 'info' }),
    alert({ alertname: 'Q', quiet: 'yes' }),
    alert({ alertname: 'Z', empty: '' }),
  ]
  check('POST alerts', ...(await both('POST', '/api/v2/alerts', first)))
  await compareTold('after the group wait', 1500)
  const views = async (step: string): Promise<void> => {
    for (const path of [
      'alerts',
      'alerts/groups',
      'alerts?filter=job%3Ddb&silenced=false',
      'alerts?receiver=j.*',
      'silences',
      'status',
      'alerts?filter=%7B',
    ])
      check(
        `${step}: GET ${path}`,
        ...((await both('GET', `/api/v2/${path}`)).map(comparable) as [unknown, unknown]),
      )
  }
  await views('firing')
  await both('POST', '/api/v2/alerts', [alert({ alertname: 'K', job: 'db', severity: 'critical' })])
  await compareTold('a critical one inhibits', 2600)
  await views('inhibited')
  const silence = {
    matchers: [{ name: 'job', value: 'w.*', isRegex: true, isEqual: true }],
    startsAt: new Date().toISOString(),
    endsAt: new Date(Date.now() + 600_000).toISOString(),
    createdBy: 'conformance',
    comment: 'c',
  }
  check(
    'POST silence',
    ...((await both('POST', '/api/v2/silences', silence)).map(comparable) as [unknown, unknown]),
  )
  for (const bad of [
    { ...silence, matchers: [] },
    { ...silence, comment: undefined },
    { ...silence, endsAt: '2000-01-01T00:00:00Z' },
  ]) {
    const [real, ours] = (await both('POST', '/api/v2/silences', bad)) as { status: number }[]
    check(`refused silence ${JSON.stringify(bad).slice(0, 40)}`, real!.status, ours!.status)
  }
  await both('POST', '/api/v2/alerts', [
    alert({ alertname: 'A', job: 'db', severity: 'warning' }, over),
    alert({ alertname: 'K', job: 'db', severity: 'critical' }, over),
  ])
  await compareTold('two resolve, others are silenced or repeated', 4600)
  check('POST bad alerts', ...(await both('POST', '/api/v2/alerts', [{ labels: {} }])))
  for (const args of [
    ['alert', 'query', '-o', 'json'],
    ['silence', 'query', '-o', 'json'],
    ['alert', 'query', 'job=db'],
    ['config', 'routes', 'show'],
    ['silence', 'expire'],
    ['cluster', 'show'],
  ]) {
    const [real, ours] = await Promise.all(
      sides.map(({ url }) => amtool([`--alertmanager.url=${url}`, ...args])),
    )
    const shown = ({ stdout, status }: { stdout: string; status: number | null }): unknown => {
      if (!args.includes('json'))
        return { status, text: stdout.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'T') }
      return { status, json: comparable(JSON.parse(stdout)) }
    }
    check(`amtool ${args.join(' ')}`, shown(real!), shown(ours!))
  }
} finally {
  await Promise.all(sides.map((side) => side.stop()))
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
