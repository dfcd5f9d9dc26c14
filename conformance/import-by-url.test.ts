import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashSync } from 'bcryptjs'
import { peer, run } from './support/peers.ts'
import { freePort, Program, ROOT, until, Workspace } from './support/program.ts'
import { remoteWrite } from './support/remote-writer.ts'
import { storageData } from './support/storage-data.ts'
import { storedSamples } from './support/stored-samples.ts'

const prometheus = peer('prometheus')
const victoria = peer('victoria-metrics')
const ours = join(ROOT, 'bin/promontory')
const HOURS = 5
const endMs = Math.floor(Date.now() / 60_000) * 60_000

describe.skipIf(prometheus === undefined)(
  'tsdb import from a running Prometheus by remote read (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())
    let server: Program
    let wanted: Map<string, string[]>
    const client = join(workspace.directory, 'client.yml')
    const range = [`--start=${endMs / 1000 - HOURS * 3600 - 60}`, `--end=${endMs / 1000}`, `--http.config.file=${client}`] // prettier-ignore
    const importTo = (
      name: string,
      ...args: string[]
    ): { code: number | null; stdout: string; stderr: string } =>
      run(ours, ['tsdb', 'import', server.url, join(workspace.directory, name), ...range, ...args])

    beforeAll(async () => {
      mkdirSync(workspace.directory, { recursive: true })
      const file = join(workspace.directory, 'prometheus.yml')
      writeFileSync(file, 'global: { external_labels: { site: here } }\n')
      const web = join(workspace.directory, 'web.yml')
      writeFileSync(web, `basic_auth_users: { reader: ${hashSync('s3cret', 4)} }\n`)
      writeFileSync(client, 'basic_auth: { username: reader, password: s3cret }\n')
      const [port, openPort] = [await freePort(), await freePort()]
      const args = (at: number): string[] => [`--config.file=${file}`, `--storage.tsdb.path=${workspace.data}`, `--web.listen-address=127.0.0.1:${at}`, '--log.level=warn', '--enable-feature=native-histograms', '--web.enable-remote-write-receiver', '--storage.remote.read-max-bytes-in-frame=2000'] // prettier-ignore
      const writer = workspace.keep(await new Program(prometheus!, args(openPort), `http://127.0.0.1:${openPort}`).ready('/-/ready')) // prettier-ignore
      for (const request of storageData(endMs, HOURS, ['integer', 'float', 'custom', 'gauge'], false)
        .requests)
        expect((await remoteWrite(writer.url, request)).status).toBe(204)
      await writer.stop()
      wanted = await storedSamples(workspace.data)
      server = workspace.keep(new Program(prometheus!, [...args(port), `--web.config.file=${web}`], `http://127.0.0.1:${port}`)) // prettier-ignore
      await until('a server that wants a password', async () => (await fetch(server.url)).status, (status) => status === 401) // prettier-ignore
    })

    test('without its password it says no, and nothing is written', () => {
      const { code, stderr } = run(ours, ['tsdb', 'import', server.url, join(workspace.directory, 'none'), range[0]!]) // prettier-ignore
      expect([code, stderr]).toEqual([1, expect.stringContaining('401')])
    })

    test.each(['chunks', 'samples'])('as %s: every sample, bit for bit', async (via) => {
      const answer = importTo(via, `--via=${via}`, '--drop-label=site')
      // Prometheus 3.5 sends custom buckets without bounds when asked for samples.
      const isWhole = (series: string): boolean => via === 'chunks' || !series.includes('custom')
      if (via === 'chunks') expect(answer.stderr).toBe('')
      else
        expect(answer.stderr).toMatch(/^\d+ native histograms were left out: buckets without a custom bound/)
      const found = await storedSamples(join(workspace.directory, via))
      expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort())
      const whole = [...wanted].filter(([series]) => isWhole(series))
      // Samples lose the sign of zero on their way: protobuf's default.
      const arriving = (sample: string): string => (via === 'chunks' ? sample : sample.replace(/ 2147483648 0$/, ' 0 0')) // prettier-ignore
      for (const [series, samples] of whole) expect(found.get(series), series).toEqual(samples.map(arriving))
      const total = [...found.values()].reduce((sum, samples) => sum + samples.length, 0)
      expect(answer.stdout).toBe(`${total} samples imported\n`)
      expect(run(ours, ['tsdb', 'verify', join(workspace.directory, via)]).code).toBe(0)
    })

    test('what is there already is not asked for again; a selector chooses', async () => {
      const selected = ['--match={__name__=~"f|h",kind=~"wave|integer"}']
      const half = `--end=${endMs / 1000 - 3 * 3600}`
      const [first, second] = [importTo('parts', ...selected, half), importTo('parts', ...selected)]
      expect(second.stderr).toMatch(/^goes on at /)
      const counts = [first, second].map(({ stdout }) => Number.parseInt(stdout, 10))
      const found = await storedSamples(join(workspace.directory, 'parts'))
      expect([...found.keys()]).toEqual([
        '{__name__="f", job="written", kind="wave", site="here"}',
        '{__name__="h", kind="integer", site="here"}',
      ])
      const stored = [...found.values()].reduce((sum, samples) => sum + samples.length, 0)
      expect(stored).toBe(2 * HOURS * 120)
      // Only the window that the first end had cut short came twice.
      expect(counts[0]! + counts[1]!).toBeLessThan(stored + 2 * 240)
      expect(Number.parseInt(importTo('parts', ...selected, '--restart').stdout, 10)).toBe(stored)
    })
  },
)

describe.skipIf(victoria === undefined)(
  'tsdb import from VictoriaMetrics, which has no remote read (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())

    test('floats come by the HTTP API', async () => {
      mkdirSync(workspace.directory, { recursive: true })
      const port = await freePort()
      const server = workspace.keep(
        await new Program(victoria!, [`-storageDataPath=${workspace.data}`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=10y', '-search.latencyOffset=0s'], `http://127.0.0.1:${port}`).ready('/health'), // prettier-ignore
      )
      const samples = Array.from({ length: 400 }, (_, i) => [endMs - 15_000 * (400 - i), i / 7] as const)
      expect((await remoteWrite(server.url, [{ labels: { __name__: 'm', a: 'b' }, samples }])).status).toBe(
        204,
      )
      await fetch(`${server.url}/internal/force_flush`)
      const directory = join(workspace.directory, 'imported')
      const { stdout, stderr, code } = run(ours, ['tsdb', 'import', server.url, directory, `--start=${endMs / 1000 - 7200}`, `--end=${endMs / 1000}`]) // prettier-ignore
      expect(stderr).toMatch(/no remote read there: the HTTP API is asked/)
      expect([code, stdout]).toEqual([0, '400 samples imported\n'])
      expect(existsSync(join(directory, 'promontory'))).toBe(true)
      const found = await storedSamples(directory)
      expect(found.get('{__name__="m", a="b"}')!.map((sample) => Number(sample.split(' ')[0]))).toEqual(
        samples.map(([timeMs]) => timeMs),
      )
    })
  },
)
