import { expect, test } from 'vitest'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareConfig } from './prepare-config.ts'

async function warnings(yaml: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'promontory-replica-'))
  try {
    const file = join(folder, 'p.yml')
    writeFileSync(file, yaml)
    return (await prepareConfig(file)).warnings.map(({ line, text }) => `${line} ${text}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const GLOBAL = 'global:\n  external_labels:\n    region: eu\n    replica: a\nrule_files: [r.yml]\n'
const MANAGER = 'alertmanagers: [{static_configs: [{targets: [a:9093]}]}]'

test.each([
  ['no alerting section', ''],
  ['an Alertmanager', `alerting: {${MANAGER}}`],
  [
    'the label of another',
    `alerting: {${MANAGER}, alert_relabel_configs: [{action: labeldrop, regex: region}]}`,
  ],
])('alerts of replicas would double: %s', async (_name, alerting) => {
  const found = await warnings(GLOBAL + alerting)
  expect(found).toHaveLength(1)
  expect(found[0]).toMatch(
    /^4 alerts carry "replica".*alert_relabel_configs: \[\{action: labeldrop, regex: replica\}\]/,
  )
})

test.each([
  ['dropped for all', `alerting: {${MANAGER}, alert_relabel_configs: [{action: labeldrop, regex: replica}]}`],
  ['dropped for the one that is told', 'alerting: {alertmanagers: [{static_configs: [{targets: [a:9093]}], alert_relabel_configs: [{regex: replica, action: labeldrop}]}]}'],
])('they do not: %s', async (_name, alerting) => expect(await warnings(GLOBAL + alerting)).toEqual([])) // prettier-ignore

test('nothing is said where nothing alerts, or no label names a replica', async () => {
  expect(await warnings(GLOBAL.replace('rule_files: [r.yml]\n', ''))).toEqual([])
  expect(await warnings(GLOBAL.replace('replica:', 'cluster:'))).toEqual([])
})
