import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, scratchDirectory, sleep, startPromontory } from './support/program.ts'

const real = existsSync('/usr/share/prometheus/alertmanager/default.tmpl')
  ? peer('prometheus-alertmanager')
  : undefined

const CONFIG = `
route:
  receiver: all
  group_by: [alertname, cluster]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 5s
  routes:
  - {matchers: [severity="critical"], receiver: pager, continue: true}
  - {matchers: [team=~"a|b"], receiver: teams, group_by: ['...']}
  - {matchers: [quiet="yes"], receiver: silent}
receivers:
- {name: all, webhook_configs: [{url: 'SINK/all'}]}
- {name: pager, webhook_configs: [{url: 'SINK/pager', send_resolved: false}, {url: 'SINK/second'}]}
- {name: teams, webhook_configs: [{url: 'SINK/teams'}]}
- {name: silent}
inhibit_rules:
- {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [cluster]}
`

interface Message {
  readonly receiver: string
  readonly status: string
  readonly groupKey: string
  readonly alerts: readonly { readonly status: string; readonly labels: Record<string, string> }[]
}

/** What one side told: by path and group, each with its time in seconds. */
class Sink {
  readonly told = new Map<string, { readonly what: string; readonly atS: number }[]>()
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }
  static async open(startedMs: number): Promise<Sink> {
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (data: Buffer) => (body += data.toString()))
      request.on('end', () => {
        response.end()
        const message = JSON.parse(body) as Message
        const alerts = message.alerts
          .map(({ status, labels }) => `${status} ${JSON.stringify(labels)}`)
          .sort()
        const key = `${request.url} ${message.groupKey}`
        const list = sink.told.get(key) ?? []
        list.push({ what: `${message.status}: ${alerts.join(' ')}`, atS: (Date.now() - startedMs) / 1000 })
        sink.told.set(key, list)
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const sink = new Sink(server)
    return sink
  }
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }
  close(): void {
    this.#server.close()
  }
}

describe.skipIf(real === undefined)(
  `beside the real Alertmanager${real === undefined ? ' (skipped: it is not installed)' : ''}`,
  () => {
    test('the same flow makes the same notifications, within a second', async () => {
      const directory = scratchDirectory()
      const startedMs = Date.now()
      const sinks = [await Sink.open(startedMs), await Sink.open(startedMs)] as const
      const files = sinks.map((sink, i) => {
        const file = join(directory, `${i}.yml`)
        writeFileSync(file, CONFIG.replaceAll('SINK', sink.url))
        return file
      })
      const port = await freePort()
      const programs = [
        new Program(
          real!,
          [
            `--config.file=${files[0]}`,
            `--storage.path=${join(directory, 'real')}`,
            `--web.listen-address=127.0.0.1:${port}`,
            '--cluster.listen-address=',
          ],
          `http://127.0.0.1:${port}`,
        ),
        await startPromontory({
          dataDirectory: join(directory, 'ours'),
          flags: [`--alertmanager.config.file=${files[1]}`],
        }),
      ]
      try {
        await programs[0]!.ready('/-/ready')
        await play(programs)
      } finally {
        await Promise.all(programs.map((program) => program.stop()))
        for (const sink of sinks) sink.close()
        rmSync(directory, { recursive: true, force: true })
      }
      const [theirs, ours] = sinks.map(({ told }) => told) as [Sink['told'], Sink['told']]
      expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort())
      expect(theirs.size).toBeGreaterThan(15)
      for (const [key, messages] of theirs) {
        expect(
          ours.get(key)!.map(({ what }) => what),
          key,
        ).toEqual(messages.map(({ what }) => what))
        messages.forEach(({ atS }, i) => expect(Math.abs(ours.get(key)![i]!.atS - atS), key).toBeLessThan(1))
      }
    }, 60_000)
  },
)

/** Changes come at even seconds, groups are looked at around odd ones: so no change lies near a decision. */
async function play(programs: readonly Program[]): Promise<void> {
  const post = (path: string, body: unknown): Promise<unknown> =>
    Promise.all(
      programs.map(({ url }) =>
        fetch(`${url}/api/v2/${path}`, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      ),
    )
  const started = Date.now()
  const labels = (i: number): Record<string, string> => ({
    alertname: `A${i % 5}`, cluster: `c${i % 3}`, instance: `i${i}`,
    ...(i % 7 === 0 ? { severity: 'critical' } : i % 3 === 0 ? { severity: 'warning' } : {}),
    ...(i % 4 === 0 ? { team: i % 8 === 0 ? 'a' : 'b' } : {}),
    ...(i % 11 === 0 ? { quiet: 'yes' } : {}),
  }) // prettier-ignore
  const firing = new Map<number, number>()
  // A generator with a fixed seed: the same flow in each run.
  let seed = 7
  const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
  for (let step = 0; step < 7; step++) {
    await sleep(started + step * 2000 - Date.now())
    const changed = Array.from({ length: 40 }, (_, i) => i).filter(() => random() < (step === 0 ? 0.6 : 0.2))
    const now = Date.now()
    const message = (i: number, beganAt: number, endsAt: number): object => ({
      labels: labels(i), annotations: { n: String(i) }, startsAt: new Date(beganAt).toISOString(), endsAt: new Date(endsAt).toISOString(),
    }) // prettier-ignore
    const over = changed.filter((i) => firing.has(i)).map((i) => message(i, firing.get(i)!, now))
    for (const i of changed) if (!firing.delete(i)) firing.set(i, now)
    // All that fire are sent again, as rules do, and last: the real one remembers one source of an inhibition, the newest.
    await post('alerts', [...over, ...[...firing].map(([i, beganAt]) => message(i, beganAt, now + 600_000))])
    if (step === 3)
      await post('silences', {
        matchers: [{ name: 'cluster', value: 'c1', isRegex: false, isEqual: true }],
        startsAt: new Date(now).toISOString(), endsAt: new Date(started + 10_000).toISOString(), createdBy: 'c', comment: 'c',
      }) // prettier-ignore
  }
  await sleep(started + 17_000 - Date.now())
}
