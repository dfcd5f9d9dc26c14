import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Program, startPromontory, Workspace } from './support/program.ts'
import { remoteWrite } from './support/remote-writer.ts'

/*
 * The result cache through the HTTP API: what dashboards repeat comes from it, and nothing that comes later is hidden by it.
 */

const workspace = new Workspace()
let server: Program

/** Samples old enough to be kept, on whole minutes. */
const START_S = Math.floor(Date.now() / 60_000) * 60 - 3 * 3600
const END_S = START_S + 2 * 3600

beforeAll(async () => {
  server = workspace.keep(
    await startPromontory({
      dataDirectory: workspace.data,
      config: 'storage:\n  tsdb:\n    out_of_order_time_window: 6h\n',
      flags: ['--web.enable-remote-write-receiver', '--web.enable-admin-api'],
    }),
  )
  await write('m', (minute) => minute)
})
afterAll(() => workspace.clean())

async function write(name: string, value: (minute: number) => number): Promise<void> {
  const samples = Array.from({ length: 121 }, (_, i) => [(START_S + 60 * i) * 1000, value(i)] as const)
  await remoteWrite(server.url, [{ labels: { __name__: name }, samples }])
}

interface Answered {
  readonly text: string
  /** From the counters of the cache. */
  readonly use: string
}

async function uses(): Promise<Map<string, number>> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  const lines = metrics.matchAll(/^promontory_query_result_cache_total\{use="(\w+)"\} (\d+)$/gm)
  return new Map([...lines].map(([, use, count]) => [use!, Number(count)]))
}

async function range(query: string, startS: number, endS: number, more = ''): Promise<Answered> {
  const before = await uses()
  const url = `${server.url}/api/v1/query_range?query=${encodeURIComponent(query)}&start=${startS}&end=${endS}&step=60${more}`
  const text = await (await fetch(url)).text()
  const after = await uses()
  const use = [...after].find(([name, count]) => count > before.get(name)!)![0]
  return { text, use }
}

test('a moved window is taken from the cache, and says what it says without', async () => {
  const query = 'sum(rate(m[5m]))'
  expect((await range(query, START_S, END_S - 1800)).use).toBe('miss')
  expect((await range(query, START_S + 600, END_S - 1800)).use).toBe('hit')
  const moved = await range(query, START_S + 1200, END_S)
  expect(moved.use).toBe('partial')
  const without = await range(query, START_S + 1200, END_S, '&nocache=1')
  expect(without.use).toBe('bypass')
  expect(moved.text).toBe(without.text)
})

test('late samples and deletions are seen at once', async () => {
  const query = 'sum({__name__=~"m|late"})'
  const first = await range(query, START_S, END_S)
  expect((await range(query, START_S, END_S)).use).toBe('hit')
  await write('late', () => 1000)
  const late = await range(query, START_S, END_S)
  expect(late.use).not.toBe('hit')
  expect(late.text).not.toBe(first.text)
  expect(late.text).toBe((await range(query, START_S, END_S, '&nocache=1')).text)
  const deleted = await fetch(`${server.url}/api/v1/admin/tsdb/delete_series?match[]=late`, {
    method: 'POST',
  })
  expect(deleted.status).toBe(204)
  expect((await range(query, START_S, END_S)).text).toBe(first.text)
})

test('the same question asked at once is answered once', async () => {
  const before = await uses()
  const url = `${server.url}/api/v1/query_range?query=${encodeURIComponent('sum(m) + 12345')}&start=${START_S}&end=${END_S}&step=1`
  const texts = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(url)).text()))
  expect(new Set(texts).size).toBe(1)
  const after = await uses()
  // Each of them counts, and only the first is evaluated: those that joined it share its use.
  expect(after.get('miss')! - before.get('miss')!).toBeGreaterThan(0)
  expect(after.get('bypass')).toBe(before.get('bypass'))
})
