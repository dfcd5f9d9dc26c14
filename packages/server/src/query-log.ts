import { createWriteStream, type WriteStream } from 'node:fs'
import type { Logger } from '@promontory/base'

/** Bytes that may wait for a slow disk before lines are dropped: queries do not wait for their log. */
const PENDING_BYTES_MAX = 4 << 20

/** Who asked: a request, or a group of rules. */
export type QueryOrigin =
  | { readonly httpRequest: { readonly clientIP: string; readonly method: string; readonly path: string } }
  | { readonly ruleGroup: { readonly file: string; readonly name: string } }

/** A question and how it went. */
export interface LoggedQuery {
  readonly expr: string
  readonly startMs: number
  readonly endMs: number
  /** 0 for an instant query. */
  readonly stepMs: number
  readonly durationMs: number
  readonly samples: number
  /** `''` when it was answered. */
  readonly error: string
  readonly origin: QueryOrigin
}

/** `global.query_log_file`: a JSON line per query, in Prometheus's form. Off until a file is set. */
export class QueryLog {
  readonly #logger: Logger
  #stream: WriteStream | undefined

  constructor(logger: Logger) {
    this.#logger = logger
  }

  get isOn(): boolean {
    return this.#stream !== undefined
  }

  /** Writes to this file from now on, opened anew, so that a reload rotates it; `''` ends it. */
  setFile(file: string): void {
    this.close()
    if (file === '') return
    const stream = createWriteStream(file, { flags: 'a' })
    stream.on('error', (error) => {
      this.#logger.error('Writing the query log failed', { file, err: error.message })
      if (this.#stream === stream) this.#stream = undefined
    })
    this.#stream = stream
  }

  write(query: LoggedQuery): void {
    const stream = this.#stream
    if (stream === undefined || stream.writableLength > PENDING_BYTES_MAX) return
    const { expr, startMs, endMs, stepMs, durationMs, samples, error, origin } = query
    const line = {
      time: new Date().toISOString(),
      level: 'INFO',
      msg: 'promql query logged',
      params: {
        end: new Date(endMs).toISOString(),
        query: expr,
        start: new Date(startMs).toISOString(),
        step: stepMs / 1000,
      },
      ...(error === '' ? {} : { error }),
      stats: { timings: { execTotalTime: durationMs / 1000 }, samples: { totalQueryableSamples: samples } },
      ...origin,
    }
    stream.write(`${JSON.stringify(line)}\n`)
  }

  close(): void {
    this.#stream?.end()
    this.#stream = undefined
  }
}
