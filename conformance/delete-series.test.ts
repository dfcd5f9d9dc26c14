import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, startPromontory, Workspace } from './support/program.ts'
import { remoteWrite } from './support/remote-writer.ts'

const prometheus = peer('prometheus')
const FLAGS = ['--web.enable-remote-write-receiver', '--web.enable-admin-api']
const IDLE = 'scrape_configs: []\n'

describe.skipIf(prometheus === undefined)(
  'deleting series beside Prometheus (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())
    const endMs = Math.floor(Date.now() / 1000) * 1000
    const ours = join(workspace.directory, 'ours')
    const theirs = join(workspace.directory, 'theirs')
    const startPrometheus = async (directory: string): Promise<Program> => {
      mkdirSync(workspace.directory, { recursive: true })
      const file = join(workspace.directory, 'idle.yml')
      writeFileSync(file, IDLE)
      const port = await freePort()
      const args = [`--config.file=${file}`, `--storage.tsdb.path=${directory}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn', ...FLAGS] // prettier-ignore
      return workspace.keep(
        await new Program(prometheus!, args, `http://127.0.0.1:${port}`).ready('/-/ready'),
      )
    }
    const startOurs = async (directory: string): Promise<Program> =>
      workspace.keep(await startPromontory({ dataDirectory: directory, config: IDLE, flags: FLAGS }))
    const admin = async (server: Program, path: string): Promise<{ status: number; body: string }> => {
      const response = await fetch(`${server.url}/api/v1/admin/tsdb/${path}`, { method: 'POST' })
      return { status: response.status, body: await response.text() }
    }
    const answers = async (server: Program): Promise<string[]> =>
      ((await server.query('{__name__="d"}[4h]', endMs / 1000)) as object[])
        .map((each) => JSON.stringify(each))
        .sort()

    test('the same deletions leave the same samples, there, here, and in the directory of the other', async () => {
      const [a, b] = [await startOurs(ours), await startPrometheus(theirs)]
      const second = (minutes: number): number => endMs / 1000 - minutes * 60
      for (const server of [a, b])
        await remoteWrite(
          server.url,
          ['1', '2', '3'].map((n) => ({
            labels: { __name__: 'd', n },
            samples: Array.from({ length: 170 }, (_, i) => [endMs - (170 - i) * 60_000, i] as const),
          })),
        )
      const requests = [
        'delete_series',
        'delete_series?match[]={',
        'delete_series?match[]=d{n="1"}&start=x',
        `delete_series?match[]=d{n="1"}&start=${second(100)}&end=${second(50)}`,
        `delete_series?match[]=d{n="1"}&start=${second(49)}&end=${second(30.5)}`,
        `delete_series?match[]=d{n="2"}&start=${second(10)}`,
        'delete_series?match[]=d{n="3"}',
        'delete_series?match[]=absent&match[]=d{n="9"}',
        'clean_tombstones',
      ]
      for (const request of requests) {
        const [mine, reference] = [await admin(a, request), await admin(b, request)]
        expect(mine.status, request).toBe(reference.status)
        if (mine.status === 204) expect(mine.body).toBe('')
      }
      const wanted = await answers(b)
      expect(wanted.length).toBe(2)
      expect(await answers(a)).toEqual(wanted)
      await a.stop('SIGKILL')
      await b.stop('SIGKILL')
      const copy = (from: string): string => {
        cpSync(from, `${from}-copy`, { recursive: true })
        rmSync(join(`${from}-copy`, 'lock'), { force: true })
        return `${from}-copy`
      }
      const [c, d] = [await startOurs(copy(theirs)), await startPrometheus(copy(ours))]
      expect(await answers(c)).toEqual(wanted)
      expect(await answers(d)).toEqual(wanted)
      await Promise.all([c.stop(), d.stop()])
    })

    test('tombstones of blocks that we write', async () => {
      const e = await startOurs(ours)
      const name = (JSON.parse((await admin(e, 'snapshot')).body) as { data: { name: string } }).data.name
      await e.stop()
      const snapshot = join(ours, 'snapshots', name)
      const f = await startOurs(snapshot)
      const before = await answers(f)
      expect((await admin(f, `delete_series?match[]=d{n="2"}&end=${endMs / 1000 - 6000}`)).status).toBe(204)
      const wanted = await answers(f)
      expect(wanted).not.toEqual(before)
      await f.stop()
      const g = await startPrometheus(snapshot)
      expect(await answers(g)).toEqual(wanted)
      expect((await admin(g, `delete_series?match[]=d{n="1"}&end=${endMs / 1000 - 7000}`)).status).toBe(204)
      const less = await answers(g)
      await g.stop()
      const h = await startOurs(snapshot)
      expect(await answers(h)).toEqual(less)
      expect((await admin(h, 'clean_tombstones')).status).toBe(204)
      expect(await answers(h)).toEqual(less)
      await h.stop()
    })
  },
)
