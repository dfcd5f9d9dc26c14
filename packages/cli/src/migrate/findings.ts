/** What was found in one file or one service of a compose file. */
export interface Finding {
  /** `loads`: works as it is; `wrong`: works, but not as was meant, or not at all, today already; `unsupported`: not here. */
  readonly kind: 'loads' | 'wrong' | 'unsupported'
  /** Path below the folder, with a service's name after a colon. */
  readonly place: string
  readonly text: string
}

/** A part of the one command that replaces the stack. */
export interface FlagUse {
  readonly name: string
  readonly value: string
}

/** All about a folder. */
export interface Survey {
  readonly findings: Finding[]
  readonly flags: FlagUse[]
  /** Jobs by name, for queries that ask for one that is not there. */
  readonly jobs: Set<string>
}

/** The report as text. It names paths below the folder only, so that it is the same everywhere. */
export function reportText(survey: Survey, files: number): string {
  const { findings, flags } = survey
  const section = (title: string, kind: Finding['kind']): string[] => {
    const found = findings.filter((finding) => finding.kind === kind)
    if (found.length === 0) return []
    return [title, ...found.map(({ place, text }) => `  ${place}: ${text.replaceAll('\n', '\n    ')}`), '']
  }
  // A flag counts once: of several files that could be meant, the one with the shortest name is.
  const unique = new Map<string, string>()
  for (const { name, value } of flags) {
    const before = unique.get(name)
    if (before === undefined || value.length < before.length) unique.set(name, value)
  }
  const command = ['promontory serve', ...[...unique].map(([name, value]) => `--${name}${value === 'true' ? '' : `=${quoted(value)}`}`)] // prettier-ignore
  return [
    `${files} files`,
    '',
    ...section('LOADS AS IT IS', 'loads'),
    ...section('WRONG TODAY', 'wrong'),
    ...section('NOT SUPPORTED', 'unsupported'),
    'THE COMMAND THAT REPLACES IT (in this folder)',
    `  ${command.join(' \\\n    ')}`,
    '',
  ].join('\n')
}

function quoted(value: string): string {
  return /^[\w./:,@%+-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}
