import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, startPromontory, Workspace } from './support/program.ts'
import { remoteWrite, type WrittenHistogram, type WrittenSeries } from './support/remote-writer.ts'

const prometheus = peer('prometheus')
const FLAGS = ['--web.enable-remote-write-receiver', '--web.enable-admin-api']
const CONFIG = 'storage: { tsdb: { out_of_order_time_window: 2h } }\n'
const MINUTE = 60_000

/** Series whose samples come in a jumble, some of them behind the window. */
function requests(nowMs: number): WrittenSeries[][] {
  const floats = (n: number, at: number[]): WrittenSeries => ({
    labels: { __name__: 'late', kind: 'float', n: String(n) },
    samples: at.map((minute) => [nowMs - minute * MINUTE, minute === 77 ? undefined : minute * n] as const),
  })
  const histograms = (n: number, at: number[], isFloat: boolean): WrittenSeries => ({
    labels: { __name__: 'late', kind: isFloat ? 'float histogram' : 'histogram', n: String(n) },
    histograms: at.map((minute): WrittenHistogram => ({
      timeMs: nowMs - minute * MINUTE, isFloat, schema: 1, zeroThreshold: 1e-3, zeroCount: 2, count: 5000 - minute, sum: minute,
      positiveSpans: [[minute % 3, 2]], positiveBuckets: [1000, 5000 - minute - 1002],
    })), // prettier-ignore
  })
  const all: WrittenSeries[][] = [
    [floats(1, [1]), floats(2, [5]), histograms(1, [2], false), histograms(1, [3], true)],
  ]
  for (let i = 0; i < 100; i++) {
    const minute = 4 + ((i * 37) % 113)
    all.push([
      floats(1, [minute]),
      floats(2, [minute + 1, minute + 3]),
      histograms(1, [minute], false),
      histograms(1, [minute], true),
    ])
  }
  // Behind the window; alone, since Prometheus drops what follows a fault in a request.
  all.push([floats(1, [130])], [floats(2, [135])])
  return all
}

describe.skipIf(prometheus === undefined)(
  'late samples beside Prometheus (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())
    const nowMs = Math.floor(Date.now() / 1000) * 1000 - MINUTE
    const ours = join(workspace.directory, 'ours')
    const theirs = join(workspace.directory, 'theirs')
    const startPrometheus = async (directory: string): Promise<Program> => {
      mkdirSync(workspace.directory, { recursive: true })
      const file = join(workspace.directory, 'late.yml')
      writeFileSync(file, CONFIG)
      const port = await freePort()
      const args = [`--config.file=${file}`, `--storage.tsdb.path=${directory}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn', '--enable-feature=native-histograms', ...FLAGS] // prettier-ignore
      return workspace.keep(
        await new Program(prometheus!, args, `http://127.0.0.1:${port}`).ready('/-/ready'),
      )
    }
    const startOurs = async (directory: string): Promise<Program> =>
      workspace.keep(await startPromontory({ dataDirectory: directory, config: CONFIG, flags: FLAGS }))
    const answers = async (server: Program): Promise<string[]> =>
      ((await server.query('{__name__="late"}[4h]', nowMs / 1000)) as object[])
        .map((each) => JSON.stringify(each))
        .sort()
    const counter = async (server: Program, name: string): Promise<string[]> =>
      (await (await fetch(`${server.url}/metrics`)).text())
        .split('\n')
        .filter((line) => line.startsWith(`prometheus_tsdb_${name}`) && !line.endsWith(' 0'))
        .sort()

    test('the same requests give the same samples and counters, and each goes on in the directory of the other', async () => {
      const [a, b] = [await startOurs(ours), await startPrometheus(theirs)]
      for (const request of requests(nowMs)) {
        const [mine, reference] = [await remoteWrite(a.url, request), await remoteWrite(b.url, request)]
        expect(mine.status, mine.text).toBe(reference.status)
      }
      const wanted = await answers(b)
      expect(wanted.length).toBe(4)
      expect(await answers(a)).toEqual(wanted)
      for (const name of ['head_out_of_order_samples_appended_total', 'too_old_samples_total'])
        expect(await counter(a, name)).toEqual(await counter(b, name))
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
      // And back again: with what the other has added to the log.
      const [e, f] = [await startOurs(`${ours}-copy`), await startPrometheus(`${theirs}-copy`)]
      expect(await answers(e)).toEqual(wanted)
      expect(await answers(f)).toEqual(wanted)
      const name = (
        (await (await fetch(`${e.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })).json()) as {
          data: { name: string }
        }
      ).data.name
      await Promise.all([e.stop(), f.stop()])
      const snapshot = join(`${ours}-copy`, 'snapshots', name)
      expect(readdirSync(snapshot).length).toBeGreaterThan(1)
      const g = await startPrometheus(snapshot)
      expect(await answers(g)).toEqual(wanted)
      await g.stop()
    })
  },
)
