import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { FakeClock } from '@promontory/base'
import { expect, onTestFinished, test } from 'vitest'
import type { NotificationEntry } from './nflog/notification-log.ts'
import { MemoryRecordLog } from './record-log.ts'
import { SilenceError } from './silence/silences.ts'
import { START_MS, world, type World } from './testing/world.ts'

/*
 * What goes wrong around an Alertmanager: receivers that are down, silent or slow, a disk that takes nothing, templates
 * without end, a clock that jumps. Nothing that must be told may be lost, and nobody may hold the others up.
 */

/** Turns the clock in steps, with real time for requests in between. */
async function pass(w: World, ms: number, stepMs = 5000): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    await w.clock.advance(stepMs)
    await setTimeout(2)
  }
}

test('a receiver that is down for ten minutes hears of everything that still matters, once', async () => {
  const w = await world(`
route: {receiver: hook, group_by: [cluster], group_wait: 10s, group_interval: 1m, repeat_interval: 4h}
receivers: [{name: hook, webhook_configs: [{url: 'URL/hook'}]}]
`)
  w.fire('alertname=old,cluster=a')
  expect(await w.told(10_000, 1)).toEqual(['hook firing (first notification): +old'])
  w.receiver.answer = { status: 503, body: 'down' }
  w.fire('alertname=new,cluster=b', 'alertname=brief,cluster=c')
  await pass(w, 120_000)
  w.resolve('alertname=old,cluster=a', 'alertname=brief,cluster=c')
  await pass(w, 480_000)
  expect(w.kinds()).toContain('failed')
  expect(w.metric('alertmanager_notifications_failed_total')['webhook,serverError']).toBeGreaterThan(5)
  w.heard()
  w.receiver.answer = { status: 200, body: 'ok' }
  await pass(w, 120_000)
  // Who was never told that it fires is not told that it has ended.
  expect(w.heard().sort()).toEqual(['hook firing (first notification): +new', 'hook resolved (all alerts resolved): -old'])
  await pass(w, 300_000)
  expect(w.heard()).toEqual([])
}) // prettier-ignore

test('a receiver that refuses connections is tried again until it listens', async () => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  const w = await world(`
route: {receiver: hook, group_wait: 1s, group_interval: 1m}
receivers: [{name: hook, webhook_configs: [{url: 'http://127.0.0.1:${port}/'}]}]
`)
  w.fire('alertname=a')
  await pass(w, 60_000)
  let requests = 0
  const server = createServer((socket) => {
    requests++
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
    socket.on('error', () => {})
  }).listen(port, '127.0.0.1')
  onTestFinished(() => void server.close())
  await pass(w, 120_000)
  expect([requests, w.kinds()[0]]).toEqual([1, 'repeated too early'])
})

test('a mail server that says nothing costs its group one interval and the others nothing', async () => {
  const sockets = new Set<{ destroy(): void }>()
  const silent = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const { port } = silent.address() as AddressInfo
  const w = await world(`
route:
  receiver: mail
  group_by: [alertname]
  group_wait: 1s
  group_interval: 20s
  routes: [{receiver: hook, matchers: [alertname=b]}]
receivers:
- {name: mail, email_configs: [{to: a@b.org, from: am@x.org, smarthost: '127.0.0.1:${port}', require_tls: false}]}
- {name: hook, webhook_configs: [{url: 'URL/hook'}]}
`)
  w.fire('alertname=a', 'alertname=b')
  expect(await w.told(1000, 1)).toEqual(['hook firing (first notification): +b'])
  for (let i = 0; i < 200 && sockets.size === 0; i++) await setTimeout(5)
  await pass(w, 25_000)
  for (let i = 0; i < 200 && !w.kinds().includes('failed'); i++) await setTimeout(5)
  expect(w.alertmanager.history.events({ kinds: ['failed'] })[0]).toMatchObject({ receiver: 'mail' })
  expect(w.metric('alertmanager_notifications_failed_total')['email,contextDeadlineExceeded']).toBe(1)
  // The group is not stuck: its next time has come, or comes.
  await pass(w, 40_000)
  expect(sockets.size).toBeGreaterThan(1)
})

