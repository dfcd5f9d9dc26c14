import { help, version } from './help.ts'
import { UsageError } from './serve-flags.ts'

/** A command: takes the arguments behind its name, answers with the exit code. */
type Command = (args: readonly string[]) => Promise<number>

/** Loaded when asked for, so that `--version` does not read the server. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.ts')).serve,
  check: async () => (await import('./commands/check.ts')).check,
  query: async () => (await import('./commands/query.ts')).query,
  test: async () => (await import('./commands/test.ts')).test,
  push: async () => (await import('./commands/push.ts')).push,
  tsdb: async () => (await import('./commands/tsdb.ts')).tsdb,
  dashboards: async () => (await import('./commands/dashboards.ts')).dashboards,
  migrate: async () => (await import('./commands/migrate.ts')).migrate,
  compare: async () => (await import('./commands/compare.ts')).compare,
  promql: async () => (await import('./commands/promql.ts')).promql,
  alert: async () => (await import('./commands/alert.ts')).alert,
  silence: async () => (await import('./commands/silence.ts')).silence,
  config: async () => (await import('./commands/alertmanager-config.ts')).config,
  'check-config': async () => (await import('./commands/alertmanager-config.ts')).checkAlertmanagerConfig,
  template: async () => (await import('./commands/notification-template.ts')).template,
  cluster: async () => (await import('./commands/cluster.ts')).cluster,
  alertmanager: async () => (await import('./commands/alertmanager.ts')).alertmanager,
  rules: async () => (await import('./commands/rules.ts')).rules,
}

/** Whole command lines of other programs, `promontory amtool --alertmanager.url=… alert query`: their commands are ours. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  amtool: ['alert', 'silence', 'check-config', 'config', 'cluster', 'template'],
  promtool: ['check', 'query', 'test', 'push', 'tsdb', 'promql', 'debug'],
}

/** Their flags may stand before the command. */
function ownCommand(args: readonly string[]): readonly string[] {
  const commands = PROGRAMS[args[0] ?? '']
  const at = commands === undefined ? -1 : args.findIndex((arg, i) => i > 0 && commands.includes(arg))
  if (commands === undefined) return args
  if (at === -1 && args.some((arg) => /^(--help|-h|--version|help)$/.test(arg))) return args.slice(1)
  if (at === -1) throw new UsageError(`${args[0]}: none of the commands ${commands.join(', ')} is given`)
  return [...args.slice(at), ...args.slice(1, at)]
}

async function main(given: readonly string[]): Promise<number> {
  const args = ownCommand(given)
  const [first] = args
  if (first === '--version' || first === 'version' || first === '-v') return print(version())
  if (first === undefined || first.startsWith('-')) {
    if (args.includes('--help') || args.includes('-h')) return print(help())
    return (await COMMANDS['serve']!())(args)
  }
  if (first === 'help') return print(help(args[1]))
  if (first === 'debug')
    throw new UsageError(
      'debug is not there: it collects profiles of Go programs; for ours, GET /metrics says what they measure of themselves',
    )
  const load = COMMANDS[first]
  if (load === undefined) throw new UsageError(`there is no command "${first}"; see promontory --help`)
  const rest = args.slice(1)
  if (rest.includes('--help') || rest.includes('-h')) return print(help(first))
  if (rest.includes('--version')) return print(version())
  return (await load())(rest)
}

function print(text: string): number {
  process.stdout.write(`${text}\n`)
  return 0
}

// Our output may be piped into a program that stops reading, such as head: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    const isUsage = error instanceof UsageError
    process.stderr.write(
      `promontory: ${error instanceof Error ? (isUsage || process.env['PROMONTORY_DEBUG'] === undefined ? error.message : error.stack) : String(error)}\n`,
    )
    // What was started before the failure must not keep the process alive.
    process.exit(isUsage ? 2 : 1)
  },
)
