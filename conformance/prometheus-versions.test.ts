// One directory, several programs: what Prometheus 2.42 and 3 write is read here sample for sample, and they read what we write.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SampleColumns } from '@promontory/model'
import { Block, ChunkDecoder, ChunkEncoder, ChunkEncoding, PageCache } from '@promontory/tsdb/block'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { olderPeer, peer, run } from './support/peers.ts'
import { freePort, Program, ROOT, startPromontory, until, Workspace } from './support/program.ts'
import { remoteWrite } from './support/remote-writer.ts'
import { STEP_MS, storageData } from './support/storage-data.ts'
import { storedSamples } from './support/stored-samples.ts'

const CONFIG = 'storage: { tsdb: { out_of_order_time_window: 2h }, exemplars: { max_exemplars: 10000 } }\n'
const FLAGS = ['--web.enable-remote-write-receiver', '--web.enable-admin-api']
const HOURS = 9

interface Version {
  readonly name: string
  readonly prometheus: string | undefined
  readonly promtool: string | undefined
  readonly flags: readonly string[]
  /** With which it writes a snapshot of its head when it stops. */
  readonly flagsForSnapshot: readonly string[]
  readonly kinds: readonly ('integer' | 'float' | 'custom' | 'gauge')[]
  readonly lateHistograms: boolean
  /** Series of which samples are deleted: 2.42 cannot write histograms anew. */
  readonly deletions: readonly string[]
  /** 2.42 gives the buckets of one series to another in answers to range selectors. */
  readonly rangesOfHistograms: boolean
  /** Whether there may be an empty byte behind a chunk whose bits fill the last one. */
  readonly leavesByte: boolean
  /** Whether it can make snapshots of native histograms. */
  readonly snapshots: boolean
  /** Whether it keeps all samples of a series, given by its JSON: 2.42 drops histograms of floats that come several at a time. */
  readonly keeps: (series: string) => boolean
}

const VERSIONS: readonly Version[] = [
  {
    name: 'Prometheus 2.42',
    prometheus: olderPeer('prometheus'),
    promtool: olderPeer('promtool'),
    flags: ['--enable-feature=native-histograms,exemplar-storage'],
    // It takes no snapshots while it takes native histograms.
    flagsForSnapshot: ['--enable-feature=exemplar-storage,memory-snapshot-on-shutdown'],
    kinds: ['integer', 'float', 'gauge'],
    lateHistograms: false,
    deletions: ['f{kind="wave"}'],
    rangesOfHistograms: false,
    leavesByte: true,
    snapshots: false,
    keeps: (series) => !series.includes('"h","kind":"float"'),
  },
  {
    name: 'Prometheus 3',
    prometheus: peer('prometheus'),
    promtool: peer('promtool'),
    flags: [
      '--enable-feature=native-histograms,exemplar-storage',
      '--storage.tsdb.wal-compression-type=zstd',
    ],
    flagsForSnapshot: ['--enable-feature=native-histograms,exemplar-storage,memory-snapshot-on-shutdown'],
    kinds: ['integer', 'float', 'custom', 'gauge'],
    lateHistograms: true,
    deletions: ['f{kind="wave"}', 'h{kind="integer"}'],
    rangesOfHistograms: true,
    leavesByte: false,
    snapshots: true,
    keeps: () => true,
  },
]

