import { FakeClock, Registry, silentLogger } from '@promontory/base'
import { Labels } from '@promontory/model'
import { expect, onTestFinished, test } from 'vitest'
import { Alertmanager } from '../alertmanager.ts'
import { explain, explainRoutes } from '../explain.ts'
import { testNotification, UnknownReceiverError } from '../test-notification.ts'
import { HttpReceiver } from '../testing/http-receiver.ts'

const START_MS = Date.UTC(2024, 0, 1, 12)

async function world() {
  const receiver = await HttpReceiver.open()
  const clock = new FakeClock(START_MS)
  const alertmanager = new Alertmanager({
    clock,
    logger: silentLogger,
    registry: new Registry(),
    externalUrl: 'http://am',
  })
  const yaml = `
route: {receiver: hook, group_by: [cluster], group_wait: 1s, group_interval: 5s, repeat_interval: 30s, routes: [{matchers: [night=yes], receiver: none, active_time_intervals: [night]}]}
receivers: [{name: hook, webhook_configs: [{url: '${receiver.url}/secret'}]}, {name: mail, email_configs: [{to: a@b, from: c@d, smarthost: 'localhost:1', require_tls: false}]}, {name: none}]
time_intervals: [{name: night, time_intervals: [{times: [{start_time: '00:00', end_time: '06:00'}]}]}]
`
  await alertmanager.applyConfig(alertmanager.prepareConfig(yaml, 'am.yml'))
  onTestFinished(async () => {
    await alertmanager.stop()
    await receiver.close()
  })
  const send = (name: string, endsAtMs: number): void =>
    alertmanager.send([
      { labels: Labels.from({ alertname: name, cluster: 'x' }), annotations: Labels.EMPTY, startsAtMs: START_MS, endsAtMs, generatorUrl: '' },
    ]) // prettier-ignore
  const told = async (ms: number, count: number): Promise<string[]> => {
    await clock.advance(ms)
    await receiver.waitFor(count)
    await clock.advance(0)
    return (receiver.takeJson() as { notification_reason: string }[]).map(
      (message) => message.notification_reason,
    )
  }
  return {
    alertmanager,
    clock,
    receiver,
    told,
    fire: (name: string) => send(name, START_MS + 9e6),
    resolve: (name: string) => send(name, clock.nowMs()),
  }
}

test('an acknowledged group is not repeated until it gets worse; resolved is told', async () => {
  const w = await world()
  w.fire('a')
  expect(await w.told(1000, 1)).toEqual(['first notification'])
  const [group] = w.alertmanager.groups()
  await w.alertmanager.acknowledgements.set({
    groupKey: group!.key, receiver: 'hook', owner: 'ann', comment: 'on it',
    fingerprints: group!.alerts.map(({ fingerprint }) => fingerprint),
  }) // prettier-ignore
  expect(await w.told(60_000, 0)).toEqual([])
  expect(w.alertmanager.history.events({ kinds: ['acknowledged'], limit: 1 })[0]!.detail).toBe(
    'ann takes care: on it',
  )
  expect(explainRoutes(w.alertmanager, group!.alerts[0]!.labels, START_MS)[0]!.acknowledgedBy).toBe('ann')
  w.fire('b')
  expect(await w.told(5000, 1)).toEqual(['new alerts added'])
  expect(w.alertmanager.acknowledgements.all()).toEqual([])
  expect(await w.told(35_000, 1)).toEqual(['repeat interval elapsed'])
  w.resolve('a')
  w.resolve('b')
  expect(await w.told(5000, 1)).toEqual(['all alerts resolved'])
})

test('an acknowledgement ends with its alerts, or is withdrawn', async () => {
  const w = await world()
  w.fire('a')
  await w.told(1000, 1)
  const [group] = w.alertmanager.groups()
  const fingerprints = group!.alerts.map(({ fingerprint }) => fingerprint)
  const fresh = { groupKey: group!.key, receiver: 'hook', owner: 'ann', comment: '', fingerprints }
  const { id } = await w.alertmanager.acknowledgements.set(fresh)
  expect(await w.alertmanager.acknowledgements.withdraw(id)).toBe(true)
  expect(await w.alertmanager.acknowledgements.withdraw(id)).toBe(false)
  await w.alertmanager.acknowledgements.set(fresh)
  w.resolve('a')
  expect(await w.told(5000, 1)).toEqual(['all alerts resolved'])
  expect(w.alertmanager.acknowledgements.all()).toEqual([])
})

test('why somebody was told, or not', async () => {
  const w = await world()
  w.fire('a')
  const { fingerprint, labels } = w.alertmanager.activeAlerts()[0]!
  const verdict = async (): Promise<string> => (await explain(w.alertmanager, fingerprint)).verdict
  expect(await verdict()).toBe("It waits: the group's next notification is due at 2024-01-01 12:00:01 UTC.")
  await w.told(1000, 1)
  expect(await verdict()).toBe(
    'hook/webhook/0 was told at 2024-01-01 12:00:01 UTC (first notification). If nothing changes it is told again after 2024-01-01 12:00:31 UTC.',
  )
  expect((await explain(w.alertmanager, fingerprint)).routes[0]).toMatchObject({
    receiver: 'hook', groupKey: '{}:{cluster="x"}', mutedBy: [],
    integrations: [{ name: 'hook/webhook/0', toldAtMs: START_MS + 1000, repeatsAtMs: START_MS + 31_000, decision: 'first notification' }],
  }) // prettier-ignore
  await w.alertmanager.silences.set({
    matchers: [{ name: 'alertname', value: 'a', isRegex: false, isEqual: true }],
    startsAtMs: START_MS, endsAtMs: START_MS + 20_000, createdBy: 'me', comment: 'c', annotations: {},
  }) // prettier-ignore
  expect(await verdict()).toBe('Held back: silenced by me until 2024-01-01 12:00:20 UTC (c).')
  expect((await explain(w.alertmanager, '0')).verdict).toMatch(/^No alert of this fingerprint/)
  const night = labels.with('night', 'yes')
  expect(explainRoutes(w.alertmanager, night, START_MS)[0]).toMatchObject({
    receiver: 'none',
    mutedBy: ['outside of night'],
  })
  expect(explainRoutes(w.alertmanager, night, START_MS - 9 * 3_600_000)[0]).toMatchObject({ mutedBy: [] })
})

test('a test is rendered, and sent when wanted; addresses stay secret', async () => {
  const w = await world()
  const test = {
    receiver: 'hook',
    labels: { alertname: 'T' },
    annotations: {},
    status: 'firing',
    isPreview: true,
  } as const
  const [hook] = await testNotification(w.alertmanager, test)
  expect(hook).toMatchObject({ integration: 'hook/webhook/0', requests: [{ to: `POST ${w.receiver.url}` }] })
  expect(JSON.parse(hook!.requests[0]!.body)).toMatchObject({ status: 'firing', receiver: 'hook' })
  const [mail] = await testNotification(w.alertmanager, { ...test, receiver: 'mail', isPreview: false })
  expect(mail!.requests[0]!.body).toMatch(/^From: c@d\nTo: a@b\nSubject: \[FIRING:1\]/)
  expect(mail!.error).toMatch(/ECONNREFUSED/)
  expect(w.receiver.requests).toEqual([])
  const { receiver: _, ...byRoute } = test
  expect((await testNotification(w.alertmanager, { ...byRoute, isPreview: false }))[0]!.error).toBeUndefined()
  expect(w.receiver.requests).toHaveLength(1)
  await expect(testNotification(w.alertmanager, { ...test, receiver: 'x' })).rejects.toBeInstanceOf(
    UnknownReceiverError,
  )
})
