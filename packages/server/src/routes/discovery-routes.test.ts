import { Registry, silentLogger, systemClock } from '@promontory/base'
import { decodeYaml } from '@promontory/base/yaml'
import { DiscoveryMetrics } from '@promontory/discovery'
import { Labels } from '@promontory/model'
import { MemoryAppender } from '@promontory/model/testing'
import { completeScrapeConfig, DEFAULT_GLOBAL, scrapeConfigs, ScrapeManager } from '@promontory/scrape'
import { Hono } from 'hono'
import { afterAll, expect, test } from 'vitest'
import { discoveryRoutes } from './discovery-routes.ts'

const registry = new Registry()
const scrape = new ScrapeManager({
  appender: new MemoryAppender(),
  registry,
  clock: systemClock,
  logger: silentLogger,
  userAgent: 'test',
  discoveryMetrics: new DiscoveryMetrics(registry),
})
const { value } = decodeYaml(
  `- job_name: j
  scrape_interval: 1h
  static_configs: [{targets: ["a:1", "b:2", "bad/path"], labels: {team: x, __meta_x: y}}]
  relabel_configs:
    - {source_labels: [__meta_x], target_label: kept}
    - {source_labels: [__address__], regex: "b:.*", action: drop}
    - {source_labels: [team], target_label: later}`,
  { file: 'p.yml' },
  scrapeConfigs,
)
scrape.applyConfig(
  value.map((job) => completeScrapeConfig(job, DEFAULT_GLOBAL, (fault) => expect.fail(fault))),
  Labels.EMPTY,
)
afterAll(() => scrape.stop())
const app = new Hono()
discoveryRoutes(app, scrape)

async function ask(path: string, body?: Record<string, string>): Promise<{ status: string; data: any; error?: string }> {
  const init = body === undefined ? {} : { method: 'POST', body: new URLSearchParams(body) }
  return (await app.request(path, init)).json() as Promise<{ status: string; data: any }>
} // prettier-ignore

test('a job: what was found, what is scraped, and what dropped the rest', async () => {
  const { data } = await ask('/api/v1/service_discovery?scrapePool=j')
  expect(data.pools[0]).toMatchObject({ name: 'j', found: 3, scraped: 1, dropped: 1, refused: 1 })
  const [scraped, dropped, refused] = data.pools[0].targets
  expect(scraped).toMatchObject({
    discoveredLabels: { __address__: 'a:1', __meta_x: 'y', job: 'j' },
    labels: { instance: 'a:1', job: 'j', kept: 'y', later: 'x', team: 'x' },
    scrapeUrl: 'http://a:1/metrics',
  })
  expect(dropped.droppedBy).toEqual({
    index: 1,
    rule: {
      source_labels: ['__address__'],
      separator: ';',
      regex: 'b:.*',
      replacement: '$1',
      action: 'drop',
    },
  })
  expect(refused.error).toContain('"bad/path" is not a valid hostname')
})

test('without a job the counts alone; states, search and limit', async () => {
  expect((await ask('/api/v1/service_discovery')).data.pools).toEqual([
    { name: 'j', found: 3, scraped: 1, dropped: 1, refused: 1, targets: [] },
  ])
  const addresses = async (query: string): Promise<string[]> =>
    (await ask(`/api/v1/service_discovery?scrapePool=j&${query}`)).data.pools[0].targets.map(
      (target: { discoveredLabels: Record<string, string> }) => target.discoveredLabels['__address__'],
    )
  expect(await addresses('state=dropped')).toEqual(['b:2', 'bad/path'])
  expect(await addresses('state=active')).toEqual(['a:1'])
  expect(await addresses('search=__ADDRESS__%3Db')).toEqual(['b:2', 'bad/path'])
  expect(await addresses('limit=1')).toEqual(['a:1'])
  expect((await ask('/api/v1/service_discovery?scrapePool=x')).error).toBe('no scrape pool "x"')
  expect((await ask('/api/v1/service_discovery?state=x')).error).toContain('expected any, active or dropped')
})

test('the lab: every rule of a job, up to the one that drops, and the target in the end', async () => {
  const labels = encodeURIComponent('{"__address__":"b:2","__meta_x":"y"}')
  const { data } = await ask(`/api/v1/targets/relabel_steps?scrapePool=j&labels=${labels}`)
  expect(data.steps.map(({ keep }: { keep: boolean }) => keep)).toEqual([true, false, false])
  expect(data.steps[0].output).toEqual({ __address__: 'b:2', __meta_x: 'y', kept: 'y' })
  expect(data.steps[2].output).toEqual({})
  expect(data.target.droppedBy.index).toBe(1)
})

test('the lab with rules of one’s own, as a list or copied from a file', async () => {
  const labels = '{"a":"Web-1"}'
  const rules = '- {source_labels: [a], regex: "(.*)-(.*)", target_label: b, replacement: "${2}"}\n- {source_labels: [a], target_label: a, action: lowercase}' // prettier-ignore
  const plain = await ask('/api/v1/targets/relabel_steps', { labels, relabel_configs: rules })
  expect(plain.data.steps.at(-1).output).toEqual({ a: 'web-1', b: '1' })
  const copied = `metric_relabel_configs:\n${rules}\n`
  expect((await ask('/api/v1/targets/relabel_steps', { labels, relabel_configs: copied })).data).toEqual(
    plain.data,
  )
})

test.each([
  [{ labels: '{', relabel_configs: '[]' }, 'invalid parameter "labels"'],
  [{ labels: '{"a":1}', relabel_configs: '[]' }, 'expected a JSON object of strings'],
  [{ labels: '{}' }, 'no scrapePool parameter provided'],
  [{ labels: '{}', relabel_configs: '- {regex: "("}' }, 'relabel_configs:1:'],
  [{ labels: '{}', relabel_configs: '- {action: hashmod, source_labels: [a]}' }, 'requires'],
])('refused: %j', async (body, fault) => {
  const answer = await ask('/api/v1/targets/relabel_steps', body as Record<string, string>)
  expect(answer.status).toBe('error')
  expect(answer.error).toContain(fault)
})
