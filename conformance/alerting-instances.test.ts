import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HAS_POSTGRES, Postgres } from './support/postgres.ts'
import { type Program, scratchDirectory, sleep, spawnPromontory } from './support/program.ts'

interface Told {
  readonly status: string
  readonly groupKey: string
  readonly alerts: readonly unknown[]
}

describe.skipIf(!HAS_POSTGRES)(
  `three instances on one PostgreSQL${HAS_POSTGRES ? '' : ' (skipped: PostgreSQL is not installed)'}`,
  () => {
    const directory = scratchDirectory()
    const told: Told[] = []
    let receiver: Server
    let postgres: Postgres
    let programs: [Program, Program, Program]

    beforeAll(async () => {
      postgres = await Postgres.create(directory)
      receiver = createServer((request, response) => {
        let body = ''
        request.on('data', (data: Buffer) => (body += data.toString()))
        request.on('end', () => {
          told.push(JSON.parse(body) as Told)
          // Slow enough that the other instance's time comes meanwhile.
          setTimeout(() => response.end(), 300)
        })
      }).listen(0, '127.0.0.1')
      await once(receiver, 'listening')
      const { port } = receiver.address() as AddressInfo
      const file = join(directory, 'alertmanager.yml')
      writeFileSync(
        file,
        `route: {receiver: hook, group_by: [alertname], group_wait: 500ms, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: 'http://127.0.0.1:${port}/'}]}]\n`,
      )
      const flags = [`--state.database=${postgres.url}`, `--alertmanager.config.file=${file}`]
      const started = await Promise.all(
        ['a', 'b', 'c'].map((name) => spawnPromontory({ dataDirectory: join(directory, name), flags })),
      )
      programs = started.map(({ program }) => program) as [Program, Program, Program]
      await Promise.all(programs.map((program) => program.ready('/-/ready')))
    }, 60_000)
    afterAll(async () => {
      await Promise.all((programs ?? []).map((program) => program.stop()))
      receiver?.close()
      postgres?.stop()
      rmSync(directory, { recursive: true, force: true })
    })

    /** All hear of it, as from instances with the same rules. */
    const post = (alertname: string, more: object = {}): Promise<unknown> =>
      Promise.all(
        programs.map((program) =>
          fetch(`${program.url}/api/v2/alerts`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify([{ labels: { alertname, severity: 'critical' }, ...more }]),
          }),
        ),
      )
    const of = (alertname: string): string[] =>
      told.filter(({ groupKey }) => groupKey.includes(`"${alertname}"`)).map(({ status }) => status)
    const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
      for (let i = 0; i < 100 && !(await holds()); i++) await sleep(100)
    }

    test('one tells; silences, acknowledgements and incidents are shared', async () => {
      const [a, b] = programs
      await Promise.all(['A', 'B', 'C'].map((name) => post(name)))
      await until(() => told.length >= 3)
      await sleep(2000)
      expect([of('A'), of('B'), of('C')]).toEqual([['firing'], ['firing'], ['firing']])
      const endsAt = new Date(Date.now() + 60_000).toISOString()
      await fetch(`${a.url}/api/v2/silences`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          matchers: [{ name: 'alertname', value: 'S', isRegex: false }],
          startsAt: new Date().toISOString(), endsAt, createdBy: 'me', comment: 'c',
        }),
      }) // prettier-ignore
      await until(async () => (await b.json<unknown[]>('/api/v2/silences')).length === 1)
      await post('S')
      await fetch(`${b.url}/api/v1/notifications/acknowledgements`, {
        method: 'POST',
        body: JSON.stringify({ groupKey: '{}:{alertname="A"}', owner: 'ann' }),
      })
      const owners = async (): Promise<string[]> =>
        (await a.data<{ acknowledgements: { owner: string }[] }>('/api/v1/notifications/acknowledgements')).acknowledgements.map(({ owner }) => owner)
      await until(async () => (await owners()).length === 1)
      expect(await owners()).toEqual(['ann'])
      const { incidents } = await a.data<{ incidents: { title: string }[] }>('/api/v1/incidents')
      expect(incidents.map(({ title }) => title).sort()).toEqual(['A', 'B', 'C'])
      expect(of('S')).toEqual([])
    }, 40_000) // prettier-ignore

    /** One hears of it, the next one each time: as behind a balancer. */
    let turn = 0
    const balance = async (alertname: string, instance: string, more: object = {}): Promise<void> => {
      const { url } = programs[turn++ % programs.length]!
      const response = await fetch(`${url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([{ labels: { alertname, instance }, startsAt, ...more }]),
      })
      expect(response.status).toBe(200)
    }
    const startsAt = new Date().toISOString()
    const soon = (): { endsAt: string } => ({ endsAt: new Date(Date.now() + 60_000).toISOString() })
    const over = (): { endsAt: string } => ({ endsAt: new Date(Date.now() - 100).toISOString() })

    test('behind a balancer: what one hears all know, and one tells', async () => {
      // Two alerts of one group reach different instances, and are sent again to yet others.
      for (let round = 0; round < 4; round++) {
        await balance('L', '1', soon())
        await balance('L', '2', soon())
        await sleep(700)
      }
      expect(of('L').length).toBeGreaterThan(0)
      const known = await Promise.all(programs.map((program) => program.json<unknown[]>('/api/v2/alerts?filter=alertname=L')))
      expect(known.map(({ length }) => length)).toEqual([2, 2, 2])
      const firings = told.filter(({ groupKey }) => groupKey.includes('"L"')).map(({ alerts }) => alerts.length)
      // Both at once, or the second one as an addition when it came after the first one's wait: never one of them again.
      expect([[2], [1, 2]]).toContainEqual(firings)
      await balance('L', '2', over())
      await until(() => of('L').length > firings.length)
      await balance('L', '1', over())
      await until(() => of('L').at(-1) === 'resolved')
      await sleep(3000)
      // One message that one of them has ended, one that both have; or one for both.
      expect([['firing', 'resolved'], ['resolved']]).toContainEqual(of('L').slice(firings.length))
    }, 40_000) // prettier-ignore

    test('without the database each tells; with it again, one', async () => {
      postgres.stop()
      await post('D')
      await until(() => of('D').length === 3)
      // A duplicate rather than silence.
      expect(of('D')).toEqual(['firing', 'firing', 'firing'])
      postgres.start()
      // Both have found it again once what they wrote meanwhile is in it.
      await sleep(7000)
      await post('E')
      await until(() => of('E').length >= 1)
      await post('A', { endsAt: new Date().toISOString() })
      await until(() => of('A').length >= 2)
      await sleep(2000)
      expect([of('E'), of('A')]).toEqual([['firing'], ['firing', 'resolved']])
    }, 60_000)
  },
)
