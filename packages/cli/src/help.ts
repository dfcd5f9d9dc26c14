import { VERSION } from '@promontory/server/version'
import { SERVE_FLAGS } from './flag-definitions.ts'

export function version(): string {
  return `promontory ${VERSION} (node ${process.version}, ${process.platform} ${process.arch})`
}

const COMMANDS: readonly (readonly [usage: string, text: string])[] = [
  ['promontory [serve] [flags]', 'Run the server: scrape, store, query, alert. The default.'],
  [
    'promontory check config [--syntax-only] FILE…',
    'Check prometheus.yml files, and rules, targets and credentials in files that they name.',
  ],
  [
    'promontory check rules [--server=URL] FILE…',
    'Check rule files, and warn of likely mistakes. Also: --lint=none, --lint-fatal.',
  ],
  ['promontory check query EXPR', 'Look for likely mistakes; with --server=URL by what it has stored.'],
  ['promontory check web-config FILE…', 'Check files of --web.config.file and the certificates in them.'],
  [
    'promontory check service-discovery FILE JOB',
    'Run the discovery of a job and print what it finds. Also: --timeout=30s.',
  ],
  ['promontory push metrics URL FILE…', 'Send metrics in text form by remote write.'],
  ['promontory check healthy|ready', 'Ask a server whether it is. --url, --http.config.file.'],
  ['promontory check metrics', 'Check metrics in text form from standard input.'],
  ['promontory query instant URL EXPR', 'Ask a server at one time. Also: range, series, labels.'],
  ['promontory test promql FILE…', 'Run scripts of the promqltest language.'],
  ['promontory test rules FILE…', "Run unit tests of rules, in promtool's format."],
  [
    'promontory promql format|parse EXPR',
    'Print an expression in the standard form, or its syntax tree as JSON.',
  ],
  [
    'promontory tsdb list [DIR]',
    'List the blocks of a data directory. Also: analyze, dump, dump-openmetrics.',
  ],
  ['promontory tsdb verify [DIR]', 'Check every checksum and invariant of blocks and logs.'],
  [
    'promontory tsdb create-blocks-from openmetrics FILE [DIR]',
    'Make blocks of OpenMetrics text with timestamps. Also: rules.',
  ],
  [
    'promontory tsdb import SOURCE [DIR]',
    'Bring in a data directory of Prometheus, or (by URL) the samples of a running server.',
  ],
  [
    'promontory dashboards check DIR…',
    'Check dashboard files; with --url=SERVER also against what it has stored.',
  ],
  [
    'promontory dashboards render UID',
    'Draw a dashboard into a PNG, in a browser without a window. --url, --out.',
  ],
  ['promontory alert query [MATCHER…]', "amtool's jobs, of any Alertmanager. Also: alert add."],
  ['promontory silence query [MATCHER…]', 'Also: silence add, update, expire, import.'],
  ['promontory check-config FILE…', 'Check alertmanager.yml files and their templates.'],
  ['promontory config routes [show|test]', 'The routing tree; where labels would go. Also: config show.'],
  ['promontory template render', 'Render a notification template. Also: cluster show.'],
  [
    'promontory alertmanager [flags]',
    'Run as Alertmanager alone, with its command line. Nothing is scraped.',
  ],
  ['promontory amtool|promtool …', 'Their whole command lines: the commands above.'],
  ['promontory rules backtest FILE…', 'When alerting rules would have fired, from stored samples.'],
  [
    'promontory migrate DIR',
    "Look at a stack's folder: what loads, what is wrong today, and the command that replaces it.",
  ],
  [
    'promontory compare --against=URL',
    'Ask this server and another one the same: --dashboards=DIR, --rules=GLOB, --url, --range, or expressions.',
  ],
  ['promontory --version', 'Print the version.'],
]

/** The text of `--help`, of one command when it has one of its own. */
export function help(command?: string): string {
  if (command === 'serve') return serveHelp()
  const wanted =
    command === undefined ? COMMANDS : COMMANDS.filter(([usage]) => usage.includes(` ${command}`))
  const rows = wanted.map(([usage, text]) => `  ${usage.padEnd(38)} ${text}`)
  return [
    'Promontory: the whole monitoring stack in one process.',
    '',
    ...(rows.length === 0 ? [`There is no command "${command}".`] : rows),
    '',
    'promontory serve --help lists the flags of the server.',
  ].join('\n')
}

function serveHelp(): string {
  const rows = SERVE_FLAGS.map(({ name, type, default: fallback, help: text, multiple }) => {
    const left = `  --${name}${type === 'string' ? '=…' : ''}`
    const more = type === 'string' && fallback !== '' ? ` Default: ${fallback}.` : ''
    return `${left}\n        ${text}${more}${multiple && !text.includes('Repeatable') ? ' Repeatable.' : ''}`
  })
  return [
    'promontory serve [flags]',
    '',
    "Runs the server. Flags without a product's name are Prometheus's own.",
    '',
    ...rows,
  ].join('\n')
}