for (const version of VERSIONS)
  describe.skipIf(version.prometheus === undefined || version.promtool === undefined)(
    `${version.name} and we on one directory (skipped when it is not installed)`,
    () => {
      const workspace = new Workspace()
      // An hour into a block: soon after the border of two, Prometheus merges the late samples before it with other blocks, and then leaves out what only
      // its log has of that time when it starts in its own directory. No comparison could hold.
      const endMs = Math.floor((Date.now() - 60 * MINUTE) / (120 * MINUTE)) * 120 * MINUTE + 60 * MINUTE
      const ours = join(workspace.directory, 'ours')
      const theirs = join(workspace.directory, 'theirs')
      const data = storageData(endMs, HOURS, version.kinds, version.lateHistograms)
      let ourAnswers: Answers
      let theirAnswers: Answers
      afterAll(() => workspace.clean())

      const startTheirs = async (directory: string, flags = version.flags): Promise<Program> => {
        const file = join(workspace.directory, 'idle.yml')
        writeFileSync(file, CONFIG)
        const port = await freePort()
        const args = [`--config.file=${file}`, `--storage.tsdb.path=${directory}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn', ...FLAGS, ...flags] // prettier-ignore
        return workspace.keep(
          await new Program(version.prometheus!, args, `http://127.0.0.1:${port}`).ready('/-/ready'),
        )
      }
      const startOurs = async (directory: string): Promise<Program> =>
        workspace.keep(await startPromontory({ dataDirectory: directory, config: CONFIG, flags: FLAGS }))
      const copy = (from: string, name: string): string => {
        const to = join(workspace.directory, name)
        cpSync(from, to, { recursive: true })
        rmSync(join(to, 'lock'), { force: true })
        return to
      }

      beforeAll(async () => {
        mkdirSync(workspace.directory, { recursive: true })
        const [a, b] = [await startOurs(ours), await startTheirs(theirs)]
        for (const server of [a, b]) await fill(server, data, endMs, version)
        await until('blocks', async () => blocksOf(theirs), (blocks) => blocks.length >= 2) // prettier-ignore
        ;[ourAnswers, theirAnswers] = [await answersOf(a, endMs, version), await answersOf(b, endMs, version)]
        await Promise.all([a.stop('SIGKILL'), b.stop('SIGKILL')])
      }, 120_000)

      test('the data are what they should be', () => {
        const [wanted, others] = [theirAnswers, ourAnswers]
        for (const [name, rows] of Object.entries(wanted))
          expectSame({ [name]: others[name]!.filter(version.keeps) }, { [name]: rows.filter(version.keeps) })
        expect(wanted['f']).toHaveLength(8)
        expect(wanted['steps of h']).toHaveLength(version.kinds.length)
        expect(wanted['late']).toHaveLength(version.lateHistograms ? 3 : 1)
        expect(wanted['exemplars']![0]!.match(/trace_id/g)!.length).toBe(6)
        expect(readdirSync(theirs)).toEqual(expect.arrayContaining(['chunks_head', 'wal', 'wbl']))
        expect(readdirSync(join(theirs, 'chunks_head'))).not.toEqual([])
      })

      test('after a kill, each goes on in the directory of the other, and back again', async () => {
        const [here, there] = [copy(theirs, 'killed-theirs'), copy(ours, 'killed-ours')]
        const [a, b] = [await startOurs(here), await startTheirs(there)]
        expectSame(await answersOf(a, endMs, version), theirAnswers)
        expectSame(await answersOf(b, endMs, version), ourAnswers)
        await Promise.all([a.stop(), b.stop()])
        const [c, d] = [await startOurs(there), await startTheirs(here)]
        expectSame(await answersOf(c, endMs, version), ourAnswers)
        expectSame(await answersOf(d, endMs, version), theirAnswers)
        await Promise.all([c.stop(), d.stop()])
      })

      test('after a shutdown with a snapshot of its head, and new samples from us, it goes on', async () => {
        const directory = copy(theirs, 'shut-down')
        await (await startTheirs(directory, version.flagsForSnapshot)).stop()
        expect(readdirSync(directory).some((name) => name.startsWith('chunk_snapshot.'))).toBe(true)
        expect(run(join(ROOT, 'bin/promontory'), ['tsdb', 'verify', directory]).stdout).toMatch(
          / chunks of the head: no damage/,
        )
        const a = await startOurs(directory)
        expectSame(await answersOf(a, endMs, version), theirAnswers)
        const labels = { __name__: 'f', kind: 'more' }
        expect((await remoteWrite(a.url, [{ labels, samples: [[endMs, 42]] }])).status).toBe(204)
        const more = await answersOf(a, endMs, version)
        expect(more['f']).toHaveLength(9)
        await a.stop()
        const b = await startTheirs(directory, version.flagsForSnapshot)
        expectSame(await answersOf(b, endMs, version), more)
        await b.stop()
      })

      test('every sample is the same bit for bit, and chunks of floats encoded again are the same bytes', async () => {
        expect(encodedAgain(theirs, version.leavesByte)).toBeGreaterThan(40)
        const [mine, other] = [await storedSamples(ours), await storedSamples(theirs)]
        expect([...mine.keys()].sort()).toEqual([...other.keys()].sort())
        for (const [series, samples] of other)
          if (version.keeps(asJson(series))) expect(mine.get(series), series).toEqual(samples)
        expect(run(join(ROOT, 'bin/promontory'), ['tsdb', 'verify', theirs]).stdout).toMatch(
          /no damage found/,
        )
      })

      test('a snapshot of ours restores there and here', async () => {
        const a = await startOurs(ours)
        const mine = await snapshot(a, ours)
        await a.stop()
        expect(encodedAgain(mine)).toBeGreaterThan(40)
        expect(await storedSamples(mine)).toEqual(await storedSamples(ours))
        mkdirSync(join(mine, 'wal'), { recursive: true })
        const [b, c] = [await startTheirs(copy(mine, 'mine')), await startOurs(mine)]
        // Exemplars are in the log, so not in snapshots of either.
        for (const server of [b, c])
          expectSame(await answersOf(server, endMs, version), { ...ourAnswers, exemplars: [] })
        await Promise.all([b.stop(), c.stop()])
      })

      test.skipIf(!version.snapshots)(
        'a snapshot of it restores here (2.42 fails to make one of histograms)',
        async () => {
          const a = await startTheirs(theirs)
          const other = await snapshot(a, theirs)
          await a.stop()
          expect(encodedAgain(other)).toBeGreaterThan(40)
          const b = await startOurs(other)
          // Late samples that are not in blocks yet are not in its snapshots.
          const { late: _late, ...others }: Answers = { ...theirAnswers, exemplars: [] }
          expectSame(await answersOf(b, endMs, version), others)
          await b.stop()
        },
      )

      test('its promtool reads our directory, log and blocks', () => {
        const directory = copy(ours, 'for-promtool')
        const tool = (...args: string[]): string => {
          const { code, stdout, stderr } = run(version.promtool!, ['tsdb', ...args])
          expect(code, stderr).toBe(0)
          return stdout
        }
        expect(tool('list', directory).trim().split('\n')).toHaveLength(1 + blocksOf(directory).length)
        expect(tool('analyze', directory)).toMatch(/Series: \d+/)
        // With blocks, promtool passes over what only the log has: so the log is looked at alone too.
        const log = copy(ours, 'log-for-promtool')
        for (const name of blocksOf(log)) rmSync(join(log, name), { recursive: true })
        const lines = (text: string): string[] =>
          text.split('\n').filter((line) => line.startsWith('{__name__="f"'))
        for (const [place, least] of [[directory, 4000], [log, 500]] as const) {
          const mine = new Set(lines(run(join(ROOT, 'bin/promontory'), ['tsdb', 'dump', place]).stdout))
          const found = lines(tool('dump', place))
          expect(found.length).toBeGreaterThan(least)
          expect(found.filter((line) => !mine.has(line))).toEqual([])
          if (place === log) expect(found.length).toBe(mine.size)
        } // prettier-ignore
      })
    },
  )

