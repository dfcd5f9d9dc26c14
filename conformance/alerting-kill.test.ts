import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sleep, startPromontory, until, Workspace } from './support/program.ts'

const GROUPS = 500

const workspace = new Workspace()
const told = new Map<string, number>()
let receiver: Server
let file: string
beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = ''
    request.on('data', (data: Buffer) => (body += data.toString()))
    request.on('end', () => {
      const { groupKey } = JSON.parse(body) as { groupKey: string }
      told.set(groupKey, (told.get(groupKey) ?? 0) + 1)
      response.end()
    })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  file = join(workspace.directory, 'alertmanager.yml')
  const { port } = receiver.address() as AddressInfo
  writeFileSync(
    file,
    `route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: 'http://127.0.0.1:${port}/'}]}]\n`,
  )
})
afterAll(async () => {
  await workspace.clean()
  receiver.close()
})

test(`killed in the middle of ${GROUPS} groups' notifications: none lost, at most one repeated per group in flight`, async () => {
  const start = () =>
    startPromontory({ dataDirectory: workspace.data, flags: [`--alertmanager.config.file=${file}`] })
  const alerts = Array.from({ length: GROUPS }, (_, i) => ({
    labels: { alertname: `Alert${i}` },
    endsAt: new Date(Date.now() + 600_000).toISOString(),
  }))
  const kills = [1030, 1080, 1200]
  for (const afterMs of kills) {
    const server = workspace.keep(await start())
    // As the rules do: what fires is sent again and again.
    await fetch(`${server.url}/api/v2/alerts`, {
      method: 'POST',
      body: JSON.stringify(alerts),
      headers: { 'content-type': 'application/json' },
    })
    await sleep(afterMs)
    await server.stop('SIGKILL')
  }
  const duringKills = [...told.values()].reduce((sum, count) => sum + count, 0)
  const server = workspace.keep(await start())
  await fetch(`${server.url}/api/v2/alerts`, {
    method: 'POST',
    body: JSON.stringify(alerts),
    headers: { 'content-type': 'application/json' },
  })
  await until(
    'all groups told',
    async () => told.size,
    (size) => size === GROUPS,
  )
  await sleep(2500)
  expect(duringKills).toBeGreaterThan(0)
  expect(told.size).toBe(GROUPS)
  expect(Math.max(...told.values())).toBeLessThanOrEqual(1 + kills.length)
  // What was written down before a kill is not told again: repeats are few.
  const repeats = [...told.values()].reduce((sum, count) => sum + count - 1, 0)
  expect(repeats).toBeLessThan(GROUPS)
}, 60_000)
