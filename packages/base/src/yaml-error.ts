/** A place in a configuration file; line and column count from 1. */
export interface ConfigPosition {
  readonly file: string
  readonly line: number
  readonly column: number
  /** `scrape_configs[0].static_configs[1].targets`; `''` for the whole document. */
  readonly path: string
}

/** One fault of a configuration file. Prints `file:line:column: field: what was wrong, what was expected`. */
export class ConfigError extends Error {
  override readonly name: string = 'ConfigError'
  readonly position: ConfigPosition
  /** The text without the position. */
  readonly fault: string

  constructor(position: ConfigPosition, fault: string, options?: ErrorOptions) {
    super(formatFault(position, fault), options)
    this.position = position
    this.fault = fault
  }
}

/**
 * All faults that were found in one file, in the order of the file. Several ones are headed by Go's line
 * `yaml: unmarshal errors:`, which operators and scripts look for; `.errors` has them one by one.
 */
export class ConfigErrors extends Error {
  override readonly name = 'ConfigErrors'
  readonly errors: readonly ConfigError[]

  constructor(errors: readonly ConfigError[]) {
    const lines = errors.map((error) => error.message)
    super(lines.length === 1 ? lines[0] : `yaml: unmarshal errors:\n  ${lines.join('\n  ')}`)
    this.errors = errors
  }
}

/** Something the reader accepted but the user should know, or (`unsupported`) that this program does not do. */
export interface ConfigNotice extends ConfigPosition {
  readonly kind: 'warning' | 'unsupported'
  readonly text: string
}

/** `file:line:column: field: text`, leaving out what is unknown. */
export function formatFault(position: ConfigPosition, text: string): string {
  const where = `${position.file}:${position.line}:${position.column}`
  return position.path === '' ? `${where}: ${text}` : `${where}: ${position.path}: ${text}`
}