const MINUTE = 60_000

type Answers = Readonly<Record<string, readonly string[]>>

async function fill(
  server: Program,
  data: ReturnType<typeof storageData>,
  endMs: number,
  { deletions }: Version,
): Promise<void> {
  for (const request of [...data.requests, ...data.late]) {
    const answer = await remoteWrite(server.url, request)
    expect(answer.status, answer.text).toBeLessThan(300)
  }
  // Across what is in blocks and what is in the head.
  const [from, to] = [endMs / 1000 - 5 * 3600, endMs / 1000 - 3600]
  for (const selector of deletions)
    for (const [start, end] of [[from, to], [to + 600, to + 1200]]) // prettier-ignore
      expect((await fetch(`${server.url}/api/v1/admin/tsdb/delete_series?${new URLSearchParams({ 'match[]': selector, start: String(start), end: String(end) })}`, { method: 'POST' })).status).toBe(204) // prettier-ignore
}

/** Every sample and exemplar, by metric, each series as JSON. */
async function answersOf(server: Program, endMs: number, { rangesOfHistograms }: Version): Promise<Answers> {
  const sorted = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort()
  const answers: Record<string, string[]> = {}
  for (const name of ['f', 'e', 'late', ...(rangesOfHistograms ? ['h'] : [])])
    answers[name] = sorted(await server.query(`{__name__="${name}"}[${HOURS + 1}h]`, endMs / 1000))
  // A step for each sample.
  const range = `start=${endMs / 1000 - HOURS * 3600 + 1}&end=${endMs / 1000}&step=${STEP_MS / 1000}`
  const steps = await server.data<{ result: object[] }>(`/api/v1/query_range?query=h&${range}`)
  answers['steps of h'] = sorted(steps.result)
  answers['exemplars'] = sorted(
    await server.data<object[]>(
      // Older ones go with the log.
      `/api/v1/query_exemplars?query=e&start=${endMs / 1000 - 3600}&end=${endMs / 1000}`,
    ),
  )
  return answers
}

