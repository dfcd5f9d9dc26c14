import { parseArgs } from 'node:util'
import { parseDuration } from '@promontory/model'
import { UsageError } from '../serve-flags.ts'
import { checkConfigFiles } from './check-config.ts'
import { checkHealth } from './check-health.ts'
import { checkMetrics } from './check-metrics.ts'
import { checkQuery } from './check-query.ts'
import { checkServiceDiscovery } from './check-service-discovery.ts'
import { checkWebConfigs } from './check-web-config.ts'
import { type CheckedRules, checkRuleFiles } from './check-rules.ts'

const USAGE =
  'usage: promontory check config [--syntax-only] [--agent] FILE… | config|rules [--lint=all|none|duplicate-rules|too-long-scrape-interval] [--lint-fatal] FILE… | rules --server=URL FILE… | query EXPR [--server=URL] | metrics < FILE | web-config FILE… | service-discovery [--timeout=30s] FILE JOB | healthy|ready [--url=http://localhost:9090]'

const LINT_OPTIONS = {
  lint: { type: 'string', default: 'all' },
  'lint-fatal': { type: 'boolean', default: false },
} as const

/** promtool's names; ours looks for more, and is asked for all of it or none. */
const LINTS = ['all', 'none', 'duplicate-rules', 'too-long-scrape-interval']

/** `promontory check config|rules|query|metrics|web-config|service-discovery|healthy|ready …`: exit code 1 for a fault, 3 for findings where they count. */
export async function check([kind, ...rest]: readonly string[]): Promise<number> {
  switch (kind) {
    case 'config':
      return checkFiles(
        rest,
        (files, lint, values) =>
          checkConfigFiles(files, {
            lint,
            syntaxOnly: values['syntax-only'] === true,
            agent: values['agent'] === true,
          }),
        { 'syntax-only': { type: 'boolean' }, agent: { type: 'boolean' } },
      )
    case 'rules':
      return checkFiles(
        rest,
        (files, lint, values) => checkRuleFiles(files, lint, values['server'] as string | undefined),
        { server: { type: 'string' } },
      )
    case 'query': {
      const { values, positionals } = readArgs(rest, { server: { type: 'string' } })
      const { server } = values
      if (positionals.length !== 1 || (typeof server === 'string' && !URL.canParse(server))) break
      return checkQuery(positionals[0]!, typeof server === 'string' ? server : undefined)
    }
    case 'service-discovery': {
      const { values, positionals } = readArgs(rest, { timeout: { type: 'string', default: '30s' } })
      const [file, job] = positionals
      if (positionals.length !== 2) break
      return checkServiceDiscovery(file!, job!, durationFlag('--timeout', String(values['timeout'])))
    }
    case 'web-config':
      if (rest.length > 0) return checkWebConfigs(rest)
      break
    case 'healthy':
    case 'ready':
      return checkHealth(kind, rest)
    case 'metrics':
      if (rest.length === 0) return checkMetrics()
  }
  throw new UsageError(USAGE)
}

function durationFlag(flag: string, text: string): number {
  try {
    return parseDuration(text)
  } catch (error) {
    throw new UsageError(`${flag}: ${(error as Error).message}`)
  }
}

async function checkFiles(
  args: readonly string[],
  run: (
    files: readonly string[],
    lint: boolean,
    values: Readonly<Record<string, unknown>>,
  ) => Promise<CheckedRules>,
  more: ArgOptions = {},
): Promise<number> {
  const { values, positionals } = readArgs(args, { ...LINT_OPTIONS, ...more })
  const { lint, 'lint-fatal': fatal } = values
  const server = values['server'] as string | undefined
  if (positionals.length === 0) throw new UsageError(USAGE)
  if (server !== undefined && !URL.canParse(server)) throw new UsageError(`--server: "${server}" is no URL`)
  const unknown = String(lint)
    .split(',')
    .find((name) => !LINTS.includes(name))
  if (unknown !== undefined) throw new UsageError(`--lint=${unknown}: expected one of ${LINTS.join(', ')}`)
  const { valid, findings } = await run(positionals, lint !== 'none', values)
  if (!valid) return 1
  return fatal === true && findings > 0 ? 3 : 0
}

type ArgOptions = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>

/** @throws UsageError for a flag that there is not */
function readArgs(
  args: readonly string[],
  options: ArgOptions,
): { values: Readonly<Record<string, unknown>>; positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options })
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`)
  }
}
