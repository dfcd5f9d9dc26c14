import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Program, startPromontory, until, Workspace } from './support/program.ts'

/** An application with the kit's metrics, whose favourite provider fails. */
let requests = 0
const application = createServer((_, response) => {
  requests += 10
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`
# TYPE llm_requests_total counter
llm_requests_total{provider="openai",status="error"} ${requests}
llm_requests_total{provider="openai",status="success"} 1
# TYPE queue_depth gauge
queue_depth{queue="emails"} 3
`)
})
const workspace = new Workspace()
const OWN = join(workspace.directory, 'own.yml')
let target = ''

beforeAll(async () => {
  await new Promise<void>((done) => application.listen(0, '127.0.0.1', done))
  target = `127.0.0.1:${(application.address() as AddressInfo).port}`
  writeFileSync(
    OWN,
    'groups: [{ name: mine, rules: [{ alert: LLMProviderDown, expr: "vector(1) > 2" }, { record: "queue:queue_depth:avg1h", expr: "vector(1)" }] }]\n',
  )
})
afterAll(async () => {
  await workspace.clean()
  application.close()
})

async function start(directory: string, more = '', ...flags: string[]): Promise<Program> {
  const config = `global: { scrape_interval: 1s, evaluation_interval: 1s }\n${more}
scrape_configs: [{ job_name: app, static_configs: [{ targets: ['${target}'] }] }]\n`
  return workspace.keep(
    await startPromontory({ dataDirectory: join(workspace.directory, directory), config, flags }),
  )
}

interface Rule {
  readonly name: string
  readonly type: string
  readonly alerts?: readonly { readonly state: string; readonly activeAt: string }[]
}
interface Group {
  readonly file: string
  readonly rules: readonly Rule[]
}

async function groupsOf(server: Program): Promise<Group[]> {
  return (await server.data<{ groups: Group[] }>('/api/v1/rules')).groups
}
async function namesOf(server: Program): Promise<string[]> {
  return (await groupsOf(server)).flatMap(({ file, rules }) => rules.map(({ name }) => `${file.replace(/^.*\/(?=own)/, '')} ${name}`)) // prettier-ignore
}

const RECORDED = ['ready-made/llm.yml provider:llm_request_errors:ratio_rate1m']

test('without rules of its own: rules and alerts come with their metrics, and keep their state over a restart', async () => {
  const server = await start('fresh')
  const names = await until(
    'rules',
    () => namesOf(server),
    (all) => all.includes('ready-made/llm.yml LLMProviderDown'),
  )
  expect(names.toSorted()).toEqual(
    [
      'ready-made/data.yml QueueGrows',
      'ready-made/data.yml queue:queue_depth:avg1h',
      'ready-made/host.yml TargetDown',
      'ready-made/host.yml job:sla_up:avg1d',
      'ready-made/llm.yml LLMProviderDown',
      'ready-made/llm.yml provider:llm_request_errors:ratio_rate1m',
    ].sort(),
  )
  const alertOf = async (program: Program): Promise<string | undefined> =>
    (await groupsOf(program)).flatMap(({ rules }) => rules).find(({ name }) => name === 'LLMProviderDown')
      ?.alerts?.[0]?.activeAt
  const since = await until(
    'a pending alert',
    () => alertOf(server),
    (at) => at !== undefined,
    30_000,
  )
  await server.stop()
  const again = await start('fresh')
  expect(await alertOf(again)).toBe(since)
  await again.stop()
})

test('with rules of its own: no alerts, no second rule of a name; all of them on request; none', async () => {
  const rules = `rule_files: ['${OWN}']`
  const [quiet, all, none, told] = await Promise.all([
    start('quiet', rules),
    start('all', rules, '--content.rules=all'),
    start('none', rules, '--content.rules=none'),
    start('told', "alerting: { alertmanagers: [{ static_configs: [{ targets: ['127.0.0.1:1'] }] }] }"),
  ] as const)
  const own = ['own.yml LLMProviderDown', 'own.yml queue:queue_depth:avg1h']
  const found = await until(
    'rules',
    () => Promise.all([quiet, all, told].map(namesOf)),
    (lists) => lists.every((list) => list.some((name) => name.startsWith('ready-made/llm.yml'))),
  )
  expect(found[0]).toEqual([...own, ...RECORDED])
  expect(found[1]!.toSorted()).toEqual(
    [
      ...own,
      'ready-made/data.yml QueueGrows',
      'ready-made/host.yml TargetDown',
      'ready-made/host.yml job:sla_up:avg1d',
      ...RECORDED,
    ].sort(),
  )
  expect(found[2]).toEqual(['ready-made/data.yml queue:queue_depth:avg1h', ...RECORDED])
  expect(await namesOf(none)).toEqual(own)
})
