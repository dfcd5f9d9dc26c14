import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { startTwin } from '../examples/ai-core/twin.ts'
import { pythonWithClient } from './support/applications.ts'
import { peer, run } from './support/peers.ts'
import { freePort, Program, ROOT, startPromontory, until, Workspace } from './support/program.ts'

const python = pythonWithClient()
const promtool = peer('promtool')
const workspace = new Workspace()
afterAll(() => workspace.clean())

/** What a family looks like to a query: its type and, per series name, the labels. */
function familiesOf(text: string): ReadonlyMap<string, string> {
  const families = new Map<string, string>()
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const lines = text.split('\n').filter((line) => new RegExp(`^${name}(_bucket|_sum|_count)?[ {]`).test(line)) // prettier-ignore
    const shapes = lines.map((line) => {
      const [, series, labels = ''] = /^([^{ ]+)(?:\{(.*)\})? /.exec(line)!
      const bound = /le="([^"]*)"/.exec(labels)?.[1]
      const names = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label).sort()
      return `${series}{${names.join(',')}}${bound === undefined ? '' : ` ${bound === '+Inf' ? bound : Number(bound)}`}`
    })
    families.set(name!, [type, ...[...new Set(shapes)].sort()].join('\n'))
  }
  return families
}

/** Families of the client library, not of the service. */
const OF_THE_LIBRARY = /^(python|process)_|_created$/

describe.skipIf(python === undefined)(
  'the Python service of the example (skipped without prometheus_client)',
  () => {
    test('publishes what its Node twin publishes: names, types, labels, buckets', async () => {
      const port = await freePort()
      const service = workspace.keep(
        new Program(python!, [join(ROOT, 'examples/ai-core/main.py'), String(port)], `http://127.0.0.1:${port}`), // prettier-ignore
      )
      await service.ready('/metrics')
      const twinPort = await freePort()
      const twin = await startTwin(twinPort)
      const read = async (of: number): Promise<ReadonlyMap<string, string>> =>
        familiesOf(await (await fetch(`http://127.0.0.1:${of}/metrics`)).text())
      const isFilled = (families: ReadonlyMap<string, string>): boolean =>
        families.get('ai_requests_total')?.includes('{') === true
      const ours = await until('requests of the twin', () => read(twinPort), isFilled)
      const theirs = await until('requests of the service', () => read(port), isFilled)
      twin.close()
      const names = [...theirs.keys()].filter((name) => !OF_THE_LIBRARY.test(name))
      expect(names.length).toBeGreaterThanOrEqual(4)
      for (const name of names) expect(`${name} ${ours.get(name)}`).toBe(`${name} ${theirs.get(name)}`)
    })

    test('is scraped on port 8100 of the documents, or here on another', async () => {
      const port = await freePort()
      const service = workspace.keep(
        new Program(python!, [join(ROOT, 'examples/ai-core/main.py'), String(port)], `http://127.0.0.1:${port}`), // prettier-ignore
      )
      await service.ready('/metrics')
      if (promtool !== undefined) {
        const text = await (await fetch(`${service.url}/metrics`)).text()
        expect(run(promtool, ['check', 'metrics'], text)).toMatchObject({ code: 0, stderr: '' })
      }
      const server = workspace.keep(
        await startPromontory({
          dataDirectory: workspace.data,
          config: `scrape_configs:
  - job_name: 'ai_core'
    scrape_interval: 1s
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
`,
        }),
      )
      const [sample] = await until(
        'a rate',
        () => server.query('sum by (provider) (rate(ai_requests_total[1m]))'),
        (all) => all.length === 1 && Number(all[0]!.value![1]) > 0,
      )
      expect(sample!.metric).toEqual({ provider: 'local' })
      expect(await server.query('histogram_quantile(0.95, ai_request_duration_seconds_bucket)')).toHaveLength(1) // prettier-ignore
    })
  },
)
