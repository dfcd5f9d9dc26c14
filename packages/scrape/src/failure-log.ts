import { createWriteStream } from 'node:fs'
import type { WriteStream } from 'node:fs'
import type { Logger } from '@promontory/base'

/** Bytes that may wait for a slow disk before lines are dropped. */
const PENDING_BYTES_MAX = 1 << 20

/** The files of `scrape_failure_log_file`: a JSON line per failed scrape. */
export class FailureLog {
  readonly #logger: Logger
  readonly #streams = new Map<string, WriteStream>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  write(file: string, target: string, error: string): void {
    let stream = this.#streams.get(file)
    if (stream === undefined) {
      stream = createWriteStream(file, { flags: 'a' })
      stream.on('error', (fault) => {
        this.#logger.error('Writing the scrape failure log failed', { file, err: fault.message })
        this.#streams.delete(file)
      })
      this.#streams.set(file, stream)
    }
    if (stream.writableLength > PENDING_BYTES_MAX) return
    stream.write(
      `${JSON.stringify({ time: new Date().toISOString(), level: 'ERROR', msg: error, target })}\n`,
    )
  }

  /** Opens files anew at the next line, so that rotation works with a reload. */
  reopen(): void {
    this.close()
  }

  close(): void {
    this.#streams.forEach((stream) => stream.end())
    this.#streams.clear()
  }
}
