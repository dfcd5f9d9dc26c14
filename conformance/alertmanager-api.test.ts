import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, ROOT, startPromontory, until, Workspace } from './support/program.ts'

/* The API of the Alertmanager's own port, request by request beside the real one; and the flags that change it. */

const real = existsSync('/usr/share/prometheus/alertmanager/default.tmpl')
  ? peer('prometheus-alertmanager')
  : undefined

const CONFIG = `
route: {receiver: everybody, group_by: [alertname], group_wait: 1s}
receivers: [{name: everybody, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]
`
const PROMETHEUS = 'global: {}\n'

const HOUR_MS = 3_600_000
const inAnHour = new Date(Date.now() + HOUR_MS).toISOString()
const anHourAgo = new Date(Date.now() - HOUR_MS).toISOString()
const NOBODY = '11111111-1111-1111-1111-111111111111'

type Case = readonly [method: string, path: string, body?: unknown]

const silence = (more: object = {}): object => ({
  matchers: [{ name: 'a', value: 'b', isRegex: false, isEqual: true }],
  startsAt: new Date().toISOString(),
  endsAt: inAnHour,
  createdBy: 'x',
  comment: 'c',
  ...more,
})
const alerts = (more: object): object[] => [{ labels: { a: 'b' }, ...more }]

const CASES: readonly Case[] = [
  ['POST', '/api/v2/alerts', [{ labels: { alertname: 'x', inst: '1' }, annotations: { s: 't' }, generatorURL: 'http://g/' }, { labels: { alertname: 'y', inst: '2' }, startsAt: anHourAgo, endsAt: inAnHour }]],
  ['POST', '/api/v2/alerts', [{ labels: {} }]], ['POST', '/api/v2/alerts', [{ labels: { a: '' } }]], ['POST', '/api/v2/alerts', [{}]],
  ['POST', '/api/v2/alerts', []], ['POST', '/api/v2/alerts', ''], ['POST', '/api/v2/alerts', 'null'],
  ['POST', '/api/v2/alerts', alerts({ startsAt: inAnHour, endsAt: anHourAgo })], ['POST', '/api/v2/alerts', alerts({ unknown: 1 })],
  ['POST', '/api/v2/alerts', [{ labels: { '': 'b' } }]], ['POST', '/api/v2/alerts', [{ labels: { alertname: 'u', 'ü-x': 'b' } }]],
  ['POST', '/api/v2/alerts', alerts({ generatorURL: 'not a url' })],
  ['GET', '/api/v2/alerts'], ['GET', '/api/v2/alerts?filter=alertname="x"'], ['GET', '/api/v2/alerts?filter=alertname=~"x|y"&filter=inst!="1"'],
  ['GET', '/api/v2/alerts?filter=a'], ['GET', '/api/v2/alerts?filter={'], ['GET', '/api/v2/alerts?receiver=nobody'],
  ['GET', '/api/v2/alerts?active=maybe'], ['GET', '/api/v2/alerts?active=false'], ['GET', '/api/v2/alerts?active=0&silenced=1'],
  ['GET', '/api/v2/alerts?receiver_matchers=team="x"'], ['GET', '/api/v2/alerts?receiver_matchers=['],
  ['GET', '/api/v2/alerts/groups'], ['GET', '/api/v2/alerts/groups?filter=alertname="x"&receiver=every.*'], ['GET', '/api/v2/alerts/groups?muted=x'],
  ['GET', '/api/v2/alerts/groups?filter=x'], ['GET', '/api/v2/receivers'], ['GET', '/api/v2/receivers?receiver_matchers=a'],
  ['GET', '/api/v2/silences'], ['GET', '/api/v2/silences?filter=a'],
  ['POST', '/api/v2/silences', silence()], ['POST', '/api/v2/silences', silence({ matchers: [] })], ['POST', '/api/v2/silences', silence({ matchers: undefined })],
  ['POST', '/api/v2/silences', silence({ matchers: [{ name: 'a', value: '', isRegex: false }] })], ['POST', '/api/v2/silences', silence({ matchers: [{ name: 'a', value: '[', isRegex: true }] })],
  ['POST', '/api/v2/silences', silence({ matchers: [{ name: '', value: 'x', isRegex: false }] })], ['POST', '/api/v2/silences', silence({ matchers: [{ name: 'a', isRegex: false }] })],
  ['POST', '/api/v2/silences', silence({ matchers: [{ name: 'a', value: 'b' }] })], ['POST', '/api/v2/silences', silence({ endsAt: anHourAgo })],
  ['POST', '/api/v2/silences', silence({ startsAt: inAnHour, endsAt: anHourAgo })], ['POST', '/api/v2/silences', silence({ comment: '' })],
  ['POST', '/api/v2/silences', silence({ comment: undefined })], ['POST', '/api/v2/silences', silence({ createdBy: undefined })], ['POST', '/api/v2/silences', silence({ startsAt: undefined })],
  ['POST', '/api/v2/silences', silence({ id: 'nope' })], ['POST', '/api/v2/silences', silence({ id: NOBODY })], ['POST', '/api/v2/silences', ''],
  ['POST', '/api/v2/silences', silence({ annotations: { k: 'v' } })], ['GET', '/api/v2/silence/x'], ['GET', `/api/v2/silence/${NOBODY}`],
  ['DELETE', '/api/v2/silence/x'], ['DELETE', `/api/v2/silence/${NOBODY}`], ['PUT', '/api/v2/silences'],
  ['GET', '/api/v2/nothing'], ['GET', '/-/healthy'], ['GET', '/-/ready'], ['POST', '/-/reload'], ['GET', '/-/reload'], ['GET', '/nothing'],
] // prettier-ignore

