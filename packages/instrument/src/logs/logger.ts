import { currentContext } from '../context.ts'
import { redact, redactText } from './redact.ts'
import { RotatingFile, type RotationOptions } from './rotating-file.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error'
const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error']

/**
 * Which names the standard fields have. `winston`: `level` in small letters, `service`, `stack`, as winston's JSON.
 * `python`: `level` in capitals, `logger`, `module`, `function`, `line`, as the usual JSON of Python's `logging`.
 */
export type FieldSet = 'winston' | 'python'

export interface LoggerOptions {
  readonly service: string
  readonly level?: Level
  readonly fields?: FieldSet
  /** Also into this file, with rotation. */
  readonly file?: string
  readonly rotation?: RotationOptions
  /** Where lines go; standard output when not given. */
  readonly write?: (line: string) => void
}

export type LogFields = Readonly<Record<string, unknown>>

/** One JSON object per line, with the correlation and trace ids of the request that is being answered. */
export class JsonLogger {
  readonly #options: LoggerOptions
  readonly #name: string
  readonly #fixed: LogFields
  readonly #file: RotatingFile | undefined
  readonly #least: number

  constructor(
    options: LoggerOptions,
    name: string = options.service,
    fixed: LogFields = {},
    file?: RotatingFile,
  ) {
    this.#options = options
    this.#name = name
    this.#fixed = fixed
    this.#file =
      file ?? (options.file === undefined ? undefined : new RotatingFile(options.file, options.rotation))
    this.#least = LEVELS.indexOf(options.level ?? 'info')
  }

  debug(message: string, fields?: LogFields): void {
    this.#log('debug', message, fields)
  }
  info(message: string, fields?: LogFields): void {
    this.#log('info', message, fields)
  }
  warn(message: string, fields?: LogFields): void {
    this.#log('warn', message, fields)
  }
  error(message: string, fields?: LogFields): void {
    this.#log('error', message, fields)
  }

  /** A logger of a part: `app.services.analysis_engine`. */
  child(name: string, fields: LogFields = {}): JsonLogger {
    return new JsonLogger(this.#options, name, { ...this.#fixed, ...fields }, this.#file)
  }

  #log(level: Level, message: string, fields: LogFields = {}): void {
    if (LEVELS.indexOf(level) < this.#least) return
    const line = JSON.stringify({
      ...standardFields(this.#options, this.#name, level, redactText(message)),
      ...correlationFields(),
      ...(redact({ ...this.#fixed, ...fields }) as LogFields),
    })
    const { write } = this.#options
    if (write === undefined) process.stdout.write(`${line}\n`)
    else write(line)
    this.#file?.write(line)
  }
}

/** Ids of the request that is being answered; nothing outside of one. */
export function correlationFields(): LogFields {
  const context = currentContext()
  if (context === undefined) return {}
  return { correlation_id: context.correlationId, trace_id: context.traceId, span_id: context.spanId }
}

function standardFields(options: LoggerOptions, name: string, level: Level, message: string): LogFields {
  const timestamp = new Date().toISOString()
  if (options.fields !== 'python') return { timestamp, level, message, service: options.service, ...(name === options.service ? {} : { logger: name }) } // prettier-ignore
  const caller = callerOf()
  const shown = level === 'warn' ? 'WARNING' : level.toUpperCase()
  return { timestamp, level: shown, logger: name, message, ...caller }
}

/** Where the program logged: looked up for the field set that shows it only, for it costs some microseconds. */
function callerOf(): LogFields {
  const frames = new Error().stack?.split('\n').slice(1) ?? []
  // The caller stands below the last frame of ours.
  const frame = frames[frames.findLastIndex((text) => text.includes('JsonLogger')) + 1]
  const [, method = '', path = '', line = '0'] =
    /at (?:(?:async )?(\S+) \()?(.*?):(\d+):\d+\)?$/.exec(frame ?? '') ?? []
  const module =
    path
      .split(/[/\\]/)
      .at(-1)
      ?.replace(/\.\w+$/, '') ?? ''
  return { module, function: method.split('.').at(-1) || '<module>', line: Number(line) }
}
