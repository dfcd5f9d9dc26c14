import { type ChildProcess, spawn } from 'node:child_process'
import { get } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../testdata/cluster-program.ts', import.meta.url))
let program: ChildProcess
afterAll(() => program?.kill())

/** On a connection of its own, so that the workers take turns. */
function ask(port: number, path: string): Promise<string> {
  return new Promise((done, fail) => {
    get({ port, host: '127.0.0.1', path, agent: false }, (response) => {
      let text = ''
      response.on('data', (part: Buffer) => (text += part.toString()))
      response.on('end', () => done(text))
    }).on('error', fail)
  })
}

function value(text: string, series: string): number {
  return Number(text.split('\n').find((line) => line.startsWith(`${series} `))?.split(' ')[1]) // prettier-ignore
}

test('two workers: sums, and a worker that dies takes nothing with it', async () => {
  program = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: program.stdout! })[Symbol.asyncIterator]()
  const [port, metricsPort] = String((await lines.next()).value)
    .split(' ')
    .map(Number) as [number, number]
  const metrics = (): Promise<string> => ask(metricsPort, '/metrics')
  const requests = 'http_requests_total{method="GET",route="/a",status_code="200"}'
  const pids = new Set<string>()
  for (let i = 0; i < 20; i++) pids.add(await ask(port, '/a'))
  expect(pids.size).toBe(2)
  const before = await metrics()
  expect(value(before, requests)).toBe(20)
  expect(value(before, 'business_events_total{event="signup"}')).toBe(20)
  expect(value(before, 'http_request_duration_seconds_count{method="GET",route="/a",status_code="200"}')).toBe(20) // prettier-ignore
  // Added up they would be wrong: the budget is everybody's.
  expect(value(before, 'llm_budget_dollars{scope="all",name="",period="daily"}')).toBe(100)
  expect(value(before, 'app_info{service="cluster",version="1.0.0"}')).toBe(1)
  // The private registry is part of it.
  expect(before).toContain('nodejs_version_info')

  await expect(ask(port, '/die')).rejects.toThrow(/hang up|ECONNRESET/)
  expect((await lines.next()).value).toBe('again')
  expect(value(await metrics(), requests)).toBe(20)
  for (let i = 0; i < 10; i++) await ask(port, '/a')
  expect(value(await metrics(), requests)).toBe(30)
})
