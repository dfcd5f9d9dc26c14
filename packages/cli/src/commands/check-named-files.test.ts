import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { prepareConfig } from '@promontory/server/config'
import { checkNamedFiles, longIntervals } from './check-named-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'promontory-check-'))
afterAll(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'good.json'), '[{"targets": ["a:1"]}]')
writeFileSync(join(folder, 'bad.yml'), '- targets: [a:1]\n  foo: b\n')
writeFileSync(join(folder, 'there'), '')

async function check(job: string): Promise<{ faults: string[]; warnings: string[]; long: string[] }> {
  const file = join(folder, 'prometheus.yml')
  writeFileSync(file, `scrape_configs:\n- job_name: a\n  ${job}\n`)
  const { jobs } = await prepareConfig(file)
  const { faults, warnings } = await checkNamedFiles(jobs)
  const bare = (texts: readonly string[]): string[] => texts.map((text) => text.replaceAll(`${folder}/`, ''))
  return { faults: bare(faults), warnings: bare(warnings), long: longIntervals(jobs) }
}

test.each([
  ['bearer_token_file: nope', 'error checking authorization credentials or bearer token file "nope": stat nope: no such file or directory'],
  ['authorization: {credentials_file: nope}', 'error checking authorization credentials or bearer token file "nope": stat nope: no such file or directory'],
  ['tls_config: {cert_file: there, key_file: nope}', 'error checking client key file "nope": stat nope: no such file or directory'],
  ['file_sd_configs: [{files: [bad.yml]}]', /^checking SD file "bad.yml": .*field foo not found/s],
])('%s', async (job, fault) => {
  const { faults } = await check(job)
  expect(faults).toEqual([typeof fault === 'string' ? fault : expect.stringMatching(fault)])
}) // prettier-ignore

test('what is there, and what may come later', async () => {
  expect(
    await check('bearer_token_file: there\n  file_sd_configs: [{files: ["*.json", later.yml]}]'),
  ).toEqual({
    faults: [],
    warnings: ['file "later.yml" for file_sd in scrape job "a" does not exist'],
    long: [],
  })
})

test('an interval that leaves holes', async () => {
  const { long } = await check('scrape_interval: 10m')
  expect(long).toEqual([
    'too long scrape interval found, data point will be marked as stale - job: a, interval: 10m',
  ])
})