/** Names the first sample that differs. */
function expectSame(found: Answers, wanted: Answers): void {
  for (const [name, rows] of Object.entries(wanted)) {
    expect(found[name]!.length, name).toBe(rows.length)
    for (const [i, row] of rows.entries()) {
      const [a, b] = [samplesIn(found[name]![i]!), samplesIn(row)]
      const at = b.findIndex((sample, k) => sample !== a[k])
      if (at >= 0 || a.length !== b.length) expect(a.slice(at, at + 2), `${name} ${row.slice(0, 80)}, sample ${at} of ${b.length}, found ${a.length}`).toEqual(b.slice(at, at + 2)) // prettier-ignore
    }
  }
}

function samplesIn(row: string): string[] {
  return Object.values(JSON.parse(row) as object).flatMap((value) => Array.isArray(value) ? value.map((each) => JSON.stringify(each)) : [JSON.stringify(value)]) // prettier-ignore
}

function blocksOf(directory: string): string[] {
  return readdirSync(directory).filter((name) => existsSync(join(directory, name, 'meta.json')))
}

async function snapshot(server: Program, directory: string): Promise<string> {
  const answer = await fetch(`${server.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  const { name } = (JSON.parse(text) as { data: { name: string } }).data
  return join(directory, 'snapshots', name)
}

/** Decodes and encodes each float chunk: Prometheus's have up to 240 samples, and so have ours in merged blocks. @returns how many there are */
function encodedAgain(directory: string, leavesByte = false): number {
  const [decoder, encoder, columns] = [new ChunkDecoder(), new ChunkEncoder(240), new SampleColumns()]
  let chunks = 0
  for (const name of blocksOf(directory)) {
    const block = new Block(join(directory, name), new PageCache())
    for (const { labels, chunks: entries } of block.everySeries())
      for (const { ref } of entries) {
        const { encoding, data, samples } = block.chunks.read(ref)
        if (encoding !== ChunkEncoding.xor) continue
        decoder.begin()
        expect(decoder.add(encoding, data, samples)).toBe(samples)
        decoder.finish(columns, -Infinity, Infinity)
        const again = encoder.encode(columns).map((chunk) => chunk.data)
        if (leavesByte && data.length > again[0]!.length) again.push(new Uint8Array(1))
        expect(Buffer.concat(again).equals(data), `${labels.toString()} of ${name}`).toBe(true)
        chunks++
      }
    block.dispose()
  }
  return chunks
}

/** `{a="b", c="d"}` as the JSON of answers has it. */
function asJson(series: string): string {
  return series.replaceAll('="', '":"').replaceAll(', ', ',"')
}
