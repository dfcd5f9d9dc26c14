import { setTimeout } from 'node:timers/promises'
import { Alertmanager, type Flush } from '@promontory/alertmanager'
import { FakeClock, Registry, silentLogger } from '@promontory/base'
import { Incidents } from '@promontory/incidents'
import { Labels } from '@promontory/model'
import { StateDatabase } from '@promontory/state'
import { expect, onTestFinished, test, vi } from 'vitest'
import { IncidentFeed } from './incident-feed.ts'

const CONFIG = `
route: {receiver: pager, group_by: [cluster], group_wait: 1s, group_interval: 10s}
receivers: [{name: pager}]
`

/** A feed behind a real Alertmanager; `fire` sends alerts, one for each cluster. */
async function world() {
  const clock = new FakeClock(Date.UTC(2024, 0, 1))
  const state = await StateDatabase.open({ kind: 'sqlite', file: ':memory:' })
  const incidents = await Incidents.open({ state, clock, logger: silentLogger, registry: new Registry() })
  const feed = new IncidentFeed(incidents, silentLogger)
  feed.triggers = [{ receiver: 'pager', matchers: [] }]
  const am = new Alertmanager({
    clock,
    logger: silentLogger,
    registry: new Registry(),
    externalUrl: 'http://am',
    onGroup: (flush: Flush, unmuted) => feed.take(flush, unmuted),
  })
  await am.applyConfig(am.prepareConfig(CONFIG, 'am.yml'))
  onTestFinished(async () => {
    await am.stop()
    await state.close()
  })
  const fire = async (clusters: readonly string[], endsInMs = 3_600_000) => {
    const nowMs = clock.nowMs()
    am.send(
      clusters.map((cluster) => ({
        labels: Labels.from([['alertname', 'Down'], ['cluster', cluster]]),
        annotations: Labels.from([]),
        startsAtMs: nowMs - 1000, endsAtMs: nowMs + endsInMs, generatorUrl: '',
      })),
    )
    await clock.advance(11_000)
  } // prettier-ignore
  return { clock, state, incidents, fire }
}

const states = async (incidents: Incidents): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { state } of await incidents.list()) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

test('a storm of groups opens an incident each, in few transactions, and ends them', async () => {
  const { incidents, fire, state } = await world()
  const transactions = vi.spyOn(state, 'transaction')
  const clusters = Array.from({ length: 150 }, (_, i) => `c${i}`)
  await fire(clusters)
  await vi.waitFor(async () => expect(await states(incidents)).toEqual({ open: 150 }), 5000)
  expect(transactions.mock.calls.length).toBeLessThan(10)
  await fire(clusters, -1)
  await vi.waitFor(async () => expect(await states(incidents)).toEqual({ resolved: 150 }), 5000)
  expect((await incidents.events(1)).map(({ kind }) => kind)).toEqual(['opened', 'alerts', 'resolved'])
})

test('one that cannot be written does not hold up the others', async () => {
  const { incidents, fire } = await world()
  const report = incidents.report.bind(incidents)
  const refuse = vi.spyOn(incidents, 'reportAll').mockRejectedValue(new Error('no'))
  const single = vi.spyOn(incidents, 'report').mockImplementation(async (group) => {
    if (group.labels['cluster'] === 'bad') throw new Error('cannot be written')
    return report(group)
  })
  await fire(['a', 'bad', 'b'])
  await vi.waitFor(async () => expect(await states(incidents)).toEqual({ open: 2 }), 5000)
  refuse.mockRestore()
  single.mockRestore()
  await setTimeout(250)
  // Told again at the next look at the group.
  await fire(['bad'])
  await vi.waitFor(async () => expect(await states(incidents)).toEqual({ open: 3 }), 5000)
})
