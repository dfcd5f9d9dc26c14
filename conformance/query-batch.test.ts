import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Program, startPromontory, Workspace } from './support/program.ts'
import { remoteWrite } from './support/remote-writer.ts'

/*
 * Many questions in one request: each is answered as it is alone, as soon as it is done, and can be stopped by itself.
 */

const workspace = new Workspace()
let server: Program
const START_S = Math.floor(Date.now() / 60_000) * 60 - 3 * 3600

beforeAll(async () => {
  server = workspace.keep(
    await startPromontory({
      dataDirectory: workspace.data,
      config: 'storage:\n  tsdb:\n    out_of_order_time_window: 6h\n',
      flags: ['--web.enable-remote-write-receiver'],
    }),
  )
  const samples = Array.from({ length: 121 }, (_, i) => [(START_S + 60 * i) * 1000, i * i] as const)
  await remoteWrite(
    server.url,
    Array.from({ length: 300 }, (_, i) => ({ labels: { __name__: 'm_total', i: `${i}` }, samples })),
  )
})
afterAll(() => workspace.clean())

interface Answer {
  readonly ask: number
  readonly status: number
  readonly body: string
}

async function batch(
  asks: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Answer[]> {
  const form = new URLSearchParams(more)
  for (const ask of asks) form.append('ask', ask)
  const response = await fetch(`${server.url}/api/v1/query_batch`, { method: 'POST', body: form })
  expect(response.status).toBe(200)
  const bytes = Buffer.from(await response.arrayBuffer())
  const answers: Answer[] = []
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at)
    const head = JSON.parse(bytes.toString('utf8', at, end)) as Omit<Answer, 'body'> & { length: number }
    at = end + 1 + head.length
    answers.push({ ask: head.ask, status: head.status, body: bytes.toString('utf8', end + 1, at) })
  }
  return answers.sort((a, b) => a.ask - b.ask)
}

const range = (query: string, step = 60): string =>
  `query_range?${new URLSearchParams({ query, start: `${START_S}`, end: `${START_S + 7000}`, step: `${step}` })}`

test('each question is answered as it is alone, in whatever company', async () => {
  const asks = [
    range('sum(rate(m_total[5m]))'),
    range('sum by (i)(rate(m_total[5m])) > 100'),
    range('topk(3, rate(m_total[5m]))'),
    range('max(rate(m_total[5m])) / sum(rate(m_total[5m]))'),
    range('sum(rate(m_total[5m]))', 30),
    `query?${new URLSearchParams({ query: 'count(m_total)', time: `${START_S + 600}` })}`,
    range('sum(rate(m_total[5m])'),
    'query_range?query=up',
    'label/x/values',
  ]
  const answers = await batch(asks)
  expect(answers.map(({ ask }) => ask)).toEqual(asks.map((_, i) => i))
  for (const [i, ask] of asks.slice(0, -1).entries()) {
    const alone = await fetch(`${server.url}/api/v1/${ask}&nocache=1`)
    expect([ask, answers[i]!.status, answers[i]!.body]).toEqual([ask, alone.status, await alone.text()])
  }
  expect(answers.at(-1)).toMatchObject({
    status: 400,
    body: expect.stringContaining('neither query? nor query_range?'),
  })
})

test('one question of a batch is stopped, the others go on', async () => {
  const heavy = range('sum(sum_over_time(rate(m_total[5m])[1h:100ms]))', 15)
  const answers = batch([heavy, range('sum(m_total)')], { id: 'mine' })
  await new Promise((resolve) => setTimeout(resolve, 300))
  const cancel = new URLSearchParams({ id: 'mine', ask: '0' })
  const response = await fetch(`${server.url}/api/v1/query_batch/cancel`, { method: 'POST', body: cancel })
  expect(response.status).toBe(204)
  const [stopped, other] = await answers
  expect(stopped).toMatchObject({ status: 499, body: expect.stringContaining('"errorType":"canceled"') })
  expect(other!.status).toBe(200)
})

test('a batch of none, of too many, and one that is not posted are refused', async () => {
  const none = await fetch(`${server.url}/api/v1/query_batch`, {
    method: 'POST',
    body: new URLSearchParams(),
  })
  expect([none.status, await none.text()]).toEqual([400, expect.stringContaining('1 to 500 parameters')])
  const many = new URLSearchParams(Array.from({ length: 501 }, () => ['ask', 'query?query=1']))
  expect((await fetch(`${server.url}/api/v1/query_batch`, { method: 'POST', body: many })).status).toBe(400)
  expect((await fetch(`${server.url}/api/v1/query_batch?ask=query%3Fquery%3D1`)).status).toBe(400)
})
