import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, sleep, startPromontory, Workspace } from './support/program.ts'

/*
 * The same rules over the same target in a real Prometheus and in ours, in real time, as the alert generator part of
 * prometheus/compliance has it: when alerts become active and fire, how often they are sent, until when they are said to
 * hold, what is sent when they end.
 */

const prometheus = peer('prometheus')
const INTERVAL_S = 1
const RESEND_S = 3
/** Scrapes and evaluations of the two have their own phases. */
const APART_S = 2.5

const RULES = `groups:
- name: timing
  interval: ${INTERVAL_S}s
  labels: {team: t}
  rules:
  - {alert: Now, expr: 'v{case="now"} == 1', annotations: {text: '{{ $labels.case }} is {{ $value }}'}}
  - {alert: For, expr: 'v{case="for"} == 1', for: 4s}
  - {alert: TooShort, expr: 'v{case="short"} == 1', for: 8s}
  - {alert: Kept, expr: 'v{case="kept"} == 1', keep_firing_for: 4s, labels: {severity: 'v{{ $value }}'}}
  - {alert: Again, expr: 'v{case="again"} == 1'}
  - {alert: Changed, expr: 'v{case="changed"} > 0', labels: {level: 'l{{ $value }}'}, annotations: {text: 'is {{ $value }}'}}
  - {alert: Retold, expr: 'v{case="retold"} > 0', annotations: {text: 'is {{ $value }}'}}
`

/** When each case has a value, 1 if not said, in seconds since the start; otherwise 0. */
const CASES: Readonly<Record<string, readonly (readonly [fromS: number, toS: number, value?: number])[]>> = {
  now: [[2, 12]],
  for: [[2, 12]],
  short: [[2, 6]],
  kept: [[2, 6]],
  again: [
    [2, 5],
    [9, 12],
  ],
  // Another label makes another alert; another annotation does not.
  changed: [
    [2, 6],
    [6, 11, 2],
  ],
  retold: [
    [2, 6],
    [6, 11, 2],
  ],
}
const END_S = 17

interface Sent {
  readonly atS: number
  readonly alert: {
    readonly labels: Readonly<Record<string, string>>
    /** Left out by theirs when there are none. */
    readonly annotations?: Readonly<Record<string, string>>
    readonly startsAt: string
    readonly endsAt: string
    readonly generatorURL: string
  }
}

