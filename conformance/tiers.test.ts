import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, Labels } from '@promontory/model'
import { Tsdb } from '@promontory/tsdb'
import { afterAll, describe, expect, test } from 'vitest'
import { peer, run } from './support/peers.ts'
import { freePort, Program, until, Workspace } from './support/program.ts'

const victoria = peer('victoria-metrics')
const vmctl = peer('vmctl')

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** What VictoriaMetrics exports: a line for each series. */
interface Exported {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly number[]
  readonly timestamps: readonly number[]
}

const counterAt = (minute: number): number => (minute % 700) * 2
const gaugeAt = (minute: number): number => 20 + (minute % 13)

describe.skipIf(victoria === undefined || vmctl === undefined)(
  'tools for blocks of Thanos read ours (skipped without VictoriaMetrics and its vmctl)',
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())

    test('vmctl finds every aggregate in tiers of five minutes and of an hour', async () => {
      const startMs = Math.floor(Date.now() / DAY - 6) * DAY
      const minutes = (4 * DAY) / MINUTE
      const tiers = join(workspace.data, 'promontory/tiers')
      const db = await Tsdb.open({
        directory: workspace.data,
        registry: new Registry(),
        headPages: 4096,
        tiers: { directory: tiers, retention: { '5m': 60 * DAY, '1h': 365 * DAY, '1d': 0 } },
      })
      const batch = new AppendBatch()
      for (let minute = 0; minute < minutes; minute++) {
        const timeMs = startMs + minute * MINUTE + 7000
        batch.clear()
        batch.push(
          db.seriesRef(Labels.from({ __name__: 'requests_total', job: 'x' })),
          timeMs,
          counterAt(minute),
        )
        batch.push(db.seriesRef(Labels.from({ __name__: 'load', job: 'x' })), timeMs, gaugeAt(minute))
        db.append(batch)
        if (minute % 360 === 0) await db.maintenance.run()
      }
      await db.maintenance.run()
      db.close()

      const port = await freePort()
      const url = `http://127.0.0.1:${port}`
      const flags = [`-storageDataPath=${join(workspace.directory, 'vm')}`, `-httpListenAddr=127.0.0.1:${port}`, '-loggerLevel=ERROR', '-retentionPeriod=100y'] // prettier-ignore
      workspace.keep(await new Program(victoria!, flags, url).ready('/health'))
      for (const tier of ['5m', '1h']) {
        const { code, stdout, stderr } = run(vmctl!, [
          'thanos', '-s', '--disable-progress-bar', `--thanos-snapshot=${join(tiers, tier)}`, `--vm-addr=${url}`,
        ]) // prettier-ignore
        expect([code, `${stdout}${stderr}`]).toEqual([0, expect.stringMatching(/import finished/i)])
      }
      await fetch(`${url}/internal/force_flush`)
      const exported = async (name: string): Promise<Exported | undefined> => {
        const match = encodeURIComponent(`{__name__="${name}"}`)
        const text = await (await fetch(`${url}/api/v1/export?match[]=${match}`)).text()
        return text === '' ? undefined : (JSON.parse(text.split('\n')[0]!) as Exported)
      }
      await until(
        'the import to be seen',
        () => exported('load:1h:counter'),
        (series) => series !== undefined,
      )
      const perWindow = (of: (minutes: number[]) => number, length: number): number[] =>
        Array.from({ length: Math.floor((3 * DAY) / (length * MINUTE)) }, (_, window) =>
          of(Array.from({ length }, (__, i) => window * length + i)),
        )
      for (const [tier, length] of [
        ['5m', 5],
        ['1h', 60],
      ] as const) {
        const windows = (3 * DAY) / (length * MINUTE)
        const aggregate = async (name: string): Promise<readonly number[]> => (await exported(name))!.values.slice(0, windows) // prettier-ignore
        const gauges = (all: number[]): number[] => all.map(gaugeAt)
        expect(await aggregate(`load:${tier}:count`)).toEqual(perWindow(() => length, length))
        expect(await aggregate(`load:${tier}:sum`)).toEqual(perWindow((all) => gauges(all).reduce((a, b) => a + b, 0), length)) // prettier-ignore
        expect(await aggregate(`load:${tier}:min`)).toEqual(perWindow((all) => Math.min(...gauges(all)), length)) // prettier-ignore
        expect(await aggregate(`load:${tier}:max`)).toEqual(perWindow((all) => Math.max(...gauges(all)), length)) // prettier-ignore
        const { timestamps } = (await exported(`load:${tier}:sum`))!
        expect(timestamps[0]).toBe(startMs + length * MINUTE - 1)
        // Resets are undone within a chunk: a counter that goes on never falls in the first one.
        const counter = (await exported(`requests_total:${tier}:counter`))!.values.slice(1, 24)
        expect(counter).toEqual(perWindow((all) => 2 * all.at(-1)! - 2 * Math.floor(all.at(-1)! / 700), length).slice(0, 23)) // prettier-ignore
      }
    }, 60_000)
  },
)