/** What differs from run to run (methods come in any order), and fields newer than 0.33. */
function comparable(text: string): string {
  return text
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
    .replace('[POST,GET]', '[GET,POST]')
    .replaceAll(',"routeLabels":{}', '')
    .trim()
}

async function ask(url: string, [method, path, body]: Case, type = 'application/json') {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(url + path, {
    method,
    ...(text === undefined ? {} : { body: text, headers: { 'content-type': type } }),
  })
  const [kind] = (response.headers.get('content-type') ?? '').split(';')
  return { status: response.status, kind, text: comparable(await response.text()) }
}

describe.skipIf(real === undefined)(
  `beside the real Alertmanager${real === undefined ? ' (skipped: it is not installed)' : ''}`,
  () => {
    const workspace = new Workspace()
    const urls = { ours: '', theirs: '' }
    beforeAll(async () => {
      const file = join(workspace.directory, 'alertmanager.yml')
      writeFileSync(file, CONFIG)
      const [port, theirPort] = [await freePort(), await freePort()]
      urls.ours = `http://127.0.0.1:${port}`
      workspace.keep(
        await startPromontory({
          dataDirectory: workspace.data,
          config: PROMETHEUS,
          flags: [`--alertmanager.config.file=${file}`, `--listen.alertmanager=127.0.0.1:${port}`, '--content.rules=none'],
        }),
      )
      urls.theirs = `http://127.0.0.1:${theirPort}`
      const args = [`--config.file=${file}`, `--storage.path=${workspace.directory}/am`, `--web.listen-address=127.0.0.1:${theirPort}`, '--cluster.listen-address=']
      await workspace.keep(new Program(real!, args, urls.theirs)).ready('/-/ready')
    }, 60_000) // prettier-ignore
    afterAll(() => workspace.clean())

    test('every answer is the same, refusals to the letter', async () => {
      for (const one of CASES) {
        const [ours, theirs] = [await ask(urls.ours, one), await ask(urls.theirs, one)]
        expect([one, ours]).toEqual([one, theirs])
      }
    })

    test('bodies that are said to be no JSON are refused', async () => {
      for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
        const one: Case = ['POST', '/api/v2/alerts', [{ labels: { a: 'b' } }]]
        const [ours, theirs] = [await ask(urls.ours, one, type), await ask(urls.theirs, one, type)]
        expect(ours).toEqual(theirs)
        expect(ours.status).toBe(415)
      }
    })
  },
)