test.each([
  ['loops', '{{ define "x" }}{{ range .Alerts }}{{ template "x" $ }}{{ end }}{{ end }}'],
  ['counts to a billion', '{{ define "x" }}{{ range 1000000000 }}{{ end }}{{ end }}'],
  ['prints 100 MB', '{{ define "x" }}{{ range 1000000 }}{{ printf "%100s" "x" }}{{ end }}{{ end }}'],
  ['doubles a text without end', '{{ define "x" }}{{ $t := "ab" }}{{ range 60 }}{{ $t = print $t $t }}{{ end }}{{ end }}'],
  ['replaces without end', '{{ define "x" }}{{ $t := "ab" }}{{ range 60 }}{{ $t = reReplaceAll "(.)" "$1$1$1$1" $t }}{{ end }}{{ end }}'],
])('a template that %s fails its receiver with the reason, and nobody else', async (_, template) => {
  const folder = mkdtempSync(join(tmpdir(), 'templates-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'a.tmpl'), template)
  const w = await world(`
templates: ['${folder}/*.tmpl']
route: {receiver: hook, group_wait: 1s, group_interval: 10s}
receivers:
- name: hook
  slack_configs: [{api_url: 'URL/slack', text: '{{ template "x" . }}'}]
  webhook_configs: [{url: 'URL/hook'}]
`)
  w.fire('alertname=a')
  expect(await w.told(1000, 1)).toEqual(['hook firing (first notification): +a'])
  const failed = w.alertmanager.history.events({ kinds: ['failed'] })
  expect(failed[0]).toMatchObject({ integration: 'hook/slack/0', detail: expect.stringMatching(/more than|longer than|too long|exceeded/) })
  // It is tried again with the next flush, and reported again: not silently given up.
  await pass(w, 10_000)
  expect(w.alertmanager.history.events({ kinds: ['failed'] }).length).toBeGreaterThan(failed.length)
}) // prettier-ignore

/** Takes nothing while it is full. */
class FullLog<T> extends MemoryRecordLog<T> {
  isFull = true
  override async append(): Promise<void> {
    if (this.isFull) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  }
} // prettier-ignore

test('a full disk: notifications leave and are not repeated, what is promised to be kept is refused', async () => {
  const [notificationLog, silenceLog] = [new FullLog<NotificationEntry>(), new FullLog<never>()]
  const w = await world(
    `
route: {receiver: hook, group_wait: 1s, group_interval: 10s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: 'URL/hook'}]}]
`,
    { notificationLog, silenceLog },
  )
  w.fire('alertname=a')
  expect(await w.told(1000, 1)).toEqual(['hook firing (first notification): +a'])
  await pass(w, 60_000)
  expect(w.heard()).toEqual([])
  expect(w.metric('alertmanager_nflog_write_errors_total')['']).toBe(1)
  const silence = {
    matchers: [{ name: 'alertname', value: 'a', isRegex: false, isEqual: true }],
    startsAtMs: w.clock.nowMs(), endsAtMs: w.clock.nowMs() + 1e6, createdBy: 'me', comment: 'c', annotations: {},
  } // prettier-ignore
  await expect(w.alertmanager.silences.set(silence)).rejects.toThrow('ENOSPC')
  await expect(w.alertmanager.silences.set(silence)).rejects.not.toBeInstanceOf(SilenceError)
  expect(w.alertmanager.silences.all()).toEqual([])
  silenceLog.isFull = false
  await w.alertmanager.silences.set(silence)
  expect(w.alertmanager.silences.all()).toHaveLength(1)
})

/** The time of day is not the time that timers go by. */
class JumpingClock extends FakeClock {
  aheadMs = 0
  override nowMs(): number {
    return super.nowMs() + this.aheadMs
  }
}

test.each([
  ['forward', 3_600_000],
  ['backward', -3_600_000],
])('a clock that jumps %s an hour: what fires, grows and ends is told, once each', async (_, aheadMs) => {
  const clock = new JumpingClock(START_MS)
  const w = await world(
    `
route: {receiver: hook, group_by: [cluster], group_wait: 10s, group_interval: 1m, repeat_interval: 12h}
receivers: [{name: hook, webhook_configs: [{url: 'URL/hook'}]}]
`,
    { clock },
  )
  const fire = (...names: string[]): void =>
    w.alertmanager.send(
      names.map((name) => ({
        labels: w.labelsOf(name),
        annotations: w.labelsOf('a=b'),
        startsAtMs: clock.nowMs(),
        endsAtMs: clock.nowMs() + 240_000,
        generatorUrl: '',
      })),
    )
  fire('alertname=a,cluster=x')
  expect(await w.told(10_000, 1)).toEqual(['hook firing (first notification): +a'])
  fire('alertname=waits,cluster=y')
  clock.aheadMs = aheadMs
  // As rules do: what fires is sent again, by the new time.
  fire('alertname=a,cluster=x', 'alertname=waits,cluster=y')
  expect(await w.told(10_000, 1)).toEqual(['hook firing (first notification): +waits'])
  fire('alertname=b,cluster=x')
  expect(await w.told(60_000, 1)).toEqual(['hook firing (new alerts added): +a +b'])
  for (const name of ['a', 'b'])
    w.alertmanager.send([
      {
        labels: w.labelsOf(`alertname=${name},cluster=x`),
        annotations: w.labelsOf('a=b'),
        startsAtMs: Math.min(START_MS, START_MS + aheadMs),
        endsAtMs: clock.nowMs(),
        generatorUrl: '',
      },
    ])
  fire('alertname=waits,cluster=y')
  expect(await w.told(60_000, 1)).toEqual(['hook resolved (all alerts resolved): -a -b'])
})