describe.skipIf(prometheus === undefined)(
  `rules beside the real Prometheus${prometheus === undefined ? ' (skipped: it is not installed)' : ''}`,
  () => {
    const workspace = new Workspace()
    const sent: Record<'ours' | 'theirs', Sent[]> = { ours: [], theirs: [] }
    /** By side: the first time at which an alert was seen in a state, and its activeAt. */
    const seen: Record<'ours' | 'theirs', Map<string, { atS: number; activeAtS: number }>> = {
      ours: new Map(),
      theirs: new Map(),
    }
    let startMs = 0
    let world: Server
    const nowS = (): number => (Date.now() - startMs) / 1000
    const secondsOf = (time: string): number => (Date.parse(time) - startMs) / 1000

    beforeAll(async () => {
      world = createServer((request, response) => {
        if (request.url === '/metrics') {
          response.setHeader('content-type', 'text/plain; version=0.0.4')
          return void response.end(startMs === 0 ? 'v 0\n' : metrics(nowS()))
        }
        const side = request.url!.startsWith('/ours/') ? 'ours' : 'theirs'
        let body = ''
        request.on('data', (data: Buffer) => (body += data.toString()))
        request.on('end', () => {
          for (const alert of JSON.parse(body) as Sent['alert'][]) sent[side].push({ atS: nowS(), alert })
          response.end()
        })
      }).listen(0, '127.0.0.1')
      await once(world, 'listening')
      const { port } = world.address() as AddressInfo
      const rules = join(workspace.directory, 'rules.yml')
      writeFileSync(rules, RULES)
      const config = (side: string): string => `global: {scrape_interval: 500ms, scrape_timeout: 500ms, external_labels: {region: eu}}
rule_files: ['${rules}']
alerting: {alertmanagers: [{path_prefix: /${side}, static_configs: [{targets: ['127.0.0.1:${port}']}]}]}
scrape_configs: [{job_name: world, static_configs: [{targets: ['127.0.0.1:${port}']}]}]
` // prettier-ignore
      const flags = [`--rules.alert.resend-delay=${RESEND_S}s`, '--rules.alert.for-grace-period=0s']
      const ours = workspace.keep(
        await startPromontory({ dataDirectory: workspace.data, config: config('ours'), flags }),
      )
      const theirPort = await freePort()
      const file = join(workspace.directory, 'theirs.yml')
      writeFileSync(file, config('theirs'))
      const theirs = workspace.keep(
        new Program(
          prometheus!,
          [
            `--config.file=${file}`,
            `--storage.tsdb.path=${workspace.directory}/theirs`,
            `--web.listen-address=127.0.0.1:${theirPort}`,
            ...flags,
          ],
          `http://127.0.0.1:${theirPort}`,
        ),
      )
      await theirs.ready('/-/ready')
      await sleep(1500)
      startMs = Date.now()
      while (nowS() < END_S) {
        await Promise.all([watch('ours', ours), watch('theirs', theirs)])
        await sleep(150)
      }
    }, 60_000)
    afterAll(async () => {
      await workspace.clean()
      world.close()
    })

    function metrics(atS: number): string {
      return Object.entries(CASES)
        .map(([name, spans]) => {
          const span = spans.find(([from, to]) => atS >= from && atS < to)
          return `v{case="${name}"} ${span === undefined ? 0 : (span[2] ?? 1)}\n`
        })
        .join('')
    } // prettier-ignore

    async function watch(side: 'ours' | 'theirs', program: Program): Promise<void> {
      interface Listed {
        readonly labels: Readonly<Record<string, string>>
        readonly state: string
        readonly activeAt: string
      }
      const { alerts } = await program.data<{ alerts: Listed[] }>('/api/v1/alerts')
      for (const { labels, state, activeAt } of alerts) {
        const round = labels['alertname'] === 'Again' && nowS() > 8 ? ' 2' : ''
        const key = `${labels['alertname']}${round} ${state} ${JSON.stringify(Object.entries(labels).sort())}`
        if (!seen[side].has(key)) seen[side].set(key, { atS: nowS(), activeAtS: secondsOf(activeAt) })
      }
    }

    test('the same alerts go through the same states, at the same time, active since the same time', () => {
      expect([...seen.ours.keys()].sort()).toEqual([...seen.theirs.keys()].sort())
      expect(seen.theirs.size).toBeGreaterThan(6)
      for (const [key, theirs] of seen.theirs) {
        const ours = seen.ours.get(key)!
        expect([key, Math.abs(ours.atS - theirs.atS) < APART_S]).toEqual([key, true])
        expect([key, Math.abs(ours.activeAtS - theirs.activeAtS) < APART_S]).toEqual([key, true])
      }
      expect([...seen.ours.keys()].some((key) => key.startsWith('TooShort firing'))).toBe(false)
    })

    test.each(['ours', 'theirs'] as const)('%s: what is sent obeys the timing rules', (side) => {
      const byName = Map.groupBy(sent[side], ({ alert }) => alert.labels['alertname']!)
      expect([...byName.keys()].sort()).toEqual(['Again', 'Changed', 'For', 'Kept', 'Now', 'Retold'])
      for (const [name, messages] of byName) {
        const firing = messages.filter(({ atS, alert }) => secondsOf(alert.endsAt) > atS)
        const resolved = messages.filter((message) => !firing.includes(message))
        expect([name, firing.length > 0, resolved.length > 0]).toEqual([name, true, true])
        // Said to hold for four times the longer of interval and resend delay, from the evaluation on.
        for (const { atS, alert } of firing)
          expect([name, Math.abs(secondsOf(alert.endsAt) - atS - 4 * RESEND_S) < APART_S]).toEqual([name, true])
        // While it fires it is sent again after the delay, with the next evaluation.
        for (const [i, { atS, alert }] of firing.entries()) {
          const before = firing[i - 1]
          if (before === undefined || before.alert.startsAt !== alert.startsAt) continue
          const pauseS = atS - before.atS
          expect([name, pauseS > RESEND_S - 0.5 && pauseS < RESEND_S + INTERVAL_S + 1.5]).toEqual([name, true])
        }
        // The end comes with the first evaluation without it, and stays the same when it is sent again.
        const first = resolved[0]!
        expect([name, first.atS - secondsOf(first.alert.endsAt) < 1.5]).toEqual([name, true])
        for (const { alert } of resolved)
          if (alert.startsAt === first.alert.startsAt) expect(alert.endsAt).toBe(first.alert.endsAt)
      }
    }) // prettier-ignore

    test('both say the same: labels, annotations, start and end of each firing', () => {
      const stories = (side: 'ours' | 'theirs'): { what: string; startsS: number; endsS: number; count: number }[] =>
        [...Map.groupBy(sent[side], ({ alert }) => `${alert.labels['alertname']} ${alert.startsAt}`).values()]
          .map((messages) => {
            const { alert } = messages[0]!
            const ends = messages.filter(({ atS, alert: one }) => secondsOf(one.endsAt) <= atS)
            return {
              what: JSON.stringify([Object.entries(alert.labels).sort(), alert.annotations ?? {}, new URL(alert.generatorURL).search]),
              startsS: secondsOf(alert.startsAt),
              endsS: ends.length === 0 ? Number.NaN : secondsOf(ends[0]!.alert.endsAt),
              count: messages.length,
            }
          })
          .sort((a, b) => (a.what === b.what ? a.startsS - b.startsS : a.what < b.what ? -1 : 1))
      const [ours, theirs] = [stories('ours'), stories('theirs')]
      expect(ours.map(({ what }) => what)).toEqual(theirs.map(({ what }) => what))
      expect(ours).toHaveLength(8)
      for (const [i, one] of ours.entries()) {
        const other = theirs[i]!
        expect([one.what, Math.abs(one.startsS - other.startsS) < APART_S]).toEqual([one.what, true])
        expect([one.what, Math.abs(one.endsS - other.endsS) < APART_S]).toEqual([one.what, true])
        expect([one.what, Math.abs(one.count - other.count) <= 2]).toEqual([one.what, true])
      }
    }) // prettier-ignore
  },
)