test("the Alertmanager's flags", async () => {
  const workspace = new Workspace()
  const told: string[] = []
  const sink = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (data: string) => told.push(data))
    request.on('end', () => response.end())
  }).listen(0, '127.0.0.1')
  onTestFinished(async () => {
    await workspace.clean()
    sink.close()
  })
  await once(sink, 'listening')
  const file = join(workspace.directory, 'alertmanager.yml')
  writeFileSync(file, CONFIG.replace('127.0.0.1:1/', `127.0.0.1:${(sink.address() as AddressInfo).port}/`))
  const port = await freePort()
  const server = workspace.keep(
    await startPromontory({
      dataDirectory: workspace.data,
      config: PROMETHEUS,
      flags: [
        `--alertmanager.config.file=${file}`,
        `--listen.alertmanager=127.0.0.1:${port}`,
        '--alertmanager.web.external-url=http://am.example.com/am',
        '--dispatch.start-delay=4s',
        '--web.timeout=20s',
        '--log.silences',
        '--enable-feature=receiver-name-in-metrics,utf8-strict-mode',
        '--content.rules=none',
      ],
    }),
  )
  const startedMs = Date.now()
  const base = `http://127.0.0.1:${port}`
  expect((await ask(base, ['GET', '/api/v2/status'])).status).toBe(404)
  expect((await ask(`${base}/am`, ['POST', '/api/v2/alerts', [{ labels: { alertname: 'x' } }]])).status).toBe(200)
  expect((await ask(`${base}/am`, ['POST', '/-/reload'])).status).toBe(200)
  expect((await ask(`${base}/am`, ['POST', '/api/v2/silences', silence()])).status).toBe(200)
  await until('the log line', async () => server.output, (text) => /msg="create silence".* CreatedBy=x /.test(text), 10_000)
  // The older grammar of matchers is not fallen back to.
  expect((await ask(`${base}/am`, ['GET', '/api/v2/alerts?filter=alertname=x=y'])).status).toBe(400)
  await until('the notification', async () => told.length, (count) => count > 0, 20_000) // prettier-ignore
  expect(Date.now() - startedMs).toBeGreaterThan(2000)
  expect(JSON.parse(told.join(''))).toMatchObject({ externalURL: 'http://am.example.com/am' })
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  expect(metrics).toContain(
    'alertmanager_notifications_total{integration="webhook",receiver_name="everybody"} 1',
  )
  expect(metrics).toMatch(/^alertmanager_http_request_duration_seconds_count\{handler="\/api\/v2\/alerts",method="post",code="200"\} 1$/m)
}, 60_000) // prettier-ignore

test("`promontory alertmanager` takes Alertmanager's command line", async () => {
  const workspace = new Workspace()
  onTestFinished(() => workspace.clean())
  const file = join(workspace.directory, 'alertmanager.yml')
  writeFileSync(file, CONFIG)
  const url = `http://127.0.0.1:${await freePort()}`
  const args = [`--config.file=${file}`, `--storage.path=${workspace.data}`, `--web.listen-address=${url.slice('http://'.length)}`, '--cluster.listen-address=']
  await workspace.keep(new Program(join(ROOT, 'bin/promontory'), ['alertmanager', ...args], url)).ready('/-/ready')
  expect((await ask(url, ['POST', '/api/v2/alerts', [{ labels: { alertname: 'x' } }]])).status).toBe(200)
  expect((await ask(url, ['GET', '/api/v2/alerts?filter=alertname=x'])).text).toContain('"receivers":[{"name":"everybody"}]')
  const { activeTargets } = (await (await fetch(`${url}/api/v1/targets`)).json()).data as { activeTargets: unknown[] }
  expect(activeTargets).toEqual([])
  // Its pages are there, and links of notifications lead to them.
  expect((await ask(url, ['GET', '/'])).kind).toBe('text/html')
}, 60_000) // prettier-ignore
