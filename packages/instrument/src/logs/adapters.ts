import { correlationFields, type LogFields } from './logger.ts'
import { redact } from './redact.ts'

/** What winston asks of a format. */
export interface WinstonFormat {
  transform<T extends object>(info: T): T
}

/**
 * For winston: put it before `format.json()` in `format.combine(…)`; adds the correlation and trace ids and takes secrets
 * out. Symbols, by which winston finds level and text, stay.
 */
export function winstonCorrelation(): WinstonFormat {
  return {
    transform(info) {
      return Object.assign(info, redact({ ...info }), correlationFields())
    },
  }
}

/** Options for pino, with the field names of the documents' JSON: `pino(pinoOptions({ service: 'backend' }))`. */
export interface PinoOptions {
  readonly base: LogFields
  readonly messageKey: string
  readonly timestamp: () => string
  readonly mixin: () => object
  readonly formatters: {
    readonly level: (label: string) => object
    readonly log: (fields: object) => Record<string, unknown>
  }
}

export function pinoOptions({ service }: { readonly service: string }): PinoOptions {
  return {
    base: { service },
    messageKey: 'message',
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    mixin: () => ({ ...correlationFields() }),
    formatters: {
      level: (label) => ({ level: label }),
      log: (fields) => redact(fields) as Record<string, unknown>,
    },
  }
}
