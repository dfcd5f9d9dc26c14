/**
 * The long forms of the conformance tests: 20,000 random queries against the real Prometheus, three minutes of scraping
 * beside it, 200 rounds of kill -9, five million damaged queries for the parser, thousands of damaged blocks and logs, a million damaged chunks and records, twenty simulated weeks of scraping with crashes. Writes what came out to `docs/results/soak-<date>.json`. Needs the built program
 * and the peers, as `npm run conformance` does.
 *
 *   npm run soak                        the seed of the queries is the day
 *   DIFFERENTIAL_SEED=7 npm run soak    any setting may be given
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const today = new Date().toISOString().slice(0, 10)
const settings: Record<string, string> = {
  DIFFERENTIAL_QUERIES: '20000',
  DIFFERENTIAL_SEED: today.replaceAll('-', ''),
  RELAY_SECONDS: '180',
  REMOTE_ROUNDS: '12',
  KILL_ROUNDS: '200',
  FUZZ_ROUNDS: '5000000',
  FUZZ_SEED: today.replaceAll('-', ''),
  CORRUPTION_ROUNDS: '1500',
  CORRUPTION_SEED: today.replaceAll('-', ''),
  DECODER_ROUNDS: '300000',
  DECODER_SEED: today.replaceAll('-', ''),
  SIM_DAYS: '7',
  SIM_SEEDS: '20',
  SIM_SEED: today.replaceAll('-', ''),
}
for (const name of Object.keys(settings)) settings[name] = process.env[name] ?? settings[name]!

const scratch = mkdtempSync(join(tmpdir(), 'promontory-soak-'))

/** The tests of the built program, and the fuzzing of the parser, which needs none. */
const RUNS = [
  [
    '--config=vitest.conformance.config.ts',
    'conformance/promql-differential.test.ts',
    'conformance/relay.test.ts',
    'conformance/remote-send.test.ts',
    'conformance/remote-write.test.ts',
    'conformance/kill.test.ts',
    'conformance/full-disk.test.ts',
  ],
  [
    'packages/promql/src/parser/fuzz.test.ts',
    'packages/tsdb/src/sim/simulation.test.ts',
    'packages/tsdb/src/corruption.test.ts',
    'packages/tsdb/src/decoders-fuzz.test.ts',
  ],
]

const reports = RUNS.map((args, i) => {
  const report = join(scratch, `report-${i}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...args],
    { cwd: root, stdio: 'inherit', env: { ...process.env, ...settings } },
  )
  if (status !== 0) process.exitCode = 1
  return JSON.parse(readFileSync(report, 'utf8')) as Report
})
writeResults()
rmSync(scratch, { recursive: true })

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly title: string
      readonly status: string
      readonly duration?: number | null
    }[]
  }[]
}

/** What vitest reports, without the paths of this machine. */
function writeResults(): void {
  const total = (count: (report: Report) => number): number =>
    reports.reduce((sum, report) => sum + count(report), 0)
  const results = {
    date: today,
    commit: spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout.trim(),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`,
    settings,
    passed: total((report) => report.numPassedTests),
    failed: total((report) => report.numFailedTests),
    skipped: total((report) => report.numPendingTests),
    tests: reports
      .flatMap(({ testResults }) => testResults)
      .flatMap(({ name, assertionResults }) =>
        assertionResults.map(({ title, status: outcome, duration }) => ({
          file: basename(name),
          title,
          outcome,
          seconds: Math.round((duration ?? 0) / 100) / 10,
        })),
      ),
  }
  const folder = join(root, 'docs/results')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `soak-${today}.json`)
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
  console.log(`${results.passed} passed, ${results.failed} failed, ${results.skipped} skipped: ${file}`)
}
