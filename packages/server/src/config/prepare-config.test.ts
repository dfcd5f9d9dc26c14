import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { prepareConfig, prepareConfigText, printConfig } from './prepare-config.ts'
import type { PreparedConfig } from './prepare-config.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '../../../..')
const corpus = join(process.env['PROMONTORY_SHARED'] ?? join(root, '../shared'), 'corpus/prometheus-config')
const there = existsSync(corpus)
const expected: Record<string, { result: string; errorContains?: string[]; mode?: string }> = there
  ? JSON.parse(readFileSync(join(corpus, 'expected.json'), 'utf8'))
  : {}
const filesOf = (folder: string): string[] =>
  there ? readdirSync(join(corpus, folder)).filter((name) => /\.ya?ml$/.test(name)) : []
const optionsOf = (name: string): { agent: boolean } => ({ agent: expected[name]?.mode === 'agent' })

/** Includes a file that is not among the cases. */
const INCOMPLETE = new Set(['scrape_config_files_global.bad.yml'])
/** Good and bad files in one folder, as upstream has them: they include each other. */
const merged = mkdtempSync(join(tmpdir(), 'promontory-cases-'))
if (there) for (const folder of ['good', 'bad']) cpSync(join(corpus, folder), merged, { recursive: true })
afterAll(() => rmSync(merged, { recursive: true }))

describe.skipIf(!there)('acceptance cases (skipped without the shared corpus)', () => {
  test.each(filesOf('good'))('good/%s loads, prints, and reads back', async (name) => {
    const file = join(merged, name)
    const { config } = await prepareConfig(file, optionsOf(`good/${name}`))
    const printed = printConfig(config)
    const again = await prepareConfigText(printed, file, optionsOf(`good/${name}`))
    expect(printConfig(again.config)).toBe(printed)
  })
  test.each(filesOf('bad').filter((name) => `bad/${name}` in expected && !INCOMPLETE.has(name)))(
    'bad/%s is refused',
    async (name) => {
      const error = await prepareConfig(join(merged, name), optionsOf(`bad/${name}`)).then(
        () => 'loaded',
        (thrown: Error) => thrown.message,
      )
      for (const part of expected[`bad/${name}`]!.errorContains!)
        // Upstream's test data lies in a folder of its own; positions stand between file and fault in ours.
        expect(error).toContain(part.replace(/^parsing YAML file testdata\/\S+: /, ''))
    },
  )
})

const cleanups: (() => void)[] = []
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()))

function prepared(yaml: string, environment = {}): Promise<PreparedConfig> {
  return prepareConfigText(yaml, '/etc/p/prometheus.yml', { environment })
}

test('defaults, source text of labels, environment', async () => {
  const { config, warnings } = await prepared(
    'global: {external_labels: {replica: 1, zone: yes, v: 1.50, a: "${A}-$B-$$x-$NO"}}\nscrape_configs: [{job_name: a}]',
    { A: 'one', B: 'two' },
  )
  expect(config.global.external_labels).toEqual({ replica: '1', zone: 'yes', v: '1.50', a: 'one-two-$x-' })
  expect(warnings[0]!.text).toBe('the environment variable NO is empty or not set')
  expect(config.scrape_configs[0]).toMatchObject({
    scrape_interval: 60_000,
    scrape_timeout: 10_000,
    metrics_path: '/metrics',
    scheme: 'http',
    honor_timestamps: true,
    enable_compression: true,
  })
  expect((await prepared('')).config.global.scrape_interval).toBe(60_000)
})

test('files that the configuration includes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'promontory-config-'))
  cleanups.push(() => rmSync(folder, { recursive: true }))
  writeFileSync(
    join(folder, 'prometheus.yml'),
    'global: {scrape_interval: 7s}\nrule_files: [r*.yml, r1.yml, nothing.yml]\nscrape_config_files: [jobs/*.yml, j*.yml]\nscrape_configs: [{job_name: a}]',
  )
  writeFileSync(join(folder, 'j1.yml'), 'scrape_configs:\n  - job_name: b\n')
  writeFileSync(join(folder, 'r1.yml'), 'groups: []')
  const result = await prepareConfig(join(folder, 'prometheus.yml'))
  expect(result.jobs.map((job) => [job.job_name, job.scrape_interval])).toEqual([['a', 7000], ['b', 7000]]) // prettier-ignore
  expect(result.ruleFiles).toEqual([join(folder, 'r1.yml')])
  writeFileSync(join(folder, 'j1.yml'), 'scrape_configs:\n  - job_name: a\n')
  await expect(prepareConfig(join(folder, 'prometheus.yml'))).rejects.toThrow(
    `parsing YAML file ${folder}/j1.yml: ${folder}/j1.yml:2:15: scrape_configs[0].job_name: found multiple scrape configs with job name "a", first found in ${folder}/prometheus.yml`,
  )
  writeFileSync(join(folder, 'j1.yml'), 'scrape_configs:\n  - {job_name: b, scrape_timeout: 8s}\n')
  await expect(prepareConfig(join(folder, 'prometheus.yml'))).rejects.toThrow(
    'scrape timeout greater than scrape interval for scrape config with job name "b"',
  )
  await expect(prepareConfig(join(folder, 'none.yml'))).rejects.toThrow('error loading config from')
})

test('what is not done here is named with its place; inline groups are taken with a warning', async () => {
  const { warnings, unsupported, config } = await prepared(
    'scrape_configs:\n  - job_name: x\n    nomad_sd_configs: [{server: a}]\ngroups:\n  - name: g\n    rules: []\nruntime: {gogc: 50}\n',
  )
  expect(unsupported.map(({ line, path, text }) => `${line} ${path}: ${text.slice(0, 40)}`)).toEqual([
    '3 scrape_configs[0].nomad_sd_configs[0]: nomad service discovery is not supported',
  ])
  expect(warnings.map(({ path }) => path)).toEqual(['runtime', 'groups'])
  expect(config.groups?.kind).toBe('sequence')
})

test('faults name file, line, column and field', async () => {
  await expect(
    prepared(
      'scrape_configs:\n  - job_name: a\n    scrape_interval: 5x\n    static_configs:\n      - targets: ["http://a/b"]\n    tls_config: {insecure: yes}\n',
    ),
  ).rejects.toThrow(
    [
      'parsing YAML file /etc/p/prometheus.yml: yaml: unmarshal errors:',
      '  /etc/p/prometheus.yml:3:22: scrape_configs[0].scrape_interval: not a valid duration string: "5x"',
      '  /etc/p/prometheus.yml:6:18: scrape_configs[0].tls_config: field insecure not found in type config.plain',
    ].join('\n'),
  )
})

test('secrets do not print', async () => {
  const { config } = await prepared(
    'scrape_configs: [{job_name: a, basic_auth: {username: u, password: hidden}}]',
  )
  expect(printConfig(config)).not.toContain('hidden')
  expect(printConfig(config)).toContain('password: <secret>')
})
