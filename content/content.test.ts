import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkModel } from '@promontory/dashboards/check'
import { expect, test } from 'vitest'
import { dashboardFiles } from '../tools/content.ts'

const folder = dirname(fileURLToPath(import.meta.url))
const files = [...dashboardFiles()]

test('the JSON files are what content/src says; otherwise run node tools/content.ts', () => {
  expect(readdirSync(join(folder, 'dashboards')).sort()).toEqual(files.map(([name]) => name).sort())
  for (const [name, text] of files)
    expect(JSON.parse(readFileSync(join(folder, 'dashboards', name), 'utf8'))).toEqual(JSON.parse(text))
})

test.each(files)('%s has nothing to complain about', (_, text) => {
  const { findings, uses } = checkModel(JSON.parse(text))
  expect(findings).toEqual([])
  expect(uses.length).toBeGreaterThan(0)
})

test("the agentic backend's dashboard has the 13 panels of the document", () => {
  const [, text] = files.find(([name]) => name === 'agentic-backend.json')!
  const { panels } = JSON.parse(text) as { panels: { title: string }[] }
  expect(panels.map(({ title }) => title).sort()).toEqual([
    'API Cost', 'Active Sessions', 'Agent Duration', 'Agent Query Rate', 'Authentication', 'Cache Hit Rate', 'HTTP Requests',
    'Permissions', 'Request Latency', 'Request Rate', 'Token Usage', 'Total Cost', 'Total Tokens',
  ]) // prettier-ignore
})

test('every alert has a severity and a runbook that is there', () => {
  const texts = readdirSync(join(folder, 'rules')).filter((name) => name.endsWith('.yml')).map((name) => readFileSync(join(folder, 'rules', name), 'utf8')) // prettier-ignore
  const alerts = texts
    .join('\n')
    .split(/(?=- alert: )/)
    .slice(1)
  expect(alerts.length).toBeGreaterThan(15)
  for (const alert of alerts) {
    expect(alert).toMatch(/severity: (critical|warning|info)/)
    const runbook = /runbook_url: (\S+)/.exec(alert)?.[1]
    expect(runbook && existsSync(join(folder, '..', runbook)), `${alert.split('\n')[0]} → ${runbook}`).toBe(
      true,
    )
  }
})

test('the alerts fire and stay quiet as their unit tests say', () => {
  const main = join(folder, '../packages/cli/src/main.ts')
  const { stdout } = spawnSync(
    process.execPath,
    [main, 'test', 'rules', join(folder, 'rules/tests/alerts.yml')],
    { encoding: 'utf8' },
  )
  expect(stdout).toMatch(/SUCCESS\s*$/)
})
