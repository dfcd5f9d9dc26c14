// Merged blocks of ours have chunks that are as long as the longest of Prometheus: it reads them, answers the same and goes on with them.
import { cpSync, readdirSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, Labels } from '@promontory/model'
import { Tsdb } from '@promontory/tsdb'
import { Block, PageCache } from '@promontory/tsdb/block'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { olderPeer, peer, run } from './support/peers.ts'
import { freePort, Program, ROOT, startPromontory, Workspace } from './support/program.ts'

const HOUR = 3600_000
const HOURS = 15
const STEP_MS = 15_000
/** A Tuesday of 2024, at the beginning of a block of 18 hours. */
const START_MS = 1_704_780_000_000 - (1_704_780_000_000 % (18 * HOUR))
const END_MS = START_MS + HOURS * HOUR
const STALE = Buffer.from('7ff0000000000002', 'hex').readDoubleBE()

const VALUES: Readonly<Record<string, (i: number) => number | undefined>> = {
  constant: () => 1,
  counter: (i) => 17 * (i % 1700),
  wave: (i) => Math.sin(i / 50) * 1e3,
  special: (i) => [0, -0, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 2 ** 53][i % 7],
  stale: (i) => (i % 251 === 7 ? STALE : i % 251 < 7 ? undefined : i),
  sparse: (i) => (i % 97 < 3 ? i : undefined),
}

const VERSIONS = [
  ['Prometheus 2.42', olderPeer('prometheus'), olderPeer('promtool')],
  ['Prometheus 3', peer('prometheus'), peer('promtool')],
] as const

const workspace = new Workspace()
const directory = join(workspace.directory, 'data')
afterAll(() => workspace.clean())

beforeAll(async () => {
  const retention = { timeMs: 0, bytes: 0 }
  const db = await Tsdb.open({ directory, registry: new Registry(), headPages: 4096, retention })
  const refs = Object.keys(VALUES).map((kind) => db.seriesRef(Labels.from({ __name__: 'f', kind })))
  const batch = new AppendBatch()
  const steps = (HOURS * HOUR) / STEP_MS
  for (let i = 0; i < steps; i++) {
    batch.clear()
    const timeMs = START_MS + i * STEP_MS + (i % 31 === 5 ? 7 : 0)
    Object.values(VALUES).forEach((valueOf, k) => {
      const value = valueOf(i)
      if (value !== undefined) batch.push(refs[k]!, timeMs, value)
    })
    db.append(batch)
    if (i % 120 === 0) await db.maintenance.run()
  }
  await db.maintenance.run()
  db.close()
}, 60_000)

function blocksOf(place: string): string[] {
  return readdirSync(place).filter((name) => existsSync(join(place, name, 'meta.json')))
}

/** Samples of the longest chunk, by how many hours its block reaches. */
function longestChunks(place: string): Map<number, number> {
  const longest = new Map<number, number>()
  for (const name of blocksOf(place)) {
    const block = new Block(join(place, name), new PageCache())
    const hours = (block.meta.maxTime - block.meta.minTime) / HOUR
    for (const { chunks } of block.everySeries())
      for (const { ref } of chunks) longest.set(hours, Math.max(longest.get(hours) ?? 0, block.chunks.read(ref).samples)) // prettier-ignore
    block.dispose()
  }
  return longest
}

async function answersOf(server: Program): Promise<unknown[]> {
  const sorted = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort()
  const answers: unknown[] = [sorted(await server.query(`f[${HOURS + 1}h]`, END_MS / 1000))]
  for (let timeMs = START_MS + HOUR + 1000; timeMs < END_MS; timeMs += 97 * 60_000)
    // Between two samples: where a range begins, 2.42 takes one that 3 does not.
    for (const query of ['f', 'last_over_time(f[5m])', 'count_over_time(f[2h])'])
      answers.push(sorted(await server.query(query, timeMs / 1000)))
  return answers
}

test('blocks of two hours have chunks as the head cut them, longer ones have longer chunks', () => {
  const longest = longestChunks(directory)
  expect(longest.get(6)).toBe(240)
  expect(longest.get(2)).toBe(120)
})

for (const [name, prometheus, promtool] of VERSIONS)
  describe.skipIf(prometheus === undefined || promtool === undefined)(
    `${name} (skipped when it is not installed)`,
    () => {
      test('promtool reads every sample', () => {
        const lines = (command: string): string[] => {
          const { code, stdout, stderr } = run(command, ['tsdb', 'dump', directory])
          expect(code, stderr).toBe(0)
          return stdout.split('\n').filter((line) => line !== '').sort() // prettier-ignore
        }
        const [theirs, ours] = [lines(promtool!), lines(join(ROOT, 'bin/promontory'))]
        expect(theirs.length).toBeGreaterThan(10_000)
        expect(theirs.filter((line, i) => line !== ours[i]).slice(0, 3)).toEqual([])
        expect(run(promtool!, ['tsdb', 'analyze', directory]).stdout).toMatch(/Series: 6/)
      })

      test('the server answers as we do, and so do we when it has gone on with them', async () => {
        const theirs = join(workspace.directory, `theirs-${name}`)
        cpSync(directory, theirs, { recursive: true })
        rmSync(join(theirs, 'lock'), { force: true })
        const file = join(workspace.directory, 'idle.yml')
        writeFileSync(file, '')
        const port = await freePort()
        const flags = [`--config.file=${file}`, `--storage.tsdb.path=${theirs}`, '--storage.tsdb.retention.time=100y', `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'] // prettier-ignore
        const server = workspace.keep(
          await new Program(prometheus!, flags, `http://127.0.0.1:${port}`).ready('/-/ready'),
        )
        const ours = workspace.keep(await startPromontory({ dataDirectory: directory, config: '', flags: ['--storage.tsdb.retention.time=100y'] })) // prettier-ignore
        const wanted = await answersOf(server)
        expect(await answersOf(ours)).toEqual(wanted)
        await Promise.all([server.stop(), ours.stop()])
        const again = workspace.keep(await startPromontory({ dataDirectory: theirs, config: '', flags: ['--storage.tsdb.retention.time=100y'] })) // prettier-ignore
        expect(await answersOf(again)).toEqual(wanted)
        await again.stop()
      })
    },
  )
