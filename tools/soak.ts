/**
 * The long forms of the conformance tests: 20,000 random queries against the real Prometheus, three minutes of scraping
 * beside it, 200 rounds of kill -9. Writes what came out to `docs/results/soak-<date>.json`. Needs the built program
 * and the peers, as `npm run conformance` does.
 *
 *   npm run soak              the seed of the queries is the day
 *   DIFFERENTIAL_SEED=7 npm run soak
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const today = new Date().toISOString().slice(0, 10)
const results = join(root, 'docs/results')
mkdirSync(results, { recursive: true })

const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--config=vitest.conformance.config.ts',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${join(results, `soak-${today}.json`)}`,
    'conformance/promql-differential.test.ts',
    'conformance/relay.test.ts',
    'conformance/kill.test.ts',
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      DIFFERENTIAL_QUERIES: '20000',
      DIFFERENTIAL_SEED: today.replaceAll('-', ''),
      RELAY_SECONDS: '180',
      KILL_ROUNDS: '200',
      ...process.env,
    },
  },
)
process.exitCode = status ?? 1
