import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { formatFault } from '@promontory/base/yaml'
import {
  formatMatchers,
  type LoadedConfig,
  loadAlertmanagerConfig,
  NotificationTemplates,
  Route,
} from '@promontory/alertmanager'
import { Labels } from '@promontory/model'
import { UsageError } from '../serve-flags.ts'
import { AMTOOL_OPTIONS, amtoolSettings, callAlertmanager, labelArguments } from './amtool-client.ts'

const USAGE =
  'usage: promontory config show | config routes [show] | config routes test [--tree] [--verify.receivers=a,b] LABEL=VALUE…; --config.file=… or --alertmanager.url=…'

/** `promontory check-config FILE…`: amtool's check of `alertmanager.yml` files and the templates they name. */
export async function checkAlertmanagerConfig(args: readonly string[]): Promise<number> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true })
  let failed = 0
  for (const file of positionals.length === 0 ? ['/dev/stdin'] : positionals) {
    process.stdout.write(`Checking '${file}'`)
    try {
      process.stdout.write(`  SUCCESS\n${summary(checkFile(file))}\n`)
    } catch (error) {
      failed++
      process.stdout.write(`  FAILED: ${(error as Error).message}\n\n`)
    }
  }
  if (failed > 0) process.stderr.write(`failed to validate ${failed} file(s)\n`)
  return failed === 0 ? 0 : 1
}

function checkFile(file: string): LoadedConfig {
  const loaded = loadAlertmanagerConfig(readFileSync(file, 'utf8'), resolve(file))
  // The templates have to parse, too.
  void new NotificationTemplates(loaded.config.templates, () => Date.now())
  return loaded
}

function summary({ config, notices }: LoadedConfig): string {
  const templates = config.templates.flatMap((pattern) => globSync(pattern))
  return [
    'Found:',
    ' - global config',
    ' - route',
    ` - ${config.inhibit_rules.length} inhibit rules`,
    ` - ${config.receivers.length} receivers`,
    ` - ${config.templates.length} templates`,
    ...templates.map((file) => `  SUCCESS ${file}`),
    ...notices.map((notice) => ` ! ${formatFault(notice, notice.text)}`),
    '',
  ].join('\n')
}

/** `promontory config …`: amtool's `config show` and `config routes`. */
export async function config(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...AMTOOL_OPTIONS,
      tree: { type: 'boolean' },
      'verify.receivers': { type: 'string' },
    },
  })
  const [first = 'show', second = 'show', ...rest] = positionals
  const text = await source(values)
  if (first === 'show') return print(`${text}\n`)
  if (first !== 'routes') throw new UsageError(USAGE)
  const root = new Route(
    loadAlertmanagerConfig(text, values['config.file'] ?? 'the running configuration').config.route,
  )
  if (second === 'show') return print(`Routing tree:\n${drawTree(root)}\n`)
  if (second !== 'test' || rest.length === 0) throw new UsageError(USAGE)
  const labels = Labels.from(labelArguments(rest))
  const matched = root.match(labels)
  if (values.tree === true) print(`Matching routes:\n${drawTree(root, new Set(matched))}\n\n`)
  const receivers = matched.map(({ receiver }) => receiver).join(',')
  print(`${receivers}\n`)
  const expected = values['verify.receivers']
  if (expected === undefined || expected === '' || expected === receivers) return 0
  process.stdout.write('WARNING: Expected receivers did not match resolved receivers.\n')
  return 1
}

/** The file that was named, or what the running one shows: secrets hidden. */
async function source(values: Readonly<Record<string, unknown>>): Promise<string> {
  const file = values['config.file']
  if (typeof file === 'string') return readFileSync(file, 'utf8')
  const status = await callAlertmanager<{ config: { original: string } }>(amtoolSettings(values), 'status')
  return status.config.original
}

/** @param only  routes to show, with the way to them */
function drawTree(root: Route, only?: ReadonlySet<Route>): string {
  const isShown = (route: Route): boolean =>
    only === undefined || [...route.walk()].some((one) => only.has(one))
  const lines: string[] = ['.']
  const draw = (route: Route, name: string, indent: string, isLast: boolean): void => {
    const more = route.continues && only === undefined ? '  continue: true' : ''
    const told = only === undefined || only.has(route) ? `  receiver: ${route.receiver}` : ''
    lines.push(`${indent}${isLast ? '└── ' : '├── '}${name}${more}${told}`)
    const shown = route.routes.filter(isShown)
    shown.forEach((child, i) =>
      draw(
        child,
        formatMatchers(child.matchers),
        `${indent}${isLast ? '    ' : '│   '}`,
        i === shown.length - 1,
      ),
    )
  }
  draw(root, 'default-route', '', true)
  return `${lines.join('\n')}\n`
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}
