/**
 * Writes docs/flags.md from the flags that the program knows. `tools/flags-doc.test.ts` fails when the page is stale.
 *
 *   node tools/flags-doc.ts
 */
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FEATURES, type FlagDefinition, SERVE_FLAGS } from '../packages/cli/src/flag-definitions.ts'

/** Where the page lies. */
export const FLAGS_PAGE: string = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs/flags.md')

const HEAD = `# Flags of \`promontory serve\`

<!-- Written by tools/flags-doc.ts from packages/cli/src/flag-definitions.ts: change those, then run \`node tools/flags-doc.ts\`. -->

Unprefixed flags are Prometheus's, with its defaults; the one difference is the listen address, which is loopback here.
One dash or two, \`--flag=value\` or \`--flag value\`, \`--flag\`, \`--flag=true\` or \`--no-flag\` for switches. Durations
are written as in Prometheus (\`30s\`, \`15d\`). An unknown flag ends the program with code 2 and names the nearest one.
`

/** The page as Markdown. */
export function flagsPage(): string {
  const working = SERVE_FLAGS.filter(({ effect }) => effect === 'works')
  const idle = SERVE_FLAGS.flatMap((flag) =>
    typeof flag.effect === 'object' && 'none' in flag.effect ? [[flag, flag.effect.none] as const] : [],
  )
  const refused = SERVE_FLAGS.flatMap((flag) =>
    typeof flag.effect === 'object' && 'refused' in flag.effect ? [[flag, flag.effect.refused] as const] : [],
  )
  return [
    HEAD,
    '## Flags that work\n',
    table(['flag', 'default', 'meaning'], working.map(describe)),
    '## Taken, without effect\n\nEach logs a warning at the start.\n',
    table(
      ['flag', 'reason'],
      idle.map(([{ name }, reason]) => [`\`--${name}\``, reason]),
    ),
    '## Refused\n\nThe program does not start and names the flag.\n',
    table(
      ['flag', 'what is not there yet'],
      refused.map(([{ name }, reason]) => [`\`--${name}\``, reason]),
    ),
    '## Names for `--enable-feature`\n\nUnknown names log a warning.\n',
    table(
      ['meaning', 'names'],
      [
        ['works', namesOf('works')],
        ['always on', namesOf('default')],
        ['no effect yet, said in the log', namesOf('none')],
      ],
    ),
  ].join('\n')
}

function describe({ name, type, default: fallback, help, multiple }: FlagDefinition): string[] {
  const shown = type === 'string' && fallback === '' ? '' : `\`${fallback}\``
  const again = multiple && !help.includes('Repeatable') ? ' Repeatable.' : ''
  return [`\`--${name}\``, shown, `${help}${again}`]
}

function namesOf(effect: string): string {
  return Object.entries(FEATURES)
    .filter(([, value]) => value === effect)
    .map(([name]) => `\`${name}\``)
    .join(', ')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(FLAGS_PAGE, flagsPage())
