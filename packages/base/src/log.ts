/** Fields of a log line; values are printed as given, errors by their message. */
export type LogFields = Readonly<Record<string, unknown>>

/** What the engines log to. The server decides on level, form (logfmt or JSON) and where lines go. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A logger that adds `fields` to each line. */
  with(fields: LogFields): Logger
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFormat = 'logfmt' | 'json'

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

export interface LoggerOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  readonly write: (line: string) => void
  readonly now: () => Date
}

/** A logger in the form of Go's slog, as Prometheus 3 prints: `time=… level=INFO msg="…" key=value`. */
export function createLogger(options: LoggerOptions, fields: LogFields = {}): Logger {
  const least = LEVELS.indexOf(options.level)
  const emit = (level: LogLevel, message: string, more?: LogFields): void => {
    if (LEVELS.indexOf(level) < least) return
    const all = {
      time: options.now().toISOString(),
      level: level.toUpperCase(),
      msg: message,
      ...fields,
      ...more,
    }
    options.write(options.format === 'json' ? jsonLine(all) : logfmtLine(all))
  }
  return {
    debug: (message, more) => emit('debug', message, more),
    info: (message, more) => emit('info', message, more),
    warn: (message, more) => emit('warn', message, more),
    error: (message, more) => emit('error', message, more),
    with: (more) => createLogger(options, { ...fields, ...more }),
  }
}

/** Drops everything. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLogger,
}

function textOf(value: unknown): string {
  if (value instanceof Error) return value.message
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  return String(value)
}

function jsonLine(fields: LogFields): string {
  return JSON.stringify(fields, (_key, value: unknown) =>
    value instanceof Error ? value.message : typeof value === 'bigint' ? value.toString() : value,
  )
}

function logfmtLine(fields: LogFields): string {
  return Object.entries(fields)
    .map(([key, value]) => {
      const text = textOf(value)
      return `${key}=${/^[\w.,:/+@%-]+$/.test(text) ? text : JSON.stringify(text)}`
    })
    .join(' ')
}
